//! `fixtures/EXPECTED.tsv`: what each fixture must and must not give, written by hand.
//!
//! Columns: fixture, flow, verdict, fires, never, facts, why. The head of the file explains them.

use serde_json::Value;

/// Every code there will ever be in this file; a code beside these is a typing error.
pub(crate) const CODES: [&str; 17] = [
    "WS001", "WS002", "WS003", "WS004", "WS005", "WS006", "WS007", "WS008", "WS009", "WS101", "WS102",
    "WS103", "WS104", "WS105", "WS201", "WS202", "WS203",
];

/// One row.
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) fixture: String,
    pub(crate) flow: Flow,
    verdicts: Vec<String>,
    pub(crate) fires: Vec<Wanted>,
    never: Vec<String>,
    /// The codes that the row names itself, not through a group.
    pub(crate) near_miss_of: Vec<String>,
    facts: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Index(usize),
    /// The capture as a whole: some flow must fire.
    Any,
}

/// `CODE[:window_of[:box[:confidence]]]`; empty matches all.
pub(crate) struct Wanted {
    pub(crate) code: String,
    parts: [String; 3],
}

/// Parses the table, or says which line is wrong.
pub(crate) fn parse(text: &str) -> Result<Vec<Row>, String> {
    let rows = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    rows.map(|(at, line)| row(at + 1, line).map_err(|error| format!("EXPECTED.tsv line {}: {error}", at + 1)))
        .collect()
}

fn row(line: usize, text: &str) -> Result<Row, String> {
    let columns: Vec<&str> = text.split('\t').collect();
    let [fixture, flow, verdicts, fires, never, facts, why] = columns[..] else {
        return Err(format!("{} columns instead of 7", columns.len()));
    };
    if why.is_empty() {
        return Err("no reason".to_owned());
    }
    let flow = if flow == "any" {
        Flow::Any
    } else {
        Flow::Index(flow.parse().map_err(|_| format!("'{flow}' is no flow"))?)
    };
    let list = |text: &str| -> Vec<String> {
        if text == "-" { Vec::new() } else { text.split(',').map(str::to_owned).collect() }
    };
    let fires = list(fires)
        .iter()
        .map(|wanted| {
            let mut parts = wanted.split(':').map(str::to_owned);
            let code = known(&parts.next().unwrap())?;
            let mut part = || parts.next().unwrap_or_default();
            Ok(Wanted { code, parts: [part(), part(), part()] })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let (never, near_miss_of) = forbidden(&list(never))?;
    if let Some(both) = fires.iter().find(|wanted| never.contains(&wanted.code)) {
        return Err(format!("{} both fires and never fires", both.code));
    }
    let facts = if facts == "-" { Vec::new() } else { facts.split(' ').collect() };
    let facts = facts
        .iter()
        .map(|fact| {
            let (path, values) = fact.split_once('=').ok_or_else(|| format!("'{fact}' is not path=value"))?;
            Ok((path.to_owned(), values.split('/').map(str::to_owned).collect()))
        })
        .collect::<Result<Vec<_>, String>>()?;
    let fixture = fixture.to_owned();
    Ok(Row { line, fixture, flow, verdicts: list(verdicts), fires, never, near_miss_of, facts })
}

/// `FAULTS` is WS001 to WS008, `ALL` is everything, `!CODE` takes one out again.
fn forbidden(items: &[String]) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut never, mut named) = (Vec::new(), Vec::new());
    for item in items {
        if item == "FAULTS" || item == "ALL" {
            let last = if item == "ALL" { CODES.len() } else { 9 };
            never.extend(CODES[..last].iter().map(|code| (*code).to_owned()));
        } else if let Some(code) = item.strip_prefix('!') {
            let code = known(code)?;
            never.retain(|other| *other != code);
        } else {
            named.push(known(item)?);
            never.push(known(item)?);
        }
    }
    Ok((never, named))
}

fn known(code: &str) -> Result<String, String> {
    if CODES.contains(&code) { Ok(code.to_owned()) } else { Err(format!("'{code}' is no code")) }
}

impl Row {
    /// The text that standard error must hold when the file cannot be judged at all.
    pub(crate) fn error(&self) -> Option<&str> {
        self.verdicts.first()?.strip_prefix("error(")?.strip_suffix(')')
    }

    /// What is wrong with the program's answer for this row; empty when it is right.
    pub(crate) fn misses(&self, capture: &Value) -> Vec<String> {
        let flows = capture["flows"].as_array().cloned().unwrap_or_default();
        let mut misses = Vec::new();
        let picked: Vec<Value> = match self.flow {
            Flow::Any => flows,
            Flow::Index(index) if self.verdicts == ["none"] => {
                if flows.len() > index {
                    misses.push(format!("{} flows, at most {index} expected", flows.len()));
                }
                return misses;
            }
            Flow::Index(index) => match flows.get(index) {
                Some(flow) => vec![flow.clone()],
                None => return vec![format!("only {} flows", flows.len())],
            },
        };
        let verdicts: Vec<String> = picked.iter().map(|flow| text(&flow["verdict"])).collect();
        if !verdicts.iter().any(|verdict| self.verdicts.contains(verdict)) {
            misses.push(format!("verdict {} instead of {}", verdicts.join(","), self.verdicts.join(" or ")));
        }
        let findings: Vec<&Value> =
            picked.iter().flat_map(|flow| flow["findings"].as_array().into_iter().flatten()).collect();
        for wanted in self.fires.iter().filter(|wanted| !findings.iter().any(|finding| wanted.is(finding))) {
            let seen: Vec<String> = findings.iter().map(|finding| brief(finding)).collect();
            misses.push(format!(
                "{}:{} did not fire, only [{}]",
                wanted.code,
                wanted.parts.join(":"),
                seen.join(" ")
            ));
        }
        for finding in &findings {
            if self.never.contains(&text(&finding["code"])) {
                misses.push(format!("{} fired: {}", brief(finding), text(&finding["message"])));
            }
        }
        for (path, values) in &self.facts {
            let got = picked.first().map_or(Value::Null, |flow| fact(capture, flow, path));
            if !values.contains(&text(&got)) {
                misses.push(format!("{path} is {} instead of {}", text(&got), values.join(" or ")));
            }
        }
        misses
    }
}

impl Wanted {
    fn is(&self, finding: &Value) -> bool {
        let fields = ["window_of", "box", "confidence"];
        text(&finding["code"]) == self.code
            && self.parts.iter().zip(fields).all(|(part, field)| {
                part.is_empty() || part.split('/').any(|choice| choice == text(&finding[field]))
            })
    }
}

fn brief(finding: &Value) -> String {
    ["code", "window_of", "box", "confidence"].map(|field| text(&finding[field])).join(":")
}

/// `capture.x.y` of the capture, `client.x` of the client's window, otherwise of the flow.
fn fact(capture: &Value, flow: &Value, path: &str) -> Value {
    let (root, path) = match path.split_once('.') {
        Some(("capture", rest)) => (capture, format!("/{rest}")),
        Some(("client" | "server", _)) => (flow, format!("/windows/{path}")),
        _ => (flow, format!("/{path}")),
    };
    root.pointer(&path.replace('.', "/")).cloned().unwrap_or(Value::Null)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    fn misses(row: &str, flow: &serde_json::Value) -> Vec<String> {
        parse(&row.replace(' ', "\t")).unwrap()[0].misses(&json!({ "flows": [flow] }))
    }

    #[test]
    fn a_right_answer_has_no_misses_and_a_wrong_one_has_them_all() {
        let flow = json!({
            "verdict": "stripped",
            "findings": [{ "code": "WS001", "window_of": "client", "box": "server-side", "confidence": "likely" }],
            "windows": { "client": { "offer": "shift" } },
        });
        let right = "x 0 stripped WS001:client::likely/proven FAULTS,!WS001 client.offer=shift why";
        assert_eq!(misses(right, &flow), Vec::<String>::new());
        let wrong = "x 0 healthy WS002 WS001 client.offer=absent why";
        assert_eq!(misses(wrong, &flow).len(), 4);
    }

    #[test]
    fn bad_rows_are_refused() {
        for row in ["x 0 healthy - - why", "x 0 healthy WS999 - - why", "x 0 healthy WS001 FAULTS - why"] {
            assert!(parse(&row.replace(' ', "\t")).is_err(), "{row}");
        }
    }

    #[test]
    fn only_codes_written_out_make_a_near_miss() {
        let rows = parse(&"x 0 healthy - FAULTS,WS101 - why".replace(' ', "\t")).unwrap();
        assert_eq!(rows[0].near_miss_of, ["WS101"]);
    }
}
