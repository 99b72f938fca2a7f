use serde_json::{Value, json};

use super::*;
use crate::entity::{Link, Session, SilenceStage};
use crate::observe::{PeerReport, Report};
use crate::operator::Order;
use crate::testing::{ALICE, Lab, PAULA};

/// What happened in `step`, as events.
fn during(lab: &mut Lab, step: impl FnOnce(&mut Lab)) -> Vec<Event> {
    let before = lab.world.clone();
    step(lab);
    let changes: Vec<_> = lab.world.entities().map(Change::Put).collect();
    between(&before, &lab.world, &changes, lab.now)
}

/// `(detail type, new state, reason)` of each event, without the words that all types have in common.
fn told(events: &[Event]) -> Vec<(&'static str, &'static str, Option<&'static str>)> {
    let mut told: Vec<_> = events
        .iter()
        .map(|event| {
            let kind = event.detail_type.trim_start_matches("Direct Connect ");
            match event.detail {
                Detail::State { state, reason, .. } | Detail::Peer { state, reason, .. } => {
                    (kind, state, reason)
                }
                Detail::Review { state } => (kind, state, None),
                Detail::Prefixes { .. } | Detail::Key { .. } => (kind, "", None),
            }
        })
        .collect();
    told.sort_unstable();
    told
}

/// The detail as it is shown.
fn shown(event: &Event) -> Value {
    serde_json::to_value(event.detail).unwrap()
}

fn report(interface: &VirtualInterface, session: Session, received: u32) -> Report {
    let peers = interface.peers.iter().map(|peer| PeerReport {
        wrong_key: false,
        id: peer.id,
        session,
        prefixes_received: received,
    });
    Report::VirtualInterface {
        id: interface.id,
        generation: interface.generation,
        peers: peers.collect(),
    }
}

#[test]
fn a_lost_link_is_the_reason_for_all_that_hangs_on_it() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let events = during(&mut lab, |lab| {
        lab.link(&port, Link::Down);
        lab.report(&[report(&interface, Session::Down, 0)]);
    });
    assert_eq!(
        told(&events),
        [
            ("BGP Peer State Change", "available", Some("link-down")),
            ("Connection State Change", "down", Some("link-down")),
            ("Virtual Interface State Change", "down", Some("link-down")),
        ]
    );
    let events = during(&mut lab, |lab| {
        lab.link(&port, Link::Up);
        lab.report(&[report(&interface, Session::Up, 0)]);
    });
    assert!(
        told(&events).iter().all(|(_, _, reason)| reason.is_none()),
        "what is up has no reason: {events:?}"
    );
}

#[test]
fn a_hosted_connection_goes_by_its_parent() {
    let mut lab = Lab::new();
    let parent = lab.interconnect(PAULA);
    let hosted = lab.ok(
        PAULA,
        "AllocateHostedConnection",
        json!({"connectionId": parent, "ownerAccount": ALICE, "bandwidth": "1Gbps",
            "connectionName": "hosted", "vlan": 5}),
    );
    lab.ok(
        ALICE,
        "ConfirmConnection",
        json!({"connectionId": hosted["connectionId"]}),
    );
    lab.settle();
    let events = during(&mut lab, |lab| lab.link(&parent, Link::Down));
    assert_eq!(
        told(&events),
        [
            ("Connection State Change", "down", Some("link-down")),
            ("Interconnect State Change", "down", Some("link-down")),
        ]
    );
}

#[test]
fn a_lag_below_its_minimum_says_so() {
    let mut lab = Lab::new();
    let made = lab.ok(
        ALICE,
        "CreateLag",
        json!({"location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
            "numberOfConnections": 2}),
    );
    let ports: Vec<String> = made["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| port["connectionId"].as_str().unwrap().to_owned())
        .collect();
    lab.settle();
    for port in &ports {
        lab.link(port, Link::Up);
    }
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": made["lagId"], "minimumLinks": 2}),
    );
    let events = during(&mut lab, |lab| lab.link(&ports[0], Link::Down));
    assert_eq!(
        told(&events),
        [
            ("Connection State Change", "down", Some("link-down")),
            ("Lag State Change", "down", Some("lacp-min-links")),
        ]
    );
}

#[test]
fn encryption_that_must_be_there_takes_the_port_down() {
    let mut lab = Lab::new();
    let made = lab.ok(
        ALICE,
        "CreateConnection",
        json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port",
            "requestMACSec": true}),
    );
    let port = made["connectionId"].as_str().unwrap().to_owned();
    lab.settle();
    lab.link(&port, Link::Up);
    let connection = port.parse().unwrap();
    let encryption = |encrypted| Report::Encryption {
        connection,
        encrypted,
    };
    let events = during(&mut lab, |lab| lab.report(&[encryption(true)]));
    assert_eq!(
        told(&events),
        [("MACsec State Change", "Encryption Up", None)]
    );
    lab.ok(
        ALICE,
        "UpdateConnection",
        json!({"connectionId": port, "encryptionMode": "must_encrypt"}),
    );
    let events = during(&mut lab, |lab| lab.report(&[encryption(false)]));
    assert_eq!(
        told(&events),
        [
            ("Connection State Change", "down", Some("macsec-down")),
            ("MACsec State Change", "Encryption Down", None),
        ]
    );
}

#[test]
fn a_test_is_the_reason_while_it_lasts() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let id = interface.id.to_string();
    let start = json!({"virtualInterfaceId": id});
    let events = during(&mut lab, |lab| {
        lab.ok(ALICE, "StartBgpFailoverTest", start.clone());
    });
    assert_eq!(
        told(&events),
        [
            ("BGP Peer State Change", "available", Some("admin-test")),
            ("Failover Test State Change", "in_progress", None),
            (
                "Virtual Interface State Change",
                "testing",
                Some("admin-test")
            ),
        ]
    );
    let of_test = events
        .iter()
        .find(|event| event.detail_type.contains("Test"))
        .unwrap();
    assert!(
        of_test
            .subject
            .to_string()
            .ends_with(&format!(":dxvif/{id}"))
    );
    assert!(shown(of_test)["testId"].is_string());
    let events = during(&mut lab, |lab| {
        lab.ok(ALICE, "StopBgpFailoverTest", start);
    });
    assert!(told(&events).contains(&(
        "Virtual Interface State Change",
        "down",
        Some("admin-test")
    )));
}

#[test]
fn a_router_that_stays_away_has_sent_a_notification() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let mut interface = lab.virtual_interface_on(ALICE, &port, 101);
    interface.peers[0].simulated_down = true;
    let events = during(&mut lab, |lab| {
        lab.put(interface.clone());
        lab.report(&[report(&interface, Session::Down, 0)]);
    });
    assert_eq!(
        told(&events),
        [
            (
                "BGP Peer State Change",
                "available",
                Some("peer-notification")
            ),
            (
                "Virtual Interface State Change",
                "down",
                Some("peer-notification")
            ),
        ]
    );
}

#[test]
fn an_edge_that_falls_silent_is_lost() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    lab.ok(
        ALICE,
        "StartBgpFailoverTest",
        json!({"virtualInterfaceId": interface.id.to_string()}),
    );
    assert_eq!(
        during(&mut lab, |lab| lab.silent(&port, SilenceStage::Asked)),
        [],
        "asking is not told"
    );
    let events = during(&mut lab, |lab| lab.silent(&port, SilenceStage::Unknown));
    assert_eq!(
        told(&events),
        [
            ("BGP Peer State Change", "available", Some("edge-lost")),
            ("Connection State Change", "unknown", Some("edge-lost")),
            ("Failover Test State Change", "failed", Some("edge-lost")),
            (
                "Virtual Interface State Change",
                "unknown",
                Some("edge-lost")
            ),
        ]
    );
    let events = during(&mut lab, |lab| lab.silent(&port, SilenceStage::Lost));
    assert_eq!(
        told(&events),
        [
            ("BGP Peer State Change", "available", Some("edge-lost")),
            ("Connection State Change", "down", Some("edge-lost")),
            ("Virtual Interface State Change", "down", Some("edge-lost")),
        ]
    );
    let events = during(&mut lab, |lab| {
        lab.report(&[report(&interface, Session::Up, 0)]);
        lab.heard(&port);
    });
    assert_eq!(
        told(&events),
        [
            ("BGP Peer State Change", "available", None),
            ("Connection State Change", "available", None),
            ("Virtual Interface State Change", "available", None),
        ]
    );
}

/// All that hangs on a device is told of when only the device's silence changed.
#[test]
fn a_silence_alone_is_told_of_everything_on_the_device() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let before = lab.world.clone();
    lab.silent(&port, SilenceStage::Unknown);
    let service = Change::Put(lab.world.get(&EntityKey::Service(())).unwrap());
    let events = between(&before, &lab.world, std::slice::from_ref(&service), lab.now);
    let of = |kind: &str| {
        let kind = format!("Direct Connect {kind} State Change");
        let found = events.iter().find(|event| event.detail_type == kind);
        found.unwrap().subject.to_string()
    };
    assert_eq!(events.len(), 3, "{events:?}");
    assert!(of("Connection").ends_with(&port));
    assert!(of("Virtual Interface").ends_with(&interface.id.to_string()));
    assert!(of("BGP Peer").ends_with(&interface.id.to_string()));
    let again = between(&lab.world, &lab.world, &[service], lab.now);
    assert_eq!(again, [], "nothing has changed");
}

#[test]
fn prefixes_are_warned_of_before_the_limit_ends_the_session() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let mut at = |session, received| {
        let events = during(&mut lab, |lab| {
            lab.report(&[report(&interface, session, received)])
        });
        let details: Vec<Value> = events.iter().map(shown).collect();
        let told: Vec<_> = told(&events)
            .into_iter()
            .map(|(kind, state, reason)| format!("{kind} {state} {}", reason.unwrap_or("-")))
            .collect();
        (told, details)
    };
    assert_eq!(at(Session::Up, 79).0, Vec::<String>::new());
    let (told, details) = at(Session::Up, 80);
    assert_eq!(told, ["Prefix Limit Warning  -"]);
    assert_eq!(
        (&details[0]["limit"], &details[0]["received"]),
        (&json!(100), &json!(80))
    );
    assert_eq!(at(Session::Up, 94).0, Vec::<String>::new(), "it was said");
    assert_eq!(at(Session::Up, 95).0, ["Prefix Limit Warning  -"]);
    assert_eq!(at(Session::Up, 100).0, Vec::<String>::new(), "it was said");
    assert_eq!(
        at(Session::Down, 101).0,
        [
            "BGP Peer State Change available prefix-limit",
            "Prefix Limit Exceeded  -",
            "Virtual Interface State Change down prefix-limit",
        ]
    );
}

#[test]
fn a_key_that_differs_is_told_once() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let mut at = |differs: bool| {
        let Report::VirtualInterface {
            id,
            generation,
            mut peers,
        } = report(&interface, Session::Down, 0)
        else {
            panic!("a report on an interface")
        };
        peers[0].wrong_key = differs;
        let report = Report::VirtualInterface {
            id,
            generation,
            peers,
        };
        let events = during(&mut lab, |lab| lab.report(&[report]));
        let told: Vec<_> = told(&events).into_iter().map(|(kind, ..)| kind).collect();
        told.contains(&"BGP Authentication Failure")
    };
    let steps = [true, true, false, true].map(&mut at);
    assert_eq!(steps, [true, false, false, true]);
}

#[test]
fn a_review_that_nobody_does_by_itself_is_asked_for() {
    let mut lab = Lab::with(|settings| settings.approve_public_virtual_interfaces = false);
    let port = lab.dedicated(ALICE);
    let events = during(&mut lab, |lab| {
        lab.ok(
            ALICE,
            "CreatePublicVirtualInterface",
            json!({"connectionId": port, "newPublicVirtualInterface": {
                "virtualInterfaceName": "public", "vlan": 7, "asn": 65_000,
                "amazonAddress": "175.45.176.1/30", "customerAddress": "175.45.176.2/30",
                "routeFilterPrefixes": [{"cidr": "175.45.176.0/22"}]}}),
        );
    });
    let kinds: Vec<_> = told(&events).into_iter().map(|(kind, ..)| kind).collect();
    assert!(kinds.contains(&"Verification Needed"), "{kinds:?}");
}

#[test]
fn a_peer_that_waits_for_a_review_is_told_of_once() {
    let mut lab = Lab::with(|settings| settings.approve_public_virtual_interfaces = false);
    let (from, to) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    let made = lab.ok(
        ALICE,
        "CreatePublicVirtualInterface",
        json!({"connectionId": from, "newPublicVirtualInterface": {
            "virtualInterfaceName": "public", "vlan": 7, "asn": 65_000,
            "amazonAddress": "175.45.176.1/30", "customerAddress": "175.45.176.2/30",
            "routeFilterPrefixes": [{"cidr": "175.45.176.0/22"}]}}),
    );
    let id = made["virtualInterfaceId"].clone();
    let approve = Order::ApproveVirtualInterface(id.as_str().unwrap().parse().unwrap());
    lab.order(&approve).unwrap();
    lab.converge();
    let mut asked = |operation: &str, body: Value| {
        let events = during(&mut lab, |lab| {
            lab.ok(ALICE, operation, body);
        });
        let kinds = told(&events).into_iter().map(|(kind, ..)| kind);
        kinds.filter(|kind| *kind == "Verification Needed").count()
    };
    let peer = json!({"asn": 65_000, "addressFamily": "ipv6"});
    let added = json!({"virtualInterfaceId": id, "newBGPPeer": peer});
    assert_eq!(asked("CreateBGPPeer", added), 1);
    let moved = json!({"virtualInterfaceId": id, "connectionId": to});
    assert_eq!(asked("AssociateVirtualInterface", moved), 0);
}

/// Words of the peers of a step, before and after.
fn peers_told(events: &[Event]) -> Vec<(Option<&'static str>, &'static str, &'static str)> {
    let peers = events.iter().filter_map(|event| match event.detail {
        Detail::Peer {
            previous_state,
            state,
            status,
            ..
        } => Some((previous_state, state, status)),
        _ => None,
    });
    peers.collect()
}

#[test]
fn a_peer_that_is_gone_was_deleted() {
    let mut lab = Lab::new();
    let (port, other) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let id = interface.id.to_string();
    let peer = json!({"asn": 65_000, "addressFamily": "ipv6"});
    let body = json!({"virtualInterfaceId": id, "newBGPPeer": peer});
    lab.ok(ALICE, "CreateBGPPeer", body);
    lab.converge();
    let added = lab.now_of(&interface).peers[1].id.to_string();
    let body = json!({"virtualInterfaceId": id, "bgpPeerId": added});
    let events = during(&mut lab, |lab| {
        lab.ok(ALICE, "DeleteBGPPeer", body);
    });
    let deleting = (Some("available"), "deleting", "down");
    assert_eq!(peers_told(&events), [deleting]);
    let gone = (Some("deleting"), "deleted", "down");
    assert_eq!(peers_told(&during(&mut lab, Lab::converge)), [gone]);
    assert!(peers_told(&during(&mut lab, Lab::converge)).is_empty());
    let moved = json!({"virtualInterfaceId": id, "connectionId": other});
    lab.ok(ALICE, "AssociateVirtualInterface", moved);
    let told = peers_told(&during(&mut lab, Lab::converge));
    assert_eq!(told, [(Some("pending"), "available", "up"), gone]);
}

#[test]
fn details_are_shown_with_the_documented_members() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let events = during(&mut lab, |lab| {
        lab.virtual_interface_on(ALICE, &port, 101);
    });
    let of = |kind: &str| events.iter().find(|event| event.detail_type.contains(kind));
    let interface = of("Virtual Interface").unwrap();
    assert_eq!(
        shown(interface),
        json!({"previousState": null, "state": "available"})
    );
    let Subject::Arn(arn) = interface.subject else {
        panic!("{:?}", interface.subject)
    };
    let ArnResource::VirtualInterface(id) = arn.resource else {
        panic!("{arn}")
    };
    let peer = lab.world.virtual_interface(id).unwrap().peers[0].id;
    assert_eq!(
        shown(of("BGP Peer").unwrap()),
        json!({"addressFamily": "ipv4", "peer": peer.to_string(), "previousState": null,
            "previousStatus": null, "state": "available", "status": "up"})
    );
}
