//! What AWS publishes of connections and virtual interfaces in the namespace `AWS/DX`, as Prometheus text: the
//! same meaning, `dx_` before the name (spec/observability §1).

use std::fmt::Write as _;

use demarc_domain::entity::{Connection, Entity, Lag, MacSec, PeerPhase, VirtualInterface};
use demarc_domain::{World, state};

/// A scrape tells of each object up to so many entities; beyond, it would cost more than it tells.
const MOST: usize = 20_000;

/// The lines of one metric.
struct Family {
    name: &'static str,
    help: &'static str,
    lines: String,
}

impl Family {
    fn new(name: &'static str, help: &'static str) -> Self {
        let lines = String::new();
        Self { name, help, lines }
    }

    fn add(&mut self, labels: &str, value: u32) {
        // Writing to a string does not fail.
        let _ = writeln!(self.lines, "{}{{{labels}}} {value}", self.name);
    }
}

/// All metrics of objects.
struct Families {
    state: Family,
    encryption: Family,
    bgp_status: Family,
    prefixes_accepted: Family,
}

/// The metrics of the objects in `world`; a comment instead where there are too many of them. A metric that is
/// in `told` already, because edges measured it, is not told twice.
pub(crate) fn render(world: &World, told: &str) -> String {
    if world.len() > MOST {
        let count = world.len();
        return format!("# dx_ metrics are left out: {count} entities are more than {MOST}.\n");
    }
    let mut families = Families {
        state: Family::new(
            "dx_connection_state",
            "1 while a connection or LAG is up, 0 while it is down.",
        ),
        encryption: Family::new(
            "dx_connection_encryption_state",
            "1 while MACsec is up; of a LAG while it is on all members.",
        ),
        bgp_status: Family::new(
            "dx_virtual_interface_bgp_status",
            "1 while the BGP session of this family is up.",
        ),
        prefixes_accepted: Family::new(
            "dx_virtual_interface_bgp_prefixes_accepted",
            "Prefixes that the customer announces and that are accepted.",
        ),
    };
    for entity in world.entities() {
        match entity {
            Entity::Connection(found) => families.connection(world, &found),
            Entity::Lag(found) => families.lag(world, &found),
            Entity::VirtualInterface(found) => families.virtual_interface(&found),
            _ => {}
        }
    }
    families.text(told)
}

/// 1 or 0 for what is in service.
fn up_or_down(word: &str) -> Option<u32> {
    match word {
        "available" => Some(1),
        "down" => Some(0),
        _ => None,
    }
}

fn is_encrypted(mac_sec: Option<&MacSec>) -> bool {
    mac_sec.is_some_and(|mac_sec| mac_sec.encrypted)
}

impl Families {
    fn connection(&mut self, world: &World, found: &Connection) {
        let Some(up) = up_or_down(state::connection(world, found)) else {
            return;
        };
        let labels = format!(
            "account=\"{}\",region=\"{}\",location=\"{}\",connection_id=\"{}\"",
            found.owner, found.region, found.location, found.id
        );
        self.state.add(&labels, up);
        if let Some(mac_sec) = &found.mac_sec {
            self.encryption
                .add(&labels, u32::from(is_encrypted(Some(mac_sec))));
        }
    }

    fn lag(&mut self, world: &World, found: &Lag) {
        let Some(up) = up_or_down(state::lag(world, found)) else {
            return;
        };
        let labels = format!(
            "account=\"{}\",region=\"{}\",location=\"{}\",connection_id=\"{}\"",
            found.owner, found.region, found.location, found.id
        );
        self.state.add(&labels, up);
        if found.mac_sec.is_some() {
            let mut members = world.members(found.id).peekable();
            let all = members.peek().is_some()
                && members.all(|member| is_encrypted(member.mac_sec.as_ref()));
            self.encryption.add(&labels, u32::from(all));
        }
    }

    fn virtual_interface(&mut self, found: &VirtualInterface) {
        for peer in found.live_peers() {
            if peer.phase != PeerPhase::Available {
                continue;
            }
            let labels = format!(
                "account=\"{}\",region=\"{}\",connection_id=\"{}\",virtual_interface_id=\"{}\",\
                 bgp_peer_id=\"{}\",ip_address_family=\"{}\"",
                found.owner,
                found.region,
                found.parent,
                found.id,
                peer.id,
                peer.family.as_str()
            );
            let up = state::bgp_status(peer) == "up";
            self.bgp_status.add(&labels, u32::from(up));
            let accepted = if up { peer.prefixes_received } else { 0 };
            self.prefixes_accepted.add(&labels, accepted);
        }
    }

    fn text(self, told: &str) -> String {
        let all = [
            self.state,
            self.encryption,
            self.bgp_status,
            self.prefixes_accepted,
        ];
        let mut text = String::new();
        for Family { name, help, lines } in all {
            let is_new = !told.contains(&format!("# TYPE {name} "));
            if is_new && !lines.is_empty() {
                let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{lines}\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Families {
        let mut families = Families {
            state: Family::new("a", "help"),
            encryption: Family::new("b", "help"),
            bgp_status: Family::new("c", "help"),
            prefixes_accepted: Family::new("d", "help"),
        };
        families.state.add("id=\"x\"", 1);
        families.bgp_status.add("id=\"y\"", 0);
        families
    }

    #[test]
    fn families_without_lines_and_those_told_already_are_left_out() {
        assert_eq!(
            families().text(""),
            "# HELP a help\n# TYPE a gauge\na{id=\"x\"} 1\n\n# HELP c help\n# TYPE c gauge\nc{id=\"y\"} 0\n\n"
        );
        let rest = families().text("# TYPE a gauge\na 1\n");
        assert!(rest.starts_with("# HELP c"), "{rest}");
    }
}
