//! Requests as botocore writes them (`tests/fixtures/requests.txt`), and refusals.

use super::*;
use crate::parameters::Node;

const RECORDED: &str = include_str!("../../tests/fixtures/requests.txt");

/// The recorded request for an operation.
fn recorded(operation: &str) -> Call {
    let form = RECORDED
        .lines()
        .filter_map(|line| line.strip_prefix("ec2\t"))
        .find_map(|line| line.strip_prefix(operation)?.strip_prefix('\t'))
        .unwrap_or_else(|| panic!("{operation} is recorded"));
    Call::read(&Node::parse(form.as_bytes()).unwrap())
        .unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn read(form: &str) -> Result<Call, Error> {
    Call::read(&Node::parse(form.as_bytes()).unwrap())
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn tags() -> Vec<Tag> {
    [("Name", "a b&c"), ("env", "")]
        .map(|(key, value)| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        })
        .to_vec()
}

/// What the recorded `Describe...` calls ask for beside their ids.
fn describe(ids: &[&str]) -> Describe {
    Describe {
        ids: strings(ids),
        filters: vec![
            Filter {
                name: "vpc-id".to_owned(),
                values: strings(&["vpc-1", "vpc-2"]),
            },
            Filter {
                name: "tag:Name".to_owned(),
                values: strings(&["x*"]),
            },
        ],
        page: PageRequest::default(),
    }
}

#[test]
fn every_recorded_request_is_the_operation_that_it_names() {
    let mut count = 0;
    for line in RECORDED.lines().filter(|line| line.starts_with("ec2\t")) {
        let operation = line.split('\t').nth(1).unwrap();
        assert_eq!(recorded(operation).request.action(), operation);
        count += 1;
    }
    assert_eq!(count, 27);
}

#[test]
fn vpc_requests_are_read() {
    let call = recorded("CreateVpc");
    assert!(!call.dry_run);
    assert_eq!(
        call.request,
        Request::CreateVpc(CreateVpc {
            cidr_block: "10.0.0.0/16".to_owned(),
            instance_tenancy: Some("default".to_owned()),
            amazon_provided_ipv6_cidr_block: true,
            ipv6_cidr_block: None,
            tags: tags(),
        })
    );
    let page = PageRequest {
        max_results: Some(5),
        next_token: Some("t".to_owned()),
    };
    assert_eq!(
        recorded("DescribeVpcs").request,
        Request::DescribeVpcs(Describe {
            page,
            ..describe(&["vpc-1", "vpc-2"])
        })
    );
    assert_eq!(
        recorded("DescribeVpcAttribute").request,
        Request::DescribeVpcAttribute {
            vpc_id: "vpc-1".to_owned(),
            attribute: VpcAttribute::EnableDnsSupport,
        }
    );
    assert_eq!(
        recorded("ModifyVpcAttribute").request,
        Request::ModifyVpcAttribute(ModifyVpcAttribute {
            vpc_id: "vpc-1".to_owned(),
            enable_dns_support: None,
            enable_dns_hostnames: Some(true),
            enable_network_address_usage_metrics: None,
        })
    );
    assert!(recorded("DeleteVpc").dry_run);
    assert_eq!(
        recorded("AssociateVpcCidrBlock").request,
        Request::AssociateVpcCidrBlock(AssociateVpcCidrBlock {
            vpc_id: "vpc-1".to_owned(),
            cidr_block: Some("10.1.0.0/16".to_owned()),
            ipv6_cidr_block: None,
            amazon_provided_ipv6_cidr_block: false,
        })
    );
    assert_eq!(
        recorded("DisassociateVpcCidrBlock").request,
        Request::DisassociateVpcCidrBlock {
            association_id: "vpc-cidr-assoc-1".to_owned(),
        }
    );
}

#[test]
fn the_defaults_of_a_vpc_are_described_by_id_and_filter() {
    assert_eq!(
        recorded("DescribeNetworkAcls").request,
        Request::DescribeNetworkAcls(describe(&["acl-1"]))
    );
    assert_eq!(
        recorded("DescribeRouteTables").request,
        Request::DescribeRouteTables(describe(&["rtb-1"]))
    );
    assert_eq!(
        recorded("DescribeSecurityGroups").request,
        Request::DescribeSecurityGroups {
            describe: describe(&["sg-1"]),
            names: strings(&["default"]),
        }
    );
}

#[test]
fn vpn_gateway_requests_are_read() {
    assert_eq!(
        recorded("CreateVpnGateway").request,
        Request::CreateVpnGateway(CreateVpnGateway {
            amazon_side_asn: Some(4_200_000_000),
            availability_zone: Some("us-east-1a".to_owned()),
            tags: tags(),
        })
    );
    assert_eq!(
        recorded("DescribeVpnGateways").request,
        Request::DescribeVpnGateways(describe(&["vgw-1"]))
    );
    let attachment = Attachment {
        vpc_id: "vpc-1".to_owned(),
        vpn_gateway_id: "vgw-1".to_owned(),
    };
    assert_eq!(
        recorded("AttachVpnGateway").request,
        Request::AttachVpnGateway(attachment.clone())
    );
    assert_eq!(
        recorded("DetachVpnGateway").request,
        Request::DetachVpnGateway(attachment)
    );
}

#[test]
fn transit_gateway_requests_are_read() {
    let options = TransitGatewayOptions {
        amazon_side_asn: Some(64_513),
        auto_accept_shared_attachments: Some(true),
        default_route_table_association: Some(false),
        default_route_table_propagation: Some(false),
        vpn_ecmp_support: Some(true),
        dns_support: Some(true),
        security_group_referencing_support: Some(false),
        multicast_support: Some(false),
    };
    assert_eq!(
        recorded("CreateTransitGateway").request,
        Request::CreateTransitGateway(CreateTransitGateway {
            description: Some("d".to_owned()),
            options,
            cidr_blocks: strings(&["10.9.0.0/24"]),
            tags: tags(),
        })
    );
    assert_eq!(
        recorded("ModifyTransitGateway").request,
        Request::ModifyTransitGateway(ModifyTransitGateway {
            transit_gateway_id: "tgw-1".to_owned(),
            description: Some(String::new()),
            options: TransitGatewayOptions {
                dns_support: Some(false),
                ..TransitGatewayOptions::default()
            },
            add_cidr_blocks: strings(&["10.9.1.0/24"]),
            remove_cidr_blocks: strings(&["10.9.0.0/24"]),
            association_default_route_table_id: Some("tgw-rtb-1".to_owned()),
            propagation_default_route_table_id: Some("tgw-rtb-2".to_owned()),
        })
    );
    assert_eq!(
        recorded("DescribeTransitGateways").request,
        Request::DescribeTransitGateways(describe(&["tgw-1"]))
    );
    assert_eq!(
        recorded("DescribeTransitGatewayAttachments").request,
        Request::DescribeTransitGatewayAttachments(describe(&["tgw-attach-1"]))
    );
    assert_eq!(
        recorded("DescribeTransitGatewayRouteTables").request,
        Request::DescribeTransitGatewayRouteTables(describe(&["tgw-rtb-1"]))
    );
    let Request::SearchTransitGatewayRoutes(search) =
        recorded("SearchTransitGatewayRoutes").request
    else {
        panic!("another operation");
    };
    assert_eq!(search.transit_gateway_route_table_id, "tgw-rtb-1");
    assert_eq!(search.filters, describe(&[]).filters);
    assert_eq!(search.page.max_results, Some(10));
}

#[test]
fn tag_requests_are_read() {
    assert_eq!(
        recorded("CreateTags").request,
        Request::CreateTags(Tagging {
            resources: strings(&["vpc-1", "vgw-1"]),
            tags: tags(),
        })
    );
    assert_eq!(
        recorded("DeleteTags").request,
        Request::DeleteTags(Untagging {
            resources: strings(&["vpc-1"]),
            tags: vec![
                ("Name".to_owned(), None),
                ("env".to_owned(), Some(String::new()))
            ],
        })
    );
}

#[test]
fn places_are_described_by_name() {
    let Request::DescribeRegions { describe, all } = recorded("DescribeRegions").request else {
        panic!("another operation");
    };
    assert_eq!((describe.ids, all), (strings(&["us-east-1"]), true));
    let Request::DescribeAvailabilityZones { describe, zone_ids } =
        recorded("DescribeAvailabilityZones").request
    else {
        panic!("another operation");
    };
    assert_eq!(
        (describe.ids, zone_ids),
        (strings(&["us-east-1a"]), strings(&["use1-az1"]))
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
            "Action=CreateVpc",
            "MissingParameter",
            "The request must contain the parameter CidrBlock",
        ),
        (
            "Action=CreateVpnGateway&Type=ipsec.2",
            "InvalidParameterValue",
            "Value (ipsec.2) for parameter type is invalid. Use ipsec.1.",
        ),
        (
            "Action=CreateVpnGateway&Type=ipsec.1&AmazonSideAsn=4294967296",
            "InvalidParameterValue",
            "Value (4294967296) for parameter AmazonSideAsn is invalid. A number in range is expected.",
        ),
        (
            "Action=DeleteVpc&VpcId=vpc-1&DryRun=perhaps",
            "InvalidParameterValue",
            "Value (perhaps) for parameter DryRun is invalid. Use true or false.",
        ),
        (
            "Action=CreateVpc&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=subnet",
            "InvalidParameterValue",
            "'subnet' is not a valid taggable resource type for this operation.",
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
        let error = read(form).unwrap_err();
        assert_eq!(error.code(), code, "{form}");
        assert_eq!(error.to_string(), message, "{form}");
        assert_eq!(error.status(), 400);
    }
}

#[test]
fn what_does_not_exist_is_named_by_its_kind() {
    let missing = |kind, id: &str| {
        let error = Error::NotFound {
            kind,
            id: id.to_owned(),
        };
        (error.code(), error.to_string())
    };
    let rows = [
        (
            missing(IdKind::Vpc, "vpc-1"),
            "InvalidVpcID.NotFound",
            "The vpc ID 'vpc-1' does not exist",
        ),
        (
            missing(IdKind::VpnGateway, "vgw-1"),
            "InvalidVpnGatewayID.NotFound",
            "The vpnGateway ID 'vgw-1' does not exist",
        ),
        (
            missing(IdKind::TransitGateway, "tgw-1"),
            "InvalidTransitGatewayID.NotFound",
            "Transit Gateway tgw-1 was deleted or does not exist.",
        ),
    ];
    for ((code, message), expected_code, expected_message) in rows {
        assert_eq!(
            (code.as_str(), message.as_str()),
            (expected_code, expected_message)
        );
    }
    let malformed = Error::MalformedId {
        kind: IdKind::Vpc,
        id: "x".to_owned(),
        expected: "vpc-",
    };
    assert_eq!(malformed.code(), "InvalidVpcID.Malformed");
    assert_eq!(
        malformed.to_string(),
        "Invalid id: \"x\" (expecting \"vpc-...\")"
    );
    assert_eq!(Error::DryRunOperation.status(), 412);
}

#[test]
fn documents_have_the_frame_of_ec2() {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(
        text(Response::DeleteVpc.to_xml("r-1")),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <DeleteVpcResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>r-1</requestId><return>true</return></DeleteVpcResponse>"
    );
    assert_eq!(
        text(Error::InvalidFilter("<x>".to_owned()).to_xml("r-2")),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>InvalidFilter</Code>\
         <Message>The filter &apos;&lt;x&gt;&apos; is invalid</Message></Error></Errors>\
         <RequestID>r-2</RequestID></Response>"
    );
}
