//! The gateway that a virtual interface leads to: V9, V10, V14 and V15 of spec/operations §7.1.

use demarc_types::Asn;

use super::create::Draft;
use crate::entity::{Attachment, VirtualInterfaceKind};
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
        gateway_rules::check_takes(tx, &tx.context.settings, gateway, kind)?;
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

/// The two ends of a session have different ASNs (spec/routing §1.1).
pub(super) fn check_asns_differ(
    customer: Asn,
    amazon: Asn,
    attachment: Attachment,
) -> Result<(), Refusal> {
    if customer == amazon && attachment != Attachment::None {
        return Err(Refusal::invalid(format!(
            "BGP ASN {customer} is the ASN of the gateway; the customer side needs another one."
        )));
    }
    Ok(())
}
