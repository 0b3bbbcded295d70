//! Diagnoses TCP window scaling (RFC 7323) from packets.
//!
//! One direction of data, one step at a time:
//!
//! ```text
//! source -> decode -> flow -> detect -> report
//! frames    segments  flows   findings  bytes
//! ```
//!
//! [`pipeline`] connects the steps, [`compare`] judges two captures of the same traffic, [`plot`] draws what was
//! judged, [`policy`] says which reports a team accepts, [`workarounds`] what to type, [`cli`] is the command line,
//! and [`units`] is a leaf that everyone may use.
//! The core does no I/O and reads no clock: time is the capture's time.
//!
//! # Embedding the detector
//!
//! Frames come from wherever the program has them. [`pipeline::LiveAnalysis`] takes them one by one and hands out
//! each flow when something is found about it, and when it is over:
//!
//! ```
//! use wscale::flow::Limits;
//! use wscale::pipeline::LiveAnalysis;
//! use wscale::source::{Frame, LinkType};
//!
//! /// A raw IPv4 packet with a TCP header; checksums are not looked at.
//! fn packet(
//!     ends: [[u8; 4]; 2],
//!     ports: [u16; 2],
//!     numbers: [u32; 2],
//!     flags: u8,
//!     window: u16,
//!     options: &[u8],
//! ) -> Vec<u8> {
//!     let tcp_bytes = 20 + options.len();
//!     let mut packet = vec![0x45, 0, 0, 20 + tcp_bytes as u8, 0, 0, 0, 0, 64, 6, 0, 0];
//!     packet.extend(ends.concat());
//!     packet.extend(ports.map(u16::to_be_bytes).concat());
//!     packet.extend(numbers.map(u32::to_be_bytes).concat());
//!     packet.extend([(tcp_bytes / 4 * 16) as u8, flags]);
//!     packet.extend(window.to_be_bytes());
//!     packet.extend([0; 4]);
//!     packet.extend(options);
//!     packet
//! }
//!
//! let (client, server) = ([192, 0, 2, 1], [192, 0, 2, 2]);
//! let (out, back) = ([client, server], [server, client]);
//! // The SYN offers shift 7. In the SYN-ACK a box put four NOPs in the place of the option.
//! let packets = [
//!     packet(out, [40000, 80], [0, 0], 0x02, 64240, &[2, 4, 5, 180, 1, 3, 3, 7]),
//!     packet(back, [80, 40000], [0, 1], 0x12, 65160, &[2, 4, 5, 180, 1, 1, 1, 1]),
//!     packet(out, [40000, 80], [1, 1], 0x10, 64240, &[]),
//! ];
//!
//! let limits = Limits { max_flows: 1000, idle_us: 300_000_000, ..Limits::SAVED };
//! const RAW: i32 = 12; // libpcap's DLT_RAW: the frame begins with the IP header
//! let mut analysis = LiveAnalysis::new("memory", &[LinkType::new(RAW)], limits)?;
//! let mut found = Vec::new();
//! let mut take = |judged: wscale::pipeline::Judged| found.push(judged.flow);
//! for (data, number) in packets.iter().zip(1..) {
//!     let time_us = 20_000 * number as i64;
//!     analysis.note(&Frame { number, time_us, link: RAW, wire_bytes: data.len() as u32, data }, &mut take);
//! }
//! analysis.finish(None, &mut take);
//!
//! let finding = &found[0].findings[0];
//! assert_eq!((finding.rule.code, found[0].verdict.name()), ("WS006", "stripped"));
//! assert!(finding.message().contains("NOP"), "{}", finding.message());
//! # Ok::<(), wscale::decode::UnsupportedLinkType>(())
//! ```
//!
//! For a capture that is read to its end, [`pipeline::Analysis`] and [`source::CaptureFile`] do the same, and
//! [`report::FORMATS`] prints it.
//!
//! # Versions
//!
//! Semantic versioning, as cargo reads it: what is public here, the command line, its exit status and the codes of
//! rules change incompatibly only with the major version, and before 1.0 with the minor one. The JSON has its own
//! `schema_version`, which rises when a field changes its meaning or goes. Wording, the look of text and pictures,
//! and what a rule takes for evidence change in any version.

pub mod cli;
pub mod compare;
pub mod decode;
pub mod detect;
pub mod flow;
pub mod pipeline;
pub mod plot;
pub mod policy;
pub mod report;
pub mod source;
pub mod units;
pub mod workarounds;
