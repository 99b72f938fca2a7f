use demarc_domain::neighbor::{VpcAttachmentView, VpnGatewayView};

use crate::xml::{ToXml, Xml};

impl ToXml for VpnGatewayView {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpnGatewayId", &self.vpn_gateway_id);
        xml.text("state", self.state);
        xml.text("type", self.gateway_type);
        xml.number("amazonSideAsn", self.amazon_side_asn);
        xml.optional("availabilityZone", self.availability_zone.as_deref());
        xml.list("attachments", self.attachment.as_slice());
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for VpcAttachmentView {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.vpc_id);
        xml.text("state", self.state);
    }
}
