//! The gateway that a virtual interface leads to: V9, V10, V14, V15 and V20 of spec/operations §7.1.

use demarc_types::Asn;

use super::create::Draft;
use crate::entity::{Attachment, PrefixAllocation, VirtualInterfaceKind};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{gateway_rules, input};

/// V9 and V10: which gateway, by its id's form alone.
pub(super) fn check_gateway_forms(draft: &Draft<'_>) -> Result<(), Refusal> {
    if let Some(id) = draft.virtual_gateway {
        input::vpn_gateway(id)?;
    }
    if let Some(id) = draft.gateway {
        input::gateway(id)?;
    }
    match (draft.kind, draft.virtual_gateway, draft.gateway) {
        (VirtualInterfaceKind::Private, Some(_), Some(_))
        | (VirtualInterfaceKind::Private, None, None) => Err(Refusal::invalid(
            "Specify either virtualGatewayId or directConnectGatewayId.",
        )),
        (VirtualInterfaceKind::Transit, _, None) => Err(Refusal::invalid(
            "A transit virtual interface needs a directConnectGatewayId.",
        )),
        _ => Ok(()),
    }
}

/// V14 and V15: the gateway is there, the caller's, and takes this kind.
pub(super) fn attach(
    tx: &Transaction<'_>,
    draft: &Draft<'_>,
) -> Result<(Attachment, Asn), Refusal> {
    if draft.kind == VirtualInterfaceKind::Public {
        return Ok((Attachment::None, Asn::PUBLIC_AMAZON));
    }
    resolve_attachment(tx, draft.kind, draft.virtual_gateway, draft.gateway)
}

/// The gateway that a private or transit virtual interface leads to, and its ASN.
pub(super) fn resolve_attachment(
    tx: &Transaction<'_>,
    kind: VirtualInterfaceKind,
    virtual_gateway: Option<&str>,
    gateway: Option<&str>,
) -> Result<(Attachment, Asn), Refusal> {
    if let Some(id) = gateway {
        let gateway = gateway_rules::own_gateway(tx, id)?;
        gateway_rules::check_takes(tx, gateway, kind)?;
        return Ok((
            Attachment::DirectConnectGateway(gateway.id),
            gateway.amazon_side_asn,
        ));
    }
    let id = virtual_gateway.unwrap_or_default();
    let gateway = gateway_rules::own_vpn_gateway(tx, id)?;
    Ok((
        Attachment::VirtualPrivateGateway(gateway.id),
        gateway.amazon_side_asn,
    ))
}

/// V20 on the gateway: one more virtual interface, and `prefixes` more in its total (spec/quotas row 14 and
/// §2). Quotas come after conflicts (spec/protocol §3.4).
pub(super) fn check_on_gateway(
    tx: &Transaction<'_>,
    attachment: Attachment,
    prefixes: Option<PrefixAllocation>,
) -> Result<(), Refusal> {
    let Attachment::DirectConnectGateway(gateway) = attachment else {
        return Ok(());
    };
    let settings = &tx.context.settings;
    gateway_rules::check_room(tx, settings, gateway)?;
    let adding = prefixes.map_or(0, |prefixes| prefixes.ipv4 + prefixes.ipv6);
    gateway_rules::check_prefix_total(tx, settings, gateway, adding)
}

/// The two ends of a session have different ASNs: sessions are eBGP (spec/routing §1). Before a hosted private or
/// transit one is confirmed, nobody knows what the other end will have.
pub(in crate::operation) fn check_asns_differ(
    kind: VirtualInterfaceKind,
    customer: Asn,
    amazon: Asn,
    attachment: Attachment,
) -> Result<(), Refusal> {
    if customer != amazon {
        return Ok(());
    }
    let side = match (kind, attachment) {
        (VirtualInterfaceKind::Public, _) => "Amazon side",
        (_, Attachment::None) => return Ok(()),
        _ => "gateway",
    };
    Err(Refusal::invalid(format!(
        "BGP ASN {customer} is the ASN of the {side}; the customer side needs another one."
    )))
}
