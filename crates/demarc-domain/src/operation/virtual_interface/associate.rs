//! Moves of a virtual interface to another connection or LAG. Source: spec/operations §7.

use demarc_api::{self as api, AssociateVirtualInterfaceRequest};
use demarc_types::ParentId;

use super::carrier::check_rate_limit;
use super::prefix_allocation::check_prefixes;
use super::{shared, show, wrong_state};
use crate::entity::VirtualInterface;
use crate::input;
use crate::parent;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// The caller owns the virtual interface or its present connection, and the target.
pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateVirtualInterfaceRequest,
) -> Result<api::VirtualInterface, Refusal> {
    input::virtual_interface(&input.virtual_interface_id)?;
    let target = input::virtual_interface_parent(&input.connection_id)?;
    let interface = shared(tx, &input.virtual_interface_id)?;
    let refuses = match target {
        ParentId::Connection(_) => {
            parent::own_connection(tx, &input.connection_id)?.is_interconnect()
        }
        ParentId::Lag(_) => parent::own_lag(tx, &input.connection_id)?.allows_hosted,
    };
    if !interface.is_live() {
        return Err(wrong_state(tx, &interface));
    }
    if interface.parent == target {
        return Ok(show(tx, &interface));
    }
    if refuses {
        return Err(Refusal::invalid(format!(
            "Virtual interfaces cannot be created on {target}. It carries hosted connections."
        )));
    }
    parent::check_usable(tx, target)?;
    check_hosted(tx, &interface, target)?;
    parent::check_conflicts(tx, &interface, target)?;
    parent::check_room(tx, &tx.context.settings, target, interface.kind)?;
    if let Some(rate) = interface.rate_limit {
        check_rate_limit(tx, target, rate, Some(interface.id))?;
    }
    if let Some(allocation) = interface.prefix_allocation {
        check_prefixes(tx, target, None, allocation)?;
    }
    parent::rehome(tx, &interface, target);
    Ok(show(tx, &interface))
}

/// From a hosted connection only to a port; onto one only with its VLAN (spec/states §5.3).
fn check_hosted(
    tx: &Transaction<'_>,
    interface: &VirtualInterface,
    target: ParentId,
) -> Result<(), Refusal> {
    let hosting = |parent| match parent {
        ParentId::Connection(id) => tx
            .connection(id)
            .and_then(|connection| connection.hosting()),
        ParentId::Lag(_) => None,
    };
    let from_hosted = hosting(interface.parent).is_some();
    if from_hosted && (matches!(target, ParentId::Lag(_)) || hosting(target).is_some()) {
        return Err(Refusal::invalid(format!(
            "Virtual interface {} is on a hosted connection and cannot be associated with {target}; move the hosted connection with AssociateHostedConnection.",
            interface.id
        )));
    }
    match hosting(target) {
        Some((_, vlan)) if vlan != interface.vlan => Err(Refusal::invalid(format!(
            "VLAN {} does not match VLAN {vlan} of hosted connection {target}.",
            interface.vlan
        ))),
        _ => Ok(()),
    }
}
