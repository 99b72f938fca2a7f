//! Requests as botocore writes them (`tests/fixtures/requests.txt`), and refusals.

use demarc_domain::neighbor::{
    CidrBlockOrder, Describe, Ec2Error, Ec2Request, Ec2Response, Ec2Tag, Filter,
    ModifyTransitGateway, SearchRoutes, TagSpecification, TagToDelete, TransitGatewayChanges,
    TransitGatewayOrder, VpcAttribute, VpcOrder, VpnGatewayOrder,
};

use super::*;
use crate::parameters::Node;

const RECORDED: &str = include_str!("../../tests/fixtures/requests.txt");

/// The recorded request for an operation.
fn recorded(operation: &str) -> Ec2Request {
    recorded_call(operation).request
}

fn recorded_call(operation: &str) -> Call {
    let form = RECORDED
        .lines()
        .filter_map(|line| line.strip_prefix("ec2\t"))
        .find_map(|line| line.strip_prefix(operation)?.strip_prefix('\t'))
        .unwrap_or_else(|| panic!("{operation} is recorded"));
    read_form(form).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn read_form(form: &str) -> Result<Call, Error> {
    read(&Node::parse(form.as_bytes()).unwrap())
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn tags() -> Vec<Ec2Tag> {
    [("Name", "a b&c"), ("env", "")]
        .map(|(key, value)| Ec2Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        })
        .to_vec()
}

fn tag_specifications(resource_type: &str) -> Vec<TagSpecification> {
    vec![TagSpecification {
        resource_type: resource_type.to_owned(),
        tags: tags(),
    }]
}

fn filters() -> Vec<Filter> {
    let filter = |name: &str, values: &[&str]| Filter {
        name: name.to_owned(),
        values: strings(values),
    };
    vec![
        filter("vpc-id", &["vpc-1", "vpc-2"]),
        filter("tag:Name", &["x*"]),
    ]
}

/// What the recorded `Describe...` calls ask for.
fn describe(ids: &[&str]) -> Describe {
    Describe {
        ids: strings(ids),
        filters: filters(),
        ..Describe::default()
    }
}

#[test]
fn every_recorded_request_is_the_operation_that_it_names() {
    let mut count = 0;
    for line in RECORDED.lines().filter(|line| line.starts_with("ec2\t")) {
        let operation = line.split('\t').nth(1).unwrap();
        assert_eq!(recorded(operation).name(), operation);
        assert_eq!(recorded_call(operation).dry_run, operation == "DeleteVpc");
        count += 1;
    }
    assert_eq!(count, 27);
}

#[test]
fn vpc_requests_are_read() {
    assert_eq!(
        recorded("CreateVpc"),
        Ec2Request::CreateVpc(VpcOrder {
            cidr_block: Some("10.0.0.0/16".to_owned()),
            amazon_provided_ipv6_cidr_block: true,
            instance_tenancy: Some("default".to_owned()),
            tag_specifications: tag_specifications("vpc"),
        })
    );
    assert_eq!(
        recorded("DescribeVpcs"),
        Ec2Request::DescribeVpcs(Describe {
            max_results: Some(5),
            next_token: Some("t".to_owned()),
            ..describe(&["vpc-1", "vpc-2"])
        })
    );
    assert_eq!(
        recorded("DescribeVpcAttribute"),
        Ec2Request::DescribeVpcAttribute {
            vpc_id: "vpc-1".to_owned(),
            attribute: VpcAttribute::EnableDnsSupport,
        }
    );
    assert_eq!(
        recorded("ModifyVpcAttribute"),
        Ec2Request::ModifyVpcAttribute {
            vpc_id: "vpc-1".to_owned(),
            attribute: VpcAttribute::EnableDnsHostnames,
            value: true,
        }
    );
    assert_eq!(
        recorded("AssociateVpcCidrBlock"),
        Ec2Request::AssociateVpcCidrBlock {
            vpc_id: "vpc-1".to_owned(),
            block: CidrBlockOrder {
                cidr_block: Some("10.1.0.0/16".to_owned()),
                amazon_provided_ipv6_cidr_block: false,
            },
        }
    );
    assert_eq!(
        recorded("DisassociateVpcCidrBlock"),
        Ec2Request::DisassociateVpcCidrBlock {
            association_id: "vpc-cidr-assoc-1".to_owned(),
        }
    );
    assert_eq!(
        recorded("DeleteVpc"),
        Ec2Request::DeleteVpc {
            vpc_id: "vpc-1".to_owned(),
        }
    );
}

#[test]
fn the_defaults_of_a_vpc_are_described_by_id_and_filter() {
    assert_eq!(
        recorded("DescribeNetworkAcls"),
        Ec2Request::DescribeNetworkAcls(describe(&["acl-1"]))
    );
    assert_eq!(
        recorded("DescribeRouteTables"),
        Ec2Request::DescribeRouteTables(describe(&["rtb-1"]))
    );
    let mut groups = describe(&["sg-1"]);
    groups.filters.push(Filter {
        name: "group-name".to_owned(),
        values: strings(&["default"]),
    });
    assert_eq!(
        recorded("DescribeSecurityGroups"),
        Ec2Request::DescribeSecurityGroups(groups)
    );
}

#[test]
fn vpn_gateway_requests_are_read() {
    assert_eq!(
        recorded("CreateVpnGateway"),
        Ec2Request::CreateVpnGateway(VpnGatewayOrder {
            gateway_type: Some("ipsec.1".to_owned()),
            amazon_side_asn: Some(4_200_000_000),
            availability_zone: Some("us-east-1a".to_owned()),
            tag_specifications: tag_specifications("vpn-gateway"),
        })
    );
    assert_eq!(
        recorded("DescribeVpnGateways"),
        Ec2Request::DescribeVpnGateways(describe(&["vgw-1"]))
    );
    assert_eq!(
        recorded("AttachVpnGateway"),
        Ec2Request::AttachVpnGateway {
            vpn_gateway_id: "vgw-1".to_owned(),
            vpc_id: "vpc-1".to_owned(),
        }
    );
    assert_eq!(
        recorded("DetachVpnGateway"),
        Ec2Request::DetachVpnGateway {
            vpn_gateway_id: "vgw-1".to_owned(),
            vpc_id: "vpc-1".to_owned(),
        }
    );
    assert_eq!(
        recorded("DeleteVpnGateway"),
        Ec2Request::DeleteVpnGateway {
            vpn_gateway_id: "vgw-1".to_owned(),
        }
    );
}

#[test]
fn transit_gateways_are_ordered_and_modified() {
    assert_eq!(
        recorded("CreateTransitGateway"),
        Ec2Request::CreateTransitGateway(TransitGatewayOrder {
            description: Some("d".to_owned()),
            options: TransitGatewayChanges {
                amazon_side_asn: Some(64_513),
                auto_accept_shared_attachments: Some(true),
                default_route_table_association: Some(false),
                default_route_table_propagation: Some(false),
                vpn_ecmp_support: Some(true),
                dns_support: Some(true),
                security_group_referencing_support: Some(false),
                multicast_support: Some(false),
                add_cidr_blocks: strings(&["10.9.0.0/24"]),
                remove_cidr_blocks: Vec::new(),
            },
            tag_specifications: tag_specifications("transit-gateway"),
        })
    );
    assert_eq!(
        recorded("ModifyTransitGateway"),
        Ec2Request::ModifyTransitGateway(ModifyTransitGateway {
            transit_gateway_id: "tgw-1".to_owned(),
            description: Some(String::new()),
            options: TransitGatewayChanges {
                dns_support: Some(false),
                add_cidr_blocks: strings(&["10.9.1.0/24"]),
                remove_cidr_blocks: strings(&["10.9.0.0/24"]),
                ..TransitGatewayChanges::default()
            },
        })
    );
    assert_eq!(
        recorded("DeleteTransitGateway"),
        Ec2Request::DeleteTransitGateway {
            transit_gateway_id: "tgw-1".to_owned(),
        }
    );
}

#[test]
fn transit_gateways_are_described() {
    assert_eq!(
        recorded("DescribeTransitGateways"),
        Ec2Request::DescribeTransitGateways(describe(&["tgw-1"]))
    );
    assert_eq!(
        recorded("DescribeTransitGatewayAttachments"),
        Ec2Request::DescribeTransitGatewayAttachments(describe(&["tgw-attach-1"]))
    );
    assert_eq!(
        recorded("DescribeTransitGatewayRouteTables"),
        Ec2Request::DescribeTransitGatewayRouteTables(describe(&["tgw-rtb-1"]))
    );
    assert_eq!(
        recorded("SearchTransitGatewayRoutes"),
        Ec2Request::SearchTransitGatewayRoutes(SearchRoutes {
            transit_gateway_route_table_id: "tgw-rtb-1".to_owned(),
            filters: filters(),
            max_results: Some(10),
        })
    );
}

#[test]
fn tag_requests_are_read() {
    assert_eq!(
        recorded("CreateTags"),
        Ec2Request::CreateTags {
            resources: strings(&["vpc-1", "vgw-1"]),
            tags: tags(),
        }
    );
    let tag = |key: &str, value: Option<&str>| TagToDelete {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    assert_eq!(
        recorded("DeleteTags"),
        Ec2Request::DeleteTags {
            resources: strings(&["vpc-1"]),
            tags: vec![tag("Name", None), tag("env", Some(""))],
        }
    );
    assert_eq!(
        recorded("DescribeTags"),
        Ec2Request::DescribeTags(Describe {
            max_results: Some(5),
            ..describe(&[])
        })
    );
}

#[test]
fn places_are_described_by_name() {
    let named = |ids: &[&str]| Describe {
        ids: strings(ids),
        ..Describe::default()
    };
    assert_eq!(
        recorded("DescribeRegions"),
        Ec2Request::DescribeRegions(named(&["us-east-1"]))
    );
    assert_eq!(
        recorded("DescribeAvailabilityZones"),
        Ec2Request::DescribeAvailabilityZones(named(&["us-east-1a", "use1-az1"]))
    );
}

#[test]
fn faults_have_codes_and_sentences() {
    let rows = [
        (
            "Version=2016-11-15",
            "MissingAction",
            "The request must contain the parameter Action",
        ),
        (
            "Action=RunInstances",
            "InvalidAction",
            "The action RunInstances is not valid for this web service.",
        ),
        (
            "Action=DeleteVpc&VpcId=",
            "MissingParameter",
            "The request must contain the parameter VpcId",
        ),
        (
            "Action=CreateVpnGateway&Type=ipsec.1&AmazonSideAsn=many",
            "InvalidParameterValue",
            "Value (many) for parameter AmazonSideAsn is invalid. A number in range is expected.",
        ),
        (
            "Action=DeleteVpc&VpcId=vpc-1&DryRun=perhaps",
            "InvalidParameterValue",
            "Value (perhaps) for parameter DryRun is invalid. Use true or false.",
        ),
        (
            "Action=DescribeVpcAttribute&VpcId=vpc-1&Attribute=colour",
            "InvalidParameterValue",
            "Value (colour) for parameter attribute is invalid. Use enableDnsSupport, \
             enableDnsHostnames or enableNetworkAddressUsageMetrics.",
        ),
        (
            "Action=ModifyVpcAttribute&VpcId=vpc-1&EnableDnsSupport.Value=true&EnableDnsHostnames.Value=true",
            "InvalidParameterCombination",
            "Exactly one of the attributes of the VPC must be given",
        ),
        (
            "Action=CreateTransitGateway&Options.DnsSupport=on",
            "InvalidParameterValue",
            "Value (on) for parameter Options.DnsSupport is invalid. Use enable or disable.",
        ),
        (
            "Action=SearchTransitGatewayRoutes&TransitGatewayRouteTableId=x",
            "MissingParameter",
            "The request must contain the parameter Filters",
        ),
        (
            "Action=CreateTags&Tag.1.Key=a",
            "MissingParameter",
            "The request must contain the parameter ResourceId",
        ),
    ];
    for (form, code, message) in rows {
        let error = read_form(form).unwrap_err();
        assert_eq!(error.code(), code, "{form}");
        assert_eq!(error.to_string(), message, "{form}");
    }
}

#[test]
fn documents_have_the_frame_of_ec2() {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(
        text(answer("DeleteVpc", &Ec2Response::Done, "r-1")),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <DeleteVpcResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>r-1</requestId><return>true</return></DeleteVpcResponse>"
    );
    assert_eq!(
        text(refusal(&Ec2Error::VpcNotFound("<x>".to_owned()), "r-2")),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error>\
         <Code>InvalidVpcID.NotFound</Code>\
         <Message>The vpc ID &apos;&lt;x&gt;&apos; does not exist</Message></Error></Errors>\
         <RequestID>r-2</RequestID></Response>"
    );
}
