//! Changes to a live virtual interface. Source: spec/states §5.3.

use demarc_api::{self as api, UpdateVirtualInterfaceAttributesRequest};
use demarc_types::ParentId;

use super::carrier::check_rate_limit;
use super::prefix_allocation::{check_prefixes, prefix_count};
use super::values::{NAME_LENGTH, mtu, rate_limit};
use super::{check_changeable, shared, show};
use crate::entity::{PrefixAllocation, VirtualInterface, VirtualInterfaceKind};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{gateway_rules, input};

/// MTU and SiteLink are the owner's to change; name, rate limit and prefix allocation also the connection
/// owner's, whose tools rename what they allocated (spec/clients §1.1, spec/api-2026 §1).
pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateVirtualInterfaceAttributesRequest,
) -> Result<api::VirtualInterface, Refusal> {
    let found = shared(tx, &input.virtual_interface_id)?;
    if found.owner != tx.context.account
        && (input.mtu.is_some() || input.enable_site_link.is_some())
    {
        return Err(Refusal::invalid(format!(
            "Virtual interface {} is owned by another account, which alone can change its MTU and SiteLink.",
            found.id
        )));
    }
    check_changeable(tx, &found)?;
    let mut interface = found.as_ref().clone();
    if interface.kind == VirtualInterfaceKind::Public {
        check_public(input)?;
    }
    if let Some(name) = &input.virtual_interface_name {
        interface.name = input::name("Virtual interface name", name, NAME_LENGTH)?;
    }
    change_programming(tx, &mut interface, input)?;
    if let Some(text) = &input.rate_limit {
        let rate = rate_limit(text)?;
        if let Some(rate) = rate {
            check_rate_limit(tx, interface.parent, rate, Some(interface.id))?;
        }
        interface.rate_limit = rate;
    }
    change_prefixes(tx, &mut interface, input)?;
    tx.put(interface.clone());
    Ok(show(tx, &interface))
}

/// What public virtual interfaces do not have.
fn check_public(input: &UpdateVirtualInterfaceAttributesRequest) -> Result<(), Refusal> {
    let refused = [
        ("mtu", input.mtu.is_some()),
        ("enableSiteLink", input.enable_site_link.is_some()),
        (
            "prefixPoolAllocatedCountIpv4",
            input.prefix_pool_allocated_count_ipv4.is_some(),
        ),
        (
            "prefixPoolAllocatedCountIpv6",
            input.prefix_pool_allocated_count_ipv6.is_some(),
        ),
    ];
    match refused.iter().find(|(_, given)| *given) {
        Some((member, _)) => Err(Refusal::invalid(format!(
            "{member} cannot be changed on a public virtual interface."
        ))),
        None => Ok(()),
    }
}

/// MTU and SiteLink: the fabric has to follow, and the state is `pending` until it has.
fn change_programming(
    tx: &mut Transaction<'_>,
    interface: &mut VirtualInterface,
    input: &UpdateVirtualInterfaceAttributesRequest,
) -> Result<(), Refusal> {
    let (old_mtu, old_site_link) = (interface.mtu, interface.site_link);
    if let Some(number) = input.mtu {
        interface.mtu = mtu(interface.kind, Some(number))?;
    }
    if let Some(site_link) = input.enable_site_link {
        if site_link && interface.gateway().is_none() {
            return Err(Refusal::invalid(
                "SiteLink requires a Direct Connect gateway.",
            ));
        }
        interface.site_link = site_link;
    }
    if interface.mtu > 1_500 && interface.mtu != old_mtu {
        make_jumbo_capable(tx, interface.parent);
    }
    if (interface.mtu, interface.site_link) != (old_mtu, old_site_link) {
        interface.generation += 1;
    }
    Ok(())
}

/// A port that could not carry jumbo frames is made to (spec/operations §7).
fn make_jumbo_capable(tx: &mut Transaction<'_>, parent: ParentId) {
    let ports = match parent {
        ParentId::Connection(id) => tx.connection(id).cloned().into_iter().collect::<Vec<_>>(),
        ParentId::Lag(id) => tx.members(id).cloned().collect(),
    };
    for port in ports {
        let mut port = port.as_ref().clone();
        port.jumbo_capable = true;
        tx.put(port);
    }
}

/// Takes effect at once, without a flap; not below what is in use (spec/routing §2).
fn change_prefixes(
    tx: &Transaction<'_>,
    interface: &mut VirtualInterface,
    input: &UpdateVirtualInterfaceAttributesRequest,
) -> Result<(), Refusal> {
    let Some(old) = interface.prefix_allocation else {
        return Ok(());
    };
    let count =
        |asked: Option<i64>, old: u32| asked.map_or(Ok(old), |number| prefix_count(tx, number));
    let new = PrefixAllocation {
        ipv4: count(input.prefix_pool_allocated_count_ipv4, old.ipv4)?,
        ipv6: count(input.prefix_pool_allocated_count_ipv6, old.ipv6)?,
    };
    if new == old {
        return Ok(());
    }
    for peer in interface.live_peers() {
        let (limit, before) = match peer.family {
            demarc_types::AddressFamily::Ipv4 => (new.ipv4, old.ipv4),
            demarc_types::AddressFamily::Ipv6 => (new.ipv6, old.ipv6),
        };
        if limit < before && limit < peer.prefixes_received {
            return Err(Refusal::invalid(format!(
                "Prefix pool allocation {limit} is below the {} {} prefixes in use.",
                peer.prefixes_received, peer.family
            )));
        }
    }
    check_prefixes(tx, interface.parent, Some(old), new)?;
    if let Some(gateway) = interface.gateway() {
        let adding = (new.ipv4 + new.ipv6).saturating_sub(old.ipv4 + old.ipv6);
        gateway_rules::check_prefix_total(tx, &tx.context.settings, gateway, adding)?;
    }
    interface.prefix_allocation = Some(new);
    Ok(())
}
