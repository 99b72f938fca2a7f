//! What edges count, as Prometheus text: the metrics of spec/observability §1 under `dx_…`. "Egress" is to
//! the customer. Rates are for who reads to compute, so these are counters.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use demarc_control::Heard;
use demarc_domain::device_status::{DeviceStatus, LacpState, PortStatus, VirtualInterfaceStatus};
use demarc_domain::entity::{Link, Session, SilenceStage};

/// One metric: its name, kind and help, and its lines.
struct Family {
    head: String,
    lines: String,
}

impl Family {
    fn new(name: &str, kind: &str, help: &str) -> Self {
        Self {
            head: format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
            lines: String::new(),
        }
    }

    /// A line; labels hold ids and fixed words, which need no escapes.
    fn line(&mut self, name: &str, labels: &str, value: u64) {
        // Writing to a String does not fail.
        _ = writeln!(self.lines, "{name}{{{labels}}} {value}");
    }
}

/// All metrics of all devices; empty when nobody has spoken. `silence` tells of devices that are not heard.
pub(crate) fn text(heard: &[Heard], silence: impl Fn(&str) -> Option<SilenceStage>) -> String {
    let statuses: Vec<Cow<'_, DeviceStatus>> = heard
        .iter()
        .filter_map(|heard| {
            let status = heard.status.as_deref()?;
            match silence(&heard.device) {
                None | Some(SilenceStage::Asked) => Some(Cow::Borrowed(status)),
                Some(SilenceStage::Unknown) => None,
                Some(SilenceStage::Lost) => Some(Cow::Owned(lost(status))),
            }
        })
        .collect();
    let ports = || statuses.iter().flat_map(|status| &status.ports);
    let interfaces = || {
        statuses
            .iter()
            .flat_map(|status| &status.virtual_interfaces)
            .map(AsRef::as_ref)
    };
    let mut text = String::new();
    for family in of_ports(ports())
        .into_iter()
        .chain(of_interfaces(interfaces()))
    {
        if !family.lines.is_empty() {
            text.push_str(&family.head);
            text.push_str(&family.lines);
        }
    }
    text
}

/// What an edge counted before it was lost, with everything down.
fn lost(status: &DeviceStatus) -> DeviceStatus {
    let mut status = status.clone();
    for port in &mut status.ports {
        port.link = Link::Down;
    }
    let interfaces = status.virtual_interfaces.iter_mut();
    for peer in interfaces.flat_map(|interface| &mut Arc::make_mut(interface).peers) {
        peer.session = Session::Down;
        peer.prefixes_accepted = 0;
        peer.prefixes_advertised = 0;
    }
    status
}

fn of_ports<'a>(ports: impl Iterator<Item = &'a PortStatus>) -> [Family; 5] {
    let lacp = "dx_connection_lacp_state";
    let (state, strays) = ("dx_connection_state", "dx_connection_stray_frames_total");
    let mut states = Family::new(state, "gauge", "1: the link of the port is up.");
    let mut stray = Family::new(
        strays,
        "counter",
        "Frames that belong to no virtual interface.",
    );
    let mut members = Family::new(
        lacp,
        "gauge",
        "Of a member of a LAG: 0 detached, 1 waiting, 2 attached, 3 collecting, 4 distributing.",
    );
    let (protected, discarded) = (
        "dx_connection_macsec_frames_total",
        "dx_connection_mka_discarded_frames_total",
    );
    let mut frames = Family::new(
        protected,
        "counter",
        "Frames of MACsec: encrypted to the customer, accepted from him, or dropped as late, invalid or unknown.",
    );
    let mut disbelieved = Family::new(
        discarded,
        "counter",
        "Frames of MACsec key agreement that were not believed.",
    );
    for port in ports {
        let label = format!("connection_id=\"{}\"", port.connection);
        states.line(state, &label, u64::from(port.link == Link::Up));
        if let Some(member) = &port.lacp {
            let labels = format!("{label},lag_id=\"{}\"", member.lag);
            let value = match member.state {
                LacpState::Detached => 0,
                LacpState::Waiting => 1,
                LacpState::Attached => 2,
                LacpState::Collecting => 3,
                LacpState::Distributing => 4,
            };
            members.line(lacp, &labels, value);
        }
        if let Some(mac_sec) = &port.mac_sec {
            let counters = mac_sec.counters;
            let results = [
                ("encrypted", counters.out_encrypted),
                ("accepted", counters.in_accepted),
                ("late", counters.in_late),
                ("invalid", counters.in_invalid),
                ("unknown", counters.in_unknown),
            ];
            for (result, count) in results {
                frames.line(protected, &format!("{label},result=\"{result}\""), count);
            }
            for (reason, count) in &mac_sec.discarded {
                disbelieved.line(discarded, &format!("{label},reason=\"{reason}\""), *count);
            }
        }
        let reasons = [
            ("untagged", port.drops.untagged),
            ("unknown-vlan", port.drops.unknown_vlan),
            ("failed", port.drops.failed),
        ];
        for (reason, count) in reasons {
            stray.line(strays, &format!("{label},reason=\"{reason}\""), count);
        }
    }
    [states, members, stray, frames, disbelieved]
}

fn of_interfaces<'a>(interfaces: impl Iterator<Item = &'a VirtualInterfaceStatus>) -> [Family; 8] {
    const NAMES: [(&str, &str, &str); 8] = [
        ("packets_total", "counter", "Packets delivered."),
        (
            "bytes_total",
            "counter",
            "Bytes of Ethernet frames delivered, without the tag.",
        ),
        (
            "policed_packets_total",
            "counter",
            "Packets dropped above the rate.",
        ),
        (
            "policed_bytes_total",
            "counter",
            "Bytes dropped above the rate.",
        ),
        (
            "dropped_packets_total",
            "counter",
            "Packets from the customer dropped for another reason.",
        ),
        ("bgp_status", "gauge", "1: the session is up."),
        (
            "bgp_prefixes_accepted",
            "gauge",
            "Prefixes accepted from the customer.",
        ),
        (
            "bgp_prefixes_advertised",
            "gauge",
            "Prefixes announced to the customer.",
        ),
    ];
    let full = |name: &str| format!("dx_virtual_interface_{name}");
    let mut families = NAMES.map(|(name, kind, help)| Family::new(&full(name), kind, help));
    for interface in interfaces {
        let label = format!("virtual_interface_id=\"{}\"", interface.id);
        let mut say = |place: usize, more: &str, value: u64| {
            families[place].line(&full(NAMES[place].0), &format!("{label},{more}"), value);
        };
        let counted = &interface.counters;
        let ways = [
            (
                "ingress",
                [
                    counted.in_packets,
                    counted.in_bytes,
                    counted.in_policed,
                    counted.in_policed_bytes,
                ],
            ),
            (
                "egress",
                [
                    counted.out_packets,
                    counted.out_bytes,
                    counted.out_policed,
                    counted.out_policed_bytes,
                ],
            ),
        ];
        for (way, values) in ways {
            for (place, value) in values.into_iter().enumerate() {
                say(place, &format!("direction=\"{way}\""), value);
            }
        }
        let reasons = [
            ("wrong-source", counted.wrong_source),
            ("wrong-mac", counted.wrong_mac),
            ("too-long", counted.too_long),
            ("control-policed", counted.control_policed),
            ("wrong-signature", counted.wrong_signature),
        ];
        for (reason, count) in reasons {
            say(4, &format!("reason=\"{reason}\""), count);
        }
        for peer in &interface.peers {
            let peer_label = format!("bgp_peer_id=\"{}\"", peer.id);
            say(5, &peer_label, u64::from(peer.session == Session::Up));
            say(6, &peer_label, u64::from(peer.prefixes_accepted));
            say(7, &peer_label, u64::from(peer.prefixes_advertised));
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use demarc_domain::device_status::{
        DropCounters, LacpStatus, MacSecCounters, MacSecStatus, PeerStatus, TrafficCounters,
    };

    use super::*;

    #[test]
    fn every_count_of_a_device_has_a_line_under_the_head_of_its_family() {
        let status = DeviceStatus {
            device: "d".to_owned(),
            ports: vec![PortStatus {
                connection: "dxcon-fg000001".parse().unwrap(),
                interface: None,
                link: Link::Up,
                lacp: Some(LacpStatus {
                    lag: "dxlag-fg000004".parse().unwrap(),
                    state: LacpState::Collecting,
                    partner: None,
                    reason: None,
                }),
                mac_sec: Some(MacSecStatus {
                    counters: MacSecCounters {
                        in_late: 6,
                        ..MacSecCounters::default()
                    },
                    discarded: [("icv".to_owned(), 4)].into(),
                    ..MacSecStatus::default()
                }),
                drops: DropCounters {
                    unknown_vlan: 3,
                    ..DropCounters::default()
                },
            }],
            virtual_interfaces: vec![Arc::new(VirtualInterfaceStatus {
                id: "dxvif-fg000002".parse().unwrap(),
                generation: 1,
                counters: TrafficCounters {
                    out_policed_bytes: 7,
                    wrong_source: 5,
                    ..TrafficCounters::default()
                },
                peers: vec![PeerStatus {
                    wrong_key: false,
                    id: "dxpeer-fg000003".parse().unwrap(),
                    session: Session::Up,
                    state: String::new(),
                    reason: None,
                    bfd: None,
                    prefixes_received: 9,
                    prefixes_accepted: 8,
                    prefixes_advertised: 2,
                }],
            })],
            ..DeviceStatus::default()
        };
        let heard = Heard {
            device: "d".to_owned(),
            local: true,
            status: Some(Arc::new(status)),
            wanted: None,
            ago: None,
        };
        let heard = [heard];
        let shown = text(&heard, |_| Some(SilenceStage::Asked));
        for line in [
            "# TYPE dx_connection_state gauge",
            "dx_connection_state{connection_id=\"dxcon-fg000001\"} 1",
            "dx_connection_lacp_state{connection_id=\"dxcon-fg000001\",lag_id=\"dxlag-fg000004\"} 3",
            "dx_connection_macsec_frames_total{connection_id=\"dxcon-fg000001\",result=\"late\"} 6",
            "dx_connection_mka_discarded_frames_total{connection_id=\"dxcon-fg000001\",reason=\"icv\"} 4",
            "dx_connection_stray_frames_total{connection_id=\"dxcon-fg000001\",reason=\"unknown-vlan\"} 3",
            "dx_virtual_interface_policed_bytes_total{virtual_interface_id=\"dxvif-fg000002\",direction=\"egress\"} 7",
            "dx_virtual_interface_dropped_packets_total{virtual_interface_id=\"dxvif-fg000002\",reason=\"wrong-source\"} 5",
            "dx_virtual_interface_bgp_prefixes_accepted{virtual_interface_id=\"dxvif-fg000002\",bgp_peer_id=\"dxpeer-fg000003\"} 8",
        ] {
            assert!(
                shown.lines().any(|shown| shown == line),
                "{line} in\n{shown}"
            );
        }
        assert_eq!(shown.matches("# TYPE").count(), 13);
        assert_eq!(text(&[], |_| None), "");

        // What is not known is not told, and what is lost is down.
        assert_eq!(text(&heard, |_| Some(SilenceStage::Unknown)), "");
        let lost = text(&heard, |device| {
            (device == "d").then_some(SilenceStage::Lost)
        });
        let changed = lost.lines().filter(|line| !shown.contains(line));
        assert_eq!(
            changed.collect::<Vec<_>>(),
            [
                "dx_connection_state{connection_id=\"dxcon-fg000001\"} 0",
                "dx_virtual_interface_bgp_status{virtual_interface_id=\"dxvif-fg000002\",bgp_peer_id=\"dxpeer-fg000003\"} 0",
                "dx_virtual_interface_bgp_prefixes_accepted{virtual_interface_id=\"dxvif-fg000002\",bgp_peer_id=\"dxpeer-fg000003\"} 0",
                "dx_virtual_interface_bgp_prefixes_advertised{virtual_interface_id=\"dxvif-fg000002\",bgp_peer_id=\"dxpeer-fg000003\"} 0",
            ]
        );
    }
}
