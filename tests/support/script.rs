//! A whole fixture: its headers and its lines, with the loops written out.

use std::net::SocketAddr;

use super::line::{self, Line, Mods};
use super::numbers::{number, substitute};

/// What the comments at the top say.
#[derive(Clone, Debug)]
pub(crate) struct Headers {
    pub(crate) purpose: String,
    pub(crate) vantage: String,
    pub(crate) origin: String,
    pub(crate) link: String,
    pub(crate) nano: bool,
    pub(crate) big_endian: bool,
    pub(crate) pcapng: bool,
    pub(crate) snaplen: usize,
    /// Milliseconds between the capture point and the client, and the server.
    pub(crate) delay_ms: [u32; 2],
    pub(crate) flows: Vec<Endpoints>,
}

/// Both ends of one flow: client first.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) addresses: [SocketAddr; 2],
    pub(crate) isn: [u32; 2],
    pub(crate) ts: [u32; 2],
}

impl Endpoints {
    fn numbered(n: u16) -> Self {
        Self {
            addresses: [
                SocketAddr::from(([192, 0, 2, 1], 39999 + n)),
                SocketAddr::from(([198, 51, 100, 2], 80)),
            ],
            isn: [100_000 * u32::from(n), 500_000 * u32::from(n)],
            ts: [1_000_000, 7_000_000],
        }
    }
}

pub(crate) struct Script {
    pub(crate) headers: Headers,
    pub(crate) lines: Vec<Line>,
}

enum Node<'a> {
    Line(usize, &'a str),
    Repeat(usize, Vec<Node<'a>>),
}

/// Parses a fixture; the error begins with `line N: `.
pub(crate) fn parse(text: &str) -> Result<Script, String> {
    let mut headers = Headers {
        purpose: String::new(),
        vantage: String::new(),
        origin: String::new(),
        link: "ethernet".to_owned(),
        nano: false,
        big_endian: false,
        pcapng: false,
        snaplen: 262_144,
        delay_ms: [0, 0],
        flows: vec![Endpoints::numbered(1)],
    };
    let mut each = Mods::default();
    let mut stack: Vec<(usize, Vec<Node>)> = vec![(1, Vec::new())];
    for (at, raw) in text.lines().enumerate() {
        let number_of_line = at + 1;
        let fail = |error: String| format!("line {number_of_line}: {error}");
        if let Some(comment) = raw.strip_prefix('#') {
            header(&mut headers, &mut each, at, comment.trim()).map_err(fail)?;
            continue;
        }
        let line = raw.split(" #").next().unwrap_or("").trim();
        if line == "}" {
            let (times, body) = stack.pop().unwrap();
            let Some((_, outer)) = stack.last_mut() else {
                return Err(fail("'}' without 'repeat'".to_owned()));
            };
            outer.push(Node::Repeat(times, body));
        } else if let Some(rest) = line.strip_prefix("repeat ") {
            let times = rest.strip_suffix('{').ok_or_else(|| fail("'repeat N {' expected".to_owned()))?;
            stack.push((number("repeat", times.trim()).map_err(fail)?, Vec::new()));
        } else if !line.is_empty() {
            stack.last_mut().unwrap().1.push(Node::Line(number_of_line, line));
        }
    }
    let (_, nodes) = stack.pop().unwrap();
    if !stack.is_empty() {
        return Err(format!("line {}: 'repeat' without '}}'", text.lines().count()));
    }
    for (word, value) in
        [("purpose", &headers.purpose), ("vantage", &headers.vantage), ("origin", &headers.origin)]
    {
        if value.is_empty() {
            return Err(format!("line 1: the fixture has no {word}"));
        }
    }
    let mut lines = Vec::new();
    expand(&nodes, None, &each, &mut lines)?;
    Ok(Script { headers, lines })
}

fn expand(nodes: &[Node], i: Option<usize>, each: &Mods, lines: &mut Vec<Line>) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Line(number_of_line, text) => {
                let parsed = match i {
                    Some(i) => substitute(text, i).and_then(|text| line::parse(*number_of_line, &text, each)),
                    None => line::parse(*number_of_line, text, each),
                };
                lines.push(parsed.map_err(|error| format!("line {number_of_line}: {error}"))?);
            }
            Node::Repeat(times, body) => {
                for i in 0..*times {
                    expand(body, Some(i), each, lines)?;
                }
            }
        }
    }
    Ok(())
}

/// The first line is the purpose; then `key: value`, one word in lower case, is a header and the rest is talk.
fn header(headers: &mut Headers, each: &mut Mods, at: usize, text: &str) -> Result<(), String> {
    if at == 0 {
        text.clone_into(&mut headers.purpose);
        return Ok(());
    }
    let Some((key, value)) = text.split_once(':') else { return Ok(()) };
    let one_word = key.bytes().all(|b| b.is_ascii_lowercase());
    if !one_word && !key.starts_with("flow ") {
        return Ok(());
    }
    let value = value.trim();
    let flow = &mut headers.flows[0];
    match key {
        "vantage" => value.clone_into(&mut headers.vantage),
        "origin" => value.clone_into(&mut headers.origin),
        "link" => value.clone_into(&mut headers.link),
        "precision" => headers.nano = choice(value, "micro", "nano")?,
        "order" => headers.big_endian = choice(value, "little", "big")?,
        "format" => headers.pcapng = choice(value, "pcap", "pcapng")?,
        "snaplen" => headers.snaplen = number("snaplen", value)?,
        "each" => each.add(value)?,
        "delay" => pair(value, &mut headers.delay_ms)?,
        "isn" => pair(value, &mut flow.isn)?,
        "ts" => pair(value, &mut flow.ts)?,
        "client" => flow.addresses[0] = number("address", value)?,
        "server" => flow.addresses[1] = number("address", value)?,
        _ => {
            let n: u16 = key
                .strip_prefix("flow ")
                .and_then(|n| n.parse().ok())
                .ok_or_else(|| format!("unknown header '{key}'"))?;
            if usize::from(n) != headers.flows.len() + 1 {
                return Err("flows are numbered 2, 3, ... in order".to_owned());
            }
            headers.flows.push(another(n, value)?);
        }
    }
    Ok(())
}

/// `client=ADDRESS server=ADDRESS isn=CLIENT/SERVER`, each optional.
fn another(n: u16, text: &str) -> Result<Endpoints, String> {
    let mut flow = Endpoints::numbered(n);
    for word in text.split_whitespace() {
        match word.split_once('=') {
            Some(("client", address)) => flow.addresses[0] = number("address", address)?,
            Some(("server", address)) => flow.addresses[1] = number("address", address)?,
            Some(("isn", both)) => {
                let (client, server) = both.split_once('/').ok_or("isn=CLIENT/SERVER expected")?;
                flow.isn = [number("isn", client)?, number("isn", server)?];
            }
            _ => return Err(format!("unknown word '{word}'")),
        }
    }
    Ok(flow)
}

fn choice(value: &str, no: &str, yes: &str) -> Result<bool, String> {
    if value == yes || value == no { Ok(value == yes) } else { Err(format!("'{no}' or '{yes}' expected")) }
}

fn pair(text: &str, into: &mut [u32; 2]) -> Result<(), String> {
    for word in text.split_whitespace() {
        match word.split_once('=') {
            Some(("client", n)) => into[0] = number("client", n)?,
            Some(("server", n)) => into[1] = number("server", n)?,
            _ => return Err(format!("client=N or server=N expected, not '{word}'")),
        }
    }
    Ok(())
}
