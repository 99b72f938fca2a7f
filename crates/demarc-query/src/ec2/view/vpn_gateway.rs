//! Virtual private gateways.

use crate::ec2::Tag;
use crate::xml::{ToXml, Xml};

/// A virtual private gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpnGatewayView {
    pub vpn_gateway_id: String,
    /// `pending`, `available`, `deleting` or `deleted`.
    pub state: String,
    pub amazon_side_asn: u32,
    pub availability_zone: Option<String>,
    pub attachments: Vec<VpcAttachmentView>,
    pub tags: Vec<Tag>,
}

/// A virtual private gateway's place at a VPC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpcAttachmentView {
    pub vpc_id: String,
    /// `attaching`, `attached`, `detaching` or `detached`.
    pub state: String,
}

impl ToXml for VpnGatewayView {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpnGatewayId", &self.vpn_gateway_id);
        xml.text("state", &self.state);
        xml.text("type", "ipsec.1");
        xml.number("amazonSideAsn", self.amazon_side_asn);
        xml.optional("availabilityZone", self.availability_zone.as_deref());
        xml.list("attachments", &self.attachments);
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for VpcAttachmentView {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.vpc_id);
        xml.text("state", &self.state);
    }
}
