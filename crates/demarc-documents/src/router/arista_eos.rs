//! Arista EOS.

use super::plan::{NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line};

const PORT: &str = "Ethernet1";

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("!");
    plan.heading(
        &mut text,
        &[&format!("{PORT} is the port that faces the cross connect.")],
    );
    interface(&mut text, plan);
    routing(&mut text, plan);
    bgp(&mut text, plan);
    line!(text, "end");
    text.finish()
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    line!(text, "interface {PORT}");
    line!(text, "   no switchport");
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, "   mtu {mtu}");
    }
    line!(text, "   no shutdown");
    text.gap();
    line!(text, "interface {PORT}.{}", plan.vlan());
    line!(text, "   description Direct Connect {}", plan.name);
    line!(text, "   encapsulation dot1q vlan {}", plan.vlan());
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, "   mtu {mtu}");
    }
    for peer in &plan.peers {
        if peer.family.is_ipv4() {
            line!(text, "   ip address {}", peer.customer);
        } else {
            line!(text, "   ipv6 enable");
            line!(text, "   ipv6 address {}", peer.customer);
        }
    }
    comment!(text, "   bfd interval 300 min-rx 300 multiplier 3");
    text.gap();
}

fn routing(text: &mut Text, plan: &Plan<'_>) {
    for peer in &plan.peers {
        let ipv4 = peer.family.is_ipv4();
        line!(
            text,
            "{}",
            if ipv4 {
                "ip routing"
            } else {
                "ipv6 unicast-routing"
            }
        );
        let command = if ipv4 { "ip" } else { "ipv6" };
        for prefix in plan.prefixes(peer.family).filter(|_| plan.announces()) {
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
        let neighbor = peer.amazon.address;
        line!(
            text,
            "   neighbor {neighbor} remote-as {}",
            plan.amazon_asn()
        );
        line!(text, "   neighbor {neighbor} description {}", plan.name);
        if let Some(other) = plan.other_asn(peer) {
            line!(
                text,
                "   neighbor {neighbor} local-as {other} no-prepend replace-as"
            );
        }
        line!(text, "   neighbor {neighbor} password 0 {}", peer.key);
        comment!(text, "   neighbor {neighbor} bfd");
    }
    if !plan.peers.iter().any(|peer| peer.family.is_ipv4()) {
        // EOS puts every neighbor into the IPv4 family.
        text.gap();
        line!(text, "   address-family ipv4");
        for peer in &plan.peers {
            line!(text, "      no neighbor {} activate", peer.amazon.address);
        }
    }
    for peer in &plan.peers {
        address_family(text, plan, peer);
    }
}

fn address_family(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    text.gap();
    line!(text, "   address-family {}", peer.family.word());
    for other in &plan.peers {
        let no = if other.family == peer.family {
            ""
        } else {
            "no "
        };
        line!(text, "      {no}neighbor {} activate", other.amazon.address);
    }
    for prefix in plan.prefixes(peer.family) {
        text.line_if(plan.announces(), format_args!("      network {prefix}"));
    }
}
