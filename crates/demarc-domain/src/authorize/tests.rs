use serde_json::{Value, json};

use super::*;
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

const CONNECTION: &str = "dxcon-fg000001";
const LAG: &str = "dxlag-fg000002";
const VIF: &str = "dxvif-fg000003";
const GATEWAY: &str = "00000000-0000-4000-8000-000000000000";
const GROUP: &str = "dxrg-00000000000000001";

fn seen(lab: &mut Lab, account: &str, operation: &str, body: &Value) -> Access {
    let operation = Operation::from_name(operation).unwrap();
    let context = lab.context(account);
    access(&lab.world, &context, operation, body.to_string().as_bytes())
}

/// The ARNs of what has to be allowed, without what all of them begin with.
fn shown(resources: &[AccessResource]) -> Vec<&str> {
    let required = resources.iter().filter(|resource| resource.required);
    required
        .map(|resource| resource.arn.strip_prefix("arn:aws:directconnect:").unwrap())
        .collect()
}

/// The rows of spec/protocol §9. Every request also has ids that its row does not know.
#[test]
fn each_action_is_about_the_resources_of_its_row() {
    let dxcon = "us-east-1:111111111111:dxcon/dxcon-fg000001";
    let dxlag = "us-east-1:111111111111:dxlag/dxlag-fg000002";
    let dxvif = "us-east-1:111111111111:dxvif/dxvif-fg000003";
    let gateway = ":111111111111:dx-gateway/00000000-0000-4000-8000-000000000000";
    let group = ":111111111111:dx-resiliency-group/dxrg-00000000000000001";
    let everything = json!({
        "connectionId": CONNECTION,
        "interconnectId": CONNECTION,
        "parentConnectionId": LAG,
        "lagId": LAG,
        "virtualInterfaceId": VIF,
        "directConnectGatewayId": GATEWAY,
        "resiliencyGroupId": GROUP,
        "connectionIds": [CONNECTION],
        "connectionIdentifiers": [CONNECTION],
        "resourceArn": format!("arn:aws:directconnect:{dxlag}"),
        "resourceArns": [format!("arn:aws:directconnect:{dxlag}")],
        "newPrivateVirtualInterface": {"directConnectGatewayId": GATEWAY},
    });
    let mut lab = Lab::new();
    for operation in Operation::ALL {
        let expected: &[&str] = match operation.name() {
            "ConfirmCustomerAgreement"
            | "CreateDirectConnectGateway"
            | "CreateResiliencyGroup"
            | "DeleteDirectConnectGatewayAssociationProposal"
            | "UpdateDirectConnectGatewayAssociation"
            | "DescribeCustomerMetadata"
            | "DescribeLocations"
            | "DescribeVirtualGateways" => &[],
            "AssociateConnectionWithLag" | "DisassociateConnectionFromLag" => &[dxcon, dxlag],
            "AssociateHostedConnection" => &[dxcon, dxlag],
            "AssociateVirtualInterface" => &[dxvif],
            "CreateConnection" | "CreateInterconnect" | "DeleteLag" | "DescribeLags"
            | "UpdateLag" | "TagResource" | "UntagResource" | "DescribeTags" => &[dxlag],
            "DescribeVirtualInterfaces" => &[dxvif, dxcon],
            "AssociateConnectionsToResiliencyGroup"
            | "DisassociateConnectionsFromResiliencyGroup" => &[group, dxcon],
            name if name.contains("ResiliencyGroup") => &[group],
            name if name.contains("DirectConnectGateway") => &[gateway],
            name if name.starts_with("Confirm") && name.ends_with("VirtualInterface") => &[dxvif],
            "CreateBGPPeer"
            | "DeleteBGPPeer"
            | "DeleteVirtualInterface"
            | "DescribeRouterConfiguration"
            | "ListVirtualInterfaceRoutes"
            | "ListVirtualInterfaceTestHistory"
            | "StartBgpFailoverTest"
            | "StopBgpFailoverTest"
            | "UpdateVirtualInterfaceAttributes" => &[dxvif],
            _ => &[dxcon],
        };
        let found = seen(&mut lab, ALICE, operation.name(), &everything);
        assert_eq!(shown(&found.resources), expected, "{operation}");
    }
}

#[test]
fn the_target_of_a_virtual_interface_need_not_be_allowed() {
    let body = json!({"virtualInterfaceId": VIF, "connectionId": LAG});
    let found = seen(&mut Lab::new(), ALICE, "AssociateVirtualInterface", &body);
    let required: Vec<bool> = found.resources.iter().map(|it| it.required).collect();
    assert_eq!(required, [true, false]);
    assert!(found.resources[1].arn.ends_with(":dxlag/dxlag-fg000002"));
}

#[test]
fn a_call_that_names_nothing_is_about_any_of_its_kind() {
    let mut lab = Lab::new();
    for (operation, expected) in [
        ("DescribeConnections", "us-east-1:111111111111:dxcon/*"),
        ("DescribeLags", "us-east-1:111111111111:dxlag/*"),
        (
            "DescribeVirtualInterfaces",
            "us-east-1:111111111111:dxvif/*",
        ),
        (
            "DescribeDirectConnectGateways",
            ":111111111111:dx-gateway/*",
        ),
        ("CreateConnection", "us-east-1:111111111111:dxlag/*"),
        ("CreateLag", "us-east-1:111111111111:dxcon/*"),
    ] {
        let found = seen(&mut lab, ALICE, operation, &json!({}));
        assert_eq!(shown(&found.resources), [expected], "{operation}");
    }
}

#[test]
fn what_a_call_makes_is_what_it_tags() {
    let tags = json!([{"key": "team", "value": "network"}, {"key": "empty"}]);
    let mut lab = Lab::new();
    for (operation, body, made) in [
        (
            "CreateConnection",
            json!({"tags": tags}),
            "us-east-1:111111111111:dxcon/*",
        ),
        (
            "CreateLag",
            json!({"childConnectionTags": tags}),
            "us-east-1:111111111111:dxlag/*",
        ),
        (
            "AllocatePublicVirtualInterface",
            json!({"newPublicVirtualInterfaceAllocation": {"tags": tags}}),
            "us-east-1:111111111111:dxvif/*",
        ),
        (
            "CreateDirectConnectGateway",
            json!({"tags": tags}),
            ":111111111111:dx-gateway/*",
        ),
    ] {
        let found = seen(&mut lab, ALICE, operation, &body);
        assert_eq!(shown(&found.made), [made], "{operation}");
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let expected = [pair("team", "network"), pair("empty", "")];
        assert_eq!(found.request_tags, expected, "{operation}");
        assert_eq!(found.tag_keys, ["team", "empty"], "{operation}");
    }
}

/// Unknown members are ignored, so they cannot fulfil a condition either.
#[test]
fn only_the_members_of_the_model_count_as_tags() {
    let tags = json!([{"key": "team", "value": "network"}]);
    let mut lab = Lab::new();
    for (operation, body) in [
        (
            "CreateConnection",
            json!({"x": {"tags": tags}, "tagKeys": ["team"]}),
        ),
        ("CreatePrivateVirtualInterface", json!({"tags": tags})),
        ("DescribeConnections", json!({"tags": tags})),
        ("UntagResource", json!({"tags": tags})),
    ] {
        let found = seen(&mut lab, ALICE, operation, &body);
        assert_eq!(found.request_tags, [], "{operation}");
        assert_eq!(found.tag_keys, Vec::<String>::new(), "{operation}");
    }
    let keys = json!({"tagKeys": ["team"]});
    assert_eq!(
        seen(&mut lab, ALICE, "UntagResource", &keys).tag_keys,
        ["team"]
    );
}

/// spec/identifiers §2: the ARN has the owner's account, for who sees the resource.
#[test]
fn what_is_shared_keeps_the_account_of_its_owner() {
    let mut lab = Lab::listed();
    let parent = lab.dedicated(ALICE);
    let made = lab.ok(
        ALICE,
        "AllocatePrivateVirtualInterface",
        json!({
            "connectionId": parent,
            "ownerAccount": BOB,
            "newPrivateVirtualInterfaceAllocation": {
                "virtualInterfaceName": "x", "vlan": 5, "asn": 65000,
            },
        }),
    );
    let vif = made["virtualInterfaceId"].as_str().unwrap();
    let body = json!({"virtualInterfaceId": vif});
    for (account, owner) in [(ALICE, BOB), (BOB, BOB), (PAULA, PAULA)] {
        let found = seen(&mut lab, account, "DeleteVirtualInterface", &body);
        let expected = format!("us-east-1:{owner}:dxvif/{vif}");
        assert_eq!(shown(&found.resources), [expected.as_str()], "{account}");
    }
}

#[test]
fn only_a_proposal_names_the_owner_of_its_gateway() {
    let body = json!({"directConnectGatewayId": GATEWAY, "directConnectGatewayOwnerAccount": BOB});
    let mut lab = Lab::new();
    for (operation, owner) in [
        ("CreateDirectConnectGatewayAssociationProposal", BOB),
        ("DeleteDirectConnectGateway", ALICE),
    ] {
        let found = seen(&mut lab, ALICE, operation, &body);
        let expected = format!(":{owner}:dx-gateway/{GATEWAY}");
        assert_eq!(shown(&found.resources), [expected.as_str()], "{operation}");
    }
}

#[test]
fn tags_are_seen_by_the_owner_of_the_resource_only() {
    let mut lab = Lab::new();
    let made = lab.ok(
        ALICE,
        "CreateConnection",
        json!({
            "location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "x",
            "tags": [{"key": "team", "value": "network"}],
        }),
    );
    let body = json!({"connectionId": made["connectionId"]});
    for (account, count) in [(ALICE, 1), (BOB, 0)] {
        let found = seen(&mut lab, account, "DeleteConnection", &body);
        assert_eq!(found.resources[0].tags.len(), count, "{account}");
    }
}

#[test]
fn an_association_stands_for_its_gateway() {
    let mut lab = Lab::new();
    let made = lab.ok(
        ALICE,
        "CreateDirectConnectGateway",
        json!({"directConnectGatewayName": "g", "tags": [{"key": "stage", "value": "production"}]}),
    );
    let gateway = text(&made["directConnectGateway"], "directConnectGatewayId");
    lab.settle();
    let vgw = lab.vpn_gateway_on(ALICE, "10.0.0.0/16").0;
    let made = lab.ok(
        ALICE,
        "CreateDirectConnectGatewayAssociation",
        json!({"directConnectGatewayId": gateway, "gatewayId": vgw}),
    );
    let association = text(&made["directConnectGatewayAssociation"], "associationId");
    let its = format!(":{ALICE}:dx-gateway/{gateway}");
    let any = |account: &str| format!(":{account}:dx-gateway/*");
    for (operation, account, id, expected) in [
        (
            "DeleteDirectConnectGatewayAssociation",
            ALICE,
            &*association,
            its.clone(),
        ),
        (
            "DescribeDirectConnectGatewayAssociations",
            ALICE,
            &association,
            its,
        ),
        (
            "DeleteDirectConnectGatewayAssociation",
            BOB,
            &association,
            any(BOB),
        ),
        (
            "DeleteDirectConnectGatewayAssociation",
            ALICE,
            GATEWAY,
            any(ALICE),
        ),
        (
            "DeleteDirectConnectGatewayAssociation",
            ALICE,
            "x",
            any(ALICE),
        ),
    ] {
        let found = seen(&mut lab, account, operation, &json!({"associationId": id}));
        let arns = found.resources.iter().map(|found| &found.arn);
        let expected = format!("arn:aws:directconnect:{expected}");
        assert!(arns.eq([&expected]), "{operation} {account} {id}");
    }
    let body = json!({"associationId": association});
    let found = seen(
        &mut lab,
        ALICE,
        "UpdateDirectConnectGatewayAssociation",
        &body,
    );
    assert_eq!(found.resources, [], "on no resource");
}

#[test]
fn an_id_in_the_other_case_is_the_same_resource() {
    let mut lab = Lab::new();
    let made = lab.ok(
        ALICE,
        "CreateResiliencyGroup",
        json!({
            "resiliencyGroupName": "g", "intendedResiliencyModel": "high-resiliency",
            "tags": [{"key": "stage", "value": "production"}],
        }),
    );
    let id = text(&made["resiliencyGroup"], "resiliencyGroupId");
    for id in [id.clone(), id.to_ascii_uppercase()] {
        let found = seen(
            &mut lab,
            ALICE,
            "DeleteResiliencyGroup",
            &json!({"resiliencyGroupId": id}),
        );
        let [group] = found.resources.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            group.arn,
            text(&made["resiliencyGroup"], "resiliencyGroupArn")
        );
        assert_eq!(group.tags, [("stage".to_owned(), "production".to_owned())]);
    }
}
