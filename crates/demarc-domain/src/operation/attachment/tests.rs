//! Rows of spec/operations §9 and spec/states §9, each named.

use serde_json::{Value, json};

use crate::testing::{ALICE, BOB, Lab, text};

fn attachments(lab: &mut Lab, account: &str, body: Value) -> Vec<Value> {
    let answer = lab.ok(account, "DescribeDirectConnectGatewayAttachments", body);
    answer["directConnectGatewayAttachments"]
        .as_array()
        .unwrap()
        .clone()
}

/// A private virtual interface to a gateway. Gives the ids of gateway and virtual interface.
fn attached(lab: &mut Lab) -> (String, String) {
    let (gateway, port) = (lab.gateway(ALICE), lab.dedicated(ALICE));
    let answer = lab.ok(
        ALICE,
        "CreatePrivateVirtualInterface",
        json!({"connectionId": port, "newPrivateVirtualInterface": {
            "virtualInterfaceName": "one", "vlan": 100, "asn": 65_000, "directConnectGatewayId": gateway,
        }}),
    );
    (gateway, text(&answer, "virtualInterfaceId"))
}

#[test]
fn an_attachment_follows_its_virtual_interface_from_attaching_to_detached() {
    let mut lab = Lab::new();
    let (gateway, interface) = attached(&mut lab);
    let by_gateway = json!({"directConnectGatewayId": gateway});
    let by_interface = json!({"virtualInterfaceId": interface});
    let expected = |state: &str| {
        json!({
            "directConnectGatewayId": gateway,
            "virtualInterfaceId": interface,
            "virtualInterfaceRegion": "us-east-1",
            "virtualInterfaceOwnerAccount": ALICE,
            "attachmentState": state,
            "attachmentType": "PrivateVirtualInterface",
        })
    };
    let shows = |lab: &mut Lab, state: &str| {
        for body in [&by_gateway, &by_interface] {
            assert_eq!(attachments(lab, ALICE, body.clone()), [expected(state)]);
        }
    };
    shows(&mut lab, "attaching");
    lab.converge();
    shows(&mut lab, "attached");
    lab.ok(ALICE, "DeleteVirtualInterface", by_interface.clone());
    shows(&mut lab, "detaching");
    lab.converge();
    shows(&mut lab, "detached");
    lab.advance(crate::entity::connection::RETENTION);
    lab.settle();
    assert!(attachments(&mut lab, ALICE, by_gateway).is_empty());
    assert!(attachments(&mut lab, ALICE, by_interface).is_empty());
}

#[test]
fn selectors_must_all_fit_and_one_is_needed() {
    let mut lab = Lab::new();
    let (gateway, interface) = attached(&mut lab);
    let other = lab.gateway(ALICE);
    for (name, body, found) in [
        (
            "both",
            json!({"directConnectGatewayId": gateway, "virtualInterfaceId": interface}),
            1,
        ),
        (
            "another gateway",
            json!({"directConnectGatewayId": other, "virtualInterfaceId": interface}),
            0,
        ),
        (
            "an empty gateway",
            json!({"directConnectGatewayId": other}),
            0,
        ),
        (
            "an unknown gateway",
            json!({"directConnectGatewayId": "00000000-0000-4000-8000-000000000000"}),
            0,
        ),
        (
            "an unknown virtual interface",
            json!({"virtualInterfaceId": "dxvif-ffffffff"}),
            0,
        ),
    ] {
        assert_eq!(attachments(&mut lab, ALICE, body).len(), found, "{name}");
    }
    let operation = "DescribeDirectConnectGatewayAttachments";
    for (body, message) in [
        (
            json!({}),
            "Specify at least one of directConnectGatewayId and virtualInterfaceId.",
        ),
        (
            json!({"directConnectGatewayId": "x"}),
            "DirectConnectGatewayID x has an invalid format.",
        ),
        (
            json!({"virtualInterfaceId": "x"}),
            "Virtual Interface ID x has an invalid format.",
        ),
    ] {
        assert_eq!(lab.message(ALICE, operation, body), message);
    }
}

#[test]
fn others_do_not_see_it_but_other_regions_do() {
    let mut lab = Lab::new();
    let (gateway, interface) = attached(&mut lab);
    for (account, region, found) in [
        (ALICE, "eu-west-1", 1),
        (ALICE, "cn-north-1", 0),
        (BOB, "us-east-1", 0),
    ] {
        lab.go_to(region);
        for body in [
            json!({"directConnectGatewayId": gateway}),
            json!({"virtualInterfaceId": interface}),
        ] {
            assert_eq!(
                attachments(&mut lab, account, body).len(),
                found,
                "{account} {region}"
            );
        }
    }
}

#[test]
fn a_hosted_virtual_interface_has_no_attachment_before_it_is_confirmed() {
    let mut lab = Lab::new();
    let (port, gateway) = (lab.dedicated(ALICE), lab.gateway(BOB));
    let answer = lab.ok(
        ALICE,
        "AllocatePrivateVirtualInterface",
        json!({"connectionId": port, "ownerAccount": BOB, "newPrivateVirtualInterfaceAllocation": {
            "virtualInterfaceName": "one", "vlan": 100, "asn": 65_000,
        }}),
    );
    let body = json!({"virtualInterfaceId": text(&answer, "virtualInterfaceId")});
    assert!(attachments(&mut lab, BOB, body.clone()).is_empty());
    let mut confirm = body.clone();
    confirm["directConnectGatewayId"] = json!(gateway);
    lab.ok(BOB, "ConfirmPrivateVirtualInterface", confirm);
    assert_eq!(attachments(&mut lab, BOB, body.clone()).len(), 1);
    assert!(
        attachments(&mut lab, ALICE, body).is_empty(),
        "the owner of the connection"
    );
}

#[test]
fn many_attachments_come_in_pages() {
    let mut lab = Lab::new();
    let (gateway, port) = (lab.gateway(ALICE), lab.dedicated(ALICE));
    for vlan in 1..=5 {
        let mut interface = lab.virtual_interface_on(ALICE, &port, vlan);
        interface.attachment =
            crate::entity::Attachment::DirectConnectGateway(gateway.parse().unwrap());
        lab.put(interface);
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut body = json!({"directConnectGatewayId": gateway, "maxResults": 2});
    for expected in [2, 2, 1] {
        let page = lab.ok(
            ALICE,
            "DescribeDirectConnectGatewayAttachments",
            body.clone(),
        );
        let list = page["directConnectGatewayAttachments"].as_array().unwrap();
        assert_eq!(list.len(), expected);
        seen.extend(list.iter().map(|entry| text(entry, "virtualInterfaceId")));
        body["nextToken"] = page["nextToken"].clone();
        // Another Region of the partition goes on where this one was.
        lab.go_to("eu-west-1");
    }
    assert_eq!(seen.len(), 5);
    assert!(body["nextToken"].is_null());
}
