//! A file for /etc/sysctl.d: the gentlest workaround that is a sysctl is in force, blunter ones are comments.

use std::fmt::Write as _;

use super::super::advice::Advice;
use super::offer;

const DIRECTORY: &str = "/etc/sysctl.d/";

pub(super) fn print(advice: &Advice) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# Written by wscale workarounds for {DIRECTORY}90-wscale.conf.");
    let _ = writeln!(out, "# This host now offers: {}.", offer(advice.current));
    for warning in advice.warnings.iter().chain(&advice.elsewhere) {
        let _ = writeln!(out, "# warning: {warning}");
    }
    let sysctls = advice.workarounds.iter().filter(|workaround| {
        workaround.persist.path.is_some_and(|path| path.starts_with(DIRECTORY)) && !workaround.run.is_empty()
    });
    let mut mark = "";
    for workaround in sysctls {
        let _ =
            writeln!(out, "\n# {}: {} -> {}", workaround.id, workaround.title, offer(workaround.predicted));
        let _ = writeln!(out, "# {}", workaround.works);
        let _ = writeln!(out, "# Costs: {}; {}", super::ceilings(&workaround.cost), workaround.cost.besides);
        for command in &workaround.undo {
            let _ = writeln!(out, "# undo: remove this file, then: {}", command.command);
        }
        for line in &workaround.persist.content {
            let _ = writeln!(out, "{mark}{line}");
        }
        mark = "# ";
    }
    if mark.is_empty() {
        out.push_str(
            "\n# No workaround that helps here is a sysctl; see wscale workarounds --format text.\n",
        );
    }
    out
}
