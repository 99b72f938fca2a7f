//! `DirectConnectGatewayAttachment`.

use demarc_api::{self as api, DirectConnectGatewayAttachmentType};
use demarc_types::DirectConnectGatewayId;

use crate::entity::{VirtualInterface, VirtualInterfaceKind};
use crate::state;

/// The attachment of a virtual interface to its gateway, a shadow of the virtual interface
/// (spec/states §9).
pub(crate) fn attachment(
    gateway: DirectConnectGatewayId,
    from: &VirtualInterface,
) -> api::DirectConnectGatewayAttachment {
    api::DirectConnectGatewayAttachment {
        direct_connect_gateway_id: Some(gateway.to_string()),
        virtual_interface_id: Some(from.id.to_string()),
        virtual_interface_region: Some(from.region.to_string()),
        virtual_interface_owner_account: Some(from.owner.to_string()),
        attachment_state: state::attachment(from).parse().ok(),
        attachment_type: match from.kind {
            VirtualInterfaceKind::Private => {
                Some(DirectConnectGatewayAttachmentType::PrivateVirtualInterface)
            }
            VirtualInterfaceKind::Transit => {
                Some(DirectConnectGatewayAttachmentType::TransitVirtualInterface)
            }
            // A public one leads to no gateway.
            VirtualInterfaceKind::Public => None,
        },
        state_change_error: None,
    }
}
