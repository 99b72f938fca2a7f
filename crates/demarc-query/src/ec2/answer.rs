//! Answers as XML. The order of elements is EC2's; clients do not mind it.

mod network;
mod place;
mod transit_gateway;
mod vpc;
mod vpn_gateway;

use demarc_domain::neighbor::{Ec2Response, Ec2Tag, Page, TagView};

use crate::xml::{ToXml, Xml};

/// Of every answer of EC2.
pub const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// The body of the answer to `action`.
pub fn answer(action: &str, response: &Ec2Response, request_id: &str) -> Vec<u8> {
    let root = format!("{action}Response");
    Xml::document(&root, Some(NAMESPACE), |xml| {
        xml.text("requestId", request_id);
        write(xml, response);
    })
}

fn write(xml: &mut Xml, response: &Ec2Response) {
    match response {
        Ec2Response::Done => xml.boolean("return", true),
        Ec2Response::Vpc(vpc) => xml.nested("vpc", vpc),
        Ec2Response::Vpcs(page) => write_page(xml, "vpcSet", page),
        Ec2Response::VpcAttribute {
            vpc_id,
            attribute,
            value,
        } => {
            xml.text("vpcId", vpc_id);
            xml.element(attribute.as_str(), |xml| xml.boolean("value", *value));
        }
        Ec2Response::CidrBlock(answer) => answer.write(xml),
        Ec2Response::NetworkAcls(page) => write_page(xml, "networkAclSet", page),
        Ec2Response::RouteTables(page) => write_page(xml, "routeTableSet", page),
        Ec2Response::SecurityGroups(page) => write_page(xml, "securityGroupInfo", page),
        Ec2Response::VpnGateway(gateway) => xml.nested("vpnGateway", gateway),
        Ec2Response::VpnGateways(page) => xml.list("vpnGatewaySet", &page.items),
        Ec2Response::VpcAttachment(attachment) => xml.nested("attachment", attachment),
        Ec2Response::TransitGateway(gateway) => xml.nested("transitGateway", gateway),
        Ec2Response::TransitGateways(page) => write_page(xml, "transitGatewaySet", page),
        Ec2Response::TransitGatewayAttachments(page) => {
            write_page(xml, "transitGatewayAttachments", page);
        }
        Ec2Response::TransitGatewayRouteTables(page) => {
            write_page(xml, "transitGatewayRouteTables", page);
        }
        Ec2Response::TransitGatewayRoutes {
            routes,
            additional_routes_available,
        } => {
            xml.list("routeSet", routes);
            xml.boolean("additionalRoutesAvailable", *additional_routes_available);
        }
        Ec2Response::Tags(page) => write_page(xml, "tagSet", page),
        Ec2Response::Regions(page) => xml.list("regionInfo", &page.items),
        Ec2Response::AvailabilityZones(page) => xml.list("availabilityZoneInfo", &page.items),
    }
}

fn write_page<T: ToXml>(xml: &mut Xml, name: &str, page: &Page<T>) {
    xml.list(name, &page.items);
    xml.optional("nextToken", page.next_token.as_deref());
}

/// As `DescribeTags` lists them.
impl ToXml for TagView {
    fn write(&self, xml: &mut Xml) {
        xml.text("resourceId", &self.resource_id);
        xml.text("resourceType", self.resource_type);
        self.tag.write(xml);
    }
}

impl ToXml for Ec2Tag {
    fn write(&self, xml: &mut Xml) {
        xml.text("key", &self.key);
        xml.text("value", &self.value);
    }
}
