//! Which findings fail a check.

use crate::detect::{Confidence, RULES, Rule, Severity, rule};

use super::nearest;

const SEVERITIES: [Severity; 3] = [Severity::Note, Severity::Warning, Severity::Problem];

const CONFIDENCES: [Confidence; 3] = [Confidence::Possible, Confidence::Likely, Confidence::Proven];

/// Fails on nothing.
const NEVER: &str = "never";

/// The findings that fail a check: all from a severity on, and single rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailOn {
    severity: Option<Severity>,
    codes: Vec<&'static str>,
}

impl Default for FailOn {
    fn default() -> Self {
        Self { severity: Some(Severity::Problem), codes: Vec::new() }
    }
}

impl FailOn {
    /// Parses severities, codes or names of rules, and `never`.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut fail_on = Self { severity: None, codes: Vec::new() };
        for word in words.into_iter().map(str::trim) {
            if let Some(severity) = SEVERITIES.into_iter().find(|severity| severity.name() == word) {
                fail_on.severity = Some(fail_on.severity.map_or(severity, |other| other.min(severity)));
            } else if let Some(rule) = rule(word) {
                fail_on.codes.push(rule.code);
            } else if word != NEVER {
                return Err(unknown(word));
            }
        }
        Ok(fail_on)
    }

    /// Whether a finding of `rule` fails the check.
    pub fn includes(&self, rule: &Rule) -> bool {
        self.severity.is_some_and(|severity| rule.severity >= severity) || self.codes.contains(&rule.code)
    }
}

fn unknown(word: &str) -> String {
    let severities = SEVERITIES.map(Severity::name);
    let rules = RULES.iter().flat_map(|rule| [rule.code, rule.name]);
    let hint = match nearest(word, severities.into_iter().chain([NEVER]).chain(rules)) {
        Some(near) => format!("did you mean '{near}'?"),
        None => "`wscale explain` lists the rules".to_owned(),
    };
    format!("'{word}' is neither a severity (problem, warning, note, never) nor a rule; {hint}")
}

/// The confidence of this name.
pub fn confidence(name: &str) -> Result<Confidence, String> {
    CONFIDENCES.into_iter().find(|confidence| confidence.name() == name).ok_or_else(|| {
        let near = nearest(name, CONFIDENCES.map(Confidence::name));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
        format!("'{name}' is no confidence (possible, likely, proven){hint}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn included(words: &[&str]) -> Vec<&'static str> {
        let fail_on = FailOn::parse(words.iter().copied()).unwrap();
        RULES.iter().filter(|rule| fail_on.includes(rule)).map(|rule| rule.code).collect()
    }

    #[test]
    fn a_severity_includes_all_above_it() {
        assert_eq!(included(&["note"]).len(), RULES.len());
        assert!(included(&["warning"]).contains(&"WS103"));
        assert!(!included(&["problem"]).contains(&"WS103"));
        assert!(included(&["never"]).is_empty());
    }

    #[test]
    fn codes_and_names_stand_beside_severities() {
        assert_eq!(included(&["ws101"]), ["WS101"]);
        assert_eq!(included(&["sender-stops-at-unscaled-edge", "WS002"]), ["WS001", "WS002"]);
        let both = included(&["problem", "WS101"]);
        assert!(both.contains(&"WS101") && both.contains(&"WS001") && !both.contains(&"WS102"));
    }

    #[test]
    fn a_mistyped_word_is_answered_with_the_nearest() {
        assert!(FailOn::parse(["waring"]).unwrap_err().contains("did you mean 'warning'?"));
        assert!(FailOn::parse(["WS01"]).unwrap_err().contains("did you mean 'WS0"));
        assert!(FailOn::parse(["everything"]).unwrap_err().contains("`wscale explain` lists the rules"));
        assert!(confidence("likly").unwrap_err().contains("did you mean 'likely'?"));
    }
}
