//! Palo Alto Networks PAN-OS, as `set` commands for configuration mode.

use super::plan::{AddressFamily, Peer, Plan};
use super::text::{Text, comment, line, quoted};

const PORT: &str = "ethernet1/1";
const ROUTER: &str = "default";
const ZONE: &str = "untrust";
/// Longest secret of a BGP authentication profile.
const KEY_LENGTH: usize = 63;
/// Administrative distance of null routes; PAN-OS ends at 240.
const NULL_ROUTE_DISTANCE: u8 = 240;

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("#");
    plan.heading(
        &mut text,
        &[
            &format!("{PORT} is the port that faces the cross connect."),
            &format!("{ROUTER} is the virtual router, {ZONE} the zone of the interface."),
            "Lines that start with # are for reading: do not paste them.",
        ],
    );
    interface(&mut text, plan);
    for peer in &plan.peers {
        null_routes(&mut text, plan, peer.family);
    }
    bgp(&mut text, plan);
    line!(text, "commit");
    text.finish()
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    let subinterface = format!("{PORT}.{}", plan.vlan());
    let unit = format!("set network interface ethernet {PORT} layer3 units {subinterface}");
    line!(text, "{unit} tag {}", plan.vlan());
    line!(text, "{unit} comment \"Direct Connect {}\"", plan.name);
    for peer in &plan.peers {
        if peer.family.is_ipv4() {
            line!(text, "{unit} ip {}", peer.customer);
        } else {
            line!(text, "{unit} ipv6 enabled yes");
            line!(
                text,
                "{unit} ipv6 address {} enable-on-interface yes",
                peer.customer
            );
        }
    }
    if let Some(mtu) = plan.jumbo_mtu() {
        comment!(text, "Jumbo frames need a restart of the firewall:");
        line!(text, "set deviceconfig setting jumbo-frame mtu 9192");
        line!(text, "{unit} mtu {mtu}");
    }
    line!(
        text,
        "set network virtual-router {ROUTER} interface {subinterface}"
    );
    line!(text, "set zone {ZONE} network layer3 {subinterface}");
    text.gap();
}

fn null_routes(text: &mut Text, plan: &Plan<'_>, family: AddressFamily) {
    if !plan.announces() {
        return;
    }
    let table = match family {
        AddressFamily::Ipv4 => "ip",
        AddressFamily::Ipv6 => "ipv6",
    };
    for (n, prefix) in plan.prefixes(family).enumerate() {
        let route = format!(
            "set network virtual-router {ROUTER} routing-table {table} static-route {}-{family}-{n}",
            plan.name,
            family = family.word()
        );
        line!(text, "{route} destination {prefix}");
        line!(text, "{route} nexthop discard");
        line!(text, "{route} admin-dist {NULL_ROUTE_DISTANCE}");
    }
}

fn bgp(text: &mut Text, plan: &Plan<'_>) {
    let Some(asn) = plan.router_asn() else {
        return;
    };
    let bgp = format!("set network virtual-router {ROUTER} protocol bgp");
    line!(text, "{bgp} enable yes");
    line!(text, "{bgp} install-route yes");
    line!(text, "{bgp} local-as {asn}");
    line!(text, "{bgp} routing-options as-format 4-byte");
    match plan.peers.iter().find(|peer| peer.family.is_ipv4()) {
        Some(peer) => line!(text, "{bgp} router-id {}", peer.customer.address),
        None => comment!(text, "{bgp} router-id 192.0.2.1"),
    }
    for peer in &plan.peers {
        text.gap();
        neighbor(text, plan, peer, &bgp);
        announcements(text, plan, peer.family, &bgp);
    }
    text.gap();
    comment!(text, "BFD:");
    comment!(
        text,
        "set network profiles bfd-profile {} mode active min-tx-interval 300 min-rx-interval 300 detection-multiplier 3",
        plan.name
    );
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>, bgp: &str) {
    let name = format!("{}-{}", plan.name, peer.family.word());
    let group = format!("{bgp} peer-group {name}");
    let amazon = format!("{group} peer {name}");
    if peer.key.len() > KEY_LENGTH {
        comment!(
            text,
            "PAN-OS reads at most {KEY_LENGTH} characters of a key."
        );
    }
    if let Some(other) = plan.other_asn(peer) {
        comment!(
            text,
            "This session needs local ASN {other}: use a virtual router of its own."
        );
    }
    let key = quoted(peer.key, &['"', '\\']);
    line!(text, "{bgp} auth-profile {name} secret {key}");
    line!(text, "{group} type ebgp import-nexthop original");
    line!(text, "{group} type ebgp export-nexthop resolve");
    line!(text, "{amazon} enable yes");
    line!(text, "{amazon} peer-as {}", plan.amazon_asn());
    if !peer.family.is_ipv4() {
        line!(text, "{amazon} enable-mp-bgp yes");
        line!(text, "{amazon} address-family-identifier ipv6");
        line!(
            text,
            "{amazon} subsequent-address-family-identifier unicast yes"
        );
    }
    line!(
        text,
        "{amazon} local-address interface {PORT}.{}",
        plan.vlan()
    );
    line!(text, "{amazon} local-address ip {}", peer.customer);
    line!(text, "{amazon} peer-address ip {}", peer.amazon.address);
    line!(text, "{amazon} connection-options authentication {name}");
    comment!(text, "{amazon} bfd profile {}", plan.name);
}

fn announcements(text: &mut Text, plan: &Plan<'_>, family: AddressFamily, bgp: &str) {
    let active = plan.announces();
    let rule = format!("{bgp} policy export rules {}-{}", plan.name, family.word());
    let mut any = false;
    for prefix in plan.prefixes(family) {
        any = true;
        text.line_if(
            active,
            format_args!("{bgp} redist-rules {prefix} enable yes"),
        );
        text.line_if(
            active,
            format_args!("{rule} match address-prefix {prefix} exact yes"),
        );
    }
    if !any {
        return;
    }
    text.line_if(active, format_args!("{rule} action allow"));
    text.line_if(active, format_args!("{rule} enable yes"));
    let group = format!("{}-{}", plan.name, family.word());
    text.line_if(active, format_args!("{rule} used-by {group}"));
}
