//! A page of pictures with findings and numbers: one file, to attach to a ticket.
//!
//! It holds everything it shows and asks for nothing: no script, no request. Its policy forbids both, so that
//! not even a mistake here could turn text from a capture into more than text.

use std::fmt::Write;

use crate::detect::Finding;
use crate::flow::Side;
use crate::report::{CaptureReport, FlowReport};
use crate::units;

use super::canvas::escape;
use super::words;

/// What a page shows.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The capture.
    pub report: &'a CaptureReport,
    /// The flows with a problem, each with its picture.
    pub flows: Vec<(&'a FlowReport, String)>,
    /// Flows with a problem that are not shown.
    pub left_out: usize,
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
"#;

const STYLE: &str = "<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 sans-serif; max-width: 1200px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.25em; margin-top: 2.5em }
table { border-collapse: collapse; font-size: 14px } th, td { text-align: left; padding: .25em 1.2em .25em 0; vertical-align: top }
thead th { border-bottom: 1px solid #888 } code { overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: 6em 1fr; gap: .2em 1em } dt { font-weight: bold } dd { margin: 0 }
svg { width: 100%; height: auto } .wide { overflow-x: auto }
@media print { h2 { break-before: page } }
</style>
";

impl Page<'_> {
    /// One line about the capture.
    pub fn summary(&self) -> String {
        summary(self)
    }
}

/// The page.
pub fn html(page: &Page<'_>) -> String {
    let report = page.report;
    let source = escape(&report.source);
    let mut out = format!("{HEAD}<title>Window scaling: {source}</title>\n{STYLE}</head>\n<body>\n");
    let _ = writeln!(out, "<h1>Window scaling: {source}</h1>\n<p>{}</p>", escape(&summary(page)));
    if !page.flows.is_empty() {
        out.push_str("<div class=\"wide\"><table>\n<thead><tr><th>flow</th><th>client</th><th>server</th><th>rate</th><th>verdict</th><th>findings</th></tr></thead>\n<tbody>\n");
        page.flows.iter().for_each(|(flow, _)| row(&mut out, flow));
        out.push_str("</tbody>\n</table></div>\n");
    }
    for (flow, picture) in &page.flows {
        section(&mut out, flow, picture);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn summary(page: &Page<'_>) -> String {
    let report = page.report;
    let shown = page.flows.len();
    let mut parts = vec![
        units::count(report.frames, "frame"),
        units::count(report.flows.len() as u64, "flow"),
        match shown + page.left_out {
            0 => "no flow with a problem of window scaling".to_owned(),
            problems => format!("{} with a problem of window scaling", units::count(problems as u64, "flow")),
        },
    ];
    if page.left_out > 0 {
        parts.push(format!("the worst {} are shown here", units::grouped(shown as u64)));
    }
    if let Some(cause) = &report.incomplete {
        parts.push(format!("incomplete ({cause}): this is about the part that was read"));
    }
    parts.join(", ")
}

fn row(out: &mut String, flow: &FlowReport) {
    let rate = flow.windows.of(flow.focus()).rate_bytes_per_s.map_or_else(|| "?".to_owned(), units::rate);
    let codes: Vec<&str> = flow.findings.iter().map(|finding| finding.rule.code).collect();
    let cells = [
        flow.endpoints.client.to_string(),
        flow.endpoints.server.to_string(),
        rate,
        flow.verdict.name().to_owned(),
        codes.join(", "),
    ];
    let _ = write!(out, "<tr><td><a href=\"#flow-{0}\">{0}</a></td>", flow.index);
    for cell in cells {
        let _ = write!(out, "<td>{}</td>", escape(&cell));
    }
    out.push_str("</tr>\n");
}

fn section(out: &mut String, flow: &FlowReport, picture: &str) {
    let headline = flow.findings.first().map_or(flow.verdict.name(), |finding| &finding.headline);
    let _ = writeln!(out, "<h2 id=\"flow-{0}\">Flow {0}: {1}</h2>", flow.index, escape(headline));
    let _ = writeln!(out, "<figure style=\"margin:0\">\n{picture}</figure>");
    flow.findings.iter().for_each(|found| finding(out, flow, found));
    windows(out, flow);
}

fn finding(out: &mut String, flow: &FlowReport, finding: &Finding) {
    let rule = finding.rule;
    let _ = writeln!(
        out,
        "<h3>{} {}: {}, {}</h3>\n<dl>",
        rule.code,
        escape(rule.name),
        rule.severity.name(),
        finding.confidence.name()
    );
    let frames: Vec<String> = finding.frames.iter().map(|frame| frame.number.to_string()).collect();
    let rate = finding.cost.and_then(|cost| cost.rate_bytes_per_s).map(units::rate);
    let ceiling = finding.cost.and_then(|cost| cost.ceiling_bytes_per_s).map(units::rate);
    let costs = match (rate, ceiling) {
        (Some(rate), Some(ceiling)) => Some(format!("{rate}; up to {ceiling} would fit")),
        (rate, ceiling) => rate.or_else(|| ceiling.map(|ceiling| format!("up to {ceiling} would fit"))),
    };
    let filter = format!("tcp.stream eq {} && frame.number in {{{}}}", flow.index, frames.join(","));
    let entries = [
        ("what", Some(finding.headline.clone())),
        ("seen", Some(finding.seen.clone())),
        ("where", finding.place.clone()),
        ("frames", Some(frames.join(", "))),
        ("costs", costs),
        ("next", Some(finding.next.clone())),
    ];
    for (term, text) in entries.into_iter().filter_map(|(term, text)| Some((term, text?))) {
        let _ = writeln!(out, "<dt>{term}</dt><dd>{}</dd>", escape(&text));
    }
    let _ = writeln!(out, "<dt>filter</dt><dd><code>{}</code></dd>\n</dl>", escape(&filter));
}

fn windows(out: &mut String, flow: &FlowReport) {
    let cells = |cell: &dyn Fn(Side) -> String| {
        Side::BOTH.map(|side| format!("<td>{}</td>", escape(&cell(side)))).concat()
    };
    out.push_str("<h3>Numbers</h3>\n<table>\n<thead><tr><th></th><th>the client's window</th><th>the server's window</th></tr></thead>\n<tbody>\n");
    for (name, value) in words::WINDOW_FACTS {
        let _ = writeln!(out, "<tr><th>{name}</th>{}</tr>", cells(&|side| value(flow.windows.of(side))));
    }
    out.push_str("</tbody>\n</table>\n");
}
