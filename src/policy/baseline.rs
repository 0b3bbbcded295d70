//! Findings that are known and accepted, as a TOML file that can be read and edited.
//!
//! An entry names a fault, not a recording: see [`Fault`]. What an entry leaves out may be anything, so an entry
//! without `server` accepts the fault towards every server, which suits hosts whose addresses change.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::detect::rule;
use crate::report::Fault;

/// The layout of the file.
const VERSION: u32 = 1;

const HEAD: &str = "\
# Findings that `wscale check --baseline` accepts, one [[accept]] each.
# What an entry leaves out may be anything: without `server` it accepts the fault towards every server.

";

/// Accepted findings, and which of them have been met.
#[derive(Clone, Debug)]
pub struct Baseline {
    entries: Vec<(Entry, bool)>,
}

/// One accepted fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#box: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<IpAddr>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default, rename = "accept", skip_serializing_if = "Vec::is_empty")]
    accept: Vec<Entry>,
}

impl Baseline {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| super::config::cause(text, &error))?;
        if document.version != VERSION {
            return Err(format!("version {} is not known, only {VERSION}", document.version));
        }
        if let Some(entry) = document.accept.iter().find(|entry| rule(&entry.code).is_none()) {
            return Err(format!("no rule '{}'", entry.code));
        }
        for entry in &document.accept {
            entry.named()?;
        }
        Ok(Self { entries: document.accept.into_iter().map(|entry| (entry, false)).collect() })
    }

    /// The text of a file that accepts `faults`.
    pub fn text<'a>(faults: impl IntoIterator<Item = &'a Fault>) -> Result<String, String> {
        let accept = faults.into_iter().map(Entry::new).collect();
        let document = Document { version: VERSION, accept };
        let body = toml::to_string(&document).map_err(|error| error.to_string())?;
        Ok(format!("{HEAD}{body}"))
    }

    /// Whether an entry accepts `fault`. Every entry that does is met.
    pub fn accepts(&mut self, fault: &Fault) -> bool {
        let mut accepted = false;
        for (entry, met) in &mut self.entries {
            if entry.accepts(fault) {
                *met = true;
                accepted = true;
            }
        }
        accepted
    }

    /// The entries that no finding has met.
    pub fn stale(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|(_, met)| !met).map(|(entry, _)| entry)
    }
}

impl Entry {
    fn new(fault: &Fault) -> Self {
        Self {
            code: fault.code.to_owned(),
            window_of: Some(fault.window().to_owned()),
            r#box: Some(fault.place().to_owned()),
            shift: fault.shift,
            server: Some(fault.server),
        }
    }

    /// A name that no finding has would never match.
    fn named(&self) -> Result<(), String> {
        let known = |name: &Option<String>, names: &[&str]| match name {
            Some(name) if !names.contains(&name.as_str()) => {
                Err(format!("'{name}' is none of {}", names.join(", ")))
            }
            _ => Ok(()),
        };
        known(&self.window_of, &["client", "server", "none"])?;
        known(&self.r#box, &["client-side", "server-side", "none"])
    }

    fn accepts(&self, fault: &Fault) -> bool {
        rule(&self.code).is_some_and(|rule| rule.code == fault.code)
            && self.window_of.as_deref().is_none_or(|window| window == fault.window())
            && self.r#box.as_deref().is_none_or(|place| place == fault.place())
            && self.shift.is_none_or(|shift| Some(shift) == fault.shift)
            && self.server.is_none_or(|server| server == fault.server)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        let texts = [("window_of", &self.window_of), ("box", &self.r#box)];
        for (name, text) in texts {
            if let Some(text) = text {
                write!(f, " {name}={text}")?;
            }
        }
        if let Some(shift) = self.shift {
            write!(f, " shift={shift}")?;
        }
        self.server.map_or(Ok(()), |server| write!(f, " server={server}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::Side;

    use super::*;

    fn fault() -> Fault {
        Fault {
            code: "WS001",
            window_of: Some(Side::Client),
            box_side: Some(Side::Server),
            shift: Some(0),
            server: "192.0.2.1".parse().unwrap(),
        }
    }

    #[test]
    fn what_is_written_accepts_what_was_found_and_nothing_else() {
        let mut baseline = Baseline::parse(&Baseline::text(&[fault()]).unwrap()).unwrap();
        for other in [
            Fault { code: "WS002", ..fault() },
            Fault { window_of: Some(Side::Server), ..fault() },
            Fault { box_side: None, ..fault() },
            Fault { shift: Some(2), ..fault() },
            Fault { server: "192.0.2.2".parse().unwrap(), ..fault() },
        ] {
            assert!(!baseline.accepts(&other), "{other}");
        }
        assert_eq!(baseline.stale().count(), 1);
        assert!(baseline.accepts(&fault()));
        assert_eq!(baseline.stale().count(), 0);
    }

    #[test]
    fn what_an_entry_leaves_out_may_be_anything() {
        let mut baseline = Baseline::parse("version = 1\n[[accept]]\ncode = 'ws001'\nshift = 0\n").unwrap();
        assert!(baseline.accepts(&Fault { server: "2001:db8::1".parse().unwrap(), ..fault() }));
        assert!(!baseline.accepts(&Fault { shift: Some(2), ..fault() }));
    }

    #[test]
    fn an_empty_baseline_can_be_written_and_read() {
        let mut baseline = Baseline::parse(&Baseline::text(&[]).unwrap()).unwrap();
        assert!(!baseline.accepts(&fault()));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(Baseline::parse("version = 2").unwrap_err().contains("version 2"));
        assert!(Baseline::parse("version = 1\n[[accept]]\ncode = 'WS999'").unwrap_err().contains("WS999"));
        assert!(Baseline::parse("version = 1\n[[acept]]\ncode = 'WS001'").unwrap_err().contains("line 2"));
        let entry = |fact: &str| Baseline::parse(&format!("version = 1\n[[accept]]\ncode = 'WS001'\n{fact}"));
        assert!(entry("window_of = 'clinet'").unwrap_err().contains("none of client, server"));
        assert!(entry("box = 'client'").unwrap_err().contains("none of client-side"));
    }
}
