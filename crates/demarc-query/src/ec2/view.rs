//! EC2's objects as answers show them: plain values, every member under its name on the wire.

mod network;
mod place;
mod transit_gateway;
mod vpc;
mod vpn_gateway;

pub use network::{
    NetworkAclEntryView, NetworkAclView, PermissionView, RouteTableView, RouteView,
    SecurityGroupView,
};
pub use place::{AvailabilityZoneView, RegionView};
pub use transit_gateway::{
    RouteAttachmentView, TransitGatewayAttachmentView, TransitGatewayOptionsView,
    TransitGatewayRouteTableView, TransitGatewayRouteView, TransitGatewayView,
};
pub use vpc::{CidrAssociationView, VpcView};
pub use vpn_gateway::{VpcAttachmentView, VpnGatewayView};

use super::request::Tag;
use crate::xml::{ToXml, Xml};

impl ToXml for Tag {
    fn write(&self, xml: &mut Xml) {
        xml.text("key", &self.key);
        xml.text("value", &self.value);
    }
}

/// A tag as `DescribeTags` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagView {
    pub resource_id: String,
    /// `vpc`, `vpn-gateway`, `transit-gateway`, ...
    pub resource_type: String,
    pub tag: Tag,
}

impl ToXml for TagView {
    fn write(&self, xml: &mut Xml) {
        xml.text("resourceId", &self.resource_id);
        xml.text("resourceType", &self.resource_type);
        self.tag.write(xml);
    }
}

/// How EC2 writes a switch.
fn enabled(on: bool) -> &'static str {
    if on { "enable" } else { "disable" }
}
