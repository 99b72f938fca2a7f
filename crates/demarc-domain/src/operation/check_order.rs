//! Which of two faults a request is refused for: rows of the checks in spec/operations, whose order follows
//! spec/protocol §3.4.

use serde_json::{Value, json};

use crate::testing::{ALICE, Lab};

const NO_CONNECTION: &str = "dxcon-ffffffff";
const NO_LAG: &str = "dxlag-ffffffff";
const NO_INTERFACE: &str = "dxvif-ffffffff";
const NO_GATEWAY: &str = "00000000-0000-4000-8000-000000000000";

/// Each request has two faults; the text is that of the first.
#[test]
fn an_object_is_looked_up_before_its_new_values_are_judged() {
    let no_connection = format!("Could not find Connection with ID {NO_CONNECTION}");
    let no_lag = format!("Could not find Lag with ID {NO_LAG}");
    let no_interface = format!("Virtual Interface {NO_INTERFACE} does not exist.");
    let no_gateway = format!("Direct Connect Gateway {NO_GATEWAY} does not exist.");
    let bad_prefix = json!([{"cidr": "10.0.0.1/8"}]);
    let rows: [(&str, Value, &str); 13] = [
        (
            "UpdateConnection",
            json!({"connectionId": NO_CONNECTION, "encryptionMode": "x"}),
            &no_connection,
        ),
        (
            "UpdateConnection",
            json!({"connectionId": "x", "connectionName": ""}),
            "Connection ID x has an invalid format.",
        ),
        (
            "UpdateLag",
            json!({"lagId": NO_LAG, "encryptionMode": "x", "minimumLinks": -1}),
            &no_lag,
        ),
        (
            "UpdateLag",
            json!({"lagId": "x", "lagName": ""}),
            "Lag ID x has an invalid format.",
        ),
        (
            "UpdateVirtualInterfaceAttributes",
            json!({"virtualInterfaceId": NO_INTERFACE, "mtu": 1, "rateLimit": "x"}),
            &no_interface,
        ),
        (
            "UpdateVirtualInterfaceAttributes",
            json!({"virtualInterfaceId": "x", "virtualInterfaceName": ""}),
            "Virtual Interface ID x has an invalid format.",
        ),
        (
            "UpdateDirectConnectGateway",
            json!({"directConnectGatewayId": NO_GATEWAY, "newDirectConnectGatewayName": ""}),
            &no_gateway,
        ),
        (
            "AssociateMacSecKey",
            json!({"connectionId": NO_CONNECTION, "ckn": "x"}),
            &no_connection,
        ),
        (
            "AssociateMacSecKey",
            json!({"connectionId": NO_LAG, "secretARN": "x"}),
            &no_lag,
        ),
        (
            "StartBgpFailoverTest",
            json!({"virtualInterfaceId": NO_INTERFACE, "testDurationInMinutes": 0}),
            &no_interface,
        ),
        (
            "StartBgpFailoverTest",
            json!({"virtualInterfaceId": "x", "testDurationInMinutes": 0}),
            "Virtual Interface ID x has an invalid format.",
        ),
        (
            "CreateDirectConnectGatewayAssociation",
            json!({"directConnectGatewayId": NO_GATEWAY, "gatewayId": "vgw-12345678",
                "addAllowedPrefixesToDirectConnectGateway": bad_prefix}),
            &no_gateway,
        ),
        (
            "UpdateDirectConnectGatewayAssociation",
            json!({"associationId": NO_GATEWAY, "addAllowedPrefixesToDirectConnectGateway": bad_prefix}),
            &format!("Direct Connect Gateway Association {NO_GATEWAY} does not exist."),
        ),
    ];
    let mut lab = Lab::new();
    for (operation, body, text) in rows {
        assert_eq!(
            lab.message(ALICE, operation, body.clone()),
            text,
            "{operation} {body}"
        );
    }
}

/// V1 to V8 of spec/operations §7.1: with one fault mended after the other, the next one is named.
#[test]
fn the_form_of_a_virtual_interface_is_checked_in_order() {
    let wrong = [
        (
            "connectionId",
            json!("dxcon-ffffffff"),
            "ConnectionID x has an invalid format.",
        ),
        (
            "virtualInterfaceName",
            json!("v"),
            "Virtual interface name is not valid.",
        ),
        (
            "vlan",
            json!(5),
            "VLAN 0 must have value greater than or equal to 1",
        ),
        (
            "asn",
            json!(65_001),
            "BGP ASN 0 must have value greater than or equal to 1",
        ),
        ("mtu", json!(1_500), "MTU 1 is not valid."),
        ("authKey", json!("secret-key"), "BGP auth key is not valid."),
        (
            "amazonAddress",
            json!("10.0.0.1/30"),
            "Amazon Address x is not valid",
        ),
        (
            "directConnectGatewayId",
            json!(NO_GATEWAY),
            "DirectConnectGatewayID x has an invalid format.",
        ),
    ];
    let mut lab = Lab::new();
    let mut new = json!({
        "virtualInterfaceName": "", "vlan": 0, "asn": 0, "mtu": 1, "authKey": "x",
        "amazonAddress": "x", "customerAddress": "10.0.0.2/30", "directConnectGatewayId": "x",
    });
    let mut connection = json!("x");
    for (member, right, text) in wrong {
        let body = json!({"connectionId": connection, "newPrivateVirtualInterface": new});
        let message = lab.message(ALICE, "CreatePrivateVirtualInterface", body);
        assert!(message.starts_with(text), "{member}: {message}");
        if member == "connectionId" {
            connection = right;
        } else {
            new[member] = right;
        }
    }
    let body = json!({"connectionId": connection, "newPrivateVirtualInterface": new});
    assert_eq!(
        lab.message(ALICE, "CreatePrivateVirtualInterface", body),
        format!("Could not find Connection with ID {NO_CONNECTION}"),
        "V11"
    );
}

/// Paging members are accepted and mean nothing beside an id (spec/protocol §5).
#[test]
fn paging_is_ignored_beside_an_id() {
    let mut lab = Lab::new();
    let connection = lab.dedicated(ALICE);
    let interconnect = lab.interconnect(ALICE);
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "l"}),
    )["lagId"]
        .clone();
    for (operation, member, id, list) in [
        (
            "DescribeConnections",
            "connectionId",
            json!(connection),
            "connections",
        ),
        (
            "DescribeInterconnects",
            "interconnectId",
            json!(interconnect),
            "interconnects",
        ),
        ("DescribeLags", "lagId", lag, "lags"),
        (
            "DescribeVirtualInterfaces",
            "virtualInterfaceId",
            json!(NO_INTERFACE),
            "virtualInterfaces",
        ),
        (
            "DescribeDirectConnectGateways",
            "directConnectGatewayId",
            json!(NO_GATEWAY),
            "directConnectGateways",
        ),
        (
            "DescribeDirectConnectGatewayAssociations",
            "associationId",
            json!(NO_GATEWAY),
            "directConnectGatewayAssociations",
        ),
        (
            "DescribeDirectConnectGatewayAssociationProposals",
            "proposalId",
            json!(NO_GATEWAY),
            "directConnectGatewayAssociationProposals",
        ),
        (
            "DescribeDirectConnectGatewayAttachments",
            "virtualInterfaceId",
            json!(NO_INTERFACE),
            "directConnectGatewayAttachments",
        ),
    ] {
        let plain = lab.ok(ALICE, operation, json!({member: id}));
        let paged = lab.ok(
            ALICE,
            operation,
            json!({member: id, "maxResults": 0, "nextToken": "x"}),
        );
        assert_eq!(paged, plain, "{operation}");
        assert!(plain[list].is_array(), "{operation}");
        let listed = match operation {
            "DescribeDirectConnectGatewayAssociations"
            | "DescribeDirectConnectGatewayAttachments" => {
                json!({"directConnectGatewayId": NO_GATEWAY, "nextToken": "x"})
            }
            _ => json!({"nextToken": "x"}),
        };
        assert_eq!(
            lab.message(ALICE, operation, listed),
            "The nextToken is invalid.",
            "{operation}"
        );
    }
}
