//! Configuration text for the customer's router. Source: spec/operations §10, spec/documents §2.

use demarc_api::{
    DescribeRouterConfigurationRequest, DescribeRouterConfigurationResponse, RouterType,
};
use demarc_documents::PortSpeed;
use demarc_documents::router::{self, Interface, MacSec, MacSecMode};
use demarc_types::{AddressFamily, ParentId};

use crate::context::Context;
use crate::entity::{self, EncryptionMode, VirtualInterface, VirtualInterfacePhase};
use crate::refusal::Refusal;
use crate::world::World;
use crate::{input, view};

/// Both owners may read it; the account that has not yet confirmed may not (spec/documents §2).
pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeRouterConfigurationRequest,
) -> Result<DescribeRouterConfigurationResponse, Refusal> {
    let id = &input.virtual_interface_id;
    let interface = input::virtual_interface(id)
        .map(|id| world.virtual_interface(id))?
        .filter(|found| found.region == context.region && found.holds_resources())
        .filter(|found| found.owner == context.account || found.connection_owner == context.account)
        .ok_or_else(|| Refusal::VirtualInterfaceNotFound(id.clone()))?;
    let unconfirmed = matches!(interface.phase, VirtualInterfacePhase::Confirming { .. });
    if unconfirmed && interface.connection_owner != context.account {
        return Err(Refusal::VirtualInterfaceState {
            id: id.clone(),
            state: "confirming",
        });
    }
    let router = match input.router_type_identifier.as_deref() {
        None => router::default_type(),
        Some(identifier) => router::find(identifier).ok_or_else(|| {
            let shown: String = identifier.chars().take(128).collect();
            Refusal::invalid(format!("Router type {shown} is not known."))
        })?,
    };
    Ok(DescribeRouterConfigurationResponse {
        customer_router_config: Some(router::render(
            router,
            &seen_from_router(world, context, interface),
        )),
        router: Some(RouterType {
            vendor: Some(router.vendor.to_owned()),
            platform: Some(router.platform.to_owned()),
            software: Some(router.software.to_owned()),
            xslt_template_name: Some(router.xslt_template_name.to_owned()),
            xslt_template_name_for_mac_sec: Some(router.xslt_template_name_for_mac_sec.to_owned()),
            router_type_identifier: Some(router.router_type_identifier.to_owned()),
        }),
        virtual_interface_id: Some(id.clone()),
        virtual_interface_name: Some(interface.name.clone()),
    })
}

fn seen_from_router(world: &World, context: &Context, interface: &VirtualInterface) -> Interface {
    let may_see_connection = interface.connection_owner == context.account;
    let connection_name = match interface.parent {
        ParentId::Connection(id) => world.connection(id).map(|found| found.name.clone()),
        ParentId::Lag(id) => world.lag(id).map(|found| found.name.clone()),
    };
    Interface {
        virtual_interface_id: interface.id.to_string(),
        virtual_interface_name: interface.name.clone(),
        connection_id: interface.parent.to_string(),
        connection_name: connection_name
            .filter(|_| may_see_connection)
            .unwrap_or_default(),
        location: interface.location.to_string(),
        kind: view::connection_type(interface.kind),
        vlan: interface.vlan.get(),
        mtu: interface.mtu,
        amazon_bgp_asn: interface.amazon_side_asn.get(),
        ipv4: view::peer_details(interface, AddressFamily::Ipv4),
        ipv6: view::peer_details(interface, AddressFamily::Ipv6),
        route_filter_prefixes: interface
            .route_filter_prefixes
            .iter()
            .map(ToString::to_string)
            .collect(),
        mac_sec: mac_sec(world, interface.parent),
    }
}

/// The carrier's MACsec, where it encrypts.
fn mac_sec(world: &World, parent: ParentId) -> Option<MacSec> {
    let (mac_sec, bandwidth): (Option<&entity::MacSec>, _) = match parent {
        ParentId::Connection(id) => world
            .connection(id)
            .map(|found| (found.mac_sec.as_ref(), found.bandwidth))?,
        ParentId::Lag(id) => world
            .lag(id)
            .map(|found| (found.mac_sec.as_ref(), found.bandwidth))?,
    };
    let mode = match mac_sec?.mode {
        EncryptionMode::NoEncrypt => return None,
        EncryptionMode::ShouldEncrypt => MacSecMode::ShouldEncrypt,
        EncryptionMode::MustEncrypt => MacSecMode::MustEncrypt,
    };
    Some(MacSec {
        mode,
        port_speed: PortSpeed::from_bandwidth(bandwidth.as_str())?,
    })
}
