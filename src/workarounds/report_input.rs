//! Reads the report of `analyze`, `live` or `compare` and keeps what a workaround can cure.
//!
//! A report is a file that may come from anywhere: nothing of it is printed but addresses and codes that were parsed
//! into types of our own. All shapes are read: one JSON document with the findings inside their flows, or inside
//! the pairs of a comparison, and JSON Lines, where a finding names its flow by source and index, and may come
//! before it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::fault::{Direction, Fault, Role, curable};

#[derive(Deserialize)]
struct Document {
    schema_version: u32,
    captures: Vec<Capture>,
    /// Of a comparison.
    #[serde(default)]
    legs: Vec<Leg>,
}

#[derive(Deserialize)]
struct Capture {
    #[serde(default)]
    flows: Vec<Flow>,
}

#[derive(Deserialize)]
struct Leg {
    pairs: Vec<Pair>,
}

/// A flow as it is on each side of a box that may translate addresses.
#[derive(Deserialize)]
struct Pair {
    client_side: Ends,
    server_side: Ends,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Flow {
        source: String,
        index: u64,
        #[serde(flatten)]
        flow: Flow,
    },
    Finding {
        source: String,
        flow: u64,
        #[serde(flatten)]
        finding: Finding,
    },
    Capture {},
}

#[derive(Deserialize)]
struct Flow {
    #[serde(flatten)]
    ends: Ends,
    #[serde(default)]
    findings: Vec<Finding>,
}

#[derive(Clone, Deserialize)]
struct Ends {
    client: String,
    server: String,
}

#[derive(Deserialize)]
struct Finding {
    code: String,
    window_of: Option<String>,
    hurts: Option<String>,
}

/// What a report says that matters here.
#[derive(Debug, Default)]
pub struct Report {
    /// What a workaround can cure, in the order of the addresses.
    pub faults: Vec<Fault>,
    /// The flows of the report, with or without findings.
    pub flows: usize,
    /// Codes of findings that no workaround cures, as far as they look like codes.
    pub incurable: BTreeSet<String>,
}

/// A single capture sees both ends from the same side.
impl From<Flow> for Pair {
    fn from(Flow { ends, findings }: Flow) -> Self {
        Self { client_side: ends.clone(), server_side: ends, findings }
    }
}

/// Reads a report in any shape.
pub fn parse(text: &str) -> anyhow::Result<Report> {
    let flows = match serde_json::from_str::<Document>(text) {
        Ok(document) if document.schema_version == 1 => {
            let flows = document.captures.into_iter().flat_map(|capture| capture.flows);
            flows.map(Pair::from).chain(document.legs.into_iter().flat_map(|leg| leg.pairs)).collect()
        }
        Ok(document) => bail!("schema version {} is not known here (1 is)", document.schema_version),
        Err(not_one_document) => lines(text, not_one_document)?,
    };
    gather(&flows)
}

/// `first_error` is the better message when the text is no JSON Lines either.
fn lines(text: &str, first_error: serde_json::Error) -> anyhow::Result<Vec<Pair>> {
    const NO_REPORT: &str = "not a report of analyze, live or compare";
    let mut flows: BTreeMap<_, Flow> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut nothing = true;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(Line::Flow { source, index, flow }) => drop(flows.insert((source, index), flow)),
            Ok(Line::Finding { source, flow, finding }) => findings.push(((source, flow), finding)),
            Ok(Line::Capture {}) => {}
            Err(_) if nothing => return Err(first_error).context(NO_REPORT),
            Err(error) => return Err(error).context("a line of the report"),
        }
        nothing = false;
    }
    if nothing {
        return Err(first_error).context(NO_REPORT);
    }
    for (key, finding) in findings {
        let flow = flows
            .get_mut(&key)
            .with_context(|| format!("flow {} has findings and no line of its own", key.1))?;
        flow.findings.push(finding);
    }
    Ok(flows.into_values().map(Pair::from).collect())
}

fn gather(flows: &[Pair]) -> anyhow::Result<Report> {
    let mut report = Report { flows: flows.len(), ..Report::default() };
    let mut faults: BTreeMap<_, Fault> = BTreeMap::new();
    for flow in flows {
        let mut seen = BTreeSet::new();
        for finding in &flow.findings {
            let Some(code) = curable(&finding.code) else {
                report.incurable.extend(harmless_code(&finding.code));
                continue;
            };
            let slow = slow_direction(finding);
            // The host that receives the slow data acts on the addresses that it sees.
            let ends = match slow.map(Direction::receiver) {
                Some(Role::Server) => &flow.server_side,
                _ => &flow.client_side,
            };
            let (client, server) = (address(&ends.client)?, address(&ends.server)?);
            let fault = faults.entry((client, server, slow)).or_insert_with(|| Fault {
                client,
                server,
                slow,
                codes: BTreeSet::new(),
                flows: 0,
            });
            fault.codes.insert(code);
            fault.flows += usize::from(seen.insert(slow));
        }
    }
    report.faults = faults.into_values().collect();
    Ok(report)
}

/// What the finding says it hurts; else the data that the named window limits, which flows towards its advertiser.
fn slow_direction(finding: &Finding) -> Option<Direction> {
    match (finding.hurts.as_deref(), finding.window_of.as_deref()) {
        (Some("server-to-client"), _) | (None, Some("client")) => Some(Direction::ServerToClient),
        (Some("client-to-server"), _) | (None, Some("server")) => Some(Direction::ClientToServer),
        _ => None,
    }
}

/// `192.0.2.1:40000` or `[2001:db8::1]:80`; IPv4 in IPv6 clothes becomes IPv4, which is what routes know.
fn address(endpoint: &str) -> anyhow::Result<IpAddr> {
    let socket: SocketAddr =
        endpoint.parse().with_context(|| format!("{endpoint:?} in the report is no address and port"))?;
    Ok(socket.ip().to_canonical())
}

fn harmless_code(code: &str) -> Option<String> {
    let digits = code.strip_prefix("WS")?;
    (digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &str = r#""client":"192.0.2.1:40000","server":"[2001:db8::2]:80","findings":
        [{"code":"WS001","hurts":"server-to-client","window_of":"client"},{"code":"WS101"},{"code":"$(reboot)"}]"#;

    #[test]
    fn one_document_and_lines_say_the_same() {
        let document = format!(r#"{{"schema_version":1,"captures":[{{"flows":[{{{FLOW}}}]}}]}}"#);
        let (ends, findings) = FLOW.split_once(",\"findings\":").unwrap();
        let findings = findings.trim().trim_matches(['[', ']', '{', '}']).split("},{");
        let mut lines: Vec<_> = findings
            .map(|fields| format!(r#"{{"type":"finding","source":"x","flow":3,{fields}}}"#))
            .collect();
        lines.push(format!(r#"{{"type":"flow","source":"x","index":3,{ends}}}"#));
        lines.push(r#"{"type":"capture"}"#.to_owned());
        for text in [document, lines.join("\n")] {
            let report = parse(&text).unwrap();
            let [fault] = report.faults.as_slice() else { panic!("{report:?}") };
            assert_eq!(fault.slow, Some(Direction::ServerToClient));
            assert_eq!(
                fault.sentence(),
                "WS001 from server to client, client 192.0.2.1, server 2001:db8::2 (1 flow)"
            );
            assert_eq!(report.incurable.into_iter().collect::<Vec<_>>(), ["WS101"]);
        }
    }

    #[test]
    fn a_comparison_is_read_from_the_side_of_the_receiver() {
        let pair = |window_of: &str| {
            format!(
                r#"{{"client_side":{{"client":"10.0.0.1:1","server":"192.0.2.2:80"}},
                    "server_side":{{"client":"192.0.2.1:2","server":"10.9.9.9:8080"}},
                    "findings":[{{"code":"WS007","window_of":"{window_of}"}}]}}"#
            )
        };
        let pairs = [pair("client"), pair("server")].join(",");
        let text =
            format!(r#"{{"schema_version":1,"captures":[{{"source":"a"}}],"legs":[{{"pairs":[{pairs}]}}]}}"#);
        let report = parse(&text).unwrap();
        let ends: Vec<_> =
            report.faults.iter().map(|fault| format!("{} {}", fault.client, fault.server)).collect();
        assert_eq!(ends, ["10.0.0.1 192.0.2.2", "192.0.2.1 10.9.9.9"]);
        assert_eq!(report.flows, 2);
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        for text in [
            "",
            "x",
            "{}",
            "[]",
            "{\"schema_version\":2,\"captures\":[]}",
            "{\"type\":\"dog\"}",
            "null",
            "{\n}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let injected = FLOW.replace("192.0.2.1:40000", "192.0.2.1; reboot");
        assert!(
            parse(&format!(r#"{{"schema_version":1,"captures":[{{"flows":[{{{injected}}}]}}]}}"#)).is_err()
        );
    }
}
