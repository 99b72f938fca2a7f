use demarc_domain::neighbor::{
    AvailabilityZoneView, CidrBlockAnswer, CidrBlockView, Ec2Response, Ec2Tag, NetworkAclEntryView,
    NetworkAclView, Page, RegionView, RouteTableView, RouteView, SecurityGroupView, TagView,
    TransitGatewayAttachmentView, TransitGatewayRouteAttachmentView, TransitGatewayRouteTableView,
    TransitGatewayRouteView, TransitGatewayView, VpcAttachmentView, VpcAttribute, VpcView,
    VpnGatewayView,
};
use demarc_types::Timestamp;

const OWNER: &str = "111122223333";
const VPC: &str = "vpc-0123456789abcdef0";
const TRANSIT_GATEWAY: &str = "tgw-0123456789abcdef0";
const ROUTE_TABLE: &str = "tgw-rtb-0123456789abcdef0";
const TIME: Timestamp = Timestamp::from_millis(1_769_860_800_123);

/// Every operation of EC2 with an answer.
pub(crate) fn responses() -> Vec<(&'static str, Ec2Response)> {
    let mut all = vpc_responses();
    all.extend(gateway_responses());
    all.extend(common_responses());
    all
}

fn page<T>(item: T) -> Page<T> {
    Page {
        items: vec![item],
        next_token: Some("token".to_owned()),
    }
}

fn whole<T>(items: Vec<T>) -> Page<T> {
    Page {
        items,
        next_token: None,
    }
}

fn tags() -> Vec<Ec2Tag> {
    vec![Ec2Tag {
        key: "Name".to_owned(),
        value: "a <b> & 'c' é".to_owned(),
    }]
}

fn block(block: &str) -> CidrBlockView {
    CidrBlockView {
        association_id: "vpc-cidr-assoc-0123456789abcdef0".to_owned(),
        cidr_block: block.to_owned(),
        state: "associated",
    }
}

fn block_answer(cidr: &str) -> Ec2Response {
    Ec2Response::CidrBlock(CidrBlockAnswer {
        vpc_id: VPC.to_owned(),
        is_ipv6: cidr.contains(':'),
        block: block(cidr),
    })
}

fn vpc() -> VpcView {
    VpcView {
        vpc_id: VPC.to_owned(),
        owner_id: OWNER.to_owned(),
        state: "available",
        cidr_block: "10.0.0.0/16".to_owned(),
        dhcp_options_id: "dopt-0123456789abcdef0".to_owned(),
        instance_tenancy: "default".to_owned(),
        is_default: false,
        cidr_blocks: vec![block("10.0.0.0/16"), block("10.1.0.0/16")],
        ipv6_cidr_blocks: vec![block("2001:db8::/56")],
        tags: tags(),
    }
}

fn vpc_responses() -> Vec<(&'static str, Ec2Response)> {
    let attribute = |attribute| Ec2Response::VpcAttribute {
        vpc_id: VPC.to_owned(),
        attribute,
        value: true,
    };
    let name = "DescribeVpcAttribute";
    vec![
        ("CreateVpc", Ec2Response::Vpc(vpc())),
        ("DescribeVpcs", Ec2Response::Vpcs(page(vpc()))),
        ("DescribeVpcs", Ec2Response::Vpcs(whole(Vec::new()))),
        (name, attribute(VpcAttribute::EnableDnsSupport)),
        (name, attribute(VpcAttribute::EnableDnsHostnames)),
        (
            name,
            attribute(VpcAttribute::EnableNetworkAddressUsageMetrics),
        ),
        ("ModifyVpcAttribute", Ec2Response::Done),
        ("DeleteVpc", Ec2Response::Done),
        ("AssociateVpcCidrBlock", block_answer("10.2.0.0/16")),
        ("DisassociateVpcCidrBlock", block_answer("2001:db8:1::/56")),
        (
            "DescribeNetworkAcls",
            Ec2Response::NetworkAcls(page(network_acl())),
        ),
        (
            "DescribeRouteTables",
            Ec2Response::RouteTables(page(route_table())),
        ),
        (
            "DescribeSecurityGroups",
            Ec2Response::SecurityGroups(page(SecurityGroupView {
                group_id: "sg-0123456789abcdef0".to_owned(),
                group_name: "default",
                description: "default VPC security group",
                vpc_id: VPC.to_owned(),
                owner_id: OWNER.to_owned(),
            })),
        ),
    ]
}

fn network_acl() -> NetworkAclView {
    let allow = NetworkAclEntryView {
        rule_number: 100,
        rule_action: "allow",
        egress: true,
        cidr_block: Some("0.0.0.0/0"),
        ipv6_cidr_block: None,
    };
    let deny = NetworkAclEntryView {
        rule_number: 32_767,
        rule_action: "deny",
        egress: false,
        cidr_block: None,
        ipv6_cidr_block: Some("::/0"),
    };
    NetworkAclView {
        network_acl_id: "acl-0123456789abcdef0".to_owned(),
        vpc_id: VPC.to_owned(),
        owner_id: OWNER.to_owned(),
        is_default: true,
        entries: vec![allow, deny],
    }
}

fn route_table() -> RouteTableView {
    let route = |destination: &str| RouteView {
        destination_cidr_block: destination.to_owned(),
        is_ipv6: destination.contains(':'),
        gateway_id: "local",
        origin: "CreateRouteTable",
        state: "active",
    };
    RouteTableView {
        route_table_id: "rtb-0123456789abcdef0".to_owned(),
        vpc_id: VPC.to_owned(),
        owner_id: OWNER.to_owned(),
        association_id: "rtbassoc-0123456789abcdef0".to_owned(),
        routes: vec![route("10.0.0.0/16"), route("2001:db8::/56")],
    }
}

fn vpn_gateway() -> VpnGatewayView {
    VpnGatewayView {
        vpn_gateway_id: "vgw-0123456789abcdef0".to_owned(),
        state: "available",
        gateway_type: "ipsec.1",
        availability_zone: Some("us-east-1a".to_owned()),
        amazon_side_asn: 4_294_967_294,
        attachment: Some(vpc_attachment()),
        tags: tags(),
    }
}

fn vpc_attachment() -> VpcAttachmentView {
    VpcAttachmentView {
        vpc_id: VPC.to_owned(),
        state: "attaching",
    }
}

fn transit_gateway() -> TransitGatewayView {
    TransitGatewayView {
        transit_gateway_id: TRANSIT_GATEWAY.to_owned(),
        transit_gateway_arn: format!(
            "arn:aws:ec2:us-east-1:{OWNER}:transit-gateway/{TRANSIT_GATEWAY}"
        ),
        state: "pending",
        owner_id: OWNER.to_owned(),
        description: "core".to_owned(),
        creation_time: TIME,
        amazon_side_asn: 64_512,
        auto_accept_shared_attachments: false,
        default_route_table_association: true,
        association_default_route_table_id: Some(ROUTE_TABLE.to_owned()),
        default_route_table_propagation: true,
        propagation_default_route_table_id: Some(ROUTE_TABLE.to_owned()),
        vpn_ecmp_support: true,
        dns_support: true,
        security_group_referencing_support: false,
        multicast_support: false,
        transit_gateway_cidr_blocks: vec!["10.9.0.0/24".to_owned()],
        tags: tags(),
    }
}

fn gateway_responses() -> Vec<(&'static str, Ec2Response)> {
    let transit = || Ec2Response::TransitGateway(transit_gateway());
    vec![
        ("CreateVpnGateway", Ec2Response::VpnGateway(vpn_gateway())),
        (
            "DescribeVpnGateways",
            Ec2Response::VpnGateways(whole(vec![vpn_gateway(), vpn_gateway()])),
        ),
        (
            "AttachVpnGateway",
            Ec2Response::VpcAttachment(vpc_attachment()),
        ),
        ("DetachVpnGateway", Ec2Response::Done),
        ("DeleteVpnGateway", Ec2Response::Done),
        ("CreateTransitGateway", transit()),
        ("ModifyTransitGateway", transit()),
        ("DeleteTransitGateway", transit()),
        (
            "DescribeTransitGateways",
            Ec2Response::TransitGateways(page(transit_gateway())),
        ),
        (
            "DescribeTransitGatewayAttachments",
            Ec2Response::TransitGatewayAttachments(page(transit_gateway_attachment())),
        ),
        (
            "DescribeTransitGatewayRouteTables",
            Ec2Response::TransitGatewayRouteTables(page(TransitGatewayRouteTableView {
                transit_gateway_route_table_id: ROUTE_TABLE.to_owned(),
                transit_gateway_id: TRANSIT_GATEWAY.to_owned(),
                state: "available",
                default_association_route_table: true,
                default_propagation_route_table: true,
                creation_time: TIME,
            })),
        ),
        (
            "SearchTransitGatewayRoutes",
            Ec2Response::TransitGatewayRoutes {
                routes: vec![transit_gateway_route()],
                additional_routes_available: false,
            },
        ),
    ]
}

fn transit_gateway_attachment() -> TransitGatewayAttachmentView {
    TransitGatewayAttachmentView {
        transit_gateway_attachment_id: "tgw-attach-0123456789abcdef0".to_owned(),
        transit_gateway_id: TRANSIT_GATEWAY.to_owned(),
        transit_gateway_owner_id: OWNER.to_owned(),
        resource_owner_id: OWNER.to_owned(),
        resource_type: "direct-connect-gateway",
        resource_id: "be85116d-46eb-4b43-a27a-da0c2ad648de".to_owned(),
        state: "available",
        association: Some((ROUTE_TABLE.to_owned(), "associated")),
        creation_time: TIME,
    }
}

fn transit_gateway_route() -> TransitGatewayRouteView {
    let attachment = transit_gateway_attachment();
    TransitGatewayRouteView {
        destination_cidr_block: "192.0.2.0/24".to_owned(),
        attachments: vec![TransitGatewayRouteAttachmentView {
            resource_id: attachment.resource_id,
            transit_gateway_attachment_id: attachment.transit_gateway_attachment_id,
            resource_type: attachment.resource_type,
        }],
        route_type: "propagated",
        state: "active",
    }
}

fn common_responses() -> Vec<(&'static str, Ec2Response)> {
    let tag = TagView {
        tag: tags().remove(0),
        resource_id: VPC.to_owned(),
        resource_type: "vpc",
    };
    let region = RegionView {
        region_name: "us-east-1".to_owned(),
        region_endpoint: "ec2.us-east-1.amazonaws.com".to_owned(),
        opt_in_status: "opt-in-not-required",
    };
    let zone = AvailabilityZoneView {
        zone_name: "us-east-1a".to_owned(),
        zone_id: "use1-az1".to_owned(),
        region_name: "us-east-1".to_owned(),
        zone_state: "available",
        opt_in_status: "opt-in-not-required",
        zone_type: "availability-zone",
    };
    vec![
        ("CreateTags", Ec2Response::Done),
        ("DeleteTags", Ec2Response::Done),
        ("DescribeTags", Ec2Response::Tags(page(tag))),
        ("DescribeRegions", Ec2Response::Regions(whole(vec![region]))),
        (
            "DescribeAvailabilityZones",
            Ec2Response::AvailabilityZones(whole(vec![zone])),
        ),
    ]
}
