//! Rows of spec/operations §7 and spec/states §5 that need more than one fault or more than one account.

use demarc_types::Span;
use serde_json::{Value, json};

use crate::entity::{Link, Session, VirtualInterface, VirtualInterfacePhase};
use crate::observe::{PeerReport, Report};
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, text};

fn gateway(lab: &mut Lab, account: &str) -> String {
    let made = lab.ok(
        account,
        "CreateDirectConnectGateway",
        json!({"directConnectGatewayName": "gateway", "amazonSideAsn": 64_600}),
    );
    text(&made["directConnectGateway"], "directConnectGatewayId")
}

fn private(connection: &str, gateway: &str, vlan: i64) -> Value {
    json!({"connectionId": connection, "newPrivateVirtualInterface": {
        "virtualInterfaceName": "v", "vlan": vlan, "asn": 65_001, "directConnectGatewayId": gateway}})
}

fn create_private(lab: &mut Lab, connection: &str, gateway: &str, vlan: i64) -> String {
    let body = private(connection, gateway, vlan);
    let made = lab.ok(ALICE, "CreatePrivateVirtualInterface", body);
    text(&made, "virtualInterfaceId")
}

fn stored(lab: &Lab, id: &str) -> VirtualInterface {
    let found = lab.world.virtual_interface(id.parse().unwrap());
    found.unwrap().as_ref().clone()
}

fn shown(lab: &mut Lab, account: &str, id: &str) -> Value {
    let listed = lab.ok(
        account,
        "DescribeVirtualInterfaces",
        json!({"virtualInterfaceId": id}),
    );
    listed["virtualInterfaces"][0].clone()
}

/// V11 to V21 of spec/operations §7.1: each request has the fault named and a later one.
#[test]
fn what_stands_in_the_way_is_checked_in_order() {
    let mut lab = Lab::with(|settings| {
        settings.quotas.virtual_interfaces_per_gateway = 1;
        settings.quotas.virtual_interfaces_per_connection = 2;
    });
    let port = lab.dedicated(ALICE);
    let interconnect = lab.interconnect(ALICE);
    let ordered = lab.ok(
        ALICE,
        "CreateConnection",
        json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "ordered"}),
    );
    let ordered = text(&ordered, "connectionId");
    let (full, empty) = (gateway(&mut lab, ALICE), gateway(&mut lab, ALICE));
    let none = "00000000-0000-4000-8000-000000000000";
    create_private(&mut lab, &port, &full, 5);
    let address = json!({"amazonAddress": "10.0.0.1/30", "customerAddress": "10.0.0.2/30"});
    let with = |mut body: Value, more: &Value| {
        let members = more.as_object().unwrap().clone();
        let new = &mut body["newPrivateVirtualInterface"];
        new.as_object_mut().unwrap().extend(members);
        body
    };
    lab.ok(
        ALICE,
        "CreatePrivateVirtualInterface",
        with(private(&port, &empty, 6), &address),
    );
    let rows = [
        (
            "V11 before V14",
            private("dxcon-ffffffff", none, 5),
            "Could not find Connection with ID dxcon-ffffffff",
        ),
        (
            "V12 before V14",
            private(&interconnect, none, 5),
            "Virtual interfaces cannot be created on dxcon-",
        ),
        (
            "V13 before V14",
            private(&ordered, none, 5),
            "The specified Connection ID is not available",
        ),
        (
            "V14 before V17",
            private(&port, none, 5),
            "Direct Connect Gateway 00000000-0000-4000-8000-000000000000 does not exist.",
        ),
        (
            "V17 before V18",
            with(private(&port, &empty, 5), &address),
            "VLAN 5 is already in use",
        ),
        (
            "V17 before V20 of the gateway",
            private(&port, &full, 5),
            "VLAN 5 is already in use",
        ),
        (
            "V18 before V20",
            with(private(&port, &full, 7), &address),
            "Address 10.0.0.1/30 conflicts with",
        ),
        (
            "V20 of the connection before that of the gateway",
            private(&port, &full, 7),
            "Virtual interface limit of 2 would be exceeded for dxcon-",
        ),
    ];
    for (row, body, beginning) in rows {
        let message = lab.message(ALICE, "CreatePrivateVirtualInterface", body);
        assert!(message.starts_with(beginning), "{row}: {message}");
    }
    let body = json!({"connectionId": port, "newTransitVirtualInterface": {
        "virtualInterfaceName": "v", "vlan": 5, "asn": 65_001, "directConnectGatewayId": full}});
    let message = lab.message(ALICE, "CreateTransitVirtualInterface", body);
    assert!(
        message.starts_with(&format!(
            "Direct Connect Gateway {full} is already used for "
        )),
        "V15 before V17 and V20: {message}"
    );
    let other = lab.dedicated(ALICE);
    let message = lab.message(
        ALICE,
        "CreatePrivateVirtualInterface",
        private(&other, &full, 7),
    );
    assert_eq!(
        message,
        format!(
            "Virtual interface limit of 1 would be exceeded for Direct Connect Gateway {full}."
        ),
        "V20 of the gateway"
    );
}

#[test]
fn a_full_gateway_takes_no_confirmation() {
    let mut lab = Lab::with(|settings| settings.quotas.virtual_interfaces_per_gateway = 1);
    let (own, foreign) = (lab.dedicated(ALICE), lab.dedicated(BOB));
    let full = gateway(&mut lab, ALICE);
    create_private(&mut lab, &own, &full, 5);
    let made = lab.ok(
        BOB,
        "AllocatePrivateVirtualInterface",
        json!({"connectionId": foreign, "ownerAccount": ALICE, "newPrivateVirtualInterfaceAllocation":
            {"virtualInterfaceName": "v", "vlan": 5, "asn": 65_001}}),
    );
    let refusal = lab.refused(
        ALICE,
        "ConfirmPrivateVirtualInterface",
        json!({"virtualInterfaceId": made["virtualInterfaceId"], "directConnectGatewayId": full}),
    );
    assert!(
        matches!(refusal, Refusal::Quota { limit: 1, .. }),
        "{refusal}"
    );
}

/// The successors of tested peers are tested: a move does not bring the sessions up.
/// spec/operations §7: while a virtual interface is shown, it is in a state; then it does not exist.
#[test]
fn what_was_rejected_or_deleted_is_confirmed_no_more() {
    let mut lab = Lab::new();
    let connection = lab.dedicated(ALICE);
    let gateway = gateway(&mut lab, BOB);
    for (vlan, deletes, state) in [(7, BOB, "rejected"), (8, ALICE, "deleted")] {
        let made = lab.ok(
            ALICE,
            "AllocatePrivateVirtualInterface",
            json!({"connectionId": connection, "ownerAccount": BOB,
                "newPrivateVirtualInterfaceAllocation": {"virtualInterfaceName": "v", "vlan": vlan, "asn": 65_001}}),
        );
        let id = made["virtualInterfaceId"].as_str().unwrap().to_owned();
        lab.ok(
            deletes,
            "DeleteVirtualInterface",
            json!({"virtualInterfaceId": id}),
        );
        if state == "deleted" {
            // The fabric has taken it away.
            let mut interface = stored(&lab, &id);
            interface.phase = VirtualInterfacePhase::Deleted { at: lab.now };
            lab.put(interface);
        }
        let confirm = json!({"virtualInterfaceId": id, "directConnectGatewayId": gateway});
        let said = lab.message(BOB, "ConfirmPrivateVirtualInterface", confirm.clone());
        assert_eq!(said, format!("Virtual interface {id} is in state {state}."));
        let stranger = lab.message(ALICE, "ConfirmPrivateVirtualInterface", confirm.clone());
        assert_eq!(
            stranger,
            format!("Virtual Interface {id} does not exist."),
            "the owner of the connection has nothing to confirm"
        );
        lab.advance(Span::from_secs(3_600));
        let gone = lab.message(BOB, "ConfirmPrivateVirtualInterface", confirm);
        assert_eq!(gone, format!("Virtual Interface {id} does not exist."));
    }
}

#[test]
fn a_failover_test_outlives_a_move() {
    let mut lab = Lab::new();
    let (from, to) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    let gateway = gateway(&mut lab, ALICE);
    let id = create_private(&mut lab, &from, &gateway, 5);
    lab.converge();
    let second =
        json!({"virtualInterfaceId": id, "newBGPPeer": {"asn": 65_001, "addressFamily": "ipv6"}});
    lab.ok(ALICE, "CreateBGPPeer", second);
    lab.converge();
    let [four, six] = [0, 1].map(|place| stored(&lab, &id).peers[place].id);
    let test = lab.ok(
        ALICE,
        "StartBgpFailoverTest",
        json!({"virtualInterfaceId": id, "bgpPeers": [six.to_string()]}),
    );
    let moved = lab.ok(
        ALICE,
        "AssociateVirtualInterface",
        json!({"virtualInterfaceId": id, "connectionId": to}),
    );
    assert_eq!(moved["virtualInterfaceState"], "testing");
    let [new_four, new_six] = [2, 3].map(|place| stored(&lab, &id).peers[place].id);
    assert!(![new_four, new_six].contains(&four) && ![new_four, new_six].contains(&six));

    let intent = crate::intent::virtual_interface(&lab.world, &stored(&lab, &id)).unwrap();
    let held: Vec<_> = intent
        .peers
        .iter()
        .map(|peer| (peer.id, peer.shutdown))
        .collect();
    assert_eq!(held, [(new_four, false), (new_six, true)]);
    let history = lab.ok(
        ALICE,
        "ListVirtualInterfaceTestHistory",
        json!({"bgpPeers": [new_six.to_string()]}),
    );
    let (listed, started) = (
        &history["virtualInterfaceTestHistory"][0],
        &test["virtualInterfaceTest"],
    );
    assert_eq!(listed["testId"], started["testId"]);
    assert_eq!(listed["status"], "in_progress");

    lab.ok(
        ALICE,
        "StopBgpFailoverTest",
        json!({"virtualInterfaceId": id}),
    );
    lab.converge();
    assert_eq!(
        shown(&mut lab, ALICE, &id)["virtualInterfaceState"],
        "available"
    );
}

/// States of spec/states §5.1, by what the fabric says.
#[test]
fn the_state_is_derived_from_phase_test_programming_and_sessions() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let gateway = gateway(&mut lab, ALICE);
    let id = create_private(&mut lab, &port, &gateway, 5);
    assert_eq!(
        shown(&mut lab, ALICE, &id)["virtualInterfaceState"],
        "pending"
    );
    lab.converge();
    let body =
        json!({"virtualInterfaceId": id, "newBGPPeer": {"asn": 65_001, "addressFamily": "ipv6"}});
    lab.ok(ALICE, "CreateBGPPeer", body);
    lab.converge();
    for (sessions, state) in [
        ([Session::Up, Session::Up], "available"),
        ([Session::Down, Session::Up], "available"),
        ([Session::Down, Session::Down], "down"),
    ] {
        let now = stored(&lab, &id);
        lab.report(&[Report::VirtualInterface {
            id: now.id,
            generation: now.generation,
            peers: std::iter::zip(&now.peers, sessions)
                .map(|(peer, session)| PeerReport {
                    wrong_key: false,
                    id: peer.id,
                    session,
                    prefixes_received: 0,
                })
                .collect(),
        }]);
        let seen = shown(&mut lab, ALICE, &id);
        assert_eq!(seen["virtualInterfaceState"], state, "{sessions:?}");
        for (peer, session) in std::iter::zip(seen["bgpPeers"].as_array().unwrap(), sessions) {
            let word = match session {
                Session::Up => "up",
                Session::Down => "down",
            };
            assert_eq!(peer["bgpStatus"], word);
            assert_eq!(peer["bgpPeerState"], "available");
        }
    }
    lab.ok(
        ALICE,
        "UpdateVirtualInterfaceAttributes",
        json!({"virtualInterfaceId": id, "mtu": 9_001}),
    );
    assert_eq!(
        shown(&mut lab, ALICE, &id)["virtualInterfaceState"],
        "pending",
        "not programmed comes before down"
    );
    lab.converge();
    lab.ok(
        ALICE,
        "StartBgpFailoverTest",
        json!({"virtualInterfaceId": id}),
    );
    lab.ok(
        ALICE,
        "UpdateVirtualInterfaceAttributes",
        json!({"virtualInterfaceId": id, "mtu": 1_500}),
    );
    assert_eq!(
        shown(&mut lab, ALICE, &id)["virtualInterfaceState"],
        "testing",
        "a test comes before pending"
    );
    lab.ok(
        ALICE,
        "DeleteVirtualInterface",
        json!({"virtualInterfaceId": id}),
    );
    assert_eq!(
        shown(&mut lab, ALICE, &id)["virtualInterfaceState"],
        "deleting"
    );
    let history = lab.ok(ALICE, "ListVirtualInterfaceTestHistory", json!({}));
    assert_eq!(
        history["virtualInterfaceTestHistory"],
        json!([]),
        "the history goes when the deletion begins"
    );
}

/// A subnet that became free does not come again at once (spec/routing §1.2).
#[test]
fn automatic_subnets_go_on_behind_the_newest_one() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let gateway = gateway(&mut lab, ALICE);
    let mut addresses = Vec::new();
    for vlan in 1..=3 {
        let id = create_private(&mut lab, &port, &gateway, vlan);
        addresses.push(text(&shown(&mut lab, ALICE, &id), "amazonAddress"));
        lab.converge();
        lab.ok(
            ALICE,
            "DeleteVirtualInterface",
            json!({"virtualInterfaceId": id}),
        );
        lab.converge();
    }
    assert_eq!(
        addresses,
        ["169.254.96.1/29", "169.254.96.9/29", "169.254.96.17/29"]
    );
    // What it made for another account does not count for its own.
    lab.ok(
        ALICE,
        "AllocatePrivateVirtualInterface",
        json!({"connectionId": port, "ownerAccount": BOB, "newPrivateVirtualInterfaceAllocation":
            {"virtualInterfaceName": "v", "vlan": 9, "asn": 65_001}}),
    );
    let id = create_private(&mut lab, &port, &gateway, 4);
    assert_eq!(
        shown(&mut lab, ALICE, &id)["amazonAddress"],
        "169.254.96.25/29"
    );
}

/// Declined, run out or refused by the operator: the tags are gone as they are after a deletion.
#[test]
fn tags_vanish_with_the_virtual_interface() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let allocated = |lab: &mut Lab, vlan: i64| {
        let made = lab.ok(
            ALICE,
            "AllocatePrivateVirtualInterface",
            json!({"connectionId": port, "ownerAccount": BOB, "newPrivateVirtualInterfaceAllocation":
                {"virtualInterfaceName": "v", "vlan": vlan, "asn": 65_001, "tags": [{"key": "a", "value": "b"}]}}),
        );
        text(&made, "virtualInterfaceId")
    };
    let (declined, expired) = (allocated(&mut lab, 1), allocated(&mut lab, 2));
    lab.ok(
        BOB,
        "DeleteVirtualInterface",
        json!({"virtualInterfaceId": declined}),
    );
    assert_eq!(
        shown(&mut lab, BOB, &declined)["virtualInterfaceState"],
        "rejected"
    );
    assert_eq!(shown(&mut lab, BOB, &declined)["tags"], json!([]));
    assert_eq!(
        shown(&mut lab, BOB, &expired)["tags"],
        json!([{"key": "a", "value": "b"}])
    );
    lab.advance(Span::from_days(7));
    let seen = shown(&mut lab, BOB, &expired);
    assert_eq!(seen["virtualInterfaceState"], "deleted");
    assert_eq!(seen["tags"], json!([]));
}

#[test]
fn tags_given_while_deleting_vanish_too() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let id = lab.virtual_interface_on(ALICE, &port, 5).id.to_string();
    let body = json!({"virtualInterfaceId": id});
    lab.ok(ALICE, "DeleteVirtualInterface", body);
    let arn = format!("arn:aws:directconnect:us-east-1:{ALICE}:dxvif/{id}");
    let tags = json!([{"key": "a", "value": "b"}]);
    lab.ok(
        ALICE,
        "TagResource",
        json!({"resourceArn": arn, "tags": tags}),
    );
    assert!(!stored(&lab, &id).tags.is_empty());
    lab.converge();
    let seen = shown(&mut lab, ALICE, &id);
    assert_eq!(seen["virtualInterfaceState"], "deleted");
    assert_eq!(seen["tags"], json!([]));
}

/// A port that is down takes a virtual interface; one that is not there yet does not (spec/states §5.2).
#[test]
fn a_port_that_is_down_takes_virtual_interfaces() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let gateway = gateway(&mut lab, ALICE);
    lab.link(&port, Link::Down);
    create_private(&mut lab, &port, &gateway, 5);
    lab.ok(
        ALICE,
        "DescribeVirtualInterfaces",
        json!({"connectionId": port}),
    );
}

/// spec/quotas rows 1 and 5: 50 private and public ones are the limit of a connection; a LAG takes 51 of any.
#[test]
fn a_lag_takes_one_private_virtual_interface_more_than_a_connection() {
    let mut lab = Lab::new();
    let (port, member) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps",
            "lagName": "lag", "connectionId": member}),
    );
    let lag = text(&lag, "lagId");
    lab.lacp(&member, true);
    let gateway = gateway(&mut lab, ALICE);
    for carrier in [&port, &lag] {
        for vlan in 1..=50 {
            lab.virtual_interface_on(ALICE, carrier, vlan);
        }
    }
    let limit = |lab: &mut Lab, carrier: &str, vlan| {
        lab.message(
            ALICE,
            "CreatePrivateVirtualInterface",
            private(carrier, &gateway, vlan),
        )
    };
    assert_eq!(
        limit(&mut lab, &port, 51),
        format!("Private and public virtual interface limit of 50 would be exceeded for {port}.")
    );
    create_private(&mut lab, &lag, &gateway, 51);
    assert_eq!(
        limit(&mut lab, &lag, 52),
        format!("Virtual interface limit of 51 would be exceeded for {lag}.")
    );
}

/// spec/quotas row 30 as the operator sets it.
#[test]
fn prefixes_that_nobody_asked_for_stay_within_the_quota() {
    let mut lab = Lab::with(|settings| settings.quotas.prefix_allocation = 40);
    let (port, gateway) = (lab.dedicated(ALICE), gateway(&mut lab, ALICE));
    let id = create_private(&mut lab, &port, &gateway, 5);
    let shown = shown(&mut lab, ALICE, &id);
    for family in ["4", "6"] {
        let member = format!("prefixPoolAllocatedCountIpv{family}");
        assert_eq!(shown[member.as_str()], 40, "{member}");
    }
}

/// spec/protocol §4: an empty filter is none.
#[test]
fn an_empty_status_chooses_all_failover_tests() {
    let mut lab = Lab::new();
    let (port, gateway) = (lab.dedicated(ALICE), gateway(&mut lab, ALICE));
    let id = create_private(&mut lab, &port, &gateway, 5);
    lab.converge();
    let test = lab.ok(
        ALICE,
        "StartBgpFailoverTest",
        json!({"virtualInterfaceId": id}),
    );
    let listed = lab.ok(
        ALICE,
        "ListVirtualInterfaceTestHistory",
        json!({"status": ""}),
    );
    assert_eq!(
        listed["virtualInterfaceTestHistory"],
        json!([test["virtualInterfaceTest"]])
    );
}

/// spec/routing §1: eBGP only, on public virtual interfaces too.
#[test]
fn the_public_asn_of_amazon_is_no_customers() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let public = |asn: i64| {
        json!({"virtualInterfaceName": "v", "vlan": 5, "asn": asn, "amazonAddress": "175.45.176.1/30",
            "customerAddress": "175.45.176.2/30", "routeFilterPrefixes": [{"cidr": "210.52.109.0/24"}]})
    };
    let beginning = "BGP ASN 7224 is the ASN of the Amazon side";
    for (operation, member, owner) in [
        (
            "CreatePublicVirtualInterface",
            "newPublicVirtualInterface",
            None,
        ),
        (
            "AllocatePublicVirtualInterface",
            "newPublicVirtualInterfaceAllocation",
            Some(BOB),
        ),
    ] {
        let mut body = json!({"connectionId": port, member: public(7_224)});
        if let Some(owner) = owner {
            body["ownerAccount"] = json!(owner);
        }
        let said = lab.message(ALICE, operation, body);
        assert!(said.starts_with(beginning), "{operation}: {said}");
    }
    let made = lab.ok(
        ALICE,
        "CreatePublicVirtualInterface",
        json!({"connectionId": port, "newPublicVirtualInterface": public(65_001)}),
    );
    lab.settle();
    let peer = json!({"asn": 7_224, "addressFamily": "ipv6"});
    let said = lab.message(
        ALICE,
        "CreateBGPPeer",
        json!({"virtualInterfaceId": made["virtualInterfaceId"], "newBGPPeer": peer}),
    );
    assert!(said.starts_with(beginning), "{said}");
    // What it will be on confirmation is not known before.
    lab.ok(
        ALICE,
        "AllocatePrivateVirtualInterface",
        json!({"connectionId": port, "ownerAccount": BOB, "newPrivateVirtualInterfaceAllocation":
            {"virtualInterfaceName": "v", "vlan": 6, "asn": 7_224}}),
    );
}
