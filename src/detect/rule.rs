//! What a rule is, and the registry of all rules. To add one: a file in `rules/`, and a line in [`RULES`].

use super::rules::{
    ws001, ws002, ws003, ws004, ws005, ws006, ws007, ws008, ws009, ws101, ws102, ws103, ws104, ws105, ws201,
    ws202, ws203,
};
use super::{Case, Finding, Severity};

/// What `wscale explain` prints.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// What it means.
    pub meaning: &'static str,
    /// What counts as evidence, and for how much.
    pub evidence: &'static str,
    /// When it is harmless.
    pub harmless: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Explanation {
    /// The four headings and their texts.
    pub fn sections(&self) -> [(&'static str, &'static str); 4] {
        [
            ("What it means", self.meaning),
            ("Evidence", self.evidence),
            ("When it is harmless", self.harmless),
            ("What to do", self.remedy),
        ]
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Stable, never reused.
    pub code: &'static str,
    /// The pattern in words, kebab-case.
    pub name: &'static str,
    /// How bad if true.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
    /// The whole story.
    pub explanation: Explanation,
    /// Looks at one flow.
    pub check: fn(&Case<'_>) -> Vec<Finding>,
}

/// All rules, by code.
pub static RULES: [&Rule; 17] = [
    &ws001::RULE,
    &ws002::RULE,
    &ws003::RULE,
    &ws004::RULE,
    &ws005::RULE,
    &ws006::RULE,
    &ws007::RULE,
    &ws008::RULE,
    &ws009::RULE,
    &ws101::RULE,
    &ws102::RULE,
    &ws103::RULE,
    &ws104::RULE,
    &ws105::RULE,
    &ws201::RULE,
    &ws202::RULE,
    &ws203::RULE,
];

/// The rule with this code or name, in any case.
pub fn rule(code_or_name: &str) -> Option<&'static Rule> {
    let matches = |text: &str| text.eq_ignore_ascii_case(code_or_name);
    RULES.into_iter().find(|rule| matches(rule.code) || matches(rule.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_sorted() {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
    }

    #[test]
    fn names_are_kebab_case_and_unique() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert!(
            names
                .iter()
                .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn every_explanation_says_something_under_all_four_headings() {
        for rule in RULES {
            for (heading, text) in rule.explanation.sections() {
                assert!(text.len() > 40, "{}: {heading}", rule.code);
            }
        }
    }

    #[test]
    fn every_file_of_a_rule_is_registered() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect/rules");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().to_uppercase())
            .collect();
        files.sort_unstable();
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(files, codes);
    }

    #[test]
    fn a_rule_is_found_by_code_and_by_name() {
        assert_eq!(rule("ws001").map(|rule| rule.code), Some("WS001"));
        assert_eq!(rule("window-collapses-after-handshake").map(|rule| rule.code), Some("WS002"));
        assert!(rule("WS999").is_none());
    }
}
