//! Dates: any cookie-date in, IMF-fixdate out.
//!
//! A date is a number of seconds since 1970-01-01T00:00:00Z; negative before. There is no clock here, no time zone
//! (cookies know only GMT), and no leap second.

/// Seconds of a day.
const DAY: i64 = 86_400;
/// 1601-01-01: cookie-dates before it are invalid (RFC 6265bis section 5.1.1, step 5).
pub const EARLIEST: i64 = -11_644_473_600;
/// 9999-12-31T23:59:59: what four digits of a year can name.
pub const LATEST: i64 = 253_402_300_799;

const MONTHS: [[u8; 3]; 12] = [
    *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct", *b"Nov",
    *b"Dec",
];
const WEEKDAYS: [[u8; 3]; 7] = [*b"Sun", *b"Mon", *b"Tue", *b"Wed", *b"Thu", *b"Fri", *b"Sat"];

/// Reads a date as browsers read `Expires` (RFC 6265bis section 5.1.1); `None` where the algorithm fails.
///
/// ```
/// use httponly::http::date;
///
/// assert_eq!(date::parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(date::parse("Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(date::parse("1994-11-06T08:49:37Z"), None);
/// ```
pub fn parse(text: &str) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    // Step 1: divide into date-tokens. Step 2: the first token of each kind counts, tried in this order.
    for token in text.as_bytes().split(|&byte| is_delimiter(byte)).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of_day(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of_year(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let ((hour, minute, second), day, month) = (time?, day?, month?);
    let year = match year? {
        year @ 70..=99 => year + 1900, // Step 3.
        year @ 0..=69 => year + 2000,  // Step 4.
        year => year,
    };
    // Step 5.
    if day < 1 || day > month_length(year, month) || year < 1601 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Step 6, whose failure is a day that the month lacks, stands above.
    Some(days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

/// `delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E`
const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// `min*maxDIGIT [ non-digit *OCTET ]`: the number at the start of a token.
fn number(token: &[u8], min: usize, max: usize) -> Option<i64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (min..=max)
        .contains(&digits)
        .then(|| token.iter().take(digits).fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// `time-field ":" time-field ":" time-field [ non-digit *OCTET ]`, where `time-field = 1*2DIGIT`.
fn time_of_day(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, |&byte| byte == b':');
    let whole = |field: &[u8]| field.iter().all(u8::is_ascii_digit).then(|| number(field, 1, 2))?;
    let hour = whole(fields.next()?)?;
    let minute = whole(fields.next()?)?;
    Some((hour, minute, number(fields.next()?, 1, 2)?))
}

/// `( "jan" / "feb" / … ) *OCTET`, in any letter case, as 1 to 12.
fn month_of_year(token: &[u8]) -> Option<i64> {
    let start = token.get(..3)?;
    (1..).zip(MONTHS).find(|(_, name)| name.eq_ignore_ascii_case(start)).map(|(month, _)| month)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: year, month (1 to 12) and day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096).div_euclid(365);
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// A date as IMF-fixdate (RFC 9110 section 5.6.7): 29 ASCII bytes.
///
/// A date outside of [`EARLIEST`] to [`LATEST`] is written as the nearer of the two, which no reader would tell apart
/// from it.
///
/// ```
/// use httponly::http::date;
///
/// assert_eq!(&date::format(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
pub fn format(seconds: i64) -> [u8; 29] {
    let seconds = seconds.clamp(EARLIEST, LATEST);
    let (days, time) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil_from_days(days);
    let [w0, w1, w2] = pick(&WEEKDAYS, (days + 4).rem_euclid(7));
    let [m0, m1, m2] = pick(&MONTHS, month - 1);
    let ([y0, y1], [y2, y3], [d0, d1]) = (digits(year / 100), digits(year), digits(day));
    let ([h0, h1], [n0, n1], [s0, s1]) = (digits(time / 3600), digits(time / 60 % 60), digits(time % 60));
    [
        w0, w1, w2, b',', b' ', d0, d1, b' ', m0, m1, m2, b' ', y0, y1, y2, y3, b' ', h0, h1, b':', n0, n1,
        b':', s0, s1, b' ', b'G', b'M', b'T',
    ]
}

fn pick(names: &[[u8; 3]], index: i64) -> [u8; 3] {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
}

/// The last two decimal digits.
fn digits(number: i64) -> [u8; 2] {
    let two = u8::try_from(number.rem_euclid(100)).unwrap_or_default();
    [b'0' + two / 10, b'0' + two % 10]
}

// Proptest does not run in the browser.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(|date| String::from_utf8(format(date).to_vec()).unwrap())
    }

    #[test]
    fn step_1_every_delimiter_divides_tokens_and_nothing_else_does() {
        for code in 0..=0xff_u8 {
            let c = char::from(code);
            let delimiter = code == 0x09
                || (0x20..=0x2f).contains(&code)
                || (0x3b..=0x40).contains(&code)
                || (0x5b..=0x60).contains(&code)
                || (0x7b..=0x7e).contains(&code);
            let text = format!("1{c}jan{c}1999{c}1:2:3");
            assert_eq!(parse(&text).is_some(), delimiter, "U+{code:04X}");
        }
    }

    #[test]
    fn step_2_each_token_is_read_by_its_grammar() {
        let rows: &[(&str, Option<&str>)] = &[
            // time
            ("1 jan 1999 1:2:3", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("1 jan 1999 01:02:03x", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("1 jan 1999 01:02:03:99", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("1 jan 1999 01:02:034", None),
            ("1 jan 1999 001:02:03", None),
            ("1 jan 1999 01:02x:03", None),
            ("1 jan 1999 01:02", None),
            ("1 jan 1999 01:02:", None),
            ("1 jan 1999 :01:02", None),
            ("1 jan 1999 1:2:3 4:5:6", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            // day of month
            ("1st jan 1999 1:2:3", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("001 jan 1999 1:2:3", None),
            ("x1 jan 1999 1:2:3", None),
            ("1 2 jan 1999 1:2:3", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("99 jan 1 1:2:3", None),
            // month
            ("1 JANUARY 1999 1:2:3", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("1 janx 1999 1:2:3", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("1 ja 1999 1:2:3", None),
            ("1 feb jan 1999 1:2:3", Some("Mon, 01 Feb 1999 01:02:03 GMT")),
            // year
            ("1 jan 1999x 1:2:3", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("1 jan 19999 1:2:3", None),
            ("1 jan 9 1:2:3", None),
            ("1 jan 1999 2000 1:2:3", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
            ("1:2:3 1999 1 jan", Some("Fri, 01 Jan 1999 01:02:03 GMT")),
        ];
        for (text, date) in rows {
            assert_eq!(read(text).as_deref(), *date, "{text}");
        }
    }

    #[test]
    fn steps_3_and_4_a_short_year_lies_between_1970_and_2069() {
        for year in 0..=99 {
            let century = if year >= 70 { 1900 } else { 2000 };
            let (short, long) = (format!("1 jan {year:02} 0:0:0"), format!("1 jan {} 0:0:0", century + year));
            assert_eq!(parse(&short), parse(&long));
            assert!(parse(&short).is_some());
        }
        assert_eq!(parse("1 jan 070 0:0:0"), parse("1 jan 1970 0:0:0"));
    }

    #[test]
    fn step_5_fails_on_each_missing_or_impossible_part() {
        for text in [
            "",
            "jan 1999 1:2:3",
            "1 1999 1:2:3",
            "1 jan 1:2:3",
            "1 jan 1999",
            "0 jan 1999 1:2:3",
            "32 jan 1999 1:2:3",
            "1 jan 1600 1:2:3",
            "1 jan 1999 24:0:0",
            "1 jan 1999 0:60:0",
            "1 jan 1999 0:0:60",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("1 jan 1601 0:0:0"), Some(EARLIEST));
        assert_eq!(parse("31 dec 9999 23:59:59"), Some(LATEST));
    }

    #[test]
    fn step_6_fails_on_a_day_that_the_month_lacks() {
        for (text, exists) in [
            ("29 feb 2023 0:0:0", false),
            ("29 feb 2024 0:0:0", true),
            ("29 feb 1900 0:0:0", false),
            ("29 feb 2000 0:0:0", true),
            ("30 feb 2024 0:0:0", false),
            ("31 apr 2024 0:0:0", false),
            ("31 jun 2024 0:0:0", false),
            ("31 sep 2024 0:0:0", false),
            ("31 nov 2024 0:0:0", false),
            ("31 dec 2024 0:0:0", true),
        ] {
            assert_eq!(parse(text).is_some(), exists, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_day_before() {
        let mut expected = (1600, 1, 1);
        for days in days_from_civil(1600, 1, 1)..=days_from_civil(2001, 1, 1) {
            assert_eq!(civil_from_days(days), expected);
            assert_eq!(days_from_civil(expected.0, expected.1, expected.2), days);
            let (year, month, day) = expected;
            expected = if day < month_length(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
    }

    #[test]
    fn dates_outside_of_the_range_are_written_as_its_ends() {
        assert_eq!(&format(i64::MIN), b"Mon, 01 Jan 1601 00:00:00 GMT");
        assert_eq!(&format(i64::MAX), b"Fri, 31 Dec 9999 23:59:59 GMT");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in EARLIEST..=LATEST) {
            prop_assert_eq!(parse(core::str::from_utf8(&format(seconds)).unwrap()), Some(seconds));
        }

        #[test]
        fn the_cookie_crate_writes_the_same(seconds in 0..=LATEST) {
            let date = cookie::time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let line = cookie::Cookie::build(("a", "b")).expires(date).build().to_string();
            let written = format(seconds);
            prop_assert_eq!(line.strip_prefix("a=b; Expires=").unwrap().as_bytes(), written.as_slice());
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
