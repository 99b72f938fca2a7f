//! Calls that are tried, and what they would touch.

use demarc_api::{Operation, Request};
use serde_json::json;

use super::*;
use crate::testing::{ALICE, Lab, text};

/// Ten seconds: provisioning steps of a lab take one.
const SPAN: Span = Span::from_secs(10);

fn request(operation: &str, input: &Value) -> Request {
    let operation = Operation::from_name(operation).unwrap();
    Request::decode(operation, input.to_string().as_bytes()).unwrap()
}

/// Tries calls of Alice's that are all accepted.
fn effects(lab: &mut Lab, calls: &[(&str, Value)]) -> Effects {
    let before: Vec<Entity> = lab.world.entities().collect();
    let mut context = lab.context(ALICE);
    let mut trial = Trial::new(&lab.world);
    for (operation, input) in calls {
        if let Err(refusal) = trial.call(&mut context, &request(operation, input)) {
            panic!("{operation} {input}: {refusal}");
        }
    }
    let effects = trial.effects(&mut context, SPAN);
    assert!(lab.world.entities().eq(before), "a trial changes nothing");
    effects
}

/// A transit virtual interface to a gateway with 10.0.0.0/8 behind it: its id, the gateway's and the
/// association's.
fn transit(lab: &mut Lab) -> (String, String, String) {
    let port = lab.dedicated(ALICE);
    let named = json!({"directConnectGatewayName": "gateway", "amazonSideAsn": 64_600});
    let made = lab.ok(ALICE, "CreateDirectConnectGateway", named);
    let gateway = text(&made["directConnectGateway"], "directConnectGatewayId");
    lab.settle();
    let associate = json!({
        "directConnectGatewayId": gateway,
        "gatewayId": lab.transit_gateway(ALICE, 64_700),
        "addAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.0.0.0/8"}],
    });
    let made = lab.ok(ALICE, "CreateDirectConnectGatewayAssociation", associate);
    let association = text(&made["directConnectGatewayAssociation"], "associationId");
    lab.settle();
    let new = json!({"virtualInterfaceName": "transit", "vlan": 7, "asn": 65_001,
                     "directConnectGatewayId": gateway});
    let made = lab.ok(
        ALICE,
        "CreateTransitVirtualInterface",
        json!({"connectionId": port, "newTransitVirtualInterface": new}),
    );
    lab.converge();
    (
        text(&made["virtualInterface"], "virtualInterfaceId"),
        gateway,
        association,
    )
}

#[test]
fn a_deletion_ends_the_session_and_what_it_announced() {
    let mut lab = Lab::new();
    let (id, ..) = transit(&mut lab);
    let effects = effects(
        &mut lab,
        &[("DeleteVirtualInterface", json!({"virtualInterfaceId": id}))],
    );
    assert_eq!(effects.virtual_interfaces.len(), 1);
    assert_eq!(effects.virtual_interfaces[0].effect, Kind::Removed);
    assert_eq!(effects.sessions[0].effect, SessionKind::Removed);
    assert_eq!(
        effects.announcements[0].withdrawn,
        ["10.0.0.0/8".parse().unwrap()].into()
    );
    assert!(
        effects
            .devices
            .iter()
            .all(|device| device.starts_with("EqDC2-"))
    );
    assert_eq!((effects.devices.len(), effects.ports.len()), (1, 0));
}

#[test]
fn a_changed_member_is_shown_with_both_values_and_leaves_the_session_up() {
    let mut lab = Lab::new();
    let (id, ..) = transit(&mut lab);
    let effects = effects(
        &mut lab,
        &[(
            "UpdateVirtualInterfaceAttributes",
            json!({"virtualInterfaceId": id, "mtu": 8_500}),
        )],
    );
    let members = &effects.virtual_interfaces[0].members;
    assert_eq!(members.keys().collect::<Vec<_>>(), ["mtu"]);
    assert_eq!(
        (&members["mtu"].before, &members["mtu"].after),
        (&json!(1_500), &json!(8_500))
    );
    assert!(effects.sessions.is_empty() && effects.announcements.is_empty());
}

#[test]
fn allowed_prefixes_change_what_customers_hear_and_nothing_else() {
    let mut lab = Lab::new();
    let (_, _, association) = transit(&mut lab);
    let update = json!({
        "associationId": association,
        "addAllowedPrefixesToDirectConnectGateway": [{"cidr": "172.16.0.0/12"}],
        "removeAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.0.0.0/8"}],
    });
    let effects = effects(
        &mut lab,
        &[("UpdateDirectConnectGatewayAssociation", update)],
    );
    let [announcement] = effects.announcements.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        announcement.added,
        ["172.16.0.0/12".parse().unwrap()].into()
    );
    assert_eq!(
        announcement.withdrawn,
        ["10.0.0.0/8".parse().unwrap()].into()
    );
    assert!(effects.sessions.is_empty() && effects.virtual_interfaces.is_empty());
}

#[test]
fn a_failover_test_holds_sessions_down() {
    let mut lab = Lab::new();
    let (id, ..) = transit(&mut lab);
    let start = ("StartBgpFailoverTest", json!({"virtualInterfaceId": id}));
    let started = effects(&mut lab, std::slice::from_ref(&start));
    assert_eq!(started.sessions[0].effect, SessionKind::HeldDown);
    let stopped = effects(
        &mut lab,
        &[
            start,
            ("StopBgpFailoverTest", json!({"virtualInterfaceId": id})),
        ],
    );
    assert_eq!(
        stopped,
        Effects::default(),
        "a change that is taken back touches nothing"
    );
}

#[test]
fn what_a_call_makes_the_next_can_use() {
    let mut lab = Lab::new();
    let (id, gateway, _) = transit(&mut lab);
    let port = lab.dedicated(ALICE);
    let mut context = lab.context(ALICE);
    let mut trial = Trial::new(&lab.world);
    let new = json!({"virtualInterfaceName": "new", "vlan": 8, "asn": 65_001,
                     "directConnectGatewayId": gateway});
    let input = json!({"connectionId": port, "newTransitVirtualInterface": new});
    let made = trial
        .call(
            &mut context,
            &request("CreateTransitVirtualInterface", &input),
        )
        .unwrap();
    let made: Value = serde_json::from_slice(&made.to_json()).unwrap();
    let new = &made["virtualInterface"]["virtualInterfaceId"];
    let rename = json!({"virtualInterfaceId": new, "virtualInterfaceName": "newer"});
    trial
        .call(
            &mut context,
            &request("UpdateVirtualInterfaceAttributes", &rename),
        )
        .unwrap();
    let delete = request("DeleteVirtualInterface", &json!({"virtualInterfaceId": id}));
    trial.call(&mut context, &delete).unwrap();
    let refused = request(
        "DeleteDirectConnectGateway",
        &json!({"directConnectGatewayId": gateway}),
    );
    assert!(trial.call(&mut context, &refused).is_err());
    let effects = trial.effects(&mut context, SPAN);
    let kinds: BTreeSet<_> = effects
        .sessions
        .iter()
        .map(|it| format!("{:?}", it.effect))
        .collect();
    assert_eq!(kinds, ["Added".to_owned(), "Removed".to_owned()].into());
}

#[test]
fn keys_stay_where_they_are() {
    let mut lab = Lab::new();
    let (id, ..) = transit(&mut lab);
    let peer = json!({"virtualInterfaceId": id, "newBGPPeer": {"asn": 65_001, "addressFamily": "ipv6",
                      "authKey": "very-secret-key"}});
    let effects = effects(&mut lab, &[("CreateBGPPeer", peer)]);
    assert_eq!(effects.sessions[0].effect, SessionKind::Added);
    assert!(!serde_json::to_string(&effects).unwrap().contains("secret"));
}
