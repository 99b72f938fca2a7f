use demarc_domain::neighbor::{CidrBlockAnswer, CidrBlockView, VpcView};

use crate::xml::{ToXml, Xml};

impl ToXml for VpcView {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.vpc_id);
        xml.text("ownerId", &self.owner_id);
        xml.text("state", self.state);
        xml.text("cidrBlock", &self.cidr_block);
        xml.element("cidrBlockAssociationSet", |xml| {
            for block in &self.cidr_blocks {
                xml.element("item", |xml| write_ipv4(xml, block));
            }
        });
        xml.element("ipv6CidrBlockAssociationSet", |xml| {
            for block in &self.ipv6_cidr_blocks {
                xml.element("item", |xml| write_ipv6(xml, block));
            }
        });
        xml.text("dhcpOptionsId", &self.dhcp_options_id);
        xml.text("instanceTenancy", &self.instance_tenancy);
        xml.boolean("isDefault", self.is_default);
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for CidrBlockAnswer {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.vpc_id);
        if self.is_ipv6 {
            let name = "ipv6CidrBlockAssociation";
            xml.element(name, |xml| write_ipv6(xml, &self.block));
        } else {
            let name = "cidrBlockAssociation";
            xml.element(name, |xml| write_ipv4(xml, &self.block));
        }
    }
}

fn write_ipv4(xml: &mut Xml, block: &CidrBlockView) {
    xml.text("associationId", &block.association_id);
    xml.text("cidrBlock", &block.cidr_block);
    xml.element("cidrBlockState", |xml| xml.text("state", block.state));
}

/// IPv6 blocks all come from the provider.
fn write_ipv6(xml: &mut Xml, block: &CidrBlockView) {
    xml.text("associationId", &block.association_id);
    xml.text("ipv6CidrBlock", &block.cidr_block);
    xml.element("ipv6CidrBlockState", |xml| xml.text("state", block.state));
    xml.text("ipv6Pool", "Amazon");
}
