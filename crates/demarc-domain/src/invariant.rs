//! What must be true of every World, whatever was done to it (architecture invariants 1 to 3).
//!
//! Tests and the simulator ask after every step; `demarc store verify` asks of a whole store.

mod account;
mod neighbor;
mod port;

use std::collections::BTreeMap;

use demarc_types::{GatewayRef, ParentId};

use crate::entity::{Attachment, Entity, TestStatus, VirtualInterface, VirtualInterfaceKind};
use crate::settings::Settings;
use crate::world::World;

/// Everything that is wrong, one sentence each; empty when all is well.
pub fn violations(world: &World, settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    let mut carriers: BTreeMap<ParentId, Vec<&VirtualInterface>> = BTreeMap::new();
    let entities: Vec<Entity> = world.entities().collect();
    for entity in &entities {
        match entity {
            Entity::VirtualInterface(interface) => {
                if interface.holds_resources() {
                    carriers
                        .entry(interface.parent)
                        .or_default()
                        .push(interface);
                }
                of_virtual_interface(world, interface, &mut found);
                neighbor::of_virtual_interface(world, settings, interface, &mut found);
            }
            Entity::Connection(connection) if connection.is_live() => {
                port::of_connection(world, settings, connection, &mut found);
                if let Some(parent) = connection.parent() {
                    check(
                        world.has_parent(parent),
                        || format!("{} hangs on {parent}, which is gone", connection.id),
                        &mut found,
                    );
                }
                if let Some(lag) = connection.lag {
                    let alive = world.lag(lag).is_some_and(|lag| lag.is_live());
                    check(
                        alive,
                        || format!("{} is a member of {lag}, which is gone", connection.id),
                        &mut found,
                    );
                }
            }
            Entity::Lag(lag) if lag.is_live() => port::of_lag(world, settings, lag, &mut found),
            Entity::ResiliencyGroup(group) => port::of_group(world, group, &mut found),
            Entity::Association(association) => {
                let id = association.id;
                check(
                    world.gateway(association.gateway).is_some(),
                    || format!("association {id} has no gateway"),
                    &mut found,
                );
                neighbor::of_association(world, settings, association, &mut found);
            }
            Entity::VpnGateway(gateway) => {
                neighbor::of_vpn_gateway(world, gateway, &mut found);
            }
            Entity::FailoverTest(test) if test.status == TestStatus::InProgress => {
                let known = world
                    .virtual_interface(test.virtual_interface)
                    .and_then(|interface| interface.test);
                check(
                    known == Some(test.id),
                    || format!("test {} runs on no virtual interface", test.id),
                    &mut found,
                );
            }
            _ => {}
        }
    }
    account::of_accounts(&entities, settings, &mut found);
    for (carrier, interfaces) in &carriers {
        of_carrier(world, settings, *carrier, interfaces, &mut found);
    }
    for entity in &entities {
        if let Entity::Gateway(gateway) = entity {
            of_gateway(world, settings, gateway.id, &mut found);
        }
    }
    found
}

fn check(holds: bool, text: impl FnOnce() -> String, found: &mut Vec<String>) {
    if !holds {
        found.push(text());
    }
}

fn of_virtual_interface(world: &World, interface: &VirtualInterface, found: &mut Vec<String>) {
    let id = interface.id;
    if interface.is_live() {
        check(
            world.has_parent(interface.parent),
            || format!("{id} hangs on {}, which is gone", interface.parent),
            found,
        );
        check(
            interface.live_peers().next().is_some(),
            || format!("{id} has no BGP peer"),
            found,
        );
    }
    if interface.holds_resources()
        && let Attachment::DirectConnectGateway(gateway) = interface.attachment
    {
        check(
            world.gateway(gateway).is_some(),
            || format!("{id} leads to gateway {gateway}, which is gone"),
            found,
        );
    }
    check(
        interface.kind.mtus().contains(&interface.mtu),
        || {
            format!(
                "{id} has MTU {}, which no {} virtual interface has",
                interface.mtu,
                interface.kind.as_str()
            )
        },
        found,
    );
    check(
        interface.programmed <= interface.generation,
        || format!("{id} is ahead of its own intent"),
        found,
    );
    if let Some(test) = interface.test {
        let running = world
            .failover_test(test)
            .is_some_and(|test| test.status == TestStatus::InProgress);
        check(
            running,
            || format!("{id} is in test {test}, which does not run"),
            found,
        );
    }
}

fn of_carrier(
    world: &World,
    settings: &Settings,
    carrier: ParentId,
    interfaces: &[&VirtualInterface],
    found: &mut Vec<String>,
) {
    for (number, one) in interfaces.iter().enumerate() {
        for other in &interfaces[number + 1..] {
            check(
                one.vlan != other.vlan,
                || {
                    format!(
                        "{} and {} share VLAN {} on {carrier}",
                        one.id, other.id, one.vlan
                    )
                },
                found,
            );
            let overlap = one.live_peers().any(|peer| {
                other
                    .live_peers()
                    .any(|far| peer.amazon_address.overlaps(&far.amazon_address))
            });
            check(
                !overlap,
                || {
                    format!(
                        "{} and {} overlap in addresses on {carrier}",
                        one.id, other.id
                    )
                },
                found,
            );
        }
    }
    let hosting = match carrier {
        ParentId::Connection(id) => world
            .connection(id)
            .and_then(|connection| connection.hosting()),
        ParentId::Lag(_) => None,
    };
    let limit = match hosting {
        Some((_, vlan)) => {
            for interface in interfaces {
                let same = interface.vlan == vlan;
                check(
                    same,
                    || format!("{} has not VLAN {vlan} of hosted {carrier}", interface.id),
                    found,
                );
            }
            settings.quotas.virtual_interfaces_per_hosted_connection
        }
        None => {
            of_kinds(settings, carrier, interfaces, found);
            settings.quotas.virtual_interfaces_per_connection
        }
    };
    check(
        interfaces.len() <= limit,
        || format!("{carrier} carries {} virtual interfaces", interfaces.len()),
        found,
    );
}

/// Spec/quotas rows 1, 2 and 5.
fn of_kinds(
    settings: &Settings,
    carrier: ParentId,
    interfaces: &[&VirtualInterface],
    found: &mut Vec<String>,
) {
    let is_transit = |it: &&&VirtualInterface| it.kind == VirtualInterfaceKind::Transit;
    let transit = interfaces.iter().filter(is_transit).count();
    let others = interfaces.len() - transit;
    check(
        transit <= settings.quotas.transit_per_connection,
        || format!("{carrier} carries {transit} transit virtual interfaces"),
        found,
    );
    // A LAG has room for any of all it may carry.
    let is_connection = matches!(carrier, ParentId::Connection(_));
    check(
        !is_connection || others <= settings.quotas.private_and_public_per_connection,
        || format!("{carrier} carries {others} private and public virtual interfaces"),
        found,
    );
}

/// A Direct Connect gateway is never of two kinds at once.
fn of_gateway(
    world: &World,
    settings: &Settings,
    id: demarc_types::DirectConnectGatewayId,
    found: &mut Vec<String>,
) {
    let holding = || {
        world
            .virtual_interfaces_to(id)
            .filter(|interface| interface.holds_resources())
    };
    let transit = holding().any(|interface| interface.kind == VirtualInterfaceKind::Transit);
    let private = holding().any(|interface| interface.kind == VirtualInterfaceKind::Private);
    let live = || {
        world
            .associations_of(id)
            .filter(|association| association.is_live())
    };
    let to_transit =
        live().any(|association| matches!(association.associated, GatewayRef::Transit(_)));
    let to_vpn =
        live().any(|association| matches!(association.associated, GatewayRef::VirtualPrivate(_)));
    check(
        !((transit || to_transit) && (private || to_vpn)),
        || format!("gateway {id} is of two kinds"),
        found,
    );
    let (vpn, transit): (Vec<_>, Vec<_>) = world
        .associations_of(id)
        .partition(|association| matches!(association.associated, GatewayRef::VirtualPrivate(_)));
    for (associated, limit, what) in [
        (
            vpn,
            settings.quotas.vpn_gateways_per_gateway,
            "virtual private",
        ),
        (
            transit,
            settings.quotas.transit_gateways_per_gateway,
            "transit",
        ),
    ] {
        let count = associated.len();
        check(
            count <= limit,
            || format!("gateway {id} is associated with {count} {what} gateways"),
            found,
        );
    }
    let count = holding().count();
    let limit = settings.quotas.virtual_interfaces_per_gateway;
    check(
        count <= limit,
        || format!("gateway {id} has {count} virtual interfaces"),
        found,
    );
}

impl World {
    /// The carrier is there and not deleted.
    fn has_parent(&self, parent: ParentId) -> bool {
        match parent {
            ParentId::Connection(id) => self
                .connection(id)
                .is_some_and(|connection| connection.is_live()),
            ParentId::Lag(id) => self.lag(id).is_some_and(|lag| lag.is_live()),
        }
    }
}

#[cfg(test)]
mod tests;
