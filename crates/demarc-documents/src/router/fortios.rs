//! Fortinet FortiOS.

use super::cidr::Cidr;
use super::plan::{NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line, quoted};

const PORT: &str = "port1";
/// Longest interface name.
const NAME_LENGTH: usize = 15;

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("#");
    plan.heading(
        &mut text,
        &[
            &format!("{PORT} is the port that faces the cross connect."),
            "root is the virtual domain; firewall policies are yours to add.",
        ],
    );
    interface(&mut text, plan);
    null_routes(&mut text, plan);
    bgp(&mut text, plan);
    text.finish()
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    let name: String = plan.name.chars().take(NAME_LENGTH).collect();
    line!(text, "config system interface");
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, "    edit \"{PORT}\"");
        mtu_override(text, mtu);
        line!(text, "    next");
    }
    line!(text, "    edit \"{name}\"");
    line!(text, "        set vdom \"root\"");
    line!(text, "        set interface \"{PORT}\"");
    line!(text, "        set vlanid {}", plan.vlan());
    line!(
        text,
        "        set description \"Direct Connect {}\"",
        plan.name
    );
    line!(text, "        set allowaccess ping");
    if let Some(mtu) = plan.jumbo_mtu() {
        mtu_override(text, mtu);
    }
    for peer in &plan.peers {
        if peer.family.is_ipv4() {
            line!(text, "        set ip {}", spelled(peer.customer));
        } else {
            line!(text, "        config ipv6");
            line!(text, "            set ip6-address {}", peer.customer);
            line!(text, "            set ip6-allowaccess ping");
            line!(text, "        end");
        }
    }
    comment!(text, "        set bfd enable");
    comment!(text, "        set bfd-desired-min-tx 300");
    comment!(text, "        set bfd-required-min-rx 300");
    comment!(text, "        set bfd-detect-mult 3");
    line!(text, "    next");
    line!(text, "end");
}

fn mtu_override(text: &mut Text, mtu: u16) {
    line!(text, "        set mtu-override enable");
    line!(text, "        set mtu {mtu}");
}

/// IPv4 as address and mask, IPv6 with its length.
fn spelled(prefix: Cidr) -> String {
    if prefix.is_ipv4() {
        format!("{} {}", prefix.address, prefix.netmask())
    } else {
        prefix.to_string()
    }
}

fn null_routes(text: &mut Text, plan: &Plan<'_>) {
    if !plan.announces() {
        return;
    }
    for peer in &plan.peers {
        let six = if peer.family.is_ipv4() { "" } else { "6" };
        line!(text, "config router static{six}");
        for prefix in plan.prefixes(peer.family) {
            line!(text, "    edit 0");
            line!(text, "        set dst {}", spelled(prefix));
            line!(text, "        set blackhole enable");
            line!(text, "        set distance {NULL_ROUTE_DISTANCE}");
            line!(text, "    next");
        }
        line!(text, "end");
    }
}

fn bgp(text: &mut Text, plan: &Plan<'_>) {
    let Some(asn) = plan.router_asn() else {
        return;
    };
    line!(text, "config router bgp");
    line!(text, "    set as {asn}");
    match plan.peers.iter().find(|peer| peer.family.is_ipv4()) {
        Some(peer) => line!(text, "    set router-id {}", peer.customer.address),
        None => comment!(text, "    set router-id 192.0.2.1"),
    }
    line!(text, "    config neighbor");
    for peer in &plan.peers {
        neighbor(text, plan, peer);
    }
    line!(text, "    end");
    for peer in &plan.peers {
        networks(text, plan, peer);
    }
    line!(text, "end");
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let (four, six) = if peer.family.is_ipv4() {
        ("enable", "disable")
    } else {
        ("disable", "enable")
    };
    line!(text, "        edit \"{}\"", peer.amazon.address);
    line!(text, "            set remote-as {}", plan.amazon_asn());
    line!(text, "            set description \"{}\"", plan.name);
    line!(text, "            set activate {four}");
    line!(text, "            set activate6 {six}");
    if let Some(other) = plan.other_asn(peer) {
        line!(text, "            set local-as {other}");
        line!(text, "            set local-as-no-prepend enable");
        line!(text, "            set local-as-replace-as enable");
    }
    let key = quoted(peer.key, &['"', '\\']);
    line!(text, "            set password {key}");
    comment!(text, "            set bfd enable");
    line!(text, "        next");
}

fn networks(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let (table, field) = if peer.family.is_ipv4() {
        ("network", "prefix")
    } else {
        ("network6", "prefix6")
    };
    let active = plan.announces();
    text.line_if(active, format_args!("    config {table}"));
    for prefix in plan.prefixes(peer.family) {
        text.line_if(active, format_args!("        edit 0"));
        text.line_if(
            active,
            format_args!("            set {field} {}", spelled(prefix)),
        );
        text.line_if(active, format_args!("        next"));
    }
    text.line_if(active, format_args!("    end"));
}
