//! Prefixes that a virtual interface may announce, out of the pool of its carrier (spec/quotas §2).

use demarc_types::{AddressFamily, ParentId};

use super::create::Draft;
use crate::entity::{PrefixAllocation, VirtualInterfaceKind};
use crate::parent::Pool;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// What was asked for, or 100 of each family as far as the quota allows and the port's pool has them
/// (spec/quotas §2).
pub(super) fn prefix_allocation(
    tx: &Transaction<'_>,
    draft: &Draft<'_>,
    parent: ParentId,
) -> Result<Option<PrefixAllocation>, Refusal> {
    if draft.kind == VirtualInterfaceKind::Public {
        return Ok(None);
    }
    let free = free_prefixes(tx, parent);
    let default = PrefixAllocation::default();
    let limit = tx.context.settings.quotas.prefix_allocation;
    let unasked = |default: u32, free: i64| {
        let default = default.min(limit);
        u32::try_from(i64::from(default).min(free.max(0))).unwrap_or(default)
    };
    let allocation = PrefixAllocation {
        ipv4: match draft.prefixes_ipv4 {
            Some(number) => prefix_count(tx, number)?,
            None => unasked(default.ipv4, free.map_or(i64::MAX, |(ipv4, _)| ipv4)),
        },
        ipv6: match draft.prefixes_ipv6 {
            Some(number) => prefix_count(tx, number)?,
            None => unasked(default.ipv6, free.map_or(i64::MAX, |(_, ipv6)| ipv6)),
        },
    };
    check_prefixes(tx, parent, None, allocation)?;
    Ok(Some(allocation))
}

/// Prefixes left in the pool of a carrier, per family; hosted connections have no pool.
fn free_prefixes(tx: &Transaction<'_>, parent: ParentId) -> Option<(i64, i64)> {
    if matches!(parent, ParentId::Connection(id) if tx.connection(id).is_some_and(|found| found.is_hosted()))
    {
        return None;
    }
    let pool = Pool::of(tx, parent);
    Some((
        pool.size - pool.allocated_ipv4,
        pool.size - pool.allocated_ipv6,
    ))
}

/// A count between 0 and the most that one virtual interface may have.
pub(super) fn prefix_count(tx: &Transaction<'_>, number: i64) -> Result<u32, Refusal> {
    let limit = tx.context.settings.quotas.prefix_allocation;
    u32::try_from(number)
        .ok()
        .filter(|number| *number <= limit)
        .ok_or_else(|| {
            Refusal::invalid(format!(
                "Prefix pool allocation {number} is not valid: 0 to {limit} are allowed."
            ))
        })
}

/// The pool of the carrier has room for `allocation`, in the place of the one of `instead_of`.
pub(super) fn check_prefixes(
    tx: &Transaction<'_>,
    parent: ParentId,
    instead_of: Option<PrefixAllocation>,
    allocation: PrefixAllocation,
) -> Result<(), Refusal> {
    let Some((free_ipv4, free_ipv6)) = free_prefixes(tx, parent) else {
        return Ok(());
    };
    let old = instead_of.unwrap_or(PrefixAllocation { ipv4: 0, ipv6: 0 });
    for (family, wanted, old, free) in [
        (AddressFamily::Ipv4, allocation.ipv4, old.ipv4, free_ipv4),
        (AddressFamily::Ipv6, allocation.ipv6, old.ipv6, free_ipv6),
    ] {
        if i64::from(wanted) > free + i64::from(old) && wanted > old {
            return Err(Refusal::invalid(format!(
                "The {family} prefix pool of {parent} has {} left, not {wanted}.",
                (free + i64::from(old)).max(0)
            )));
        }
    }
    Ok(())
}
