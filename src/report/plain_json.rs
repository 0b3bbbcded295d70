//! JSON that can be looked at: names from elsewhere stay as they are for programs, and do nothing to a terminal.
//!
//! RFC 8259 §7 asks for escapes in the range up to U+001F only. What lies beyond and still acts, like the
//! one-character escape sequences of C1 and the marks that turn writing around, is escaped here too.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter as _, PrettyFormatter};

use crate::units::acts;

/// `value` in one line.
pub(super) fn line(value: &impl Serialize) -> io::Result<String> {
    Ok(plain(serde_json::to_string(value)?))
}

/// `value` over several lines.
pub(super) fn pretty(value: &impl Serialize) -> io::Result<String> {
    pretty_inside(value, 0)
}

/// The same as it stands inside so many objects and arrays.
pub(super) fn pretty_inside(value: &impl Serialize, depth: usize) -> io::Result<String> {
    let mut layout = PrettyFormatter::new();
    // Its depth follows what it is told to begin, and nothing else changes it.
    for _ in 0..depth {
        layout.begin_object(&mut io::sink())?;
    }
    let mut json = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut json, layout))?;
    Ok(plain(String::from_utf8(json).map_err(io::Error::other)?))
}

/// Such characters stand in strings only, where an escape means the same.
fn plain(json: String) -> String {
    // Nearly every text is like this, and that is seen many bytes at a time.
    if json.is_ascii() && !json.as_bytes().contains(&0x7f) {
        return json;
    }
    let is_unsafe = |char: char| acts(char) && char >= '\u{7f}';
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
        assert_eq!(line(&"a\u{7f}b").unwrap(), "\"a\\u007fb\"");
        assert_eq!(line(&"a\u{1b}b ~").unwrap(), "\"a\\u001bb ~\"");
        assert_eq!(pretty(&[1]).unwrap(), "[\n  1\n]");
        assert_eq!(pretty_inside(&[1], 2).unwrap(), "[\n      1\n    ]");
    }
}
