//! VPCs.

use crate::ec2::Tag;
use crate::xml::{ToXml, Xml};

/// A VPC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpcView {
    pub vpc_id: String,
    pub owner_id: String,
    /// `pending`, `available` or `deleting`.
    pub state: String,
    /// The first IPv4 block.
    pub cidr_block: String,
    pub cidr_block_associations: Vec<CidrAssociationView>,
    pub ipv6_cidr_block_associations: Vec<CidrAssociationView>,
    pub dhcp_options_id: String,
    /// `default`, `dedicated` or `host`.
    pub instance_tenancy: String,
    pub is_default: bool,
    pub tags: Vec<Tag>,
}

/// An address block of a VPC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CidrAssociationView {
    /// `vpc-cidr-assoc-...`.
    pub association_id: String,
    pub cidr_block: String,
    /// `associating`, `associated`, `disassociating` or `disassociated`.
    pub state: String,
}

impl ToXml for VpcView {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.vpc_id);
        xml.text("ownerId", &self.owner_id);
        xml.text("state", &self.state);
        xml.text("cidrBlock", &self.cidr_block);
        xml.element("cidrBlockAssociationSet", |xml| {
            for association in &self.cidr_block_associations {
                xml.element("item", |xml| association.write_ipv4(xml));
            }
        });
        xml.element("ipv6CidrBlockAssociationSet", |xml| {
            for association in &self.ipv6_cidr_block_associations {
                xml.element("item", |xml| association.write_ipv6(xml));
            }
        });
        xml.text("dhcpOptionsId", &self.dhcp_options_id);
        xml.text("instanceTenancy", &self.instance_tenancy);
        xml.boolean("isDefault", self.is_default);
        xml.list("tagSet", &self.tags);
    }
}

impl CidrAssociationView {
    pub(crate) fn write_ipv4(&self, xml: &mut Xml) {
        xml.text("associationId", &self.association_id);
        xml.text("cidrBlock", &self.cidr_block);
        xml.element("cidrBlockState", |xml| xml.text("state", &self.state));
    }

    pub(crate) fn write_ipv6(&self, xml: &mut Xml) {
        xml.text("associationId", &self.association_id);
        xml.text("ipv6CidrBlock", &self.cidr_block);
        xml.element("ipv6CidrBlockState", |xml| xml.text("state", &self.state));
        xml.text("ipv6Pool", "Amazon");
    }
}
