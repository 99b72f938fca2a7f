//! The members of a new virtual interface, as far as their form goes: V1 to V9 of spec/operations §7.1.

use demarc_api as api;
use demarc_types::{AccountId, ParentId, RateLimit, VlanId};

use super::create::Draft;
use super::peering::PeerDraft;
use super::route_filter::{Approved, public_prefixes};
use crate::entity::{Tags, VirtualInterfaceKind};
use crate::input;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// The longest name of a virtual interface (spec/identifiers §4).
pub(super) const NAME_LENGTH: usize = 100;

/// The members whose form is in order.
pub(super) struct Values {
    pub(super) tags: Tags,
    /// Whom it is made for, when not for the caller.
    pub(super) allocated_to: Option<AccountId>,
    pub(super) parent: ParentId,
    pub(super) name: String,
    pub(super) vlan: VlanId,
    pub(super) mtu: u16,
    pub(super) peer: PeerDraft,
    pub(super) rate_limit: Option<RateLimit>,
}

/// V1 to V8, tags first: nothing is looked up.
pub(super) fn read(
    tx: &Transaction<'_>,
    draft: &Draft<'_>,
    allocate_to: Option<&str>,
) -> Result<Values, Refusal> {
    let quotas = &tx.context.settings.quotas;
    let tags = input::tags(draft.tags, quotas.tags_per_resource)?;
    let allocated_to = allocate_to.map(input::account).transpose()?;
    let parent = input::virtual_interface_parent(draft.connection)?;
    let name = input::name("Virtual interface name", draft.name, NAME_LENGTH)?;
    let vlan = input::vlan(draft.vlan)?;
    let asn = draft.peer.asn()?;
    let mtu = mtu(draft.kind, draft.mtu)?;
    let peer = PeerDraft::read(draft.kind, asn, draft.peer)?;
    let rate_limit = draft.rate_limit.map(rate_limit).transpose()?.flatten();
    Ok(Values {
        tags,
        allocated_to,
        parent,
        name,
        vlan,
        mtu,
        peer,
        rate_limit,
    })
}

/// V5 (spec/identifiers §15).
pub(super) fn mtu(kind: VirtualInterfaceKind, asked: Option<i64>) -> Result<u16, Refusal> {
    match asked {
        None => Ok(1_500),
        Some(number) => kind
            .mtus()
            .iter()
            .copied()
            .find(|mtu| i64::from(*mtu) == number)
            .ok_or_else(|| Refusal::invalid(format!("MTU {number} is not valid."))),
    }
}

/// `None` for the words that mean no limit (spec/routing §11).
pub(super) fn rate_limit(text: &str) -> Result<Option<RateLimit>, Refusal> {
    if text.is_empty() || text == "Unlimited" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        Refusal::invalid(format!("Rate limit {shown} is not valid."))
    })
}

/// V21: public prefixes of the customer (spec/quotas §3).
pub(super) fn route_filter_prefixes(
    tx: &Transaction<'_>,
    draft: &Draft<'_>,
) -> Result<Approved, Refusal> {
    if draft.kind != VirtualInterfaceKind::Public {
        return Ok(Approved::default());
    }
    let limit = tx.context.settings.quotas.route_filter_prefixes;
    let given = draft.route_filter_prefixes.into_iter().flatten();
    let given: Vec<&str> = given
        .map(|prefix| prefix.cidr.as_deref().unwrap_or_default())
        .collect();
    let is_ipv4 = draft.peer.family != Some(api::AddressFamily::Ipv6);
    public_prefixes(&given, is_ipv4, limit)
}
