//! Prometheus text (exposition format 0.0.4). Read from the machines and tables when asked for, so
//! that nothing is counted twice.

use std::fmt::Write;

use demarc_bgp::session::{SessionStatus, State};

use crate::message::RibNumbers;
use crate::roster::Roster;

/// One family of samples: head line, then one line per sample.
struct Metric<'a> {
    out: &'a mut String,
    name: &'static str,
}

impl<'a> Metric<'a> {
    fn new(out: &'a mut String, name: &'static str, kind: &str, help: &str) -> Self {
        // Writing to a String cannot fail.
        _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Self { out, name }
    }

    fn sample(&mut self, labels: &str, value: impl std::fmt::Display) {
        _ = writeln!(self.out, "{}{{{labels}}} {value}", self.name);
    }
}

/// All metrics. `statuses` and the numbers of neighbors are in the order of the roster.
pub(crate) fn render(
    roster: &Roster,
    statuses: &[SessionStatus],
    numbers: &RibNumbers,
    md5_dropped: u64,
) -> String {
    let mut out = String::new();
    let mut metric = Metric::new(
        &mut out,
        "demarc_bgp_md5_dropped_segments_total",
        "counter",
        "TCP segments dropped for a missing or wrong MD5 signature.",
    );
    metric.sample("", md5_dropped);
    let labels: Vec<String> = roster
        .0
        .iter()
        .map(|it| &it.config)
        .map(|it| format!("neighbor=\"{}\",family=\"{}\"", it.address, it.family))
        .collect();
    let sessions = || labels.iter().zip(statuses);

    let mut metric = Metric::new(
        &mut out,
        "demarc_bgp_session_up",
        "gauge",
        "Whether the session is Established.",
    );
    for (label, status) in sessions() {
        metric.sample(label, u8::from(status.state == State::Established));
    }
    let mut metric = Metric::new(
        &mut out,
        "demarc_bgp_session_state",
        "gauge",
        "1 for the present state.",
    );
    for (label, status) in sessions() {
        metric.sample(&format!("{label},state=\"{}\"", status.state.name()), 1);
    }
    let mut metric = Metric::new(
        &mut out,
        "demarc_bgp_state_seconds",
        "gauge",
        "Time in the present state.",
    );
    for (label, status) in sessions() {
        metric.sample(label, status.in_state.as_secs_f64());
    }
    let mut metric = Metric::new(
        &mut out,
        "demarc_bgp_session_flaps_total",
        "counter",
        "Times the session left Established.",
    );
    for (label, status) in sessions() {
        metric.sample(label, status.counters.flaps);
    }
    let mut metric = Metric::new(
        &mut out,
        "demarc_bgp_attribute_faults_total",
        "counter",
        "Malformed attributes that did not end the session (RFC 7606).",
    );
    for (label, status) in sessions() {
        metric.sample(label, status.counters.faults);
    }
    let mut metric = Metric::new(
        &mut out,
        "demarc_bgp_refused_connections_total",
        "counter",
        "Connections of the neighbor that were not admitted.",
    );
    for (label, status) in sessions() {
        metric.sample(label, status.counters.refused);
    }
    messages(&mut out, &labels, statuses);
    prefixes(&mut out, &labels, numbers);
    memory(&mut out, numbers);
    out
}

fn messages(out: &mut String, labels: &[String], statuses: &[SessionStatus]) {
    let help = "Messages by direction and type.";
    let mut metric = Metric::new(out, "demarc_bgp_messages_total", "counter", help);
    for (label, status) in labels.iter().zip(statuses) {
        let both = [
            ("received", status.counters.received),
            ("sent", status.counters.sent),
        ];
        for (direction, counts) in both {
            let types = [
                ("open", counts.open),
                ("update", counts.update),
                ("notification", counts.notification),
                ("keepalive", counts.keepalive),
                ("route_refresh", counts.route_refresh),
            ];
            for (name, count) in types {
                let label = format!("{label},direction=\"{direction}\",type=\"{name}\"");
                metric.sample(&label, count);
            }
        }
    }
}

fn prefixes(out: &mut String, labels: &[String], numbers: &RibNumbers) {
    let help = "Prefixes from the neighbor and to it.";
    let mut metric = Metric::new(out, "demarc_bgp_prefixes", "gauge", help);
    for (label, counters) in labels.iter().zip(&numbers.neighbors) {
        let kinds = [
            ("in", counters.received),
            ("accepted", counters.accepted),
            ("rejected", counters.rejected_total()),
            ("out", counters.advertised),
        ];
        for (kind, count) in kinds {
            metric.sample(&format!("{label},kind=\"{kind}\""), count);
        }
    }
}

fn memory(out: &mut String, numbers: &RibNumbers) {
    let help = "Memory of the tables by part.";
    let mut metric = Metric::new(out, "demarc_bgp_rib_bytes", "gauge", help);
    for (family, memory) in numbers.memory {
        let parts = [
            ("prefixes", memory.prefixes),
            ("routes", memory.routes),
            ("index", memory.index),
            ("attributes", memory.attributes),
            ("export", memory.export),
            ("advertised", memory.advertised),
        ];
        for (part, bytes) in parts {
            metric.sample(&format!("family=\"{family}\",part=\"{part}\""), bytes);
        }
    }
}
