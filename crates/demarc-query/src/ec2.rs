//! EC2, API version 2016-11-15: VPCs, virtual private gateways, transit gateways, and what clients ask
//! for on the way.

mod error;
mod request;
mod response;
mod view;

pub use error::{Error, IdKind, Limit, error_document};
pub use request::{
    AssociateVpcCidrBlock, Attachment, Call, CreateTransitGateway, CreateVpc, CreateVpnGateway,
    Describe, Filter, ModifyTransitGateway, ModifyVpcAttribute, PageRequest, Request,
    SearchTransitGatewayRoutes, Tag, Tagging, TransitGatewayOptions, Untagging, VpcAttribute,
};
pub use response::{CONTENT_TYPE, Page, Response};
pub use view::{
    AvailabilityZoneView, CidrAssociationView, NetworkAclEntryView, NetworkAclView, PermissionView,
    RegionView, RouteAttachmentView, RouteTableView, RouteView, SecurityGroupView, TagView,
    TransitGatewayAttachmentView, TransitGatewayOptionsView, TransitGatewayRouteTableView,
    TransitGatewayRouteView, TransitGatewayView, VpcAttachmentView, VpcView, VpnGatewayView,
};

#[cfg(test)]
mod tests;
