//! `live --metrics ADDR`: counters for Prometheus.
//!
//! A thread of its own answers, so that no scraper holds up the judging; the counters are atomic numbers that both
//! share. The socket is opened with everything else that may need privileges, the thread begins when they are gone.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::detect::Verdict;
use crate::pipeline::{Judged, LiveAnalysis};

/// Name and value.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// What is counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Metrics {
    frames: Counter,
    dropped: Counter,
    flows: Family<Labels<1>, Counter>,
    findings: Family<Labels<3>, Counter>,
}

/// `9464` on this host only, or `192.0.2.1:9464`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.parse().map(|port| (Ipv4Addr::LOCALHOST, port).into());
    port.or_else(|_| text.parse()).map_err(|_| "expected PORT, IPV4:PORT or [IPV6]:PORT".to_owned())
}

/// Opens the socket.
pub(super) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("cannot serve metrics on {address}"))
}

impl Metrics {
    /// Answers on `listener` until the process ends. A pipe does not tell what was dropped before it: unknown is
    /// not zero, so that `knows_drops` is needed to say anything of it.
    pub(super) fn serve(listener: TcpListener, knows_drops: bool) -> io::Result<Self> {
        let metrics = Self::default();
        for verdict in Verdict::ALL {
            drop(metrics.flows.get_or_create(&[("verdict", verdict.name())]));
        }
        let mut registry = Registry::with_prefix("wscale");
        registry.register("frames", "Frames that were judged", metrics.frames.clone());
        if knows_drops {
            let help = "Frames that were lost before they could be judged";
            registry.register("dropped_frames", help, metrics.dropped.clone());
        }
        registry.register("flows", "Flows that are over, by verdict", metrics.flows.clone());
        registry.register(
            "findings",
            "Findings as they are made; one that becomes surer counts again at its new confidence",
            metrics.findings.clone(),
        );
        let answer_all = move || {
            for client in listener.incoming().flatten() {
                // A client that breaks off is its own concern.
                let _ = answer(client, &registry);
            }
        };
        thread::Builder::new().name("metrics".to_owned()).spawn(answer_all)?;
        Ok(metrics)
    }

    /// Counts what was judged.
    pub(super) fn take(&self, Judged { flow, end, news }: &Judged) {
        if end.is_some() {
            self.flows.get_or_create(&[("verdict", flow.verdict.name())]).inc();
        }
        for finding in news.iter().filter_map(|position| flow.findings.get(*position)) {
            let rule = finding.rule;
            let labels = [
                ("code", rule.code),
                ("severity", rule.severity.name()),
                ("confidence", finding.confidence.name()),
            ];
            self.findings.get_or_create(&labels).inc();
        }
    }

    /// Brings the counts of frames up to date.
    pub(super) fn tick(&self, analysis: &LiveAnalysis) {
        let counts = analysis.counts();
        raise(&self.frames, counts.frames);
        if let Some(dropped) = counts.dropped {
            raise(&self.dropped, dropped);
        }
    }
}

fn raise(counter: &Counter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

/// Longer requests, and slower ones, are no scraper's.
const REQUEST_BYTES: usize = 8192;
const READS: usize = 16;

/// Reads one request and answers it.
fn answer(mut client: TcpStream, registry: &Registry) -> io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(1)))?;
    client.set_write_timeout(Some(Duration::from_secs(1)))?;
    let mut request = Vec::new();
    let mut buffer = [0; REQUEST_BYTES];
    for _ in 0..READS {
        let read = client.read(&mut buffer)?;
        request.extend(buffer.iter().take(read));
        if read == 0 || request.len() > REQUEST_BYTES || request.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    let (status, body) = if request.starts_with(b"GET /metrics ") {
        let mut text = String::new();
        encode(&mut text, registry).map_err(io::Error::other)?;
        ("200 OK", text)
    } else {
        ("404 Not Found", "the metrics are at /metrics\n".to_owned())
    };
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_for_this_host_only() {
        assert_eq!(address("9464").unwrap().to_string(), "127.0.0.1:9464");
        assert_eq!(address("0.0.0.0:9464").unwrap().to_string(), "0.0.0.0:9464");
        assert_eq!(address("[::1]:9464").unwrap().to_string(), "[::1]:9464");
        for wrong in ["", "host:1", "70000", "1.2.3.4"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
