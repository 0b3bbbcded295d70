//! TCP options: from the words in `<...>` to bytes.

use super::numbers::{hex, number};

/// One option as the text gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opt {
    Mss(u16),
    SackOk,
    /// The timestamps; `None` is filled in by the compiler.
    Ts(Option<(u32, u32)>),
    Wscale(u8),
    /// Blocks, relative to the peer's SYN.
    Sack(Vec<(u32, u32)>),
    /// Bytes as they are: everything else, and everything malformed.
    Raw(Vec<u8>),
}

/// Parses what stands between `<` and `>`.
pub(crate) fn parse(text: &str) -> Result<Vec<Opt>, String> {
    let mut options = Vec::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let (item, times) = match item.split_once('*') {
            Some((item, times)) => (item.trim(), number("repetition", times.trim())?),
            None => (item, 1),
        };
        let option = one(item)?;
        options.extend(std::iter::repeat_n(option, times));
    }
    Ok(options)
}

fn one(item: &str) -> Result<Opt, String> {
    let words: Vec<&str> = item.split_whitespace().collect();
    Ok(match words[..] {
        ["mss", n] => Opt::Mss(number("mss", n)?),
        ["sackOK"] => Opt::SackOk,
        ["TS" | "timestamp"] => Opt::Ts(None),
        ["TS" | "timestamp", val, ecr] | ["TS", "val", val, "ecr", ecr] => {
            Opt::Ts(Some((number("TS val", val)?, number("TS ecr", ecr)?)))
        }
        ["wscale", n] => Opt::Wscale(number("wscale", n)?),
        ["nop"] => Opt::Raw(vec![1]),
        ["eol"] => Opt::Raw(vec![0]),
        ["md5"] => kind(19, &[0xa5; 16]),
        ["mptcp"] => kind(30, &[0x00, 0x81, 1, 2, 3, 4, 5, 6, 7, 8]),
        ["fastopen" | "tfo"] => kind(34, &[]),
        ["fastopen" | "tfo", bytes] => kind(34, &hex(bytes)?),
        ["kind", n] => kind(number("kind", n)?, &[]),
        ["kind", n, bytes] => kind(number("kind", n)?, &hex(bytes)?),
        ["raw", bytes] => Opt::Raw(hex(bytes)?),
        ["sack", ref blocks @ ..] if !blocks.is_empty() => Opt::Sack(
            blocks
                .iter()
                .map(|block| {
                    let (left, right) = block.split_once(':').ok_or("a SACK block is left:right")?;
                    Ok((number("SACK edge", left)?, number("SACK edge", right)?))
                })
                .collect::<Result<_, String>>()?,
        ),
        _ => return Err(format!("unknown option '{item}'")),
    })
}

fn kind(kind: u8, data: &[u8]) -> Opt {
    let length = u8::try_from(data.len() + 2).unwrap();
    Opt::Raw([&[kind, length], data].concat())
}

/// The bytes, padded with zeros to whole words. `ts` fills bare timestamps, `peer_isn` makes SACK edges absolute.
pub(crate) fn encode(options: &[Opt], ts: (u32, u32), peer_isn: u32) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for option in options {
        match option {
            Opt::Mss(n) => bytes.extend([&[2, 4], &n.to_be_bytes()[..]].concat()),
            Opt::SackOk => bytes.extend([4, 2]),
            Opt::Ts(given) => {
                let (val, ecr) = given.unwrap_or(ts);
                bytes.extend([&[8, 10], &val.to_be_bytes()[..], &ecr.to_be_bytes()[..]].concat());
            }
            Opt::Wscale(n) => bytes.extend([3, 3, *n]),
            Opt::Sack(blocks) => {
                bytes.extend([5, u8::try_from(2 + 8 * blocks.len()).map_err(|_| "too many SACK blocks")?]);
                for (left, right) in blocks {
                    bytes.extend(peer_isn.wrapping_add(*left).to_be_bytes());
                    bytes.extend(peer_isn.wrapping_add(*right).to_be_bytes());
                }
            }
            Opt::Raw(raw) => bytes.extend(raw),
        }
    }
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    if bytes.len() > 40 {
        return Err(format!("{} bytes of options; a TCP header has room for 40", bytes.len()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{encode, parse};

    fn bytes(text: &str) -> Vec<u8> {
        encode(&parse(text).unwrap(), (0x0102_0304, 0x0506_0708), 1000).unwrap()
    }

    #[test]
    fn the_options_of_a_linux_syn() {
        assert_eq!(
            bytes("mss 1460,sackOK,TS,nop,wscale 7"),
            [2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7]
        );
    }

    #[test]
    fn odd_lengths_are_padded_and_repetitions_repeat() {
        assert_eq!(bytes("wscale 2"), [3, 3, 2, 0]);
        assert_eq!(bytes("nop*5"), [1, 1, 1, 1, 1, 0, 0, 0]);
        assert_eq!(bytes("kind 253 f989"), [253, 4, 0xf9, 0x89]);
        assert_eq!(bytes("nop*2,sack 1:2")[2..8], [5, 10, 0, 0, 3, 233]);
    }

    #[test]
    fn what_does_not_fit_or_is_unknown_is_an_error() {
        assert!(parse("mss 70000").is_err());
        assert!(parse("wscala 7").is_err());
        assert!(encode(&parse("nop*41").unwrap(), (0, 0), 0).is_err());
    }
}
