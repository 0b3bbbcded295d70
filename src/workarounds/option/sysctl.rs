//! Settings changed with sysctl: the same lines to run, to keep, to check and to undo.

use super::super::advice::{Check, Command, Persist};

/// Where the file goes.
const PATH: &str = "/etc/sysctl.d/90-wscale.conf";

/// One setting, what it becomes and what it is; both were read as numbers.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) new: String,
    pub(super) now: Option<String>,
    /// It can only be set outside of this network namespace.
    pub(super) elsewhere: bool,
}

const OUTSIDE: &str = "net.core.rmem_max belongs to the machine: set it outside of this network namespace";

impl Setting {
    pub(super) fn run(&self) -> Command {
        self.command(&self.new)
    }

    pub(super) fn undo(&self) -> Command {
        match &self.now {
            Some(now) => self.command(now),
            None => Command::not_ready(
                format!("sysctl -w {}=\"VALUE\"", self.name),
                format!("the present value is unknown: note it first with sysctl {}", self.name),
            ),
        }
    }

    fn command(&self, value: &str) -> Command {
        let quote = if value.contains(' ') { "\"" } else { "" };
        let command = format!("sysctl -w {}={quote}{value}{quote}", self.name);
        if self.elsewhere { Command::not_ready(command, OUTSIDE) } else { Command::ready(command) }
    }

    pub(super) fn check(&self) -> Check {
        Check { command: format!("sysctl {}", self.name), shows: format!("{} = {}", self.name, self.new) }
    }
}

pub(super) fn persist(settings: &[Setting]) -> Persist {
    Persist {
        path: Some(PATH),
        content: settings.iter().map(|setting| format!("{} = {}", setting.name, setting.new)).collect(),
        then: vec![format!("sysctl -p {PATH}")],
        undo: vec![format!("rm -f {PATH}")],
        notes: Vec::new(),
    }
}

/// `1 2 3`, as sysctl takes it; the kernel writes tabs between the numbers whatever it was given.
pub(super) fn words(numbers: [u32; 3]) -> String {
    numbers.map(|number| number.to_string()).join(" ")
}
