//! Cisco IOS.

use super::cidr::Cidr;
use super::plan::{NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line};

const PORT: &str = "GigabitEthernet0/1";
/// Longest key that IOS releases of the 12.4 age read.
const OLD_KEY_LENGTH: usize = 25;

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("!");
    plan.heading(
        &mut text,
        &[&format!("{PORT} is the port that faces the cross connect.")],
    );
    interface(&mut text, plan);
    null_routes(&mut text, plan);
    bgp(&mut text, plan);
    line!(text, "end");
    text.finish()
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    if plan.peers.iter().any(|peer| !peer.family.is_ipv4()) {
        line!(text, "ipv6 unicast-routing");
        text.gap();
    }
    line!(text, "interface {PORT}");
    line!(text, " no ip address");
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, " mtu {mtu}");
    }
    line!(text, " no shutdown");
    text.gap();
    line!(text, "interface {PORT}.{}", plan.vlan());
    line!(text, " description \"Direct Connect {}\"", plan.name);
    line!(text, " encapsulation dot1Q {}", plan.vlan());
    for Peer {
        family, customer, ..
    } in &plan.peers
    {
        if family.is_ipv4() {
            let mask = customer.netmask();
            line!(text, " ip address {} {mask}", customer.address);
        } else {
            line!(text, " ipv6 address {customer}");
        }
        if let Some(mtu) = plan.jumbo_mtu() {
            let command = if family.is_ipv4() { "ip" } else { "ipv6" };
            line!(text, " {command} mtu {mtu}");
        }
    }
    line!(text, " no shutdown");
    comment!(
        text,
        "BFD, once the near side is to detect failures in 900 ms:"
    );
    comment!(text, " bfd interval 300 min_rx 300 multiplier 3");
    text.gap();
}

fn null_routes(text: &mut Text, plan: &Plan<'_>) {
    if !plan.announces() {
        return;
    }
    for peer in &plan.peers {
        for prefix in plan.prefixes(peer.family) {
            let (command, prefix) = spelled(prefix);
            line!(text, "{command} route {prefix} Null0 {NULL_ROUTE_DISTANCE}");
        }
    }
    text.gap();
}

/// The command family and the prefix in its notation.
fn spelled(prefix: Cidr) -> (&'static str, String) {
    if prefix.is_ipv4() {
        ("ip", format!("{} {}", prefix.address, prefix.netmask()))
    } else {
        ("ipv6", prefix.to_string())
    }
}

fn bgp(text: &mut Text, plan: &Plan<'_>) {
    let Some(asn) = plan.router_asn() else {
        return;
    };
    notes(text, plan, asn);
    line!(text, "router bgp {asn}");
    line!(text, " bgp log-neighbor-changes");
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
        comment!(text, " neighbor {neighbor} fall-over bfd");
    }
    if !plan.peers.iter().any(|peer| peer.family.is_ipv4()) {
        // IOS puts every neighbor into the IPv4 family.
        text.gap();
        line!(text, " address-family ipv4");
        for peer in &plan.peers {
            line!(text, "  no neighbor {} activate", peer.amazon.address);
        }
        line!(text, " exit-address-family");
    }
    for peer in &plan.peers {
        address_family(text, plan, peer);
    }
    text.gap();
}

fn address_family(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    text.gap();
    line!(text, " address-family {}", peer.family.word());
    for other in &plan.peers {
        let active = if other.family == peer.family {
            ""
        } else {
            "no "
        };
        // An IPv6 neighbor is in the IPv4 family unless it is taken out, and
        // cannot be taken out of a family it was never in.
        if active.is_empty() || peer.family.is_ipv4() {
            line!(text, "  {active}neighbor {} activate", other.amazon.address);
        }
    }
    for prefix in plan.prefixes(peer.family) {
        let network = if prefix.is_ipv4() {
            format!("{} mask {}", prefix.address, prefix.netmask())
        } else {
            prefix.to_string()
        };
        text.line_if(plan.announces(), format_args!("  network {network}"));
    }
    line!(text, " exit-address-family");
}

fn notes(text: &mut Text, plan: &Plan<'_>, asn: u32) {
    if plan.peers.iter().any(|peer| peer.key.contains('?')) {
        comment!(text, "Typing a key by hand: press Ctrl-V before '?'.");
    }
    if plan.peers.iter().any(|p| p.key.len() > OLD_KEY_LENGTH) {
        comment!(
            text,
            "Older IOS releases read at most {OLD_KEY_LENGTH} characters of a key."
        );
    }
    for number in [asn, plan.amazon_asn()] {
        if number > u32::from(u16::MAX) {
            let (high, low) = (number >> 16, number & 0xffff);
            comment!(text, "IOS 12.4 writes ASN {number} as {high}.{low}.");
        }
    }
}
