//! BIRD 2, in the form of `bird.conf`.

use super::plan::{AddressFamily, Peer, Plan};
use super::text::{Text, comment, line};

const PORT: &str = "eth0";

pub(super) fn render(plan: &Plan<'_>) -> String {
    let mut text = Text::new("#");
    plan.heading(
        &mut text,
        &[
            &format!("{PORT} is the port that faces the cross connect."),
            "Protocols device and kernel: keep your own if you have them.",
        ],
    );
    host_commands(&mut text, plan);
    if !plan.peers.iter().any(|peer| peer.family.is_ipv4()) {
        comment!(text, "Without an IPv4 address the router needs an ID:");
        comment!(text, "router id 192.0.2.1;");
    }
    line!(text, "protocol device {{ }}");
    comment!(text, "protocol bfd {{ }}");
    for peer in &plan.peers {
        text.gap();
        kernel(&mut text, peer.family);
        text.gap();
        announcements(&mut text, plan, peer.family);
        text.gap();
        neighbor(&mut text, plan, peer);
    }
    text.finish()
}

fn host_commands(text: &mut Text, plan: &Plan<'_>) {
    let link = format!("{PORT}.{}", plan.vlan());
    comment!(
        text,
        "The tagged link and its addresses are made by the host:"
    );
    if let Some(mtu) = plan.jumbo_mtu() {
        comment!(text, "  ip link set dev {PORT} mtu {mtu}");
    }
    comment!(
        text,
        "  ip link add link {PORT} name {link} type vlan id {}",
        plan.vlan()
    );
    if let Some(mtu) = plan.jumbo_mtu() {
        comment!(text, "  ip link set dev {link} mtu {mtu}");
    }
    comment!(text, "  ip link set dev {link} up");
    for peer in &plan.peers {
        comment!(text, "  ip address add {} dev {link}", peer.customer);
    }
    text.gap();
}

fn kernel(text: &mut Text, family: AddressFamily) {
    let family = family.word();
    line!(text, "protocol kernel kernel_{family} {{");
    line!(text, "  {family} {{ export all; }};");
    line!(text, "}}");
}

/// BIRD symbols have no `-`.
fn symbol(plan: &Plan<'_>, family: AddressFamily) -> String {
    format!("{}_{}", plan.name.replace('-', "_"), family.word())
}

/// The export filter, and on a public interface the routes it lets out.
fn announcements(text: &mut Text, plan: &Plan<'_>, family: AddressFamily) {
    let active = plan.announces();
    let symbol = symbol(plan, family);
    let word = family.word();
    if active {
        line!(text, "protocol static {symbol}_own {{");
        line!(text, "  {word};");
        for prefix in plan.prefixes(family) {
            line!(text, "  route {prefix} blackhole;");
        }
        line!(text, "}}");
        text.gap();
    }
    line!(text, "filter {symbol}_out {{");
    for prefix in plan.prefixes(family) {
        text.line_if(active, format_args!("  if net = {prefix} then accept;"));
    }
    line!(text, "  reject;");
    line!(text, "}}");
}

fn neighbor(text: &mut Text, plan: &Plan<'_>, peer: &Peer<'_>) {
    let symbol = symbol(plan, peer.family);
    line!(text, "protocol bgp {symbol} {{");
    line!(text, "  description \"Direct Connect {}\";", plan.name);
    line!(text, "  interface \"{PORT}.{}\";", plan.vlan());
    line!(text, "  local {} as {};", peer.customer.address, peer.asn);
    line!(
        text,
        "  neighbor {} as {};",
        peer.amazon.address,
        plan.amazon_asn()
    );
    line!(text, "  direct;");
    password(text, peer.key);
    comment!(text, " bfd {{ interval 300 ms; multiplier 3; }};");
    line!(text, "  {} {{", peer.family.word());
    line!(text, "    import all;");
    line!(text, "    export filter {symbol}_out;");
    line!(text, "  }};");
    line!(text, "}}");
}

/// BIRD strings have no escapes, so a `"` cannot stand in one.
fn password(text: &mut Text, key: &str) {
    if key.contains('"') {
        comment!(text, " BIRD cannot hold a key with a double quote: {key}");
        comment!(text, " Make the peer again with another key, then:");
        comment!(text, " password \"...\";");
        line!(text, "  disabled;");
    } else {
        line!(text, "  password \"{key}\";");
    }
}
