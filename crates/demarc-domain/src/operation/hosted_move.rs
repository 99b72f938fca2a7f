//! Moving hosted connections from one interconnect or LAG to another, with what is on them.

use std::collections::BTreeSet;
use std::sync::Arc;

use demarc_types::{ParentId, VlanId};

use crate::address_pool::slot_of;
use crate::entity::{Connection, ConnectionKind, VirtualInterface};
use crate::parent::{self, holding, is_gone};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

/// What the hosted connections of a carrier hold: nothing that comes may clash with it.
pub(super) struct Taken {
    carrier: ParentId,
    vlans: BTreeSet<VlanId>,
    interfaces: Vec<Arc<VirtualInterface>>,
}

impl Taken {
    pub(super) fn on(world: &World, carrier: ParentId) -> Self {
        let hosted = || world.hosted_on(carrier).filter(|hosted| !is_gone(hosted));
        Self {
            carrier,
            vlans: hosted()
                .filter_map(|hosted| hosted.hosting())
                .map(|(_, vlan)| vlan)
                .collect(),
            interfaces: hosted()
                .flat_map(|hosted| holding(world, ParentId::Connection(hosted.id)))
                .cloned()
                .collect(),
        }
    }

    /// Neither VLAN, nor addresses, nor the size of frames keep the hosted connection from the carrier
    /// (spec/operations §4 AssociateHostedConnection).
    pub(super) fn check(&self, world: &World, connection: &Connection) -> Result<(), Refusal> {
        let target = self.carrier;
        if let Some((_, vlan)) = connection.hosting()
            && self.vlans.contains(&vlan)
        {
            return Err(Refusal::VlanInUse(vlan.get()));
        }
        for interface in holding(world, ParentId::Connection(connection.id)) {
            let mut others = self.interfaces.iter();
            if let Some(other) = others.find(|other| addresses_meet(interface, other)) {
                return Err(Refusal::invalid(format!(
                    "The addresses of virtual interface {} conflict with those of virtual interface {} on {target}.",
                    interface.id, other.id
                )));
            }
            if interface.mtu > 1_500 && !parent::is_jumbo_capable(world, target) {
                return Err(Refusal::invalid(format!(
                    "Virtual interface {} has an MTU of {}, but {target} does not support jumbo frames.",
                    interface.id, interface.mtu
                )));
            }
        }
        Ok(())
    }
}

/// Peering subnets overlap. Those out of the automatic pool are unique for an account only, so two
/// customers may well have the same; their VLANs keep them apart.
fn addresses_meet(one: &VirtualInterface, other: &VirtualInterface) -> bool {
    let pairs = one
        .live_peers()
        .flat_map(|peer| other.live_peers().map(move |against| (peer, against)));
    pairs
        .filter(|(peer, _)| one.owner == other.owner || slot_of(&peer.amazon_address).is_none())
        .any(|(peer, against)| peer.amazon_address.overlaps(&against.amazon_address))
}

/// Moves the hosted connection. Its virtual interfaces stay on it, but their peers begin anew.
pub(super) fn carry_out(
    tx: &mut Transaction<'_>,
    mut connection: Connection,
    target: ParentId,
) -> Connection {
    let ConnectionKind::Hosted { partner, vlan, .. } = connection.kind else {
        return connection;
    };
    connection.kind = ConnectionKind::Hosted {
        parent: target,
        partner,
        vlan,
    };
    if let Some(location) = parent::location(tx, target) {
        connection.location = location;
    }
    tx.put(connection.clone());
    let carrier = ParentId::Connection(connection.id);
    let interfaces: Vec<Arc<VirtualInterface>> = holding(tx, carrier).cloned().collect();
    for interface in interfaces {
        parent::rehome(tx, &interface, carrier);
    }
    connection
}

/// Moves every hosted connection of one carrier to another; refused if one of them cannot go. They are
/// compared with what the other carrier had before: among themselves they got on already.
pub(super) fn all(
    tx: &mut Transaction<'_>,
    from: ParentId,
    target: ParentId,
) -> Result<(), Refusal> {
    let connections: Vec<Arc<Connection>> = tx
        .hosted_on(from)
        .filter(|connection| !is_gone(connection))
        .cloned()
        .collect();
    let taken = Taken::on(tx, target);
    for connection in connections {
        taken.check(tx, &connection)?;
        carry_out(tx, connection.as_ref().clone(), target);
    }
    Ok(())
}
