//! Rows of spec/operations §5 and spec/states §4.

mod leave;
mod random;

use serde_json::{Value, json};

use crate::entity::VirtualInterface;
use crate::refusal::{Exception, Refusal};
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

/// An order of a LAG of Alice's with so many new members.
fn lag_of(lab: &mut Lab, account: &str, members: Value) -> (String, Vec<String>) {
    let mut body = json!({
        "numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
    });
    let over = members.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(over);
    let answer = lab.ok(account, "CreateLag", body);
    let members = answer["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| text(member, "connectionId"))
        .collect();
    (text(&answer, "lagId"), members)
}

/// A LAG made from one connection that is up.
fn lag_up(lab: &mut Lab) -> (String, String) {
    let member = lab.dedicated(ALICE);
    let (lag, _) = lag_of(lab, ALICE, json!({"connectionId": member}));
    lab.lacp(&member, true);
    (lag, member)
}

fn ordered(lab: &mut Lab, members: Value) -> String {
    let mut body = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"});
    let over = members.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(over);
    text(&lab.ok(ALICE, "CreateConnection", body), "connectionId")
}

/// A connection of Alice's, up, on the device of the LAG.
fn beside(lab: &mut Lab, lag: &str) -> String {
    let id = lab.dedicated(ALICE);
    move_to_device_of(lab, &id, lag);
    id
}

fn move_to_device_of(lab: &mut Lab, id: &str, lag: &str) {
    let mut connection = lab.connection(id);
    connection.device = Some(lab.lag(lag).device);
    lab.put(connection);
}

fn pair(connection: &str, lag: &str) -> Value {
    json!({"connectionId": connection, "lagId": lag})
}

// ===== AssociateConnectionWithLag =====

#[test]
fn a_connection_joins_with_what_is_on_it() {
    let mut lab = Lab::new();
    let (lag, _) = lag_up(&mut lab);
    let id = beside(&mut lab, &lag);
    let interface = lab.virtual_interface_on(ALICE, &id, 7);
    let answer = lab.ok(ALICE, "AssociateConnectionWithLag", pair(&id, &lag));
    assert_eq!(answer["lagId"], json!(lag));
    assert_eq!(answer["connectionState"], "available", "the state is kept");
    assert_eq!(lab.now_of(&interface).parent.to_string(), lag);
    let lags = lab.ok(ALICE, "DescribeLags", json!({"lagId": lag}));
    assert_eq!(lags["lags"][0]["numberOfConnections"], 2);
}

#[test]
fn a_port_without_a_device_takes_the_lags() {
    let mut lab = Lab::new();
    let (lag, _) = lag_up(&mut lab);
    let id = ordered(&mut lab, json!({}));
    let answer = lab.ok(ALICE, "AssociateConnectionWithLag", pair(&id, &lag));
    assert_eq!(answer["connectionState"], "requested");
    assert_eq!(answer["awsDeviceV2"], json!(lab.lag(&lag).device));
    lab.settle();
    assert_eq!(lab.connection(&id).device, Some(lab.lag(&lag).device));
}

#[test]
fn an_empty_lag_goes_where_its_first_port_is() {
    let mut lab = Lab::new();
    // As Terraform does it: a port, a LAG whose only member is deleted, then the two together.
    let port = lab.dedicated(ALICE);
    let (lag, members) = lag_of(&mut lab, ALICE, json!({}));
    lab.settle();
    assert_ne!(lab.connection(&port).device, Some(lab.lag(&lag).device));
    lab.virtual_interface_on(ALICE, &port, 7);
    assert_eq!(
        lab.message(ALICE, "AssociateConnectionWithLag", pair(&port, &lag)),
        format!("Connection {port} and Lag {lag} are not on the same device."),
        "while it has a member"
    );
    lab.ok(
        ALICE,
        "DeleteConnection",
        json!({"connectionId": members[0]}),
    );
    let joined = lab.ok(ALICE, "AssociateConnectionWithLag", pair(&port, &lag));
    assert_eq!(joined["lagId"], json!(lag));
    assert_eq!(lab.connection(&port).device, Some(lab.lag(&lag).device));
}

#[test]
fn an_empty_lag_with_something_on_it_stays_where_it_is() {
    let mut lab = Lab::new();
    let (lag, member) = lag_up(&mut lab);
    lab.virtual_interface_on(ALICE, &lag, 7);
    lab.ok(ALICE, "DisassociateConnectionFromLag", pair(&member, &lag));
    let port = lab.dedicated(ALICE);
    lab.ok(ALICE, "DescribeLoa", json!({"connectionId": port}));
    assert_eq!(
        lab.message(ALICE, "AssociateConnectionWithLag", pair(&port, &lag)),
        format!("Connection {port} and Lag {lag} are not on the same device.")
    );
    lab.ok(ALICE, "AssociateConnectionWithLag", pair(&member, &lag));
}

#[test]
fn a_port_that_nobody_has_patched_moves_to_the_device_of_the_lag() {
    let mut lab = Lab::new();
    // As Terraform does it: two ports, a LAG of one of them, which the other one joins.
    let (first, second) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    let devices = [&first, &second].map(|id| lab.connection(id).device);
    assert_ne!(devices[0], devices[1]);
    let (lag, _) = lag_of(&mut lab, ALICE, json!({"connectionId": first}));
    let joined = lab.ok(ALICE, "AssociateConnectionWithLag", pair(&second, &lag));
    assert_eq!(joined["awsDeviceV2"], json!(devices[0]));
    lab.ok(ALICE, "DisassociateConnectionFromLag", pair(&second, &lag));
    lab.settle();
    assert_eq!(lab.connection(&second).device, devices[0], "it stays there");
}

#[test]
fn joining_again_changes_nothing() {
    let mut lab = Lab::new();
    let (lag, member) = lag_up(&mut lab);
    lab.ok(ALICE, "UpdateLag", json!({"lagId": lag, "minimumLinks": 1}));
    let before = lab.world.clone();
    let answer = lab.ok(ALICE, "AssociateConnectionWithLag", pair(&member, &lag));
    assert_eq!(answer["lagId"], json!(lag));
    assert!(before.entities().eq(lab.world.entities()));
}

#[test]
fn joining_is_checked_row_by_row() {
    let mut lab = Lab::new();
    let (lag, _) = lag_up(&mut lab);
    let foreign = lab.dedicated(BOB);
    let slow = ordered(&mut lab, json!({"bandwidth": "1Gbps"}));
    let elsewhere = ordered(&mut lab, json!({"location": "CSVA1"}));
    let secured = ordered(&mut lab, json!({"requestMACSec": true}));
    let other_device = lab.dedicated(ALICE);
    assert_ne!(
        lab.connection(&other_device).device,
        Some(lab.lag(&lag).device)
    );
    lab.virtual_interface_on(ALICE, &other_device, 7);
    let interconnect = lab.interconnect(ALICE);
    let hosted = text(
        &lab.ok(
            ALICE,
            "AllocateHostedConnection",
            json!({"connectionId": interconnect, "ownerAccount": ALICE, "bandwidth": "10Gbps", "connectionName": "h", "vlan": 1}),
        ),
        "connectionId",
    );
    move_to_device_of(&mut lab, &interconnect, &lag);
    lab.settle();
    let leaving = beside(&mut lab, &lag);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": leaving}));
    let rows = [
        (
            "deleting",
            pair(&leaving, &lag),
            format!(
                "The specified Connection ID is not available: {leaving} is in state deleting."
            ),
        ),
        (
            "connection format",
            pair("x", &lag),
            "Connection ID x has an invalid format.".to_owned(),
        ),
        (
            "LAG format",
            pair(&slow, "x"),
            "Lag ID x has an invalid format.".to_owned(),
        ),
        (
            "connection unknown (M5)",
            pair("dxcon-ffffffff", &lag),
            "Could not find Connection with ID dxcon-ffffffff".to_owned(),
        ),
        (
            "connection of another",
            pair(&foreign, &lag),
            format!("Could not find Connection with ID {foreign}"),
        ),
        (
            "LAG unknown (M6)",
            pair(&slow, "dxlag-ffffffff"),
            "Could not find Lag with ID dxlag-ffffffff".to_owned(),
        ),
        (
            "hosted",
            pair(&hosted, &lag),
            format!("Connection {hosted} is a hosted connection and cannot be a member of a Lag."),
        ),
        (
            "other location",
            pair(&elsewhere, &lag),
            format!("Connection {elsewhere} and Lag {lag} are not on the same device."),
        ),
        (
            "other device",
            pair(&other_device, &lag),
            format!("Connection {other_device} and Lag {lag} are not on the same device."),
        ),
        (
            "other speed",
            pair(&slow, &lag),
            format!("Connection {slow} has 1Gbps, but the connections of Lag {lag} have 10Gbps."),
        ),
        (
            "MACsec (M17)",
            pair(&secured, &lag),
            format!("Connection {secured} and lag should be requested MacSec at the same time"),
        ),
        (
            "interconnect into an ordinary LAG",
            pair(&interconnect, &lag),
            format!("Lag {lag} does not take interconnects: it does not allow hosted connections."),
        ),
    ];
    for (row, body, message) in rows {
        assert_eq!(
            lab.message(ALICE, "AssociateConnectionWithLag", body),
            message,
            "{row}"
        );
    }
}

#[test]
fn a_full_lag_takes_no_more() {
    let mut lab = Lab::new();
    let (lag, _) = lag_of(&mut lab, ALICE, json!({"numberOfConnections": 4}));
    let id = ordered(&mut lab, json!({}));
    let refusal = lab.refused(ALICE, "AssociateConnectionWithLag", pair(&id, &lag));
    assert!(
        matches!(refusal, Refusal::Quota { limit: 4, .. }),
        "{refusal}"
    );
}

#[test]
fn clashes_with_what_is_on_the_lag_are_refused() {
    let clash = |change: fn(&mut VirtualInterface)| {
        let mut lab = Lab::new();
        let (lag, _) = lag_up(&mut lab);
        lab.virtual_interface_on(ALICE, &lag, 7);
        let id = beside(&mut lab, &lag);
        let mut interface = lab.virtual_interface_on(ALICE, &id, 8);
        change(&mut interface);
        lab.put(interface);
        lab.message(ALICE, "AssociateConnectionWithLag", pair(&id, &lag))
    };
    let vlan = clash(|interface| interface.vlan = demarc_types::VlanId::new(7).unwrap());
    assert_eq!(vlan, "VLAN 7 is already in use");
    let address = clash(|interface| {
        interface.peers[0].amazon_address =
            demarc_types::PeerAddress::parse("169.254.96.57/29").unwrap();
    });
    assert!(
        address.contains("conflicts with an address of virtual interface"),
        "{address}"
    );
}

#[test]
fn quotas_of_the_lag_hold_for_what_comes() {
    let joining = |there: i64, change: fn(&mut VirtualInterface)| {
        let mut lab = Lab::with(|settings| settings.quotas.virtual_interfaces_per_connection = 3);
        let (lag, _) = lag_up(&mut lab);
        let id = beside(&mut lab, &lag);
        for vlan in 0..there {
            let mut interface = lab.virtual_interface_on(ALICE, &lag, 10 + vlan);
            change(&mut interface);
            lab.put(interface);
        }
        let mut interface = lab.virtual_interface_on(ALICE, &id, 30);
        change(&mut interface);
        lab.put(interface);
        (lab, pair(&id, &lag))
    };
    let (mut lab, body) = joining(2, |_| {});
    lab.ok(ALICE, "AssociateConnectionWithLag", body);
    let (mut lab, body) = joining(3, |_| {});
    let refusal = lab.refused(ALICE, "AssociateConnectionWithLag", body);
    assert!(
        matches!(refusal, Refusal::Quota { limit: 3, .. }),
        "{refusal}"
    );
}

#[test]
fn rate_limiters_that_come_have_an_exception_of_their_own() {
    let mut lab = Lab::with(|settings| settings.quotas.rate_limiters_per_connection = 1);
    let (lag, _) = lag_up(&mut lab);
    let id = beside(&mut lab, &lag);
    for (carrier, vlan) in [(&lag, 1), (&id, 2)] {
        let mut interface = lab.virtual_interface_on(ALICE, carrier, vlan);
        interface.rate_limit = Some("50Mbps".parse().unwrap());
        lab.put(interface);
    }
    let refusal = lab.refused(ALICE, "AssociateConnectionWithLag", pair(&id, &lag));
    assert_eq!(refusal.exception(), Exception::LimitExceeded);
}

/// spec/protocol §3.4: conflicts, of all that come, before quotas.
#[test]
fn conflicts_on_the_lag_are_told_before_its_quotas() {
    for quota in ["rate limiters", "virtual interfaces"] {
        let mut lab = Lab::with(|settings| {
            settings.quotas.rate_limiters_per_connection = 1;
            settings.quotas.virtual_interfaces_per_connection = match quota {
                "virtual interfaces" => 2,
                _ => 51,
            };
        });
        let (lag, _) = lag_up(&mut lab);
        let id = beside(&mut lab, &lag);
        for (carrier, vlan, other) in [(&lag, 7, 1), (&lag, 8, 2), (&id, 1, 3), (&id, 7, 4)] {
            // Addresses of their own, so that VLANs alone are in conflict.
            let mut interface = lab.virtual_interface_on(ALICE, carrier, other);
            interface.vlan = demarc_types::VlanId::new(vlan).unwrap();
            if quota == "rate limiters" && vlan == 7 {
                interface.rate_limit = Some("50Mbps".parse().unwrap());
            }
            lab.put(interface);
        }
        let refusal = lab.refused(ALICE, "AssociateConnectionWithLag", pair(&id, &lag));
        assert_eq!(refusal, Refusal::VlanInUse(7), "{quota}");
    }
}

#[test]
fn from_another_lag_the_virtual_interfaces_stay_behind() {
    let mut lab = Lab::new();
    let (old, member) = lag_up(&mut lab);
    let interface = lab.virtual_interface_on(ALICE, &old, 7);
    let (new, fresh) = lag_of(&mut lab, ALICE, json!({}));
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": fresh[0]}));
    let mut target = lab.lag(&new);
    target.device = lab.lag(&old).device;
    lab.put(target);
    lab.ok(ALICE, "AssociateConnectionWithLag", pair(&member, &new));
    assert_eq!(lab.now_of(&interface), interface);
    assert_eq!(lab.connection(&member).lag.unwrap().to_string(), new);
    lab.ok(ALICE, "UpdateLag", json!({"lagId": new, "minimumLinks": 1}));
    let message = lab.message(ALICE, "AssociateConnectionWithLag", pair(&member, &old));
    assert!(
        message.contains(&format!("below the minimum links of Lag {new}")),
        "{message}"
    );
}

#[test]
fn in_development_mode_the_first_interconnect_makes_an_empty_lag_host() {
    let mut lab = Lab::new();
    let (lag, members) = lag_of(&mut lab, PAULA, json!({}));
    lab.ok(
        PAULA,
        "DeleteConnection",
        json!({"connectionId": members[0]}),
    );
    let interconnect = lab.interconnect(PAULA);
    move_to_device_of(&mut lab, &interconnect, &lag);
    lab.ok(
        PAULA,
        "AssociateConnectionWithLag",
        pair(&interconnect, &lag),
    );
    let lags = lab.ok(PAULA, "DescribeLags", json!({"lagId": lag}));
    assert_eq!(lags["lags"][0]["allowsHostedConnections"], true);
    lab.ok(
        PAULA,
        "DisassociateConnectionFromLag",
        pair(&interconnect, &lag),
    );
    let lags = lab.ok(PAULA, "DescribeLags", json!({"lagId": lag}));
    assert_eq!(
        lags["lags"][0]["allowsHostedConnections"], true,
        "it never changes back"
    );
}

#[test]
fn a_lag_that_hosts_takes_no_virtual_interfaces_along() {
    let mut lab = Lab::listed();
    let (lag, _) = lag_of(&mut lab, PAULA, json!({}));
    let id = lab.dedicated(PAULA);
    move_to_device_of(&mut lab, &id, &lag);
    let interface = lab.virtual_interface_on(PAULA, &id, 7);
    let message = lab.message(PAULA, "AssociateConnectionWithLag", pair(&id, &lag));
    assert!(message.contains("has virtual interfaces"), "{message}");
    lab.world.apply(&crate::entity::Change::Remove(
        crate::entity::EntityKey::VirtualInterface(interface.id),
    ));
    lab.ok(PAULA, "AssociateConnectionWithLag", pair(&id, &lag));
}

#[test]
fn keys_and_mode_give_way_to_those_of_the_lag() {
    let mut lab = Lab::new();
    let (lag, _) = lag_of(&mut lab, ALICE, json!({"requestMACSec": true}));
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": lag, "encryptionMode": "no_encrypt"}),
    );
    let key = |ckn: &str| json!({"ckn": ckn.repeat(64), "cak": "0".repeat(64)});
    let mut body = key("a");
    body["connectionId"] = json!(lag);
    lab.ok(ALICE, "AssociateMacSecKey", body);
    let id = ordered(&mut lab, json!({"requestMACSec": true}));
    let mut body = key("b");
    body["connectionId"] = json!(id);
    lab.ok(ALICE, "AssociateMacSecKey", body);
    let answer = lab.ok(ALICE, "AssociateConnectionWithLag", pair(&id, &lag));
    assert_eq!(answer["encryptionMode"], "no_encrypt");
    assert_eq!(answer["macSecKeys"][0]["ckn"], json!("a".repeat(64)));
    assert!(lab.connection(&id).mac_sec.unwrap().keys.is_empty());
}

// ===== what members carry =====

/// The members of a LAG share its VLANs (spec/identifiers §6), so what they carry is on the LAG.
#[test]
fn a_member_takes_no_virtual_interface_of_its_own() {
    let mut lab = Lab::new();
    let (lag, member) = lag_up(&mut lab);
    let gateway = text(
        &lab.ok(
            ALICE,
            "CreateDirectConnectGateway",
            json!({"directConnectGatewayName": "g"}),
        )["directConnectGateway"],
        "directConnectGatewayId",
    );
    lab.settle();
    let order = |on: &str| {
        json!({
            "connectionId": on,
            "newPrivateVirtualInterface": {
                "virtualInterfaceName": "v", "vlan": 7, "asn": 65_001, "directConnectGatewayId": gateway,
            },
        })
    };
    let refused = format!(
        "The specified Connection ID is not available: {member} is a member of Lag {lag}, which carries what its members would."
    );
    assert_eq!(
        lab.message(ALICE, "CreatePrivateVirtualInterface", order(&member)),
        refused
    );
    let alone = lab.dedicated(ALICE);
    let made = lab.ok(ALICE, "CreatePrivateVirtualInterface", order(&alone));
    let to =
        |on: &str| json!({"virtualInterfaceId": made["virtualInterfaceId"], "connectionId": on});
    assert_eq!(
        lab.message(ALICE, "AssociateVirtualInterface", to(&member)),
        refused
    );
    lab.ok(ALICE, "AssociateVirtualInterface", to(&lag));
    lab.ok(ALICE, "DisassociateConnectionFromLag", pair(&member, &lag));
    lab.ok(ALICE, "CreatePrivateVirtualInterface", order(&member));
}
