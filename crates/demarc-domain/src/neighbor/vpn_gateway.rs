//! TO WRITE

use crate::transaction::Transaction;

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::VpnGateway) {
    unfinished!()
}
