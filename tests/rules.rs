//! The table of all rules that tests/js reads too, so that the page's texts cannot drift from these.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::collections::HashSet;
use std::path::Path;

use httponly::error::{Code, Refusal, Rule};

#[derive(serde::Serialize)]
struct Row {
    number: u8,
    rule: String,
    code: &'static str,
    text: &'static str,
}

fn table() -> String {
    let row = |&rule: &Rule| Row {
        number: rule as u8,
        rule: format!("{rule:?}"),
        code: rule.code().as_str(),
        text: rule.text(),
    };
    let rows: Vec<Row> = Rule::ALL.iter().map(row).collect();
    serde_json::to_string_pretty(&rows).unwrap() + "\n"
}

#[test]
fn the_table_holds_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/rules.json");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, table()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == table(), "out of date: `UPDATE_VECTORS=1 cargo test --test rules` writes it anew");
}

#[test]
fn no_two_rules_share_a_number_or_a_text() {
    let numbers: HashSet<u8> = Rule::ALL.iter().map(|&rule| rule as u8).collect();
    let texts: HashSet<&str> = Rule::ALL.iter().map(|rule| rule.text()).collect();
    assert_eq!((numbers.len(), texts.len()), (Rule::ALL.len(), Rule::ALL.len()));
    assert!(!numbers.contains(&0), "0 is no refusal");
}

#[test]
fn every_rule_and_every_code_answers_with_an_error_status() {
    for code in Code::ALL {
        assert!((400..600).contains(&code.status()), "{code}");
    }
    for rule in Rule::ALL {
        assert!((400..600).contains(&rule.status()), "{rule:?}");
    }
}

/// tests/js/rules.test.ts has the same of the page.
#[test]
fn a_refusal_that_blames_a_character_names_it_and_its_index() {
    for (unit, index, expected) in [
        (0x3b, 1, "\";\" (U+003B) at index 1"),
        (0x0a, 0, "U+000A at index 0"),
        (0x7f, 4095, "U+007F at index 4095"),
        (0x80, 1, "U+0080 at index 1"),
        (0xfc, 1 << 28, "\"ü\" (U+00FC) at index 268435456"),
        (0x100, 0, "\"Ā\" (U+0100) at index 0"),
        (0xd83c, 0, "U+D83C at index 0"),
    ] {
        let message = Refusal::at(Rule::NameCharacter, index, unit).to_string();
        assert_eq!(message, format!("{}: {expected}", Rule::NameCharacter.text()));
    }
}
