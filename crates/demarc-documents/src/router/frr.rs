//! FRRouting, in the form of `/etc/frr/frr.conf`.

use super::plan::{NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line};

const PORT: &str = "eth0";

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("!");
    plan.heading(
        &mut text,
        &[&format!("{PORT} is the port that faces the cross connect.")],
    );
    host_commands(&mut text, plan);
    interface(&mut text, plan);
    null_routes(&mut text, plan);
    bgp(&mut text, plan);
    for peer in &plan.peers {
        policy(&mut text, plan, peer);
    }
    text.finish()
}

/// FRR configures addresses, the host makes the link.
fn host_commands(text: &mut Text, plan: &Plan<'_>) {
    let vlan = plan.vlan();
    comment!(text, "The tagged link is made by the host:");
    if let Some(mtu) = plan.jumbo_mtu() {
        comment!(text, "  ip link set dev {PORT} mtu {mtu}");
    }
    comment!(
        text,
        "  ip link add link {PORT} name {PORT}.{vlan} type vlan id {vlan}"
    );
    if let Some(mtu) = plan.jumbo_mtu() {
        comment!(text, "  ip link set dev {PORT}.{vlan} mtu {mtu}");
    }
    comment!(text, "  ip link set dev {PORT}.{vlan} up");
    text.gap();
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    line!(text, "interface {PORT}.{}", plan.vlan());
    line!(text, " description Direct Connect {}", plan.name);
    for peer in &plan.peers {
        let command = if peer.family.is_ipv4() { "ip" } else { "ipv6" };
        line!(text, " {command} address {}", peer.customer);
    }
    line!(text, "exit");
    text.gap();
}

fn null_routes(text: &mut Text, plan: &Plan<'_>) {
    if !plan.announces() {
        return;
    }
    for peer in &plan.peers {
        let command = if peer.family.is_ipv4() { "ip" } else { "ipv6" };
        for prefix in plan.prefixes(peer.family) {
            line!(
                text,
                "{command} route {prefix} blackhole {NULL_ROUTE_DISTANCE}"
            );
        }
    }
    text.gap();
}

fn bgp(text: &mut Text, plan: &Plan<'_>) {
    let Some(asn) = plan.router_asn() else {
        return;
    };
    line!(text, "router bgp {asn}");
    line!(text, " no bgp default ipv4-unicast");
    for peer in &plan.peers {
        let neighbor = peer.amazon.address;
        line!(text, " neighbor {neighbor} remote-as {}", plan.amazon_asn());
        line!(text, " neighbor {neighbor} description {}", plan.name);
        if let Some(other) = plan.other_asn(peer) {
            line!(
                text,
                " neighbor {neighbor} local-as {other} no-prepend replace-as"
            );
        }
        line!(text, " neighbor {neighbor} password {}", peer.key);
        comment!(text, " BFD needs bfdd in /etc/frr/daemons:");
        comment!(text, " neighbor {neighbor} bfd 3 300 300");
    }
    for peer in &plan.peers {
        let (neighbor, family) = (peer.amazon.address, peer.family.word());
        let name = format!("{}-{family}", plan.name);
        text.gap();
        line!(text, " address-family {family} unicast");
        for prefix in plan.prefixes(peer.family) {
            text.line_if(plan.announces(), format_args!("  network {prefix}"));
        }
        line!(text, "  neighbor {neighbor} activate");
        line!(text, "  neighbor {neighbor} route-map {name}-in in");
        line!(text, "  neighbor {neighbor} route-map {name}-out out");
        line!(text, " exit-address-family");
    }
    line!(text, "exit");
    text.gap();
}

/// A session without policy exchanges nothing (RFC 8212), so both directions
/// have one. An empty list matches nothing.
fn policy(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let name = format!("{}-{}", plan.name, peer.family.word());
    let command = if peer.family.is_ipv4() { "ip" } else { "ipv6" };
    for (n, prefix) in plan.prefixes(peer.family).enumerate() {
        let sequence = (n + 1) * 5;
        text.line_if(
            plan.announces(),
            format_args!("{command} prefix-list {name}-out seq {sequence} permit {prefix}"),
        );
    }
    line!(text, "route-map {name}-in permit 10");
    line!(text, "exit");
    line!(text, "route-map {name}-out permit 10");
    line!(text, " match {command} address prefix-list {name}-out");
    line!(text, "exit");
    text.gap();
}
