//! What AWS publishes of connections and virtual interfaces in the namespace `AWS/DX`, as Prometheus text: the
//! same meaning, `dx_` before the name (spec/observability §1).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use demarc_domain::entity::{Connection, Entity, Lag, MacSec, PeerPhase, VirtualInterface};
use demarc_domain::{Route, RouteDirection, RouteSource, World, state};
use demarc_types::{AddressFamily, Prefix};

/// A scrape tells of each object up to so many entities; beyond, it would cost more than it tells.
const MOST: usize = 20_000;

const ADVERTISED: &str = "dx_virtual_interface_bgp_prefixes_advertised";

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
    prefixes_advertised: Family,
}

/// The metrics of the objects in `world`, with what the fabric says of `routes`; a comment instead where there are too many of them. A metric that is
/// in `told` already, because edges measured it, is not told twice.
pub(crate) fn render(world: &World, routes: &dyn RouteSource, told: &str) -> String {
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
        prefixes_advertised: Family::new(
            ADVERTISED,
            "Prefixes that are announced to the customer.",
        ),
    };
    // Asking for routes is not for nothing.
    let routes = (!is_told(ADVERTISED, told)).then_some(routes);
    for entity in world.entities() {
        match entity {
            Entity::Connection(found) => families.connection(world, &found),
            Entity::Lag(found) => families.lag(world, &found),
            Entity::VirtualInterface(found) => families.virtual_interface(world, routes, &found),
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

fn is_told(name: &str, told: &str) -> bool {
    told.contains(&format!("# TYPE {name} "))
}

/// How many prefixes of a family the customer hears. Two peers of a family hear the same ones.
fn advertised(routes: &[Route], family: AddressFamily) -> u32 {
    let heard: BTreeSet<Prefix> = routes
        .iter()
        .filter(|route| route.direction == RouteDirection::Advertised)
        .map(|route| route.prefix)
        .filter(|prefix| AddressFamily::of(prefix) == family)
        .collect();
    u32::try_from(heard.len()).unwrap_or(u32::MAX)
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

    fn virtual_interface(
        &mut self,
        world: &World,
        routes: Option<&dyn RouteSource>,
        found: &VirtualInterface,
    ) {
        let is_up = found
            .live_peers()
            .any(|peer| state::bgp_status(world, found, peer) == "up");
        let routes = routes.filter(|_| is_up);
        let routes = routes.map(|routes| routes.routes(world, found));
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
            let status = state::bgp_status(world, found, peer);
            if status == "unknown" {
                continue;
            }
            let up = status == "up";
            self.bgp_status.add(&labels, u32::from(up));
            let accepted = if up { peer.prefixes_received } else { 0 };
            self.prefixes_accepted.add(&labels, accepted);
            if let Some(routes) = &routes {
                let told = if up {
                    advertised(routes, peer.family)
                } else {
                    0
                };
                self.prefixes_advertised.add(&labels, told);
            }
        }
    }

    fn text(self, told: &str) -> String {
        let all = [
            self.state,
            self.encryption,
            self.bgp_status,
            self.prefixes_accepted,
            self.prefixes_advertised,
        ];
        let mut text = String::new();
        for Family { name, help, lines } in all {
            if !is_told(name, told) && !lines.is_empty() {
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
            prefixes_advertised: Family::new("e", "help"),
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

    #[test]
    fn a_prefix_that_two_peers_hear_counts_once_in_its_family() {
        let route = |direction, prefix: &str| Route {
            direction,
            prefix: prefix.parse().unwrap(),
            as_path: Vec::new(),
            communities: Vec::new(),
            installed: demarc_types::Timestamp::from_millis(0),
        };
        let routes = [
            route(RouteDirection::Advertised, "10.0.0.0/16"),
            route(RouteDirection::Advertised, "10.0.0.0/16"),
            route(RouteDirection::Advertised, "10.1.0.0/16"),
            route(RouteDirection::Advertised, "2001:db8::/48"),
            route(RouteDirection::Accepted, "192.168.0.0/24"),
        ];
        assert_eq!(advertised(&routes, AddressFamily::Ipv4), 2);
        assert_eq!(advertised(&routes, AddressFamily::Ipv6), 1);
    }
}
