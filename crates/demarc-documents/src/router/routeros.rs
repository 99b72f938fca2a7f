//! MikroTik RouterOS 7.

use super::plan::{NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line, quoted};

const PORT: &str = "ether1";

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("#");
    plan.heading(
        &mut text,
        &[&format!("{PORT} is the port that faces the cross connect.")],
    );
    interface(&mut text, plan);
    for peer in &plan.peers {
        text.gap();
        announcements(&mut text, plan, peer);
        neighbor(&mut text, plan, peer);
    }
    text.finish()
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    let name = &plan.name;
    let mut options = String::new();
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(
            text,
            "/interface ethernet set [ find default-name={PORT} ] mtu={mtu}"
        );
        options = format!(" mtu={mtu}");
    }
    line!(
        text,
        "/interface vlan add name={name} interface={PORT} vlan-id={}{options} comment=\"Direct Connect {name}\"",
        plan.vlan()
    );
    for peer in &plan.peers {
        let customer = peer.customer;
        if peer.family.is_ipv4() {
            line!(text, "/ip address add address={customer} interface={name}");
        } else {
            line!(
                text,
                "/ipv6 address add address={customer} interface={name} advertise=no"
            );
        }
    }
}

/// Prefixes of `output.network` come from an address list, and are announced
/// while a route to them exists: a null route on a public interface.
fn announcements(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let active = plan.announces();
    let family = peer.family.word();
    let command = if peer.family.is_ipv4() {
        "/ip"
    } else {
        "/ipv6"
    };
    for prefix in plan.prefixes(peer.family) {
        if active {
            line!(
                text,
                "{command} route add dst-address={prefix} blackhole distance={NULL_ROUTE_DISTANCE}"
            );
        }
        text.line_if(
            active,
            format_args!(
                "{command} firewall address-list add list={}-{family} address={prefix}",
                plan.name
            ),
        );
    }
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let family = peer.family.word();
    let families = if peer.family.is_ipv4() { "ip" } else { "ipv6" };
    let name = &plan.name;
    let key = quoted(peer.key, &['"', '\\', '$', '?']);
    line!(
        text,
        "/routing bgp connection add name={name}-{family} as={} address-families={families} \
         local.role=ebgp local.address={} remote.address={} remote.as={} \
         tcp-md5-key={key} output.network={name}-{family}",
        peer.asn,
        peer.customer.address,
        peer.amazon.address,
        plan.amazon_asn()
    );
    comment!(
        text,
        "/routing bfd configuration add interfaces={name} min-rx=300ms min-tx=300ms multiplier=3"
    );
    comment!(
        text,
        "/routing bgp connection set {name}-{family} use-bfd=yes"
    );
}
