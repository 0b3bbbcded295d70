//! Names that others chose, made harmless for terminals and logs.

use std::borrow::Cow;

/// `name` with everything escaped that a terminal or the log of a CI system would act on: control characters,
/// marks that reverse the direction of writing, and what begins a workflow command of GitHub Actions
/// (`::` at the start of a line, `##[` anywhere).
pub fn visible(name: &str) -> Cow<'_, str> {
    if !name.chars().any(acts) && !begins_command(name) {
        return Cow::Borrowed(name);
    }
    let mut text = String::with_capacity(name.len() + 8);
    for (at, char) in name.char_indices() {
        let rest = name.get(at..).unwrap_or_default();
        let leading = name.get(..at).unwrap_or_default().trim().is_empty();
        if acts(char) || rest.starts_with("##[") || (leading && rest.starts_with("::")) {
            text.extend(char.escape_unicode());
        } else {
            text.push(char);
        }
    }
    Cow::Owned(text)
}

fn begins_command(name: &str) -> bool {
    name.contains("##[") || name.trim_start().starts_with("::")
}

/// Whether a terminal or a log would act on this character rather than show it.
pub fn acts(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["a.pcap", "captures/über 1::2.pcap", "-", "#1.pcap"] {
            assert!(matches!(visible(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn terminals_and_logs_find_nothing_to_act_on() {
        assert_eq!(visible("a\x1b[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(visible("\u{9b}31m\u{202e}x"), "\\u{9b}31m\\u{202e}x");
        assert_eq!(visible(" ::error::x.pcap"), " \\u{3a}:error::x.pcap");
        assert_eq!(visible("x##[error]y"), "x\\u{23}#[error]y");
    }
}
