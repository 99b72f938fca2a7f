//! Acceptance of a hosted virtual interface by the account that it was made for.
//! Source: spec/operations §7, spec/states §5.

use demarc_api::{
    ConfirmPrivateVirtualInterfaceRequest, ConfirmPrivateVirtualInterfaceResponse,
    ConfirmPublicVirtualInterfaceRequest, ConfirmPublicVirtualInterfaceResponse,
    ConfirmTransitVirtualInterfaceRequest, ConfirmTransitVirtualInterfaceResponse,
    VirtualInterfaceState,
};

use super::destination::{check_asns_differ, check_on_gateway, resolve_attachment};
use super::peering;
use super::{own_shown, wrong_state};
use crate::entity::{VirtualInterface, VirtualInterfaceKind, VirtualInterfacePhase};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{input, state};

pub(crate) fn confirm_private(
    tx: &mut Transaction<'_>,
    input: &ConfirmPrivateVirtualInterfaceRequest,
) -> Result<ConfirmPrivateVirtualInterfaceResponse, Refusal> {
    let (virtual_gateway, gateway) = (
        input.virtual_gateway_id.as_deref(),
        input.direct_connect_gateway_id.as_deref(),
    );
    input::virtual_interface(&input.virtual_interface_id)?;
    if let Some(id) = virtual_gateway {
        input::vpn_gateway(id)?;
    }
    if let Some(id) = gateway {
        input::gateway(id)?;
    }
    if virtual_gateway.is_some() == gateway.is_some() {
        return Err(Refusal::invalid(
            "Specify either virtualGatewayId or directConnectGatewayId.",
        ));
    }
    let interface = confirmable(
        tx,
        &input.virtual_interface_id,
        VirtualInterfaceKind::Private,
    )?;
    let virtual_interface_state = Some(accept(tx, interface, virtual_gateway, gateway)?);
    Ok(ConfirmPrivateVirtualInterfaceResponse {
        virtual_interface_state,
    })
}

pub(crate) fn confirm_transit(
    tx: &mut Transaction<'_>,
    input: &ConfirmTransitVirtualInterfaceRequest,
) -> Result<ConfirmTransitVirtualInterfaceResponse, Refusal> {
    input::virtual_interface(&input.virtual_interface_id)?;
    input::gateway(&input.direct_connect_gateway_id)?;
    let interface = confirmable(
        tx,
        &input.virtual_interface_id,
        VirtualInterfaceKind::Transit,
    )?;
    let gateway = Some(input.direct_connect_gateway_id.as_str());
    Ok(ConfirmTransitVirtualInterfaceResponse {
        virtual_interface_state: Some(accept(tx, interface, None, gateway)?),
    })
}

pub(crate) fn confirm_public(
    tx: &mut Transaction<'_>,
    input: &ConfirmPublicVirtualInterfaceRequest,
) -> Result<ConfirmPublicVirtualInterfaceResponse, Refusal> {
    let mut interface = confirmable(
        tx,
        &input.virtual_interface_id,
        VirtualInterfaceKind::Public,
    )?;
    let (now, settings) = (tx.context.now, &tx.context.settings);
    let approve_at = settings
        .approve_public_virtual_interfaces
        .then_some(now + settings.settle);
    interface.phase = VirtualInterfacePhase::Verifying { approve_at };
    for peer in &mut interface.peers {
        peer.phase = peering::first_phase(interface.kind, false, now, settings.settle);
    }
    Ok(ConfirmPublicVirtualInterfaceResponse {
        virtual_interface_state: Some(put(tx, interface)),
    })
}

/// A virtual interface of the caller's, of this kind, that waits for its word. One that is rejected or deleted is in
/// the wrong state while Describe shows it (spec/operations §7).
fn confirmable(
    tx: &Transaction<'_>,
    id: &str,
    kind: VirtualInterfaceKind,
) -> Result<VirtualInterface, Refusal> {
    let interface = own_shown(tx, id)?.as_ref().clone();
    if interface.kind != kind {
        return Err(Refusal::invalid(format!(
            "Virtual interface {id} is of type {}, not {}.",
            interface.kind.as_str(),
            kind.as_str()
        )));
    }
    match interface.phase {
        VirtualInterfacePhase::Confirming { .. } => Ok(interface),
        _ => Err(wrong_state(tx, &interface)),
    }
}

/// Attaches the virtual interface to the gateway chosen, and hands it to the fabric.
fn accept(
    tx: &mut Transaction<'_>,
    mut interface: VirtualInterface,
    virtual_gateway: Option<&str>,
    gateway: Option<&str>,
) -> Result<VirtualInterfaceState, Refusal> {
    let (attachment, asn) = resolve_attachment(tx, interface.kind, virtual_gateway, gateway)?;
    for peer in interface.live_peers() {
        check_asns_differ(interface.kind, peer.asn, asn, attachment)?;
    }
    check_on_gateway(tx, attachment, interface.prefix_allocation)?;
    interface.attachment = attachment;
    interface.amazon_side_asn = asn;
    interface.phase = VirtualInterfacePhase::Active;
    Ok(put(tx, interface))
}

fn put(tx: &mut Transaction<'_>, interface: VirtualInterface) -> VirtualInterfaceState {
    let word = state::virtual_interface(tx, &interface)
        .parse()
        .unwrap_or(VirtualInterfaceState::Unknown);
    tx.put(interface);
    word
}
