//! Nokia SR OS, classic command line.

use super::plan::{AddressFamily, NULL_ROUTE_DISTANCE, Peer, Plan};
use super::text::{Text, comment, line, quoted};

const PORT: &str = "1/1/1";
/// A port's MTU counts the Ethernet header and one tag.
const LAYER_2_BYTES: u16 = 18;

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("#");
    plan.heading(
        &mut text,
        &[&format!("{PORT} is the port that faces the cross connect.")],
    );
    port(&mut text, plan);
    interface(&mut text, plan);
    null_routes(&mut text, plan);
    policies(&mut text, plan);
    bgp(&mut text, plan);
    text.finish()
}

fn port(text: &mut Text, plan: &Plan<'_>) {
    line!(text, "/configure port {PORT}");
    line!(text, "    ethernet");
    line!(text, "        mode network");
    line!(text, "        encap-type dot1q");
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, "        mtu {}", mtu.saturating_add(LAYER_2_BYTES));
    }
    line!(text, "    exit");
    line!(text, "    no shutdown");
    line!(text, "exit all");
    text.gap();
}

fn interface(text: &mut Text, plan: &Plan<'_>) {
    line!(text, "/configure router interface \"{}\"", plan.name);
    line!(text, "    port {PORT}:{}", plan.vlan());
    for peer in &plan.peers {
        match peer.family {
            AddressFamily::Ipv4 => {
                line!(text, "    address {}", peer.customer);
                comment!(text, "    bfd 300 receive 300 multiplier 3");
            }
            AddressFamily::Ipv6 => {
                line!(text, "    ipv6");
                line!(text, "        address {}", peer.customer);
                comment!(text, "        bfd 300 receive 300 multiplier 3");
                line!(text, "    exit");
            }
        }
    }
    if let Some(mtu) = plan.jumbo_mtu() {
        line!(text, "    ip-mtu {mtu}");
    }
    line!(text, "    no shutdown");
    line!(text, "exit all");
    text.gap();
}

fn null_routes(text: &mut Text, plan: &Plan<'_>) {
    if !plan.announces() {
        return;
    }
    for peer in &plan.peers {
        for prefix in plan.prefixes(peer.family) {
            line!(text, "/configure router static-route-entry {prefix}");
            line!(text, "    black-hole");
            line!(text, "        preference {NULL_ROUTE_DISTANCE}");
            line!(text, "        no shutdown");
            line!(text, "    exit");
            line!(text, "exit all");
        }
    }
    text.gap();
}

/// One export policy a family: the prefix list, then reject.
fn policies(text: &mut Text, plan: &Plan<'_>) {
    line!(text, "/configure router policy-options");
    line!(text, "    begin");
    for peer in &plan.peers {
        let name = format!("{}-{}-out", plan.name, peer.family.word());
        line!(text, "    prefix-list \"{name}\"");
        for prefix in plan.prefixes(peer.family) {
            text.line_if(
                plan.announces(),
                format_args!("        prefix {prefix} exact"),
            );
        }
        line!(text, "    exit");
        line!(text, "    policy-statement \"{name}\"");
        line!(text, "        entry 10");
        line!(text, "            from");
        line!(text, "                prefix-list \"{name}\"");
        line!(text, "            exit");
        line!(text, "            action accept");
        line!(text, "            exit");
        line!(text, "        exit");
        line!(text, "        default-action reject");
        line!(text, "        exit");
        line!(text, "    exit");
    }
    line!(text, "    commit");
    line!(text, "exit all");
    text.gap();
}

fn bgp(text: &mut Text, plan: &Plan<'_>) {
    if plan.peers.is_empty() {
        return;
    }
    line!(text, "/configure router bgp");
    line!(text, "    group \"{}\"", plan.name);
    for peer in &plan.peers {
        neighbor(text, plan, peer);
    }
    line!(text, "    exit");
    line!(text, "    no shutdown");
    line!(text, "exit all");
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let family = peer.family.word();
    let name = &plan.name;
    line!(text, "        neighbor {}", peer.amazon.address);
    line!(text, "            description \"Direct Connect {name}\"");
    line!(text, "            family {family}");
    line!(
        text,
        "            local-as {} no-prepend-global-as",
        peer.asn
    );
    line!(text, "            peer-as {}", plan.amazon_asn());
    let key = quoted(peer.key, &['"', '\\']);
    line!(text, "            authentication-key {key}");
    line!(text, "            export \"{name}-{family}-out\"");
    comment!(text, "            bfd-enable");
    line!(text, "        exit");
}
