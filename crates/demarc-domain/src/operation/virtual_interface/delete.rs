//! Deletion, by the owner or by the owner of the connection.

use demarc_api::{DeleteVirtualInterfaceRequest, DeleteVirtualInterfaceResponse};

use super::shared;
use crate::entity::{PeerPhase, Session, TestStatus, VirtualInterfacePhase};
use crate::operation::failover_test;
use crate::refusal::Refusal;
use crate::state;
use crate::transaction::Transaction;

/// Never blocked by traffic. The owner who deletes before confirming has declined: `rejected`.
pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteVirtualInterfaceRequest,
) -> Result<DeleteVirtualInterfaceResponse, Refusal> {
    let found = shared(tx, &input.virtual_interface_id)?;
    if let Some(test) = found.test {
        failover_test::finish(tx, test, TestStatus::Cancelled);
    }
    // The end of the test may have changed it.
    let mut interface = tx
        .virtual_interface(found.id)
        .unwrap_or(&found)
        .as_ref()
        .clone();
    if interface.phase != VirtualInterfacePhase::Deleting {
        let declined = matches!(interface.phase, VirtualInterfacePhase::Confirming { .. })
            && interface.owner == tx.context.account;
        let (phase, peer_phase) = if declined {
            (
                VirtualInterfacePhase::Rejected { at: tx.context.now },
                PeerPhase::Deleted,
            )
        } else {
            (VirtualInterfacePhase::Deleting, PeerPhase::Deleting)
        };
        interface.phase = phase;
        for peer in &mut interface.peers {
            peer.phase = peer_phase;
            peer.session = Session::Down;
        }
        interface.tags = crate::entity::Tags::default();
        interface.generation += 1;
        tx.put(interface.clone());
    }
    let virtual_interface_state = state::virtual_interface(tx, &interface).parse().ok();
    Ok(DeleteVirtualInterfaceResponse {
        virtual_interface_state,
    })
}
