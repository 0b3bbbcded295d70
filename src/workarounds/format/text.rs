//! For people: prose wrapped for 80 columns, commands never, so that they can be pasted.

use std::fmt::Write as _;

use textwrap::{Options, fill};

use super::super::advice::{Advice, Command, Persist, Workaround};
use super::super::general::SYSTEMS;
use super::super::host::Reading;
use super::{ceilings, offer};

const WIDTH: usize = 80;
const INDENT: &str = "            ";

pub(super) fn print(advice: &Advice) -> String {
    let mut out = String::new();
    header(&mut out, advice);
    faults(&mut out, advice);
    if !advice.workarounds.is_empty() {
        out +=
            "\nNothing was changed. From gentle to blunt, each for a root shell and for new\nconnections:\n";
    }
    for (index, workaround) in advice.workarounds.iter().enumerate() {
        let _ = write!(out, "\n{}. {} ({})\n", index + 1, workaround.title, workaround.id);
        block(&mut out, workaround);
    }
    if advice.general {
        general(&mut out);
    }
    out
}

fn header(out: &mut String, advice: &Advice) {
    let host = &advice.host;
    let kernel =
        if let Reading::Known(release) = &host.kernel { release.as_str() } else { "(release unknown)" };
    let system = if host.is_unknown() { "a host that could not be read" } else { "Linux" };
    let _ = writeln!(out, "This host, {system} {kernel}, now offers: {}", offer(advice.current));
    labelled(out, "because", &advice.current_reason);
    labelled(out, "allows", &format!("{}.", ceilings(&advice.current_cost)));
    let one = |value: Option<u32>| value.map_or("unknown".to_owned(), |value| value.to_string());
    let three =
        |value: Option<[u32; 3]>| value.map_or("unknown".to_owned(), |[a, b, c]| format!("{a} {b} {c}"));
    let _ = writeln!(out, "\n  net.ipv4.tcp_window_scaling = {}", one(host.tcp_window_scaling.value()));
    let _ = writeln!(out, "  net.ipv4.tcp_rmem = {}", three(host.tcp_rmem.value()));
    let _ = writeln!(out, "  net.ipv4.tcp_wmem = {}", three(host.tcp_wmem.value()));
    let outside =
        if host.rmem_max_read_only { "    (the machine's; read-only in this network namespace)" } else { "" };
    let _ = writeln!(out, "  net.core.rmem_max = {}{outside}", one(host.rmem_max.value()));
    let _ = writeln!(out, "  net.core.wmem_max = {}", one(host.wmem_max.value()));
}

fn faults(out: &mut String, advice: &Advice) {
    let Some(cases) = &advice.faults else { return };
    for case in cases {
        let roles = case.this_host.iter().map(|role| role.name()).collect::<Vec<_>>().join(" and the ");
        let part = if roles.is_empty() { "neither end".to_owned() } else { format!("the {roles}") };
        out.push('\n');
        labelled(out, "fault", &format!("{}; this host is {part}.", case.fault.sentence()));
    }
    for line in &advice.elsewhere {
        out.push('\n');
        labelled(out, "elsewhere", &format!("{line}."));
    }
}

fn block(out: &mut String, workaround: &Workaround) {
    labelled(out, "does", &workaround.does);
    labelled(out, "works", &workaround.works);
    labelled(out, "then", &format!("{} in the SYN", offer(workaround.predicted)));
    commands(out, "now", &workaround.run);
    persist(out, &workaround.persist);
    for check in &workaround.verify {
        verbatim(out, "verify", &check.command);
        labelled(out, "", &format!("must show: {}", check.shows));
    }
    labelled(out, "costs", &format!("{}; {}", ceilings(&workaround.cost), workaround.cost.besides));
    commands(out, "undo", &workaround.undo);
    for note in &workaround.notes {
        labelled(out, "note", note);
    }
    for post in &workaround.post {
        verbatim(out, "2006", post.command);
        labelled(out, "", &post.today);
    }
}

fn commands(out: &mut String, label: &str, commands: &[Command]) {
    let mut label = label;
    for command in commands {
        verbatim(out, label, &command.command);
        label = "";
        if let Some(why) = &command.not_ready {
            labelled(out, "", &format!("(not ready: {why})"));
        }
    }
}

fn persist(out: &mut String, persist: &Persist) {
    if let Some(path) = persist.path {
        labelled(out, "keep", &format!("write {path}:"));
        for line in &persist.content {
            verbatim(out, "", &format!("  {line}"));
        }
        for line in &persist.then {
            verbatim(out, "", line);
        }
        labelled(out, "", &format!("to take it back: {}", persist.undo.join("; ")));
    }
    for note in &persist.notes {
        labelled(out, "keep", note);
    }
}

fn general(out: &mut String) {
    out.push_str("\nIn general, with the present values unknown (note what `show` prints first):\n");
    for system in &SYSTEMS {
        let _ = writeln!(out, "\n{}", system.name);
        verbatim(out, "show", system.show);
        verbatim(out, "change", system.change);
        verbatim(out, "undo", system.undo);
        labelled(out, "does", system.does);
    }
}

fn verbatim(out: &mut String, label: &str, line: &str) {
    let _ = writeln!(out, "{}", format!("  {label:<9} {line}").trim_end());
}

fn labelled(out: &mut String, label: &str, text: &str) {
    let first = format!("  {label:<9} ");
    let options = Options::new(WIDTH).initial_indent(&first).subsequent_indent(INDENT).break_words(false);
    let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
    let _ = writeln!(out, "{}", fill(text, options));
}
