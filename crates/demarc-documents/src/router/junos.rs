//! Junos, as `set` commands for configuration mode.

use super::interface::{MacSec, MacSecMode};
use super::plan::{AddressFamily, NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line, quoted};
use super::types::JunosPlatform;

/// A port's MTU counts the Ethernet header and one tag.
const LAYER_2_BYTES: u16 = 18;
const ZONE: &str = "untrust";

pub(super) fn render(plan: &Plan<'_>, platform: JunosPlatform) -> String {
    let port = match platform {
        JunosPlatform::Router => "xe-0/0/0",
        JunosPlatform::Firewall => "ge-0/0/0",
    };
    let mut text = Text::new("#");
    let mut edit = vec![format!("{port} is the port that faces the cross connect.")];
    if platform == JunosPlatform::Firewall {
        edit.push(format!("{ZONE} is the zone of the interface."));
    }
    if plan.mac_sec().is_some() {
        edit.push("<CKN> and <CAK> are the MACsec key pair of the connection.".to_owned());
    }
    let edit: Vec<&str> = edit.iter().map(String::as_str).collect();
    plan.heading(&mut text, &edit);
    interface(&mut text, plan, port);
    if platform == JunosPlatform::Firewall {
        zone(&mut text, plan, port);
    }
    if let Some(mac_sec) = plan.mac_sec() {
        connectivity_association(&mut text, plan, mac_sec, port);
    }
    for peer in &plan.peers {
        text.gap();
        announcements(&mut text, plan, peer.family);
        neighbor(&mut text, plan, peer);
    }
    text.finish()
}

fn interface(text: &mut Text, plan: &Plan<'_>, port: &str) {
    let vlan = plan.vlan();
    let unit = format!("set interfaces {port} unit {vlan}");
    line!(text, "set interfaces {port} vlan-tagging");
    if let Some(mtu) = plan.jumbo_mtu() {
        let frame = mtu.saturating_add(LAYER_2_BYTES);
        line!(text, "set interfaces {port} mtu {frame}");
    }
    line!(text, "{unit} description \"Direct Connect {}\"", plan.name);
    line!(text, "{unit} vlan-id {vlan}");
    for peer in &plan.peers {
        let family = inet(peer.family);
        line!(text, "{unit} family {family} address {}", peer.customer);
        if let Some(mtu) = plan.jumbo_mtu() {
            line!(text, "{unit} family {family} mtu {mtu}");
        }
    }
}

const fn inet(family: AddressFamily) -> &'static str {
    match family {
        AddressFamily::Ipv4 => "inet",
        AddressFamily::Ipv6 => "inet6",
    }
}

fn zone(text: &mut Text, plan: &Plan<'_>, port: &str) {
    let zone = format!(
        "set security zones security-zone {ZONE} interfaces {port}.{}",
        plan.vlan()
    );
    line!(text, "{zone} host-inbound-traffic protocols bgp");
    comment!(text, "{zone} host-inbound-traffic protocols bfd");
    line!(text, "{zone} host-inbound-traffic system-services ping");
}

/// Static CAK, cipher by speed, offset 0, explicit SCI (spec/routing §12).
fn connectivity_association(text: &mut Text, plan: &Plan<'_>, mac_sec: MacSec, port: &str) {
    let cipher = if mac_sec.extended_packet_numbers() {
        "gcm-aes-xpn-256"
    } else {
        "gcm-aes-256"
    };
    let mode = match mac_sec.mode {
        MacSecMode::MustEncrypt => "must-secure",
        MacSecMode::ShouldEncrypt => "should-secure",
    };
    let name = &plan.name;
    let association = format!("set security macsec connectivity-association {name}");
    text.gap();
    line!(text, "{association} security-mode static-cak");
    line!(text, "{association} cipher-suite {cipher}");
    line!(text, "{association} offset 0");
    line!(text, "{association} include-sci");
    line!(text, "{association} mka {mode}");
    line!(text, "{association} pre-shared-key ckn <CKN>");
    line!(text, "{association} pre-shared-key cak <CAK>");
    line!(
        text,
        "set security macsec interfaces {port} connectivity-association {name}"
    );
}

/// Export policy: the prefixes, then nothing. Public prefixes are held by
/// discard routes, so that they are announced whatever lies behind them.
fn announcements(text: &mut Text, plan: &Plan<'_>, family: AddressFamily) {
    let active = plan.announces();
    let policy = format!(
        "set policy-options policy-statement {}-{}-out",
        plan.name,
        family.word()
    );
    let table = match family {
        AddressFamily::Ipv4 => "set routing-options static",
        AddressFamily::Ipv6 => "set routing-options rib inet6.0 static",
    };
    let mut any = false;
    for prefix in plan.prefixes(family) {
        any = true;
        if active {
            line!(
                text,
                "{table} route {prefix} discard preference {NULL_ROUTE_DISTANCE}"
            );
        }
        text.line_if(
            active,
            format_args!("{policy} term announce from route-filter {prefix} exact"),
        );
    }
    if any {
        text.line_if(active, format_args!("{policy} term announce then accept"));
    }
    line!(text, "{policy} term rest then reject");
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let family = peer.family.word();
    let name = &plan.name;
    let group = format!("set protocols bgp group {name}-{family}");
    let neighbor = format!("{group} neighbor {}", peer.amazon.address);
    line!(text, "{group} type external");
    line!(text, "{group} family {} unicast", inet(peer.family));
    line!(text, "{group} export {name}-{family}-out");
    line!(text, "{group} local-as {}", peer.asn);
    line!(text, "{neighbor} description {name}");
    line!(text, "{neighbor} local-address {}", peer.customer.address);
    line!(text, "{neighbor} peer-as {}", plan.amazon_asn());
    let key = quoted(peer.key, &['"', '\\']);
    line!(text, "{neighbor} authentication-key {key}");
    comment!(
        text,
        "{neighbor} bfd-liveness-detection minimum-interval 300 multiplier 3"
    );
}
