//! Cisco NX-OS.

use super::interface::{MacSec, MacSecMode};
use super::plan::{NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line};

const PORT: &str = "Ethernet1/1";
/// Largest MTU of a physical port; the subinterface narrows it.
const PORT_MTU: u16 = 9216;

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("!");
    let port = format!("{PORT} is the port that faces the cross connect.");
    match plan.mac_sec() {
        Some(_) => plan.heading(
            &mut text,
            &[
                &port,
                "<CKN> and <CAK> are the MACsec key pair of the connection.",
            ],
        ),
        None => plan.heading(&mut text, &[&port]),
    }
    line!(text, "feature bgp");
    comment!(text, "feature bfd");
    if let Some(mac_sec) = plan.mac_sec() {
        key_chain(&mut text, plan, mac_sec);
    }
    text.gap();
    interface(&mut text, plan);
    null_routes(&mut text, plan);
    bgp(&mut text, plan);
    text.finish()
}

/// Key chain and policy. Cipher by speed, confidentiality offset 0, explicit
/// SCI (spec/routing §12).
fn key_chain(text: &mut Text, plan: &Plan<'_>, mac_sec: MacSec) {
    let name = &plan.name;
    let cipher = if mac_sec.extended_packet_numbers() {
        "GCM-AES-XPN-256"
    } else {
        "GCM-AES-256"
    };
    let policy = match mac_sec.mode {
        MacSecMode::MustEncrypt => "must-secure",
        MacSecMode::ShouldEncrypt => "should-secure",
    };
    line!(text, "feature macsec");
    text.gap();
    line!(text, "key chain {name} macsec");
    line!(text, "  key <CKN>");
    line!(
        text,
        "    key-octet-string <CAK> cryptographic-algorithm AES_256_CMAC"
    );
    text.gap();
    line!(text, "macsec policy {name}");
    line!(text, "  cipher-suite {cipher}");
    line!(text, "  conf-offset CONF-OFFSET-0");
    line!(text, "  security-policy {policy}");
    line!(text, "  include-sci");
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    line!(text, "interface {PORT}");
    line!(text, "  no switchport");
    if plan.jumbo_mtu().is_some() {
        line!(text, "  mtu {PORT_MTU}");
    }
    if plan.mac_sec().is_some() {
        line!(text, "  macsec keychain {0} policy {0}", plan.name);
    }
    line!(text, "  no shutdown");
    text.gap();
    line!(text, "interface {PORT}.{}", plan.vlan());
    line!(text, "  description Direct Connect {}", plan.name);
    line!(text, "  encapsulation dot1q {}", plan.vlan());
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, "  mtu {mtu}");
    }
    for peer in &plan.peers {
        let command = if peer.family.is_ipv4() { "ip" } else { "ipv6" };
        line!(text, "  {command} address {}", peer.customer);
    }
    comment!(text, "  bfd interval 300 min_rx 300 multiplier 3");
    line!(text, "  no shutdown");
    text.gap();
}

fn null_routes(text: &mut Text, plan: &Plan<'_>) {
    if !plan.announces() {
        return;
    }
    for peer in &plan.peers {
        let command = if peer.family.is_ipv4() { "ip" } else { "ipv6" };
        for prefix in plan.prefixes(peer.family) {
            line!(text, "{command} route {prefix} Null0 {NULL_ROUTE_DISTANCE}");
        }
    }
    text.gap();
}

fn bgp(text: &mut Text, plan: &Plan<'_>) {
    let Some(asn) = plan.router_asn() else {
        return;
    };
    if plan.peers.iter().any(|peer| peer.key.contains('?')) {
        comment!(text, "Typing a key by hand: press Ctrl-V before '?'.");
    }
    line!(text, "router bgp {asn}");
    for peer in &plan.peers {
        line!(text, "  address-family {} unicast", peer.family.word());
        for prefix in plan.prefixes(peer.family) {
            text.line_if(plan.announces(), format_args!("    network {prefix}"));
        }
    }
    for peer in &plan.peers {
        neighbor(text, plan, peer);
    }
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    line!(text, "  neighbor {}", peer.amazon.address);
    line!(text, "    remote-as {}", plan.amazon_asn());
    line!(text, "    description {}", plan.name);
    if let Some(other) = plan.other_asn(peer) {
        line!(text, "    local-as {other} no-prepend replace-as");
    }
    line!(text, "    password 0 {}", peer.key);
    comment!(text, "    bfd");
    line!(text, "    address-family {} unicast", peer.family.word());
}
