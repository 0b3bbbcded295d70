//! The commands of the 2006 post about Linux 2.6.17, to the letter, and what each does today.

use super::super::advice::PostCommand;
use super::super::kernel::{Offer, Stack};
use super::super::situation::Situation;

/// tcp_rmem as the post has it.
pub(super) const RMEM: [u32; 3] = [4_096, 87_380, 174_760];

pub(super) fn scaling_off() -> PostCommand {
    PostCommand {
        command: "echo 0 > /proc/sys/net/ipv4/tcp_window_scaling",
        today: "works as in 2006: no option in any SYN or SYN-ACK of this network namespace".to_owned(),
    }
}

pub(super) fn wmem() -> PostCommand {
    PostCommand {
        command: r#"echo "4096 16384 131072" > /proc/sys/net/ipv4/tcp_wmem"#,
        today: "does not change the shift, then or now: it only limits what this host keeps in flight when it sends".to_owned(),
    }
}

pub(super) fn rmem(situation: &Situation) -> PostCommand {
    let (alone, _) = situation.predict(|stack, _| apply(stack));
    let text = match alone {
        Offer::Absent => "no shift is offered at all: tcp_window_scaling is 0 on this host".to_owned(),
        Offer::Shift { min, max } if min == max && min > 2 => format!(
            "alone it gives shift {min} on this kernel, not 2: net.core.rmem_max is {} and the larger of the two counts; the missing step is sysctl -w net.core.rmem_max={}",
            situation.stack.core_rmem_max_bytes.unwrap_or_default(),
            RMEM[2]
        ),
        Offer::Shift { min, max } if min == max => format!("gives shift {min} on this kernel, as in 2006"),
        Offer::Shift { .. } | Offer::Unknown => {
            "gives shift 2 only where net.core.rmem_max is below 262144; the default is 212992 up to Linux 6.17 (shift 2) and 4194304 since (shift 7)".to_owned()
        }
    };
    PostCommand { command: r#"echo "4096 87380 174760" > /proc/sys/net/ipv4/tcp_rmem"#, today: text }
}

fn apply(stack: &mut Stack) {
    let [_, default, limit] = RMEM;
    stack.rmem_default_bytes = Some(default);
    stack.rmem_limit_bytes = Some(limit);
}
