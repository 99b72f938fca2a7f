//! What the filters of Describe calls see of each view.

use super::{
    AvailabilityZoneView, CidrBlockView, NetworkAclView, RegionView, RouteTableView,
    SecurityGroupView, TagView, TransitGatewayAttachmentView, TransitGatewayRouteTableView,
    TransitGatewayView, VpcView, VpnGatewayView,
};
use crate::neighbor::filter::Filtered;
use crate::neighbor::request::Ec2Tag;

fn flag(value: bool) -> Vec<String> {
    vec![value.to_string()]
}

/// The API's word for a switch.
fn switch(on: bool) -> Vec<String> {
    word(if on { "enable" } else { "disable" })
}

fn word(value: &str) -> Vec<String> {
    vec![value.to_owned()]
}

impl Filtered for VpcView {
    const NAMES: &'static [&'static str] = &[
        "cidr",
        "cidr-block",
        "cidrBlock",
        "cidr-block-association.cidr-block",
        "cidr-block-association.association-id",
        "cidr-block-association.state",
        "dhcp-options-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.state",
        "is-default",
        "isDefault",
        "owner-id",
        "state",
        "vpc-id",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        let of = |blocks: &[CidrBlockView], part: fn(&CidrBlockView) -> &str| {
            blocks.iter().map(|block| part(block).to_owned()).collect()
        };
        match name {
            "cidr" | "cidr-block" | "cidrBlock" => word(&self.cidr_block),
            "cidr-block-association.cidr-block" => of(&self.cidr_blocks, |block| &block.cidr_block),
            "cidr-block-association.association-id" => {
                of(&self.cidr_blocks, |block| &block.association_id)
            }
            "cidr-block-association.state" => of(&self.cidr_blocks, |block| block.state),
            "ipv6-cidr-block-association.ipv6-cidr-block" => {
                of(&self.ipv6_cidr_blocks, |block| &block.cidr_block)
            }
            "ipv6-cidr-block-association.association-id" => {
                of(&self.ipv6_cidr_blocks, |block| &block.association_id)
            }
            "ipv6-cidr-block-association.state" => of(&self.ipv6_cidr_blocks, |block| block.state),
            "dhcp-options-id" => word(&self.dhcp_options_id),
            "is-default" | "isDefault" => flag(self.is_default),
            "owner-id" => word(&self.owner_id),
            "state" => word(self.state),
            _ => word(&self.vpc_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        Some(&self.tags)
    }

    fn id(&self) -> String {
        self.vpc_id.clone()
    }
}

impl Filtered for NetworkAclView {
    const NAMES: &'static [&'static str] = &["default", "network-acl-id", "owner-id", "vpc-id"];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "default" => flag(self.is_default),
            "network-acl-id" => word(&self.network_acl_id),
            "owner-id" => word(&self.owner_id),
            _ => word(&self.vpc_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.network_acl_id.clone()
    }
}

impl Filtered for RouteTableView {
    const NAMES: &'static [&'static str] = &[
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "owner-id",
        "route-table-id",
        "vpc-id",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "association.main" => flag(true),
            "association.route-table-association-id" => word(&self.association_id),
            "association.route-table-id" | "route-table-id" => word(&self.route_table_id),
            "owner-id" => word(&self.owner_id),
            _ => word(&self.vpc_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.route_table_id.clone()
    }
}

impl Filtered for SecurityGroupView {
    const NAMES: &'static [&'static str] = &[
        "description",
        "group-id",
        "group-name",
        "owner-id",
        "vpc-id",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "description" => word(self.description),
            "group-id" => word(&self.group_id),
            "group-name" => word(self.group_name),
            "owner-id" => word(&self.owner_id),
            _ => word(&self.vpc_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.group_id.clone()
    }
}

impl Filtered for VpnGatewayView {
    const NAMES: &'static [&'static str] = &[
        "amazon-side-asn",
        "attachment.state",
        "attachment.vpc-id",
        "availability-zone",
        "state",
        "type",
        "vpn-gateway-id",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        let attachment = self.attachment.iter();
        match name {
            "amazon-side-asn" => word(&self.amazon_side_asn.to_string()),
            "attachment.state" => attachment.map(|found| found.state.to_owned()).collect(),
            "attachment.vpc-id" => attachment.map(|found| found.vpc_id.clone()).collect(),
            "availability-zone" => self.availability_zone.iter().cloned().collect(),
            "state" => word(self.state),
            "type" => word(self.gateway_type),
            _ => word(&self.vpn_gateway_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        Some(&self.tags)
    }

    fn id(&self) -> String {
        self.vpn_gateway_id.clone()
    }
}

impl Filtered for TransitGatewayView {
    const NAMES: &'static [&'static str] = &[
        "options.amazon-side-asn",
        "options.association-default-route-table-id",
        "options.auto-accept-shared-attachments",
        "options.default-route-table-association",
        "options.default-route-table-propagation",
        "options.dns-support",
        "options.propagation-default-route-table-id",
        "options.vpn-ecmp-support",
        "owner-id",
        "state",
        "transit-gateway-id",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "options.amazon-side-asn" => word(&self.amazon_side_asn.to_string()),
            "options.association-default-route-table-id" => self
                .association_default_route_table_id
                .iter()
                .cloned()
                .collect(),
            "options.auto-accept-shared-attachments" => switch(self.auto_accept_shared_attachments),
            "options.default-route-table-association" => {
                switch(self.default_route_table_association)
            }
            "options.default-route-table-propagation" => {
                switch(self.default_route_table_propagation)
            }
            "options.dns-support" => switch(self.dns_support),
            "options.propagation-default-route-table-id" => self
                .propagation_default_route_table_id
                .iter()
                .cloned()
                .collect(),
            "options.vpn-ecmp-support" => switch(self.vpn_ecmp_support),
            "owner-id" => word(&self.owner_id),
            "state" => word(self.state),
            _ => word(&self.transit_gateway_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        Some(&self.tags)
    }

    fn id(&self) -> String {
        self.transit_gateway_id.clone()
    }
}

impl Filtered for TransitGatewayAttachmentView {
    const NAMES: &'static [&'static str] = &[
        "association.state",
        "association.transit-gateway-route-table-id",
        "resource-id",
        "resource-owner-id",
        "resource-type",
        "state",
        "transit-gateway-attachment-id",
        "transit-gateway-id",
        "transit-gateway-owner-id",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        let association = self.association.iter();
        match name {
            "association.state" => association.map(|(_, state)| (*state).to_owned()).collect(),
            "association.transit-gateway-route-table-id" => {
                association.map(|(table, _)| table.clone()).collect()
            }
            "resource-id" => word(&self.resource_id),
            "resource-owner-id" => word(&self.resource_owner_id),
            "resource-type" => word(self.resource_type),
            "state" => word(self.state),
            "transit-gateway-id" => word(&self.transit_gateway_id),
            "transit-gateway-owner-id" => word(&self.transit_gateway_owner_id),
            _ => word(&self.transit_gateway_attachment_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.transit_gateway_attachment_id.clone()
    }
}

impl Filtered for TransitGatewayRouteTableView {
    const NAMES: &'static [&'static str] = &[
        "default-association-route-table",
        "default-propagation-route-table",
        "state",
        "transit-gateway-id",
        "transit-gateway-route-table-id",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "default-association-route-table" => flag(self.default_association_route_table),
            "default-propagation-route-table" => flag(self.default_propagation_route_table),
            "state" => word(self.state),
            "transit-gateway-id" => word(&self.transit_gateway_id),
            _ => word(&self.transit_gateway_route_table_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.transit_gateway_route_table_id.clone()
    }
}

impl Filtered for TagView {
    const NAMES: &'static [&'static str] = &["key", "resource-id", "resource-type", "value"];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "key" => word(&self.tag.key),
            "resource-type" => word(self.resource_type),
            "value" => word(&self.tag.value),
            _ => word(&self.resource_id),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        Some(std::slice::from_ref(&self.tag))
    }

    fn id(&self) -> String {
        format!("{} {}", self.resource_id, self.tag.key)
    }
}

impl Filtered for RegionView {
    const NAMES: &'static [&'static str] = &["endpoint", "opt-in-status", "region-name"];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "endpoint" => word(&self.region_endpoint),
            "opt-in-status" => word(self.opt_in_status),
            _ => word(&self.region_name),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.region_name.clone()
    }
}

impl Filtered for AvailabilityZoneView {
    const NAMES: &'static [&'static str] = &[
        "group-name",
        "opt-in-status",
        "region-name",
        "state",
        "zone-id",
        "zone-name",
        "zone-type",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        match name {
            "group-name" | "region-name" => word(&self.region_name),
            "opt-in-status" => word(self.opt_in_status),
            "state" => word(self.zone_state),
            "zone-id" => word(&self.zone_id),
            "zone-type" => word(self.zone_type),
            _ => word(&self.zone_name),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.zone_name.clone()
    }
}
