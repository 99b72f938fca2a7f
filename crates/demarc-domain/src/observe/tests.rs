//! What a silent edge makes of the words of the API.

use serde_json::{Value, json};

use super::*;
use crate::intent;
use crate::testing::{ALICE, Lab, PAULA, text};

const STAGES: [SilenceStage; 3] = [
    SilenceStage::Asked,
    SilenceStage::Unknown,
    SilenceStage::Lost,
];

/// `virtualInterfaceState` and `bgpStatus` of the first peer.
fn words(lab: &Lab, interface: &VirtualInterface) -> (&'static str, &'static str) {
    let now = lab.now_of(interface);
    (
        state::virtual_interface(&lab.world, &now),
        state::bgp_status(&lab.world, &now, &now.peers[0]),
    )
}

fn device_of(lab: &Lab, port: &str) -> String {
    lab.connection(port).device.unwrap()
}

/// Rows `Edge node lost` of spec/states §13: what was up, and what was down, is not known any more.
#[test]
fn what_is_on_a_silent_device_is_unknown_and_then_down() {
    for link in [Link::Up, Link::Down] {
        let mut lab = Lab::new();
        let interconnect = lab.interconnect(PAULA);
        let body = json!({"connectionId": interconnect, "ownerAccount": ALICE, "bandwidth": "1Gbps",
            "connectionName": "hosted", "vlan": 5});
        let hosted = text(
            &lab.ok(PAULA, "AllocateHostedConnection", body),
            "connectionId",
        );
        lab.ok(ALICE, "ConfirmConnection", json!({"connectionId": hosted}));
        lab.settle();
        let interface = lab.virtual_interface_on(ALICE, &hosted, 5);
        lab.link(&interconnect, link);
        let fine = lab.connection_state(&interconnect);
        for (stage, port, session) in [
            (SilenceStage::Asked, fine, ("available", "up")),
            (
                SilenceStage::Unknown,
                Some("unknown"),
                ("unknown", "unknown"),
            ),
            (SilenceStage::Lost, Some("down"), ("down", "down")),
        ] {
            lab.silent(&interconnect, stage);
            for id in [&interconnect, &hosted] {
                assert_eq!(lab.connection_state(id), port, "{stage:?}, link {link:?}");
            }
            assert_eq!(words(&lab, &interface), session, "{stage:?}");
        }
        lab.heard(&interconnect);
        assert_eq!(lab.connection_state(&interconnect), fine);
        assert_eq!(words(&lab, &interface), ("available", "up"));
    }
}

#[test]
fn a_lag_and_its_members_go_with_their_device() {
    let mut lab = Lab::new();
    let body = json!({"location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
        "numberOfConnections": 2});
    let made = lab.ok(ALICE, "CreateLag", body);
    let id = text(&made, "lagId");
    let member = text(&made["connections"][0], "connectionId");
    lab.settle();
    lab.silent(&member, SilenceStage::Unknown);
    assert_eq!(
        (lab.lag_state(&id), lab.connection_state(&member)),
        (Some("pending"), Some("pending")),
        "what was never up has nothing to lose"
    );
    lab.heard(&member);
    lab.link(&member, Link::Up);
    let interface = lab.virtual_interface_on(ALICE, &id, 101);
    for (stage, word) in [
        (SilenceStage::Unknown, "unknown"),
        (SilenceStage::Lost, "down"),
    ] {
        lab.silent(&member, stage);
        assert_eq!(lab.lag_state(&id), Some(word));
        assert_eq!(lab.connection_state(&member), Some(word));
        assert_eq!(words(&lab, &interface), (word, word));
    }
    lab.heard(&member);
    assert_eq!(lab.lag_state(&id), Some("available"));
}

/// The order of spec/states §5.1, and the statuses that spec/states §6 allows.
#[test]
fn only_what_is_in_force_is_unknown() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let mut interface = lab.virtual_interface_on(ALICE, &port, 101);
    lab.silent(&port, SilenceStage::Unknown);
    interface.generation += 1;
    lab.put(interface.clone());
    assert_eq!(words(&lab, &interface), ("pending", "unknown"));
    for phase in [PeerPhase::Pending, PeerPhase::Deleting, PeerPhase::Deleted] {
        interface.peers[0].phase = phase;
        lab.put(interface.clone());
        assert_eq!(words(&lab, &interface).1, "down", "{phase:?}");
    }
    for (phase, word) in [
        (VirtualInterfacePhase::Deleting, "deleting"),
        (VirtualInterfacePhase::Deleted { at: lab.now }, "deleted"),
        (
            VirtualInterfacePhase::Verifying { approve_at: None },
            "verifying",
        ),
    ] {
        interface.phase = phase;
        lab.put(interface.clone());
        assert_eq!(words(&lab, &interface).0, word);
    }
}

#[test]
fn a_device_does_not_speak_for_another() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let stages = STAGES.map(|stage| Report::DeviceSilent {
        device: "EqDC2-elsewhere".to_owned(),
        since: lab.now,
        stage,
    });
    lab.report(&stages);
    assert_eq!(lab.connection_state(&port), Some("available"));
    assert_eq!(words(&lab, &interface), ("available", "up"));
    let on_both = device_status::in_service(&lab.world);
    assert_eq!(Vec::from_iter(on_both), [device_of(&lab, &port)]);
}

/// Whoever has not noticed that the edge was heard cannot go on where it was.
#[test]
fn the_stages_follow_one_another() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let device = device_of(&lab, &port);
    for known in [None].into_iter().chain(STAGES.map(Some)) {
        for said in STAGES {
            lab.heard(&port);
            if let Some(known) = known {
                lab.silent(&port, known);
            }
            lab.report(&[Report::DeviceSilent {
                device: device.clone(),
                since: lab.now,
                stage: said,
            }]);
            let follows = match known {
                None => said == SilenceStage::Asked,
                Some(known) => known.next() == Some(said),
            };
            let stage = lab.world.silence(&device).map(|silence| silence.stage);
            let expected = if follows { Some(said) } else { known };
            assert_eq!(stage, expected, "{known:?}, then {said:?}");
        }
    }
}

#[test]
fn the_last_to_have_heard_the_edge_says_since_when_it_is_silent() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let device = device_of(&lab, &port);
    let start = lab.now;
    let after = |seconds| start + demarc_types::Span::from_secs(seconds);
    for (said, stage, since) in [
        (20, SilenceStage::Asked, 20),
        (50, SilenceStage::Asked, 50),
        (40, SilenceStage::Asked, 50),
        (60, SilenceStage::Unknown, 50),
        (70, SilenceStage::Asked, 50),
        (30, SilenceStage::Lost, 50),
    ] {
        lab.report(&[Report::DeviceSilent {
            device: device.clone(),
            since: after(said),
            stage,
        }]);
        let known = lab.world.silence(&device).unwrap();
        assert_eq!(known.since, after(since), "{said} s, {stage:?}");
    }
    let stage = lab.world.silence(&device).unwrap().stage;
    assert_eq!(stage, SilenceStage::Lost);
}

/// The way back to an edge that lived on must not disturb it.
#[test]
fn an_intent_does_not_change_with_silence() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    lab.virtual_interface_on(ALICE, &port, 101);
    let device = device_of(&lab, &port);
    let before = intent::device(&lab.world, &device);
    assert!(before.virtual_interfaces[0].in_service);
    for stage in STAGES {
        lab.silent(&port, stage);
        assert_eq!(intent::device(&lab.world, &device), before, "{stage:?}");
    }
}

fn tests(lab: &mut Lab) -> Vec<Value> {
    let listed = lab.ok(ALICE, "ListVirtualInterfaceTestHistory", json!({}));
    listed["virtualInterfaceTestHistory"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn tests_on_a_device_that_falls_silent_fail() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let start = json!({"virtualInterfaceId": interface.id.to_string()});
    lab.ok(ALICE, "StartBgpFailoverTest", start.clone());
    lab.silent(&port, SilenceStage::Asked);
    assert_eq!(tests(&mut lab)[0]["status"], "in_progress");
    lab.advance(demarc_types::Span::from_secs(30));
    lab.silent(&port, SilenceStage::Unknown);
    let test = tests(&mut lab).remove(0);
    assert_eq!(test["status"], "failed");
    let times = |test: &Value| {
        (
            test["startTime"].as_f64().unwrap(),
            test["endTime"].as_f64().unwrap(),
        )
    };
    let (started, ended) = times(&test);
    assert!(ended - started >= 30.0, "{test}");
    assert_eq!(words(&lab, &interface), ("unknown", "unknown"));
    assert!(
        !intent::virtual_interface(&lab.world, &lab.now_of(&interface))
            .unwrap()
            .peers[0]
            .shutdown
    );

    // Nobody carries out one that begins now.
    for stage in [SilenceStage::Unknown, SilenceStage::Lost] {
        lab.silent(&port, stage);
        let made = lab.ok(ALICE, "StartBgpFailoverTest", start.clone());
        let test = &made["virtualInterfaceTest"];
        assert_eq!(test["status"], "failed");
        let (started, ended) = times(test);
        assert!(ended.to_bits() == started.to_bits(), "{test}");
        assert_eq!(lab.now_of(&interface).test, None);
    }
    lab.heard(&port);
    let made = lab.ok(ALICE, "StartBgpFailoverTest", start);
    assert_eq!(made["virtualInterfaceTest"]["status"], "in_progress");
}

#[test]
fn a_test_does_not_follow_to_a_silent_device() {
    let mut lab = Lab::new();
    let (port, target) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    assert_ne!(device_of(&lab, &port), device_of(&lab, &target));
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let id = interface.id.to_string();
    lab.ok(
        ALICE,
        "StartBgpFailoverTest",
        json!({"virtualInterfaceId": id}),
    );
    lab.silent(&target, SilenceStage::Unknown);
    assert_eq!(tests(&mut lab)[0]["status"], "in_progress");
    let body = json!({"virtualInterfaceId": id, "connectionId": target});
    let moved = lab.ok(ALICE, "AssociateVirtualInterface", body);
    assert_eq!(moved["virtualInterfaceState"], "pending");
    assert_eq!(tests(&mut lab)[0]["status"], "failed");
}

#[test]
fn a_virtual_interface_can_be_ordered_on_a_port_that_is_not_seen() {
    for stage in STAGES {
        let mut lab = Lab::new();
        let port = lab.dedicated(ALICE);
        lab.silent(&port, stage);
        let body = json!({"connectionId": port, "newPublicVirtualInterface": {
            "virtualInterfaceName": "public", "vlan": 7, "asn": 65_000,
            "amazonAddress": "175.45.176.1/30", "customerAddress": "175.45.176.2/30",
            "routeFilterPrefixes": [{"cidr": "175.45.176.0/22"}]}});
        lab.ok(ALICE, "CreatePublicVirtualInterface", body);
    }
}
