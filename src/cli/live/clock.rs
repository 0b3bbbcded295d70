//! The clock of the person who watches. The core knows only the capture's.

use std::time::{Instant, SystemTime};

#[expect(clippy::disallowed_methods, reason = "how often to look, and when to end, is no part of a verdict")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Microseconds since 1970, as an interface stamps its frames.
#[expect(clippy::disallowed_methods, reason = "whether frames are new is no part of a verdict")]
pub(super) fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
