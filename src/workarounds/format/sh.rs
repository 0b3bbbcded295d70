//! A script for sh: it prints the undo, then runs the gentlest workaround that can be run. The others are comments.
//!
//! Text goes in as comments only, line by line, so that nothing read from elsewhere can become a command.

use std::fmt::Write as _;

use super::super::advice::{Advice, Workaround};
use super::offer;

pub(super) fn print(advice: &Advice) -> String {
    let mut out = "#!/bin/sh\n".to_owned();
    comment(&mut out, "Written by wscale workarounds. Read it before you run it, as root.");
    comment(&mut out, &format!("This host now offers: {}. {}", offer(advice.current), advice.current_reason));
    for warning in advice.warnings.iter().chain(&advice.elsewhere) {
        comment(&mut out, &format!("warning: {warning}"));
    }
    out += "set -eu\n";
    let live = advice.workarounds.iter().position(can_run);
    if let Some(workaround) = live.and_then(|index| advice.workarounds.get(index)) {
        undo(&mut out, workaround);
    } else {
        comment(&mut out, "Nothing in here can be run as it stands.");
    }
    for (index, workaround) in advice.workarounds.iter().enumerate() {
        section(&mut out, workaround, Some(index) == live);
    }
    out
}

/// There is something to run, all of it can be run, and all of it can be undone.
fn can_run(workaround: &Workaround) -> bool {
    let mut commands = workaround.run.iter().chain(&workaround.undo);
    !workaround.run.is_empty() && commands.all(|command| command.not_ready.is_none())
}

fn undo(out: &mut String, workaround: &Workaround) {
    out.push_str("\n# The undo, with the values of now, is printed first: keep it.\ncat <<'UNDO'\n");
    let _ = writeln!(out, "# To undo {}:", workaround.id);
    for command in &workaround.undo {
        let _ = writeln!(out, "{}", command.command);
    }
    // What the commands print must not be taken for a part of the undo.
    out.push_str("UNDO\nexec >&2\n");
}

fn section(out: &mut String, workaround: &Workaround, live: bool) {
    out.push('\n');
    comment(out, &format!("== {}: {} -> {}", workaround.id, workaround.title, offer(workaround.predicted)));
    comment(out, &workaround.works);
    comment(out, &format!("Costs: {}; {}", super::ceilings(&workaround.cost), workaround.cost.besides));
    for command in &workaround.run {
        if let Some(why) = &command.not_ready {
            comment(out, &format!("not ready: {why}"));
        }
        let _ = writeln!(out, "{}{}", if live { "" } else { "#   " }, command.command);
    }
    if workaround.run.is_empty() {
        workaround.notes.iter().for_each(|note| comment(out, &format!("  {note}")));
    }
    if !live {
        workaround.undo.iter().for_each(|undo| comment(out, &format!("  undo: {}", undo.command)));
    }
    for check in &workaround.verify {
        comment(out, &format!("verify: {}    must show: {}", check.command, check.shows));
    }
    workaround
        .post
        .iter()
        .for_each(|post| comment(out, &format!("2006: {}    {}", post.command, post.today)));
}

fn comment(out: &mut String, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "# {line}");
    }
}
