//! What clients rely on in the neighbours' calls (spec/clients §1.5), each row named.

mod transit_gateways;
mod vpcs;
mod vpn_gateways;

use serde_json::json;

use super::testing::{by_filters, by_ids, filter};
use super::{Describe, Ec2Request, Ec2Response, Ec2Tag, TagToDelete, TagView};
use crate::testing::{ALICE, BOB, Lab};

fn tag(key: &str, value: &str) -> Ec2Tag {
    Ec2Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn tags(lab: &mut Lab, account: &str, input: Describe) -> Vec<TagView> {
    match lab.ec2(account, Ec2Request::DescribeTags(input)) {
        Ec2Response::Tags(page) => page.items,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tags_are_set_listed_and_taken_away() {
    let mut lab = Lab::new();
    let (vpc, vgw, tgw) = (
        lab.vpc(ALICE, "10.0.0.0/16"),
        lab.vpn_gateway(ALICE),
        lab.transit_gateway(ALICE, 64_512),
    );
    let resources = vec![vpc.clone(), vgw.clone(), tgw];
    let create =
        |resources: Vec<String>, tags: Vec<Ec2Tag>| Ec2Request::CreateTags { resources, tags };
    lab.ec2(
        ALICE,
        create(
            resources.clone(),
            vec![tag("Name", "one"), tag("Stage", "test")],
        ),
    );
    lab.ec2(ALICE, create(vec![vpc.clone()], vec![tag("Name", "two")]));
    for (name, filters, expected) in [
        ("none", vec![], 6),
        ("key", vec![filter("key", "Name")], 3),
        ("tag:", vec![filter("tag:Name", "one")], 2),
        ("value", vec![filter("value", "t*")], 4),
        ("resource-id", vec![filter("resource-id", &vgw)], 2),
        (
            "resource-type",
            vec![filter("resource-type", "transit-gateway")],
            2,
        ),
        (
            "two",
            vec![filter("resource-id", &vpc), filter("value", "two")],
            1,
        ),
    ] {
        assert_eq!(
            tags(&mut lab, ALICE, by_filters(filters)).len(),
            expected,
            "{name}"
        );
    }
    assert!(tags(&mut lab, BOB, Describe::default()).is_empty());

    let delete = |tags: Vec<TagToDelete>| Ec2Request::DeleteTags {
        resources: resources.clone(),
        tags,
    };
    let key = |key: &str, value: Option<&str>| TagToDelete {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    lab.ec2(
        ALICE,
        delete(vec![key("Name", Some("two")), key("None", None)]),
    );
    assert_eq!(tags(&mut lab, ALICE, Describe::default()).len(), 5);
    lab.ec2(ALICE, delete(vec![]));
    assert!(tags(&mut lab, ALICE, Describe::default()).is_empty());
}

#[test]
fn tags_are_refused_row_by_row() {
    let mut lab = Lab::with(|settings| settings.quotas.tags_per_resource = 2);
    let vpc = lab.vpc(ALICE, "10.0.0.0/16");
    let foreign = lab.vpc(BOB, "10.0.0.0/16");
    let one = || vec![tag("a", "")];
    for (name, resource, tags, code) in [
        ("not ours", "subnet-12345678", one(), "InvalidID"),
        ("no id", "x", one(), "InvalidID"),
        (
            "unknown VPC",
            "vpc-12345678",
            one(),
            "InvalidVpcID.NotFound",
        ),
        ("foreign VPC", &*foreign, one(), "InvalidVpcID.NotFound"),
        (
            "unknown VGW",
            "vgw-12345678",
            one(),
            "InvalidVpnGatewayID.NotFound",
        ),
        (
            "unknown TGW",
            "tgw-12345678",
            one(),
            "InvalidTransitGatewayID.NotFound",
        ),
        (
            "reserved",
            &vpc,
            vec![tag("AWS:x", "")],
            "InvalidParameterValue",
        ),
        ("no key", &vpc, vec![tag("", "")], "InvalidParameterValue"),
        (
            "long key",
            &vpc,
            vec![tag(&"k".repeat(129), "")],
            "InvalidParameterValue",
        ),
        (
            "long value",
            &vpc,
            vec![tag("k", &"v".repeat(257))],
            "InvalidParameterValue",
        ),
        (
            "too many",
            &vpc,
            vec![tag("a", ""), tag("b", ""), tag("c", "")],
            "TagLimitExceeded",
        ),
    ] {
        let resources = vec![vpc.clone(), resource.to_owned()];
        let refused = lab.ec2_refused(ALICE, Ec2Request::CreateTags { resources, tags });
        assert_eq!(refused.0, code, "{name}");
    }
}

#[test]
fn regions_and_zones_are_there() {
    let mut lab = Lab::new();
    let regions = |lab: &mut Lab, input| match lab.ec2(ALICE, Ec2Request::DescribeRegions(input)) {
        Ec2Response::Regions(page) => page.items,
        other => panic!("{other:?}"),
    };
    let all = regions(&mut lab, Describe::default());
    // Scanners look where this list sends them, also where no location is known by name.
    for name in ["us-east-1", "us-west-2", "eu-central-1"] {
        assert!(
            all.iter().any(|region| region.region_name == name),
            "{name}"
        );
    }
    assert!(
        all.iter()
            .all(|region| !region.region_name.starts_with("cn-"))
    );
    assert_eq!(regions(&mut lab, by_ids(&["us-east-1"])).len(), 1);
    let unknown = lab.ec2_refused(ALICE, Ec2Request::DescribeRegions(by_ids(&["nowhere-1"])));
    assert_eq!(unknown.0, "InvalidParameterValue");
    lab.go_to("site-7");
    assert_eq!(
        regions(&mut lab, by_ids(&["site-7"])).len(),
        1,
        "the caller's own"
    );
    lab.go_to("cn-north-1");
    let found = regions(&mut lab, Describe::default());
    let of_partition: Vec<(&str, &str)> = found
        .iter()
        .map(|region| (region.region_name.as_str(), region.region_endpoint.as_str()))
        .collect();
    assert_eq!(
        of_partition,
        [
            ("cn-north-1", "ec2.cn-north-1.amazonaws.com.cn"),
            ("cn-northwest-1", "ec2.cn-northwest-1.amazonaws.com.cn"),
        ]
    );

    lab.go_to("eu-west-1");
    let request = Ec2Request::DescribeAvailabilityZones(by_filters(vec![filter("zone-id", "*2")]));
    match lab.ec2(ALICE, request) {
        Ec2Response::AvailabilityZones(page) => {
            assert_eq!(page.items.len(), 1);
            assert_eq!(page.items[0].zone_name, "eu-west-1b");
            assert_eq!(page.items[0].zone_id, "euw1-az2");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_served_regions_are_listed_where_they_are_said() {
    let mut lab = Lab::with(|settings| {
        settings.regions = ["site-7", "eu-west-1", "cn-north-1"]
            .map(|name| name.parse().unwrap())
            .into();
    });
    lab.go_to("eu-west-1");
    let request = Ec2Request::DescribeRegions(Describe::default());
    match lab.ec2(ALICE, request) {
        Ec2Response::Regions(page) => {
            let names: Vec<&str> = page
                .items
                .iter()
                .map(|region| region.region_name.as_str())
                .collect();
            assert_eq!(names, ["eu-west-1", "site-7"]);
        }
        other => panic!("{other:?}"),
    }
    let other = lab.ec2_refused(ALICE, Ec2Request::DescribeRegions(by_ids(&["us-east-1"])));
    assert_eq!(other.0, "InvalidParameterValue");
}

#[test]
fn lists_come_in_pages_when_a_size_is_given() {
    let mut lab = Lab::new();
    let all: Vec<String> = (0..12)
        .map(|number| lab.vpc(ALICE, &format!("10.{number}.0.0/16")))
        .collect();
    let mut seen = Vec::new();
    let mut input = Describe {
        max_results: Some(5),
        ..Describe::default()
    };
    for expected in [5, 5, 2] {
        match lab.ec2(ALICE, Ec2Request::DescribeVpcs(input.clone())) {
            Ec2Response::Vpcs(page) => {
                assert_eq!(page.items.len(), expected);
                seen.extend(page.items.into_iter().map(|vpc| vpc.vpc_id));
                input.next_token = page.next_token;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((seen, input.next_token), (all, None));
    for (max_results, token, code) in [
        (Some(4), None, "InvalidParameterValue"),
        (Some(-1), None, "InvalidParameterValue"),
        (None, Some("!"), "InvalidNextToken"),
        (None, Some("dnBj"), "InvalidNextToken"),
    ] {
        let input = Describe {
            max_results,
            next_token: token.map(str::to_owned),
            ..Describe::default()
        };
        let refused = lab.ec2_refused(ALICE, Ec2Request::DescribeVpcs(input));
        assert_eq!(refused.0, code, "{max_results:?} {token:?}");
    }
}

#[test]
fn a_filter_that_there_is_not_is_refused_even_of_nothing() {
    let mut lab = Lab::new();
    let refused = lab.ec2_refused(
        ALICE,
        Ec2Request::DescribeVpcs(by_filters(vec![filter("colour", "red")])),
    );
    assert_eq!(
        refused,
        (
            "InvalidParameterValue".to_owned(),
            "The filter 'colour' is invalid".to_owned()
        )
    );
}

#[test]
fn virtual_gateways_are_listed_until_they_are_deleted() {
    let mut lab = Lab::new();
    let (one, two) = (lab.vpn_gateway(ALICE), lab.vpn_gateway(ALICE));
    lab.vpn_gateway(BOB);
    let list = |lab: &mut Lab| {
        lab.ok(ALICE, "DescribeVirtualGateways", json!({}))["virtualGateways"].clone()
    };
    lab.ec2(
        ALICE,
        Ec2Request::DeleteVpnGateway {
            vpn_gateway_id: one.clone(),
        },
    );
    assert_eq!(
        list(&mut lab),
        json!([
            {"virtualGatewayId": one, "virtualGatewayState": "deleting"},
            {"virtualGatewayId": two, "virtualGatewayState": "available"},
        ])
    );
    lab.settle();
    assert_eq!(
        list(&mut lab),
        json!([{"virtualGatewayId": two, "virtualGatewayState": "available"}])
    );
    lab.go_to("us-west-2");
    assert_eq!(list(&mut lab), json!([]));
}
