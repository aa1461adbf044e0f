//! What a backend says by itself.

// wasm-bindgen takes lists of texts by value only.
#![allow(clippy::needless_pass_by_value)]

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::auth::flat;
use super::thrown;
use crate::auth::exchange::forget;
use crate::auth::notice;
use crate::error::Rule;

/// Reads the header of a signature: the time in milliseconds, the nonce, the MAC in hexadecimal, and the text that was
/// signed. It throws for one that is none, or not of now.
#[wasm_bindgen(js_name = noticeSignature)]
pub fn notice_signature(header: &str, body: &str, now: f64) -> Result<Vec<String>, JsValue> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date")]
    let signature = notice::signature(header, now as u64).map_err(thrown)?;
    let text = notice::signed_text(&signature, body);
    Ok(vec![signature.time.into(), signature.nonce.into(), signature.mac.into(), text])
}

/// Throws the refusal of a message whose MAC is another, or that was taken before.
#[wasm_bindgen(js_name = refuseNotice)]
pub fn refuse_notice(replayed: bool) -> Result<(), JsValue> {
    Err(thrown(if replayed { Rule::NoticeReplayed } else { Rule::NoticeUnsigned }))
}

/// What a message changes: kinds of changes and of whom, in turns.
#[wasm_bindgen(js_name = readNotice)]
pub fn read_notice(body: &str) -> Result<Vec<String>, JsValue> {
    let notice = notice::read(body).map_err(thrown)?;
    Ok(flat(notice.named.into_iter().flat_map(|named| forget(named, notice.ends))))
}

/// Bytes of the longest message.
#[wasm_bindgen(js_name = noticeLimit)]
pub fn notice_limit() -> usize {
    notice::BODY_MAX
}
