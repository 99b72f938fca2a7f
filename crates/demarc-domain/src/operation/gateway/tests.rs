//! Rows of spec/operations §9 and spec/states §7, each named.

use serde_json::{Value, json};

use crate::neighbor::testing::association;
use crate::refusal::{Exception, Refusal};
use crate::testing::{ALICE, BOB, Lab, text};

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

fn create(lab: &mut Lab, body: Value) -> Value {
    lab.ok(ALICE, "CreateDirectConnectGateway", body)["directConnectGateway"].clone()
}

fn list(lab: &mut Lab, account: &str, body: Value) -> Vec<Value> {
    let answer = lab.ok(account, "DescribeDirectConnectGateways", body);
    answer["directConnectGateways"].as_array().unwrap().clone()
}

fn state(lab: &mut Lab, id: &str) -> Option<String> {
    list(lab, ALICE, json!({"directConnectGatewayId": id}))
        .first()
        .map(|gateway| text(gateway, "directConnectGatewayState"))
}

#[test]
fn a_new_gateway_is_pending_then_available() {
    let mut lab = Lab::new();
    let gateway = create(&mut lab, json!({"directConnectGatewayName": "one"}));
    assert_eq!(
        gateway,
        json!({
            "directConnectGatewayId": gateway["directConnectGatewayId"],
            "directConnectGatewayName": "one",
            "amazonSideAsn": 64_512,
            "ownerAccount": ALICE,
            "directConnectGatewayState": "pending",
            "tags": [],
            "totalPrefixPoolAllocations": 0,
        })
    );
    let id = text(&gateway, "directConnectGatewayId");
    assert_eq!(state(&mut lab, &id).as_deref(), Some("pending"));
    lab.settle();
    assert_eq!(state(&mut lab, &id).as_deref(), Some("available"));
}

#[test]
fn the_amazon_side_asn_is_a_private_one() {
    let mut lab = Lab::new();
    for (asn, valid) in [
        (64_511, false),
        (64_512, true),
        (65_534, true),
        (65_535, false),
        (7_224, false),
        (0, false),
        (-1, false),
        (4_199_999_999_i64, false),
        (4_200_000_000, true),
        (4_294_967_294, true),
        (4_294_967_295, false),
    ] {
        let body = json!({"directConnectGatewayName": "one", "amazonSideAsn": asn});
        if valid {
            assert_eq!(create(&mut lab, body)["amazonSideAsn"], asn);
        } else {
            assert_eq!(
                lab.message(ALICE, "CreateDirectConnectGateway", body),
                format!("Amazon side ASN {asn} is not valid.")
            );
        }
    }
}

#[test]
fn names_have_up_to_a_hundred_of_the_allowed_characters() {
    let mut lab = Lab::new();
    let gateway = create(&mut lab, json!({"directConnectGatewayName": "first"}));
    let id = text(&gateway, "directConnectGatewayId");
    for (name, valid) in [
        ("My gateway_1/2, new-one".to_owned(), true),
        ("x".repeat(100), true),
        ("x".repeat(101), false),
        (String::new(), false),
        ("tab\there".to_owned(), false),
    ] {
        let update = json!({"directConnectGatewayId": id, "newDirectConnectGatewayName": name});
        if valid {
            create(&mut lab, json!({"directConnectGatewayName": name}));
            let answer = lab.ok(ALICE, "UpdateDirectConnectGateway", update);
            assert_eq!(
                answer["directConnectGateway"]["directConnectGatewayName"],
                *name
            );
        } else {
            let body = json!({"directConnectGatewayName": name});
            lab.refused(ALICE, "CreateDirectConnectGateway", body);
            lab.refused(ALICE, "UpdateDirectConnectGateway", update);
        }
    }
}

#[test]
fn what_is_wrong_with_tags_is_a_plain_client_error() {
    let mut lab = Lab::with(|settings| settings.quotas.tags_per_resource = 1);
    let tag = |key: &str| json!({"key": key, "value": "v"});
    for tags in [json!([tag("a"), tag("a")]), json!([tag("a"), tag("b")])] {
        let body = json!({"directConnectGatewayName": "one", "tags": tags});
        let refusal = lab.refused(ALICE, "CreateDirectConnectGateway", body);
        assert_eq!(refusal.exception(), Exception::Client, "{refusal}");
    }
    let gateway = create(
        &mut lab,
        json!({"directConnectGatewayName": "one", "tags": [tag("a")]}),
    );
    assert_eq!(gateway["tags"], json!([tag("a")]));
}

#[test]
fn the_quota_is_counted_per_account() {
    let mut lab = Lab::with(|settings| settings.quotas.gateways = 2);
    let body = || json!({"directConnectGatewayName": "one"});
    create(&mut lab, body());
    create(&mut lab, body());
    let refusal = lab.refused(ALICE, "CreateDirectConnectGateway", body());
    assert!(
        matches!(refusal, Refusal::Quota { limit: 2, .. }),
        "{refusal}"
    );
    lab.ok(BOB, "CreateDirectConnectGateway", body());
}

#[test]
fn a_gateway_is_seen_by_its_owner_from_every_region_of_its_partition() {
    let mut lab = Lab::new();
    let id = lab.gateway(ALICE);
    for (region, account, seen) in [
        ("us-east-1", ALICE, 1),
        ("eu-west-1", ALICE, 1),
        ("cn-north-1", ALICE, 0),
        ("us-gov-west-1", ALICE, 0),
        ("us-east-1", BOB, 0),
    ] {
        lab.go_to(region);
        let one = json!({"directConnectGatewayId": id});
        assert_eq!(
            list(&mut lab, account, one).len(),
            seen,
            "{region} {account}"
        );
        assert_eq!(
            list(&mut lab, account, json!({})).len(),
            seen,
            "{region} {account}"
        );
        if seen == 0 {
            let gone = format!("Direct Connect Gateway {id} does not exist.");
            let update = json!({"directConnectGatewayId": id, "newDirectConnectGatewayName": "x"});
            assert_eq!(
                lab.message(account, "UpdateDirectConnectGateway", update),
                gone
            );
            let delete = json!({"directConnectGatewayId": id});
            assert_eq!(
                lab.message(account, "DeleteDirectConnectGateway", delete),
                gone
            );
        }
    }
}

#[test]
fn an_unknown_id_is_no_error_for_describe_and_one_for_the_others() {
    let mut lab = Lab::new();
    let body = json!({"directConnectGatewayId": UNKNOWN});
    assert!(list(&mut lab, ALICE, body.clone()).is_empty());
    assert_eq!(
        lab.message(ALICE, "DeleteDirectConnectGateway", body),
        format!("Direct Connect Gateway {UNKNOWN} does not exist.")
    );
    for operation in [
        "DescribeDirectConnectGateways",
        "DeleteDirectConnectGateway",
    ] {
        assert_eq!(
            lab.message(
                ALICE,
                operation,
                json!({"directConnectGatewayId": "dxgw-1"})
            ),
            "DirectConnectGatewayID dxgw-1 has an invalid format."
        );
    }
}

#[test]
fn a_deleted_gateway_is_deleting_and_then_never_shown() {
    let mut lab = Lab::new();
    let (vgw, _) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
    let id = lab.gateway(ALICE);
    let body = json!({"directConnectGatewayId": id});
    let answer = lab.ok(ALICE, "DeleteDirectConnectGateway", body.clone());
    assert_eq!(
        answer["directConnectGateway"]["directConnectGatewayState"],
        "deleting"
    );
    assert_eq!(state(&mut lab, &id).as_deref(), Some("deleting"));
    let rename = json!({"directConnectGatewayId": id, "newDirectConnectGatewayName": "x"});
    for (operation, body) in [
        ("DeleteDirectConnectGateway", body),
        ("UpdateDirectConnectGateway", rename),
        (
            "CreateDirectConnectGatewayAssociation",
            association(&id, &vgw, &[]),
        ),
    ] {
        assert_eq!(
            lab.message(ALICE, operation, body),
            format!("Direct Connect Gateway {id} does not exist."),
            "(deleting, {operation})"
        );
    }
    lab.settle();
    assert_eq!(state(&mut lab, &id), None);
}

#[test]
fn a_gateway_with_an_association_or_an_attachment_stays() {
    let mut lab = Lab::new();
    let id = lab.gateway(ALICE);
    let in_use = format!(
        "Direct Connect Gateway {id} has associations or attachments and cannot be deleted."
    );
    let body = json!({"directConnectGatewayId": id});
    let (vgw, _) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
    let associated = lab.associate(ALICE, &id, &vgw, &[]);
    assert_eq!(
        lab.message(ALICE, "DeleteDirectConnectGateway", body.clone()),
        in_use
    );
    lab.ok(
        ALICE,
        "DeleteDirectConnectGatewayAssociation",
        json!({"associationId": associated}),
    );
    assert_eq!(
        lab.message(ALICE, "DeleteDirectConnectGateway", body.clone()),
        in_use,
        "disassociating still counts"
    );
    lab.settle();

    let port = lab.dedicated(ALICE);
    let mut interface = lab.virtual_interface_on(ALICE, &port, 100);
    interface.attachment = crate::entity::Attachment::DirectConnectGateway(id.parse().unwrap());
    lab.put(interface.clone());
    let shown = list(&mut lab, ALICE, body.clone());
    assert_eq!(shown[0]["totalPrefixPoolAllocations"], 200);
    assert_eq!(
        lab.message(ALICE, "DeleteDirectConnectGateway", body.clone()),
        in_use
    );
    interface.phase = crate::entity::VirtualInterfacePhase::Deleted { at: lab.now };
    lab.put(interface);
    lab.ok(ALICE, "DeleteDirectConnectGateway", body);
}

#[test]
fn lists_come_in_pages_of_a_hundred() {
    let mut lab = Lab::new();
    for number in 0..103 {
        let name = format!("gateway {number}");
        create(&mut lab, json!({"directConnectGatewayName": name}));
    }
    let first = lab.ok(ALICE, "DescribeDirectConnectGateways", json!({}));
    assert_eq!(
        first["directConnectGateways"].as_array().unwrap().len(),
        100
    );
    let token = text(&first, "nextToken");
    let rest = lab.ok(
        ALICE,
        "DescribeDirectConnectGateways",
        json!({"nextToken": token}),
    );
    let rest_list = rest["directConnectGateways"].as_array().unwrap();
    assert_eq!(rest_list.len(), 3);
    assert_eq!(rest_list[2]["directConnectGatewayName"], "gateway 102");
    assert!(rest.get("nextToken").is_none());
    // Gateways are the same in every Region of a partition.
    lab.go_to("eu-west-1");
    let elsewhere = lab.ok(
        ALICE,
        "DescribeDirectConnectGateways",
        json!({"nextToken": token}),
    );
    assert_eq!(elsewhere, rest);
    lab.go_to("cn-north-1");
    let refusal = lab.refused(
        ALICE,
        "DescribeDirectConnectGateways",
        json!({"nextToken": token}),
    );
    assert_eq!(refusal, Refusal::NextToken);
    lab.go_to("us-east-1");
    assert_eq!(
        lab.refused(
            BOB,
            "DescribeDirectConnectGateways",
            json!({"nextToken": token})
        ),
        Refusal::NextToken
    );
}
