//! VPCs and what they have from the start.

use super::tag;
use crate::neighbor::testing::{by_filters, by_ids, filter};
use crate::neighbor::{
    CidrBlockAnswer, CidrBlockOrder, Describe, Ec2Request, Ec2Response, TagSpecification,
    VpcAttribute, VpcOrder, VpcView,
};
use crate::testing::{ALICE, BOB, Lab};

fn create(lab: &mut Lab, order: VpcOrder) -> VpcView {
    match lab.ec2(ALICE, Ec2Request::CreateVpc(order)) {
        Ec2Response::Vpc(vpc) => vpc,
        other => panic!("{other:?}"),
    }
}

fn order(cidr: &str) -> VpcOrder {
    VpcOrder {
        cidr_block: Some(cidr.to_owned()),
        ..VpcOrder::default()
    }
}

fn list(lab: &mut Lab, account: &str, input: Describe) -> Vec<VpcView> {
    match lab.ec2(account, Ec2Request::DescribeVpcs(input)) {
        Ec2Response::Vpcs(page) => page.items,
        other => panic!("{other:?}"),
    }
}

fn associate(lab: &mut Lab, vpc: &str, block: CidrBlockOrder) -> CidrBlockAnswer {
    let vpc_id = vpc.to_owned();
    match lab.ec2(ALICE, Ec2Request::AssociateVpcCidrBlock { vpc_id, block }) {
        Ec2Response::CidrBlock(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn ipv4(cidr: &str) -> CidrBlockOrder {
    CidrBlockOrder {
        cidr_block: Some(cidr.to_owned()),
        ..CidrBlockOrder::default()
    }
}

fn ipv6() -> CidrBlockOrder {
    CidrBlockOrder {
        cidr_block: None,
        amazon_provided_ipv6_cidr_block: true,
    }
}

#[test]
fn a_new_vpc_is_pending_in_the_answer_and_available_ever_after() {
    let mut lab = Lab::new();
    let made = create(
        &mut lab,
        VpcOrder {
            tag_specifications: vec![TagSpecification {
                resource_type: "vpc".to_owned(),
                tags: vec![tag("Name", "one")],
            }],
            ..order("10.255.255.0/28")
        },
    );
    assert_eq!(
        (made.state, &*made.cidr_block),
        ("pending", "10.255.255.0/28")
    );
    assert_eq!(
        (&*made.instance_tenancy, made.is_default),
        ("default", false)
    );
    assert!(made.vpc_id.len() == 21 && made.dhcp_options_id.starts_with("dopt-"));
    assert_eq!(made.tags, [tag("Name", "one")]);
    let seen = list(&mut lab, ALICE, by_ids(&[&made.vpc_id]));
    assert_eq!(
        seen,
        [VpcView {
            state: "available",
            ..made
        }]
    );
}

#[test]
fn vpcs_are_refused_row_by_row() {
    let mut lab = Lab::new();
    let with = |change: fn(&mut VpcOrder)| {
        let mut order = order("10.0.0.0/16");
        change(&mut order);
        order
    };
    for (name, order, code) in [
        ("no CIDR", VpcOrder::default(), "MissingParameter"),
        ("too wide", order("10.0.0.0/15"), "InvalidVpc.Range"),
        ("too narrow", order("10.0.0.0/29"), "InvalidVpc.Range"),
        ("no CIDR block", order("10.0.0.0"), "InvalidParameterValue"),
        ("IPv6", order("2001:db8::/56"), "InvalidParameterValue"),
        (
            "tenancy",
            with(|order| order.instance_tenancy = Some("host".to_owned())),
            "InvalidParameterValue",
        ),
        (
            "tags of another kind",
            with(|order| {
                order.tag_specifications = vec![TagSpecification {
                    resource_type: "subnet".to_owned(),
                    tags: vec![],
                }];
            }),
            "InvalidParameterValue",
        ),
        (
            "a key twice",
            with(|order| {
                order.tag_specifications = vec![TagSpecification {
                    resource_type: "vpc".to_owned(),
                    tags: vec![tag("a", "1"), tag("a", "2")],
                }];
            }),
            "InvalidParameterValue",
        ),
    ] {
        let refused = lab.ec2_refused(ALICE, Ec2Request::CreateVpc(order));
        assert_eq!(refused.0, code, "{name}");
    }
}

#[test]
fn host_bits_of_a_cidr_are_cut_off() {
    let mut lab = Lab::new();
    assert_eq!(
        create(&mut lab, order("10.0.3.7/16")).cidr_block,
        "10.0.0.0/16"
    );
}

#[test]
fn filters_choose_vpcs() {
    let mut lab = Lab::new();
    let one = lab.vpc(ALICE, "10.0.0.0/16");
    let two = lab.vpc(ALICE, "10.1.0.0/16");
    lab.ec2(
        ALICE,
        Ec2Request::CreateTags {
            resources: vec![two.clone()],
            tags: vec![tag("Name", "second")],
        },
    );
    let second = associate(&mut lab, &one, ipv4("10.9.0.0/16")).block;
    for (name, value, expected) in [
        ("vpc-id", &*one, vec![&one]),
        ("cidr", "10.1.0.0/16", vec![&two]),
        (
            "cidr-block-association.cidr-block",
            "10.9.0.0/16",
            vec![&one],
        ),
        (
            "cidr-block-association.association-id",
            &second.association_id,
            vec![&one],
        ),
        ("state", "available", vec![&one, &two]),
        ("state", "pending", vec![]),
        ("is-default", "false", vec![&one, &two]),
        ("isDefault", "true", vec![]),
        ("owner-id", ALICE, vec![&one, &two]),
        ("tag:Name", "sec*", vec![&two]),
        ("tag:name", "second", vec![]),
        ("tag-key", "Name", vec![&two]),
    ] {
        let found = list(&mut lab, ALICE, by_filters(vec![filter(name, value)]));
        let ids: Vec<&String> = found.iter().map(|vpc| &vpc.vpc_id).collect();
        assert_eq!(ids, expected, "{name}={value}");
    }
    assert!(list(&mut lab, BOB, Describe::default()).is_empty());
    lab.go_to("us-west-2");
    assert!(list(&mut lab, ALICE, Describe::default()).is_empty());
}

#[test]
fn a_foreign_vpc_does_not_exist() {
    let mut lab = Lab::new();
    let vpc = lab.vpc(ALICE, "10.0.0.0/16");
    let vgw = lab.vpn_gateway(BOB);
    let attribute = VpcAttribute::EnableDnsSupport;
    for request in [
        Ec2Request::DescribeVpcs(by_ids(&[&vpc])),
        Ec2Request::DescribeVpcAttribute {
            vpc_id: vpc.clone(),
            attribute,
        },
        Ec2Request::ModifyVpcAttribute {
            vpc_id: vpc.clone(),
            attribute,
            value: false,
        },
        Ec2Request::AssociateVpcCidrBlock {
            vpc_id: vpc.clone(),
            block: ipv4("10.1.0.0/16"),
        },
        Ec2Request::DeleteVpc {
            vpc_id: vpc.clone(),
        },
        Ec2Request::AttachVpnGateway {
            vpn_gateway_id: vgw,
            vpc_id: vpc.clone(),
        },
    ] {
        let name = request.name();
        assert_eq!(
            lab.ec2_refused(BOB, request),
            (
                "InvalidVpcID.NotFound".to_owned(),
                format!("The vpc ID '{vpc}' does not exist")
            ),
            "{name}"
        );
    }
}

#[test]
fn attributes_have_their_defaults_and_can_be_set() {
    let mut lab = Lab::new();
    let vpc_id = lab.vpc(ALICE, "10.0.0.0/16");
    for (attribute, default) in [
        (VpcAttribute::EnableDnsSupport, true),
        (VpcAttribute::EnableDnsHostnames, false),
        (VpcAttribute::EnableNetworkAddressUsageMetrics, false),
    ] {
        for expected in [default, !default] {
            let vpc_id = vpc_id.clone();
            let answer = lab.ec2(
                ALICE,
                Ec2Request::DescribeVpcAttribute {
                    vpc_id: vpc_id.clone(),
                    attribute,
                },
            );
            assert_eq!(
                answer,
                Ec2Response::VpcAttribute {
                    vpc_id: vpc_id.clone(),
                    attribute,
                    value: expected
                }
            );
            let value = !default;
            lab.ec2(
                ALICE,
                Ec2Request::ModifyVpcAttribute {
                    vpc_id,
                    attribute,
                    value,
                },
            );
        }
        assert_eq!(VpcAttribute::parse(attribute.as_str()), Some(attribute));
    }
}

#[test]
fn blocks_come_and_go_but_for_the_first() {
    let mut lab = Lab::new();
    let vpc = create(
        &mut lab,
        VpcOrder {
            amazon_provided_ipv6_cidr_block: true,
            ..order("10.0.0.0/16")
        },
    );
    let first = &vpc.ipv6_cidr_blocks[0];
    assert_eq!(first.state, "associating");
    assert!(first.cidr_block.ends_with("/56"), "{}", first.cidr_block);
    let second = associate(&mut lab, &vpc.vpc_id, ipv6());
    assert!(second.is_ipv6 && second.block.cidr_block != first.cidr_block);
    let third = associate(&mut lab, &vpc.vpc_id, ipv4("10.1.0.0/16"));
    assert_eq!((third.is_ipv6, third.block.state), (false, "associating"));
    let seen = &list(&mut lab, ALICE, Describe::default())[0];
    assert_eq!(
        (seen.cidr_blocks.len(), seen.ipv6_cidr_blocks.len()),
        (2, 2)
    );
    assert!(
        seen.cidr_blocks
            .iter()
            .all(|block| block.state == "associated")
    );

    let refused = |lab: &mut Lab, block| {
        let vpc_id = vpc.vpc_id.clone();
        lab.ec2_refused(ALICE, Ec2Request::AssociateVpcCidrBlock { vpc_id, block })
            .0
    };
    assert_eq!(refused(&mut lab, ipv4("10.1.128.0/20")), "CidrConflict");
    assert_eq!(
        refused(&mut lab, CidrBlockOrder::default()),
        "MissingParameter"
    );
    let both = CidrBlockOrder {
        cidr_block: Some("10.2.0.0/16".to_owned()),
        ..ipv6()
    };
    assert_eq!(refused(&mut lab, both), "InvalidParameterCombination");
    for number in 2..5 {
        associate(&mut lab, &vpc.vpc_id, ipv4(&format!("10.{number}.0.0/16")));
    }
    assert_eq!(refused(&mut lab, ipv4("10.5.0.0/16")), "CidrLimitExceeded");

    let disassociate = |id: &str| Ec2Request::DisassociateVpcCidrBlock {
        association_id: id.to_owned(),
    };
    let primary = &seen.cidr_blocks[0].association_id;
    assert_eq!(
        lab.ec2_refused(ALICE, disassociate(primary)).0,
        "OperationNotPermitted"
    );
    let code = "InvalidVpcCidrBlockAssociationID.NotFound";
    assert_eq!(
        lab.ec2_refused(BOB, disassociate(&third.block.association_id))
            .0,
        code
    );
    match lab.ec2(ALICE, disassociate(&third.block.association_id)) {
        Ec2Response::CidrBlock(answer) => assert_eq!(answer.block.state, "disassociating"),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        lab.ec2_refused(ALICE, disassociate(&third.block.association_id))
            .0,
        code
    );
}

#[test]
fn every_vpc_has_a_network_acl_a_route_table_and_a_security_group() {
    let mut lab = Lab::new();
    let vpc = lab.vpc(ALICE, "10.0.0.0/16");
    lab.vpc(ALICE, "10.1.0.0/16");
    let acls = |lab: &mut Lab, filters| match lab
        .ec2(ALICE, Ec2Request::DescribeNetworkAcls(by_filters(filters)))
    {
        Ec2Response::NetworkAcls(page) => page.items,
        other => panic!("{other:?}"),
    };
    let found = acls(
        &mut lab,
        vec![filter("vpc-id", &vpc), filter("default", "true")],
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].entries.len(), 4);
    assert!(acls(&mut lab, vec![filter("default", "false")]).is_empty());

    let request = Ec2Request::DescribeRouteTables(by_filters(vec![
        filter("vpc-id", &vpc),
        filter("association.main", "true"),
    ]));
    match lab.ec2(ALICE, request) {
        Ec2Response::RouteTables(page) => {
            assert_eq!(page.items.len(), 1);
            assert_eq!(
                page.items[0].routes[0].destination_cidr_block,
                "10.0.0.0/16"
            );
        }
        other => panic!("{other:?}"),
    }

    let request = Ec2Request::DescribeSecurityGroups(by_filters(vec![
        filter("vpc-id", &vpc),
        filter("group-name", "default"),
    ]));
    let group = match lab.ec2(ALICE, request) {
        Ec2Response::SecurityGroups(page) => page.items[0].group_id.clone(),
        other => panic!("{other:?}"),
    };
    lab.ec2(ALICE, Ec2Request::DescribeSecurityGroups(by_ids(&[&group])));
    for (request, code) in [
        (
            Ec2Request::DescribeSecurityGroups(by_ids(&["sg-1"])),
            "InvalidGroup.NotFound",
        ),
        (
            Ec2Request::DescribeRouteTables(by_ids(&["rtb-1"])),
            "InvalidRouteTableID.NotFound",
        ),
        (
            Ec2Request::DescribeNetworkAcls(by_ids(&["acl-1"])),
            "InvalidNetworkAclID.NotFound",
        ),
    ] {
        assert_eq!(lab.ec2_refused(ALICE, request).0, code);
    }
    assert_eq!(
        lab.ec2_refused(BOB, Ec2Request::DescribeSecurityGroups(by_ids(&[&group])))
            .0,
        "InvalidGroup.NotFound"
    );
}

#[test]
fn a_vpc_goes_once_its_gateway_has_left() {
    let mut lab = Lab::new();
    let (vpn_gateway_id, vpc_id) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
    let delete = Ec2Request::DeleteVpc {
        vpc_id: vpc_id.clone(),
    };
    assert_eq!(
        lab.ec2_refused(ALICE, delete.clone()).0,
        "DependencyViolation"
    );
    lab.ec2(
        ALICE,
        Ec2Request::DetachVpnGateway {
            vpn_gateway_id,
            vpc_id,
        },
    );
    assert_eq!(
        lab.ec2_refused(ALICE, delete.clone()).0,
        "DependencyViolation",
        "detaching"
    );
    lab.settle();
    assert_eq!(lab.ec2(ALICE, delete.clone()), Ec2Response::Done);
    assert_eq!(lab.ec2_refused(ALICE, delete).0, "InvalidVpcID.NotFound");
}
