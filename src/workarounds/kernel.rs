//! The window scale that Linux puts into a SYN or SYN-ACK, computed as the kernel computes it.
//!
//! `tcp_select_initial_window()` in net/ipv4/tcp_output.c:
//!
//! ```c
//! space = max_t(u32, space, READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_rmem[2]));
//! space = max_t(u32, space, READ_ONCE(sysctl_rmem_max));
//! space = min_t(u32, space, window_clamp);
//! *rcv_wscale = clamp_t(int, ilog2(space) - 15, 0, TCP_MAX_WSCALE);
//! ```
//!
//! Kernels since 2.6.17 do the same in other words (a loop that halves `space` while it is above 65535).
//! `window_clamp` is TCP_WINDOW_CLAMP of the socket, else `window` of the route, else the full space of a socket
//! whose SO_RCVBUF was set (`tcp_connect_init()`, `tcp_openreq_init_rwin()`). What is unknown makes the answer an
//! interval, never a guess.

/// The function that every prediction follows; printed with each of them.
pub const FORMULA: &str = "tcp_select_initial_window() in net/ipv4/tcp_output.c";

/// RFC 7323 §2.3: "the shift count MUST be limited to 14".
pub const MAX_SHIFT: u8 = 14;

/// The largest window that the 16-bit field can say without scaling.
pub const MAX_UNSCALED_WINDOW_BYTES: u32 = 65_535;

/// `SOCK_MIN_RCVBUF` on 64-bit machines, below which SO_RCVBUF does not go.
const SOCK_MIN_RCVBUF: u32 = 2_304;

/// The kernel first rounds the socket's own space down to whole segments; this is Ethernet's. Another size matters only
/// where the default buffer is above twice both limits *and* within a segment above a power of two.
const SEGMENT_BYTES: u32 = 1_460;

/// The settings of a network stack that enter the formula; `None` where they could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// net.ipv4.tcp_window_scaling is not 0.
    pub scaling: Option<bool>,
    /// The second field of net.ipv4.tcp_rmem: the buffer of a socket that nobody configured.
    pub rmem_default_bytes: Option<u32>,
    /// The third field of net.ipv4.tcp_rmem.
    pub rmem_limit_bytes: Option<u32>,
    /// net.core.rmem_max, the same for all network namespaces of a machine.
    pub core_rmem_max_bytes: Option<u32>,
}

/// What one connection adds to the stack's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// `window` of the route to the peer.
    pub route_window_bytes: Option<u32>,
    /// SO_RCVBUF as the application passed it, before the kernel doubles it.
    pub so_rcvbuf_bytes: Option<u32>,
    /// TCP_WINDOW_CLAMP of the socket.
    pub window_clamp_bytes: Option<u32>,
}

/// What a SYN of this host says about window scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Whether the option is sent at all could not be read.
    Unknown,
    /// No window scale option.
    Absent,
    /// The option, with a shift between these two (both included).
    Shift {
        /// The smallest shift that fits what is known.
        min: u8,
        /// The largest one.
        max: u8,
    },
}

impl Offer {
    /// The shift, where it is certain.
    pub fn shift(self) -> Option<u8> {
        match self {
            Self::Shift { min, max } if min == max => Some(min),
            _ => None,
        }
    }
}

/// The offer of a new connection.
pub fn offer(stack: Stack, connection: Connection) -> Offer {
    match stack.scaling {
        None => Offer::Unknown,
        Some(false) => Offer::Absent,
        Some(true) => Offer::Shift {
            min: shift_of(space_bytes(stack, connection, 0)),
            max: shift_of(space_bytes(stack, connection, u32::MAX)),
        },
    }
}

/// The most that the window of a connection can grow to, by what is known: an upper bound, since buffers also hold what
/// is not payload.
pub fn ceiling_bytes(stack: Stack, connection: Connection) -> Option<u64> {
    let field = match offer(stack, connection) {
        Offer::Unknown => None,
        Offer::Absent => Some(0),
        Offer::Shift { max, .. } => Some(max),
    };
    let field = field.map(|shift| u64::from(MAX_UNSCALED_WINDOW_BYTES) << shift);
    let clamp = clamp_bytes(stack, connection, u32::MAX).map(u64::from);
    let buffer = stack.rmem_limit_bytes.filter(|_| connection.so_rcvbuf_bytes.is_none()).map(u64::from);
    field.into_iter().chain(clamp).chain(buffer).min()
}

/// `ilog2(space) - 15`, held between 0 and 14.
pub fn shift_of(space_bytes: u32) -> u8 {
    let log2 = u8::try_from(space_bytes.checked_ilog2().unwrap_or(0)).unwrap_or(u8::MAX);
    log2.saturating_sub(15).min(MAX_SHIFT)
}

/// The largest `space` that still gives `shift`.
pub fn largest_space_bytes(shift: u8) -> u32 {
    (1_u32 << (16 + u32::from(shift.min(MAX_SHIFT)))) - 1
}

/// `space` with `unknown` in the place of what could not be read. It grows with each input, so 0 and `u32::MAX` bound it.
fn space_bytes(stack: Stack, connection: Connection, unknown: u32) -> u32 {
    let full = full_space_bytes(stack, connection, unknown);
    let space = (full - full % SEGMENT_BYTES)
        .max(stack.rmem_limit_bytes.unwrap_or(unknown))
        .max(stack.core_rmem_max_bytes.unwrap_or(unknown));
    space.min(clamp_bytes(stack, connection, unknown).unwrap_or(u32::MAX))
}

fn clamp_bytes(stack: Stack, connection: Connection, unknown: u32) -> Option<u32> {
    let explicit = match (connection.window_clamp_bytes, connection.route_window_bytes) {
        (Some(clamp), _) if clamp > 0 => Some(clamp.max(SOCK_MIN_RCVBUF / 2)),
        (_, Some(window)) if window > 0 => Some(window),
        _ => None,
    };
    let of_buffer = connection.so_rcvbuf_bytes.map(|_| full_space_bytes(stack, connection, unknown));
    explicit.into_iter().chain(of_buffer).min()
}

/// `tcp_full_space()`: half of the buffer, the rest is for bookkeeping. Exact since 6.6 (`TCP_DEFAULT_SCALING_RATIO`)
/// and before with tcp_adv_win_scale at its default of 1; kernels before 3.4 count three quarters.
fn full_space_bytes(stack: Stack, connection: Connection, unknown: u32) -> u32 {
    let buffer = match connection.so_rcvbuf_bytes {
        Some(asked) => {
            asked.min(stack.core_rmem_max_bytes.unwrap_or(unknown)).saturating_mul(2).max(SOCK_MIN_RCVBUF)
        }
        None => stack.rmem_default_bytes.unwrap_or(unknown),
    };
    buffer / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(limit: u32, core: u32) -> Stack {
        Stack {
            scaling: Some(true),
            rmem_default_bytes: Some(131_072),
            rmem_limit_bytes: Some(limit),
            core_rmem_max_bytes: Some(core),
        }
    }

    #[test]
    fn the_larger_of_the_two_limits_counts() {
        for (limit, core, shift) in [
            (174_760, 174_760, 2),
            (174_760, 212_992, 2),
            (174_760, 4_194_304, 7),
            (6_291_456, 212_992, 7),
            (16_777_216, 4_194_304, 9),
            (33_554_432, 4_194_304, 10),
            (67_108_864, 4_194_304, 11),
            (2_147_483_647, 4_194_304, 14),
            (4_096, 4_096, 0),
        ] {
            assert_eq!(
                offer(stack(limit, core), Connection::default()).shift(),
                Some(shift),
                "{limit} {core}"
            );
        }
    }

    #[test]
    fn a_large_default_buffer_counts_too() {
        let odd = Stack { rmem_default_bytes: Some(8_400_000), ..stack(65_535, 65_535) };
        assert_eq!(offer(odd, Connection::default()).shift(), Some(7));
    }

    #[test]
    fn the_socket_wins_over_the_route_and_the_smaller_over_the_buffer() {
        let modern = stack(33_554_432, 4_194_304);
        let with = |route, rcvbuf, clamp| {
            let connection =
                Connection { route_window_bytes: route, so_rcvbuf_bytes: rcvbuf, window_clamp_bytes: clamp };
            offer(modern, connection).shift()
        };
        assert_eq!(with(Some(65_535), None, None), Some(0));
        assert_eq!(with(Some(262_144), None, None), Some(3));
        assert_eq!(with(None, Some(8_192), None), Some(0));
        assert_eq!(with(None, Some(65_536), None), Some(1));
        assert_eq!(with(None, Some(2_097_152), None), Some(6));
        assert_eq!(with(None, None, Some(65_535)), Some(0));
        assert_eq!(with(Some(65_535), None, Some(262_144)), Some(3));
        assert_eq!(with(Some(262_144), Some(65_536), None), Some(1));
        assert_eq!(with(Some(0), None, None), Some(10));
    }

    #[test]
    fn the_unknown_widens_the_answer_and_a_clamp_narrows_it_again() {
        let no_core = Stack { core_rmem_max_bytes: None, ..stack(33_554_432, 0) };
        assert_eq!(offer(no_core, Connection::default()), Offer::Shift { min: 10, max: 14 });
        let clamped = Connection { route_window_bytes: Some(65_535), ..Connection::default() };
        assert_eq!(offer(no_core, clamped).shift(), Some(0));
        assert_eq!(offer(Stack::default(), Connection::default()), Offer::Unknown);
    }

    #[test]
    fn the_largest_space_of_a_shift_is_one_below_the_next() {
        for shift in 0..MAX_SHIFT {
            assert_eq!(shift_of(largest_space_bytes(shift)), shift);
            assert_eq!(shift_of(largest_space_bytes(shift) + 1), shift + 1);
        }
    }
}
