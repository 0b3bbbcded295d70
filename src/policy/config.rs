//! The policy file: TOML, with the names of the options as keys.
//!
//! ```toml
//! fail-on = ["problem", "WS101"]
//! min-confidence = "likely"
//! baseline = "wscale-baseline.toml"    # relative to this file
//! require-scaling = true
//!
//! [[expect]]                           # the same keys, for the flows that match
//! flows = "port 443"
//! min-shift = 7
//! expect-verdict = "healthy"
//! ```

use toml::Spanned;
use toml::Value;

use crate::detect::Confidence;

use super::{Demand, Expectation, FailOn, confidence, nearest};

/// The file that is looked for in the working directory and above.
pub const NAME: &str = ".wscale.toml";

const KEYS: [&str; 9] = [
    "fail-on",
    "min-confidence",
    "allow-empty",
    "baseline",
    "expect",
    "require-scaling",
    "min-shift",
    "expect-verdict",
    "flows",
];

/// Those that an `[[expect]]` takes.
const EXPECT_KEYS: [&str; 4] = ["require-scaling", "min-shift", "expect-verdict", "flows"];

/// What a file says; `None` where it says nothing.
#[derive(Debug, Default)]
pub struct Config {
    /// Which findings fail.
    pub fail_on: Option<FailOn>,
    /// From which confidence on.
    pub min_confidence: Option<Confidence>,
    /// Input with nothing to judge is no error.
    pub allow_empty: Option<bool>,
    /// The baseline, relative to the file.
    pub baseline: Option<String>,
    /// Expectations.
    pub expectations: Vec<Expectation>,
}

/// A table with its keys where they stand in the text.
type Table = std::collections::BTreeMap<Spanned<String>, Value>;

impl Config {
    /// Reads the text of a file. The error says in which line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| cause(text, &error))?;
        let mut config = Self::default();
        let mut expect = toml::Table::new();
        for (key, value) in table {
            let line = line(text, key.span().start);
            let key = key.into_inner();
            config.set(&key, value, &mut expect).map_err(|error| format!("line {line}: {error}"))?;
        }
        config.expect(&expect)?;
        Ok(config)
    }

    fn set(&mut self, key: &str, value: Value, expect: &mut toml::Table) -> Result<(), String> {
        match key {
            "fail-on" => self.fail_on = Some(FailOn::parse(words(key, &value)?)?),
            "min-confidence" => self.min_confidence = Some(confidence(string(key, &value)?)?),
            "allow-empty" => self.allow_empty = Some(boolean(key, &value)?),
            "baseline" => self.baseline = Some(string(key, &value)?.to_owned()),
            "expect" => {
                let tables = value.as_array().ok_or("'expect' must be written as [[expect]]")?;
                for table in tables {
                    self.expect(table.as_table().ok_or("'expect' must be written as [[expect]]")?)?;
                }
            }
            _ if EXPECT_KEYS.contains(&key) => {
                expect.insert(key.to_owned(), value);
            }
            _ => return Err(unknown(key, &KEYS)),
        }
        Ok(())
    }

    /// The expectations of one table, all for the same flows.
    fn expect(&mut self, table: &toml::Table) -> Result<(), String> {
        if let Some(key) = table.keys().find(|key| !EXPECT_KEYS.contains(&key.as_str())) {
            return Err(unknown(key, &EXPECT_KEYS));
        }
        let flows = table.get("flows").map(|value| string("flows", value)).transpose()?;
        let mut demands = Vec::new();
        if let Some(value) = table.get("require-scaling")
            && boolean("require-scaling", value)?
        {
            demands.push(Demand::Scaling);
        }
        if let Some(value) = table.get("min-shift") {
            let shift = value.as_integer().and_then(|shift| u8::try_from(shift).ok());
            let shift =
                shift.filter(|shift| *shift <= 14).ok_or("'min-shift' must be a number from 0 to 14")?;
            demands.push(Demand::MinShift(shift));
        }
        if let Some(value) = table.get("expect-verdict") {
            let verdicts: Vec<&str> = words("expect-verdict", value)?;
            demands.push(Demand::verdicts(&verdicts.join(","))?);
        }
        if demands.is_empty() && flows.is_some() {
            return Err("'flows' narrows nothing: no expectation stands beside it".to_owned());
        }
        let expectation = |demand| Expectation { demand, flows: flows.map(str::to_owned) };
        self.expectations.extend(demands.into_iter().map(expectation));
        Ok(())
    }
}

fn unknown(key: &str, keys: &[&'static str]) -> String {
    let hint = nearest(key, keys.iter().copied())
        .map_or_else(|| format!("known are {}", keys.join(", ")), |near| format!("did you mean '{near}'?"));
    format!("unknown key '{key}'; {hint}")
}

fn string<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("'{key}' must be a string"))
}

fn boolean(key: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("'{key}' must be true or false"))
}

/// A string with commas, or an array of strings.
fn words<'a>(key: &str, value: &'a Value) -> Result<Vec<&'a str>, String> {
    match value {
        Value::String(text) => Ok(text.split(',').collect()),
        Value::Array(values) => values.iter().map(|value| string(key, value)).collect(),
        _ => Err(format!("'{key}' must be a string or an array of strings")),
    }
}

/// What is wrong with a file and in which line, in one line.
pub(super) fn cause(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', ", ");
    match error.span() {
        Some(span) => format!("line {}: {message}", line(text, span.start)),
        None => message,
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Verdict;

    #[test]
    fn every_key_is_read() {
        let config = Config::parse(
            "fail-on = ['warning', 'WS101']\nmin-confidence = 'proven'\nallow-empty = true\nbaseline = 'b.toml'\n\
             require-scaling = true\n[[expect]]\nflows = 'port 80'\nmin-shift = 7\nexpect-verdict = 'healthy'\n",
        )
        .unwrap();
        assert_eq!(config.fail_on, Some(FailOn::parse(["warning", "WS101"]).unwrap()));
        assert_eq!(config.min_confidence, Some(Confidence::Proven));
        assert_eq!(config.allow_empty, Some(true));
        assert_eq!(config.baseline.as_deref(), Some("b.toml"));
        let flows = Some("port 80".to_owned());
        let expected = [
            Expectation { demand: Demand::MinShift(7), flows: flows.clone() },
            Expectation { demand: Demand::Verdict(vec![Verdict::Healthy]), flows },
            Expectation { demand: Demand::Scaling, flows: None },
        ];
        assert_eq!(config.expectations, expected);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, error) in [
            ("\nfail_on = 'note'", "line 2: unknown key 'fail_on'; did you mean 'fail-on'?"),
            ("colour = 1", "line 1: unknown key 'colour'; known are fail-on,"),
            ("[[expect]]\nmin-shfit = 3", "line 1: unknown key 'min-shfit'; did you mean 'min-shift'?"),
            ("min-shift = 15", "'min-shift' must be a number from 0 to 14"),
            ("min-confidence = 3", "line 1: 'min-confidence' must be a string"),
            ("flows = 'tcp'", "'flows' narrows nothing"),
            ("fail-on = 'problems'", "did you mean 'problem'?"),
            ("a = ", "line 1: "),
        ] {
            let found = Config::parse(text).unwrap_err();
            assert!(found.contains(error), "{text}: {found}");
        }
    }
}
