//! `DirectConnectGatewayAssociation`.

use demarc_api::{self as api, AssociatedGateway, GatewayType};
use demarc_types::{AccountId, GatewayRef, Region};

use crate::entity::Association;
use crate::gateway_rules::allowed_prefixes;
use crate::state;

/// The association, the same for the accounts of both sides. The members from before transit gateways are
/// there for virtual private gateways only.
pub(crate) fn association(from: &Association) -> api::DirectConnectGatewayAssociation {
    let legacy = matches!(from.associated, GatewayRef::VirtualPrivate(_));
    api::DirectConnectGatewayAssociation {
        direct_connect_gateway_id: Some(from.gateway.to_string()),
        direct_connect_gateway_owner_account: Some(from.gateway_owner.to_string()),
        association_state: state::association(from).parse().ok(),
        state_change_error: from.state_change_error.clone(),
        associated_gateway: Some(associated_gateway(
            from.associated,
            from.associated_owner,
            from.associated_region,
        )),
        association_id: Some(from.id.to_string()),
        allowed_prefixes_to_direct_connect_gateway: Some(allowed_prefixes::show(
            &from.allowed_prefixes,
        )),
        associated_core_network: None,
        virtual_gateway_id: legacy.then(|| from.associated.to_string()),
        virtual_gateway_region: legacy.then(|| from.associated_region.to_string()),
        virtual_gateway_owner_account: legacy.then(|| from.associated_owner.to_string()),
    }
}

/// The side of the virtual private or transit gateway.
pub(super) fn associated_gateway(
    id: GatewayRef,
    owner: AccountId,
    region: Region,
) -> AssociatedGateway {
    AssociatedGateway {
        id: Some(id.to_string()),
        r#type: Some(match id {
            GatewayRef::VirtualPrivate(_) => GatewayType::VirtualPrivateGateway,
            GatewayRef::Transit(_) => GatewayType::TransitGateway,
        }),
        owner_account: Some(owner.to_string()),
        region: Some(region.to_string()),
    }
}
