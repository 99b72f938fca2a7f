//! What the connection or LAG has to say to a new virtual interface: V11 to V13 and V17 to V20 of
//! spec/operations §7.1.

use demarc_types::{ParentId, RateLimit, VirtualInterfaceId};

use super::create::Draft;
use super::values::Values;
use crate::entity::VirtualInterfaceKind;
use crate::parent;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// V11 to V13, and M13 for allocations.
pub(super) fn check_parent(
    tx: &Transaction<'_>,
    draft: &Draft<'_>,
    values: &Values,
) -> Result<(), Refusal> {
    let refuses = match values.parent {
        ParentId::Connection(_) => parent::own_connection(tx, draft.connection)?.is_interconnect(),
        ParentId::Lag(_) => parent::own_lag(tx, draft.connection)?.allows_hosted,
    };
    if values.allocated_to == Some(tx.context.account) {
        return Err(Refusal::AllocateToConnectionOwner);
    }
    if refuses {
        return Err(Refusal::invalid(format!(
            "Virtual interfaces cannot be created on {}. It carries hosted connections.",
            values.parent
        )));
    }
    parent::check_usable(tx, values.parent)
}

/// V17 to V20 on the connection or LAG, and the rules of rate limiters.
pub(super) fn check_on_parent(
    tx: &Transaction<'_>,
    values: &Values,
    kind: VirtualInterfaceKind,
) -> Result<(), Refusal> {
    if let ParentId::Connection(id) = values.parent {
        let hosting = tx
            .connection(id)
            .and_then(|connection| connection.hosting());
        if let Some((_, vlan)) = hosting.filter(|(_, vlan)| *vlan != values.vlan) {
            return Err(Refusal::invalid(format!(
                "VLAN {} does not match VLAN {vlan} of hosted connection {id}.",
                values.vlan
            )));
        }
    }
    parent::check_vlan(tx, values.parent, values.vlan, None)?;
    if let Some((amazon, _)) = &values.peer.addresses {
        parent::check_address(tx, values.parent, amazon, None)?;
    }
    if values.mtu > 1_500 && !parent::is_jumbo_capable(tx, values.parent) {
        return Err(Refusal::invalid(format!(
            "MTU {} is not valid: {} does not support jumbo frames.",
            values.mtu, values.parent
        )));
    }
    parent::check_room(tx, &tx.context.settings, values.parent, kind)?;
    if let Some(rate) = values.rate_limit {
        check_rate_limit(tx, values.parent, rate, None)?;
    }
    Ok(())
}

/// A limiter of this rate fits on the carrier (spec/api-2026 §1, spec/quotas row 23).
pub(super) fn check_rate_limit(
    tx: &Transaction<'_>,
    parent: ParentId,
    rate: RateLimit,
    but: Option<VirtualInterfaceId>,
) -> Result<(), Refusal> {
    if matches!(parent, ParentId::Connection(id) if tx.connection(id).is_some_and(|found| found.is_hosted()))
    {
        return Err(Refusal::invalid(
            "A rate limit can be set on dedicated connections and LAGs only.",
        ));
    }
    if u64::from(rate.megabits()) > parent::megabits(tx, parent) {
        return Err(Refusal::invalid(format!(
            "Rate limit {rate} is above the bandwidth of {parent}."
        )));
    }
    let limit = tx.context.settings.quotas.rate_limiters_per_connection;
    let others = parent::holding(tx, parent)
        .filter(|other| Some(other.id) != but && other.rate_limit.is_some());
    if others.count() >= limit {
        return Err(Refusal::RateLimiterQuota {
            id: parent.to_string(),
            limit,
        });
    }
    Ok(())
}
