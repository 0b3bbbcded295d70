//! Numbers as the notation writes them.

/// Nanoseconds from seconds with a decimal point: exact, unlike a float.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let bad = || format!("'{text}' is not a time in seconds");
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let whole: i64 = whole.parse().map_err(|_| bad())?;
    let nanos: i64 = format!("{fraction:0<9}").parse().map_err(|_| bad())?;
    Ok(whole * 1_000_000_000 + nanos)
}

/// A number of any type, with its name in the error.
pub(crate) fn number<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{what} '{text}' is not a number that fits"))
}

/// Bytes from hex digits.
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return Err(format!("'{text}' is not an even number of hex digits"));
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| format!("'{text}' is not hex")))
        .collect()
}

/// Replaces every `{...}` by its value in round `i` of a loop: `{a,b}` takes turns, `{a+b*i}` counts.
pub(crate) fn substitute(text: &str, i: usize) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        let (inside, after) = tail.split_once('}').ok_or("'{' without '}'")?;
        out.push_str(before);
        if inside.contains(',') {
            let choices: Vec<&str> = inside.split(',').collect();
            out.push_str(choices[i % choices.len()].trim());
        } else {
            out.push_str(&count(inside, i)?.to_string());
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// `a+b*i` or `a-b*i`, where `i` alone means `1*i`.
fn count(text: &str, i: usize) -> Result<i64, String> {
    let bad = || format!("'{{{text}}}' is neither a list nor a+b*i");
    let i = i64::try_from(i).map_err(|_| bad())?;
    let at = text.find(['+', '-']).ok_or_else(bad)?;
    let start: i64 = number("start", text[..at].trim())?;
    let step = text[at + 1..].trim();
    let factor: i64 = match step.strip_suffix('i').ok_or_else(bad)?.strip_suffix('*') {
        Some(factor) => number("step", factor)?,
        None => 1,
    };
    Ok(if text[at..].starts_with('-') { start - factor * i } else { start + factor * i })
}

#[cfg(test)]
mod tests {
    use super::{hex, seconds, substitute};

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds("0.020").unwrap(), 20_000_000);
        assert_eq!(seconds("1").unwrap(), 1_000_000_000);
        assert_eq!(seconds("1150156800.000000001").unwrap(), 1_150_156_800_000_000_001);
        assert!(seconds("1.x").is_err());
    }

    #[test]
    fn loops_take_turns_and_count() {
        assert_eq!(substitute("win {92,95}", 3).unwrap(), "win 95");
        assert_eq!(substitute("win {510+3*i} {9-i}", 2).unwrap(), "win 516 7");
        assert!(substitute("win {x}", 0).is_err());
    }

    #[test]
    fn odd_hex_is_an_error() {
        assert_eq!(hex("0a ff").unwrap(), [10, 255]);
        assert!(hex("0af").is_err());
    }
}
