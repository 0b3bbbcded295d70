//! JSON that can be looked at: names from elsewhere stay as they are for programs, and do nothing to a terminal.
//!
//! RFC 8259 §7 asks for escapes in the range up to U+001F only. What lies beyond and still acts, like the
//! one-character escape sequences of C1 and the marks that turn writing around, is escaped here too.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use crate::units::acts;

/// `value` in one line.
pub(super) fn line(value: &impl Serialize) -> io::Result<String> {
    Ok(plain(serde_json::to_string(value)?))
}

/// `value` over several lines.
pub(super) fn pretty(value: &impl Serialize) -> io::Result<String> {
    Ok(plain(serde_json::to_string_pretty(value)?))
}

/// Such characters stand in strings only, where an escape means the same.
fn plain(json: String) -> String {
    let is_unsafe = |char: char| acts(char) && char >= '\u{7f}';
    if !json.chars().any(is_unsafe) {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 16);
    for char in json.chars() {
        if is_unsafe(char) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{:04x}", u32::from(char));
        } else {
            text.push(char);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_meaning_and_lose_their_power() {
        let name = "a\u{1b}[2J\u{7f}\u{9b}31m\u{202e}b\u{2028}ü\n";
        let json = line(&name).unwrap();
        assert_eq!(json, "\"a\\u001b[2J\\u007f\\u009b31m\\u202eb\\u2028ü\\n\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), name);
        assert_eq!(pretty(&[1]).unwrap(), "[\n  1\n]");
    }
}
