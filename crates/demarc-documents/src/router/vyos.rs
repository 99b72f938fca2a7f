//! VyOS, as commands for configuration mode.

use super::plan::{NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line};
use super::types::VyosRelease;

const PORT: &str = "eth0";

pub(super) fn render(plan: &Plan<'_>, release: VyosRelease) -> String {
    let mut text = Text::new("#");
    plan.heading(
        &mut text,
        &[&format!("{PORT} is the port that faces the cross connect.")],
    );
    line!(text, "configure");
    interface(&mut text, plan);
    null_routes(&mut text, plan);
    bgp(&mut text, plan, release);
    line!(text, "commit");
    line!(text, "save");
    text.finish()
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    let port = format!("set interfaces ethernet {PORT}");
    let vif = format!("{port} vif {}", plan.vlan());
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, "{port} mtu '{mtu}'");
        line!(text, "{vif} mtu '{mtu}'");
    }
    line!(text, "{vif} description 'Direct Connect {}'", plan.name);
    for peer in &plan.peers {
        line!(text, "{vif} address '{}'", peer.customer);
    }
    text.gap();
}

fn null_routes(text: &mut Text, plan: &Plan<'_>) {
    if !plan.announces() {
        return;
    }
    for peer in &plan.peers {
        let table = if peer.family.is_ipv4() {
            "route"
        } else {
            "route6"
        };
        for prefix in plan.prefixes(peer.family) {
            line!(
                text,
                "set protocols static {table} {prefix} blackhole distance '{NULL_ROUTE_DISTANCE}'"
            );
        }
    }
    text.gap();
}

fn bgp(text: &mut Text, plan: &Plan<'_>, release: VyosRelease) {
    let Some(asn) = plan.router_asn() else {
        return;
    };
    let bgp = match release {
        VyosRelease::V13 => format!("set protocols bgp {asn}"),
        VyosRelease::V14 => "set protocols bgp".to_owned(),
    };
    if release == VyosRelease::V14 {
        line!(text, "{bgp} system-as '{asn}'");
    }
    for peer in &plan.peers {
        neighbor(text, plan, peer, &bgp);
        for prefix in plan.prefixes(peer.family) {
            text.line_if(
                plan.announces(),
                format_args!(
                    "{bgp} address-family {}-unicast network {prefix}",
                    peer.family.word()
                ),
            );
        }
        text.gap();
    }
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>, bgp: &str) {
    let neighbor = format!("{bgp} neighbor {}", peer.amazon.address);
    line!(text, "{neighbor} remote-as '{}'", plan.amazon_asn());
    line!(text, "{neighbor} description '{}'", plan.name);
    if let Some(other) = plan.other_asn(peer) {
        line!(text, "{neighbor} local-as {other} no-prepend replace-as");
    }
    if peer.key.contains('\'') {
        // The shell could be told, the configuration store refuses it.
        comment!(
            text,
            "VyOS cannot hold a key with a single quote: {}",
            peer.key
        );
        comment!(text, "Make the peer again with another key, then:");
        comment!(text, "{neighbor} password '...'");
        line!(text, "{neighbor} shutdown");
    } else {
        line!(text, "{neighbor} password '{}'", peer.key);
    }
    line!(
        text,
        "{neighbor} address-family {}-unicast",
        peer.family.word()
    );
    comment!(
        text,
        "set protocols bfd profile direct-connect interval receive '300'"
    );
    comment!(
        text,
        "set protocols bfd profile direct-connect interval transmit '300'"
    );
    comment!(
        text,
        "set protocols bfd profile direct-connect interval multiplier '3'"
    );
    comment!(text, "{neighbor} bfd profile direct-connect");
}
