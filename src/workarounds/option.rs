//! The workarounds, one file each, from gentle to blunt.

mod buffers;
mod nftables;
mod post;
mod repair_box;
mod route_window;
mod scaling_off;
mod socket_option;
mod sysctl;

use super::advice::Workaround;
use super::situation::Situation;

/// A workaround of the registry.
struct Entry {
    id: &'static str,
    helps: fn(&Situation) -> bool,
    describe: fn(&Situation) -> Workaround,
}

const REGISTRY: [Entry; 6] = [
    Entry { id: repair_box::ID, helps: on_either_end, describe: repair_box::describe },
    Entry { id: route_window::ID, helps: Situation::receives, describe: route_window::describe },
    Entry { id: nftables::ID, helps: on_either_end, describe: nftables::describe },
    Entry { id: socket_option::ID, helps: Situation::receives, describe: socket_option::describe },
    Entry { id: buffers::ID, helps: Situation::receives, describe: buffers::describe },
    Entry { id: scaling_off::ID, helps: on_either_end, describe: scaling_off::describe },
];

/// The names, from gentle to blunt.
pub fn ids() -> [&'static str; 6] {
    REGISTRY.map(|entry| entry.id)
}

/// What helps in `situation`.
pub(super) fn all(situation: &Situation) -> Vec<Workaround> {
    let helping = REGISTRY.iter().filter(|entry| (entry.helps)(situation));
    helping.map(|entry| (entry.describe)(situation)).collect()
}

fn on_either_end(situation: &Situation) -> bool {
    situation.is_an_end()
}
