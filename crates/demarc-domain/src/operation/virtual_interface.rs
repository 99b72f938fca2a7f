//! Virtual interfaces: create, allocate to another account, confirm, list, change, move, delete.
//! Source: spec/operations §7, spec/states §5.

mod associate;
mod carrier;
mod confirm;
mod create;
mod delete;
mod describe;
pub(super) mod destination;
pub(super) mod peering;
mod prefix_allocation;
mod route_filter;
mod step;
mod update;
mod values;

pub(crate) use associate::associate;
pub(crate) use confirm::{confirm_private, confirm_public, confirm_transit};
pub(crate) use create::{
    allocate_private, allocate_public, allocate_transit, create_private, create_public,
    create_transit,
};
pub(crate) use delete::delete;
pub(crate) use describe::describe;
pub(crate) use route_filter::set_route_filter_prefixes;
pub(crate) use step::{approve, reject, step};
pub(crate) use update::update;

use std::sync::Arc;

use crate::entity::{VirtualInterface, VirtualInterfacePhase};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state, view};

/// A virtual interface that the caller owns or whose connection it owns, in the caller's Region; not one
/// that is deleted or rejected.
pub(super) fn shared(tx: &Transaction<'_>, id: &str) -> Result<Arc<VirtualInterface>, Refusal> {
    let account = tx.context.account;
    find(tx, id, |found| {
        found.owner == account || found.connection_owner == account
    })
}

/// A virtual interface that the caller owns.
pub(super) fn own(tx: &Transaction<'_>, id: &str) -> Result<Arc<VirtualInterface>, Refusal> {
    let account = tx.context.account;
    find(tx, id, |found| found.owner == account)
}

/// As [`own`], also when it is deleted or rejected, for as long as it is shown.
fn own_shown(tx: &Transaction<'_>, id: &str) -> Result<Arc<VirtualInterface>, Refusal> {
    let account = tx.context.account;
    find_shown(tx, id, |found| found.owner == account)
}

fn find(
    tx: &Transaction<'_>,
    id: &str,
    may: impl Fn(&VirtualInterface) -> bool,
) -> Result<Arc<VirtualInterface>, Refusal> {
    find_shown(tx, id, |found| found.holds_resources() && may(found))
}

fn find_shown(
    tx: &Transaction<'_>,
    id: &str,
    may: impl Fn(&VirtualInterface) -> bool,
) -> Result<Arc<VirtualInterface>, Refusal> {
    let parsed = input::virtual_interface(id)?;
    tx.virtual_interface(parsed)
        .filter(|found| found.region == tx.context.region && may(found))
        .cloned()
        .ok_or_else(|| Refusal::VirtualInterfaceNotFound(id.to_owned()))
}

/// The refusal for a virtual interface in the wrong state.
pub(super) fn wrong_state(world: &World, interface: &VirtualInterface) -> Refusal {
    Refusal::VirtualInterfaceState {
        id: interface.id.to_string(),
        state: state::virtual_interface(world, interface),
    }
}

/// It can be changed: neither waiting for confirmation nor on the way out.
pub(super) fn check_changeable(world: &World, interface: &VirtualInterface) -> Result<(), Refusal> {
    match interface.phase {
        VirtualInterfacePhase::Active | VirtualInterfacePhase::Verifying { .. } => Ok(()),
        VirtualInterfacePhase::Confirming { .. }
        | VirtualInterfacePhase::Deleting
        | VirtualInterfacePhase::Deleted { .. }
        | VirtualInterfacePhase::Rejected { .. } => Err(wrong_state(world, interface)),
    }
}

/// The virtual interface as its caller sees it now.
pub(super) fn show(
    tx: &Transaction<'_>,
    interface: &VirtualInterface,
) -> demarc_api::VirtualInterface {
    let now = tx
        .virtual_interface(interface.id)
        .map_or(interface, |found| found.as_ref());
    view::virtual_interface(tx, tx.context.account, now)
}

#[cfg(test)]
mod tests;
