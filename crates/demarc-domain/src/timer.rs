//! What happens by itself: provisioning steps, ends of tests, expiries, retention.
//!
//! A deadline belongs to an entity ([`Entity::deadline`]); firing it moves that entity one step on.

use demarc_types::Timestamp;

use crate::context::Context;
use crate::entity::{Change, Entity};
use crate::neighbor;
use crate::operation::{
    association, connection, failover_test, gateway, lag, proposal, resiliency_group,
    virtual_interface,
};
use crate::transaction::Transaction;
use crate::world::World;

/// The soonest deadline in the World.
pub fn next_deadline(world: &World) -> Option<Timestamp> {
    world.indexes.deadlines.get_min().map(|(at, _)| *at)
}

/// Fires up to `limit` deadlines that are due at the context's time, soonest first. A step may set a new
/// deadline that is due as well: it is fired in the same call.
pub fn fire(world: &World, context: &mut Context, limit: usize) -> (World, Vec<Change>) {
    let mut transaction = Transaction::new(world, context);
    for _ in 0..limit {
        let Some((at, key)) = transaction.indexes.deadlines.get_min().copied() else {
            break;
        };
        if at > transaction.context.now {
            break;
        }
        let Some(entity) = transaction.get(&key) else {
            break;
        };
        step(&mut transaction, &entity);
        if transaction.indexes.deadlines.get_min() == Some(&(at, key)) {
            // A step that leaves its deadline where it was would be fired for ever.
            debug_assert!(false, "firing {key} changed nothing");
            break;
        }
    }
    transaction.finish()
}

fn step(transaction: &mut Transaction<'_>, entity: &Entity) {
    match entity {
        Entity::Connection(found) => connection::step(transaction, found),
        Entity::Lag(found) => lag::step(transaction, found),
        Entity::VirtualInterface(found) => virtual_interface::step(transaction, found),
        Entity::Gateway(found) => gateway::step(transaction, found),
        Entity::Association(found) => association::step(transaction, found),
        Entity::Proposal(found) => proposal::step(transaction, found),
        Entity::FailoverTest(found) => failover_test::step(transaction, found),
        Entity::ResiliencyGroup(found) => resiliency_group::step(transaction, found),
        Entity::VpnGateway(found) => neighbor::vpn_gateway::step(transaction, found),
        Entity::TransitGateway(found) => neighbor::transit_gateway::step(transaction, found),
        Entity::ClientToken(_) => transaction.remove(entity.key()),
        // These have no deadlines.
        Entity::Customer(_)
        | Entity::Lease(_)
        | Entity::Location(_)
        | Entity::Service(_)
        | Entity::Vpc(_) => {}
    }
}
