//! The clock of the person who watches. The core knows only the capture's.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "how often to look, and when to end, is no part of a verdict")]
pub(super) fn now() -> Instant {
    Instant::now()
}
