//! What the operator does: the part of AWS staff, of the colocation site, and of the simulated far ends.

mod location;

use std::collections::BTreeMap;
use std::sync::Arc;

use demarc_types::{
    BgpPeerId, ConnectionId, DirectConnectGatewayId, LocationCode, Region, Span, VirtualInterfaceId,
};

use crate::context::Context;
use crate::entity::{Change, ConnectionPhase, Device, EdgeSession, Location, PeerPhase, Service};
use crate::inventory;
use crate::operation::{connection, virtual_interface};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

/// An operator's order.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Gives an ordered port its place.
    ApproveConnection(ConnectionId),
    /// Finds a public virtual interface in order.
    ApproveVirtualInterface(VirtualInterfaceId),
    RejectVirtualInterface(VirtualInterfaceId),
    /// Replaces what a public virtual interface may announce: CIDRs as they were given.
    SetRouteFilterPrefixes {
        interface: VirtualInterfaceId,
        prefixes: Vec<String>,
    },
    /// Tells the simulated far end of a port to bring its link up or down.
    SetLink {
        connection: ConnectionId,
        up: bool,
    },
    /// Tells the simulated customer's router to speak or to stay away.
    SetSession {
        peer: BgpPeerId,
        up: bool,
    },
    /// Lets the associations of a gateway reach each other by a customer's wider route, or keeps them apart.
    SetHairpin {
        gateway: DirectConnectGatewayId,
        allowed: bool,
    },
    PutLocation(Location),
    /// Moves the service's clock forward.
    AdvanceClock(Span),
    /// From now on this edge speaks for the device, and nobody else.
    BeginEdgeSession {
        device: String,
        session: String,
        host: String,
    },
}

/// Carries out an order, or says why not; a refusal has changed nothing.
pub fn command(
    world: &World,
    context: &mut Context,
    order: &Order,
) -> Result<(World, Vec<Change>), Refusal> {
    let mut tx = Transaction::new(world, context);
    match order {
        Order::ApproveConnection(id) => approve_connection(&mut tx, *id)?,
        Order::ApproveVirtualInterface(id) => virtual_interface::approve(&mut tx, *id)?,
        Order::RejectVirtualInterface(id) => virtual_interface::reject(&mut tx, *id)?,
        Order::SetRouteFilterPrefixes {
            interface,
            prefixes,
        } => virtual_interface::set_route_filter_prefixes(&mut tx, *interface, prefixes)?,
        Order::SetLink { connection, up } => set_link(&mut tx, *connection, *up)?,
        Order::SetSession { peer, up } => set_session(&mut tx, *peer, *up)?,
        Order::SetHairpin { gateway, allowed } => set_hairpin(&mut tx, *gateway, *allowed)?,
        Order::PutLocation(location) => location::put(&mut tx, location)?,
        Order::AdvanceClock(span) => {
            let mut service = service(&mut tx);
            service.clock_offset = service.clock_offset + *span;
            tx.put(service);
        }
        Order::BeginEdgeSession {
            device,
            session,
            host,
        } => begin_edge_session(&mut tx, device, session, host)?,
    }
    Ok(tx.finish())
}

fn begin_edge_session(
    tx: &mut Transaction<'_>,
    device: &str,
    session: &str,
    host: &str,
) -> Result<(), Refusal> {
    let mut service = service(tx);
    if service
        .edges
        .get(device)
        .is_some_and(|it| it.session == session)
    {
        return Ok(());
    }
    if !inventory::has_device(tx, device) {
        return Err(Refusal::invalid(format!(
            "No location has a device named `{device}`."
        )));
    }
    let begun = EdgeSession {
        session: session.to_owned(),
        host: host.to_owned(),
        since: tx.context.now,
        status: 0,
    };
    service.edges.insert(device.to_owned(), begun);
    tx.put(service);
    Ok(())
}

/// The document of a new service, if there is none yet: what a store begins with.
pub fn found(world: &World, context: &mut Context) -> (World, Vec<Change>) {
    let mut tx = Transaction::new(world, context);
    let service = service(&mut tx);
    tx.put(service);
    tx.finish()
}

/// The service's document as it is, or as a new one begins.
pub(crate) fn service(tx: &mut Transaction<'_>) -> Service {
    match tx.service() {
        Some(service) => service.as_ref().clone(),
        None => Service {
            token_key: tx.context.ids.hex(64),
            clock_offset: Span::ZERO,
            edges: BTreeMap::new(),
            silent: BTreeMap::new(),
        },
    }
}

fn approve_connection(tx: &mut Transaction<'_>, id: ConnectionId) -> Result<(), Refusal> {
    let found = tx
        .connection(id)
        .cloned()
        .ok_or_else(|| Refusal::ConnectionNotFound(id.to_string()))?;
    if !matches!(found.phase, ConnectionPhase::Requested { .. }) {
        return Err(Refusal::invalid(format!(
            "Connection {id} does not wait for approval."
        )));
    }
    connection::approve(tx, &found);
    let placed = tx
        .connection(id)
        .is_some_and(|found| found.device.is_some());
    if placed {
        Ok(())
    } else {
        Err(Refusal::invalid(format!(
            "No device at {} has a free port.",
            found.location
        )))
    }
}

fn set_link(tx: &mut Transaction<'_>, id: ConnectionId, up: bool) -> Result<(), Refusal> {
    let found = tx.connection(id).filter(|found| found.is_live());
    let mut port = found
        .ok_or_else(|| Refusal::ConnectionNotFound(id.to_string()))?
        .as_ref()
        .clone();
    if port.is_hosted() {
        return Err(Refusal::invalid(format!(
            "Connection {id} is hosted and has no link of its own: name the partner's interconnect."
        )));
    }
    port.simulated_down = !up;
    tx.put(port);
    Ok(())
}

fn set_session(tx: &mut Transaction<'_>, id: BgpPeerId, up: bool) -> Result<(), Refusal> {
    let missing = || Refusal::UnknownBgpPeer(id.to_string());
    let interface = tx.virtual_interface_of_peer(id).ok_or_else(missing)?;
    let mut interface = interface.as_ref().clone();
    for peer in interface.peers.iter_mut().filter(|peer| peer.id == id) {
        if matches!(peer.phase, PeerPhase::Deleting | PeerPhase::Deleted) {
            return Err(missing());
        }
        peer.simulated_down = !up;
    }
    tx.put(interface);
    Ok(())
}

fn set_hairpin(
    tx: &mut Transaction<'_>,
    id: DirectConnectGatewayId,
    allowed: bool,
) -> Result<(), Refusal> {
    let found = tx.gateway(id).filter(|found| found.is_live());
    let mut gateway = found
        .ok_or_else(|| Refusal::GatewayNotFound(id.to_string()))?
        .as_ref()
        .clone();
    gateway.allow_hairpin = allowed;
    tx.put(gateway);
    Ok(())
}

/// The locations of a Region, built-in and stored, in the order of their codes.
pub fn locations(world: &World, region: Region) -> Vec<Arc<Location>> {
    inventory::locations(world, region)
}

/// The code of a location as clients see it, whatever case it is asked for in.
pub fn location_code(world: &World, region: Region, code: LocationCode) -> LocationCode {
    inventory::spelling(world, region, code)
}

/// The devices of a location that is put without any: those it has, else as many as built-in ones have.
pub fn devices_unasked(world: &World, region: Region, code: LocationCode) -> Vec<Device> {
    match inventory::location(world, region, code.as_str()) {
        Some(location) => location.devices.clone(),
        None => inventory::devices(region, code.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::{self, RoutingDomain};
    use crate::testing::{ALICE, Lab};

    #[test]
    fn associations_of_a_gateway_are_kept_apart_until_the_operator_allows_otherwise() {
        let mut lab = Lab::new();
        let id: DirectConnectGatewayId = lab.gateway(ALICE).parse().unwrap();
        let hairpin = |world: &World| {
            let intent = intent::domain(world, RoutingDomain::Gateway(id));
            intent.unwrap().hairpin
        };
        assert!(!hairpin(&lab.world));
        for allowed in [true, true, false] {
            let order = Order::SetHairpin {
                gateway: id,
                allowed,
            };
            let mut context = lab.context(ALICE);
            let (world, changes) = command(&lab.world, &mut context, &order).unwrap();
            lab.check(&changes, &world);
            lab.world = world;
            assert_eq!(hairpin(&lab.world), allowed);
        }
        let unknown = "00000000-0000-4000-8000-000000000000".parse().unwrap();
        let order = Order::SetHairpin {
            gateway: unknown,
            allowed: true,
        };
        let mut context = lab.context(ALICE);
        let Err(refused) = command(&lab.world, &mut context, &order) else {
            panic!("there is no such gateway")
        };
        assert!(refused.to_string().contains(&unknown.to_string()));
    }
}
