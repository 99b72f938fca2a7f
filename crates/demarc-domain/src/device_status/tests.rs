//! What a status tells the World.

use super::*;
use serde_json::json;

use crate::testing::{ALICE, Lab, text};

fn standing(of: &VirtualInterface) -> VirtualInterfaceStatus {
    VirtualInterfaceStatus {
        id: of.id,
        generation: of.generation,
        counters: TrafficCounters::default(),
        peers: of
            .peers
            .iter()
            .map(|peer| PeerStatus {
                wrong_key: false,
                id: peer.id,
                session: Session::Up,
                state: "Established".to_owned(),
                reason: None,
                bfd: None,
                prefixes_received: 0,
                prefixes_accepted: 0,
                prefixes_advertised: 0,
            })
            .collect(),
    }
}

/// A port whose link is up.
fn up(port: &str) -> PortStatus {
    PortStatus {
        connection: port.parse().unwrap(),
        interface: Some("eth1".to_owned()),
        link: Link::Up,
        lacp: None,
        mac_sec: None,
        drops: DropCounters::default(),
    }
}

/// A port with a virtual interface that is up, and the status that says so.
fn lab() -> (Lab, VirtualInterface, DeviceStatus) {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &port, 101);
    let device = lab.connection(&port).device.unwrap();
    let status = DeviceStatus {
        device,
        followed: Some(1),
        ports: vec![up(&port)],
        virtual_interfaces: vec![Arc::new(standing(&interface))],
        ..DeviceStatus::default()
    };
    (lab, interface, status)
}

#[test]
fn a_status_that_the_world_knows_is_no_news() {
    let (lab, _, status) = lab();
    assert_eq!(news(&lab.world, &status, true), []);
}

#[test]
fn a_status_taken_in_is_no_news_any_more() {
    let (mut lab, interface, mut status) = lab();
    status.ports[0].link = Link::Down;
    Arc::make_mut(&mut status.virtual_interfaces[0]).peers[0].session = Session::Down;
    let reports = news(&lab.world, &status, true);
    assert_eq!(reports.len(), 2);
    lab.report(&reports);
    assert_eq!(lab.now_of(&interface).peers[0].session, Session::Down);
    assert_eq!(news(&lab.world, &status, true), []);
}

#[test]
fn what_a_current_status_does_not_mention_is_down() {
    let (mut lab, interface, mut status) = lab();
    status.virtual_interfaces.clear();
    assert_eq!(news(&lab.world, &status, false), [], "it may be on its way");
    lab.report(&news(&lab.world, &status, true));
    assert_eq!(lab.now_of(&interface).peers[0].session, Session::Down);
}

#[test]
fn a_deletion_is_done_when_a_current_status_has_it_no_more() {
    let (mut lab, interface, mut status) = lab();
    let mut leaving = interface.clone();
    leaving.phase = VirtualInterfacePhase::Deleting;
    lab.put(leaving);
    assert_eq!(news(&lab.world, &status, true), [], "it still stands");
    status.virtual_interfaces.clear();
    assert_eq!(news(&lab.world, &status, false), []);
    lab.report(&news(&lab.world, &status, true));
    let phase = lab.now_of(&interface).phase;
    assert!(
        matches!(phase, VirtualInterfacePhase::Deleted { .. }),
        "{phase:?}"
    );
}

#[test]
fn an_edge_speaks_for_its_own_device_only() {
    let (lab, _, mut status) = lab();
    status.device = "another".to_owned();
    status.ports[0].link = Link::Down;
    Arc::make_mut(&mut status.virtual_interfaces[0]).peers[0].session = Session::Down;
    assert_eq!(news(&lab.world, &status, true), []);
}

#[test]
fn an_edge_that_cannot_work_says_nothing_of_the_device() {
    let (lab, _, mut status) = lab();
    status.followed = None;
    status.ports[0].link = Link::Down;
    status.virtual_interfaces.clear();
    assert_eq!(news(&lab.world, &status, true), []);
}

#[test]
fn what_leaves_a_device_without_an_edge_waits_for_nobody() {
    let (mut lab, interface, status) = lab();
    let nobody = |_: &str| false;
    assert!(!has_no_edge(&lab.world, interface.id, nobody), "it stays");
    let mut leaving = interface.clone();
    leaving.phase = VirtualInterfacePhase::Deleting;
    lab.put(leaving);
    assert!(has_no_edge(&lab.world, interface.id, nobody));
    let served = |device: &str| device == status.device;
    assert!(!has_no_edge(&lab.world, interface.id, served));
}

#[test]
fn a_status_survives_its_way_over_the_wire() {
    let (_, interface, status) = lab();
    let route = SeenRoute {
        direction: RouteDirection::Accepted,
        prefix: "10.0.0.0/8".parse().unwrap(),
        as_path: vec![PathSegment {
            is_set: false,
            numbers: vec![65_000],
        }],
        communities: vec![(7_224, 7_100)],
        med: 0,
        rejected: None,
    };
    let update = StatusUpdate {
        status,
        number: 7,
        routes: [(interface.peers[0].id, vec![route])].into(),
        all_routes: true,
    };
    let text = serde_json::to_string(&update).unwrap();
    assert_eq!(serde_json::from_str::<StatusUpdate>(&text).unwrap(), update);
}

#[test]
fn lacp_counts_for_the_lag_that_the_port_is_in() {
    let (mut lab, _, mut status) = lab();
    let answer = lab.ok(
        ALICE,
        "CreateLag",
        serde_json::json!({
            "lagName": "two", "location": "EqDC2", "connectionsBandwidth": "10Gbps", "numberOfConnections": 1,
        }),
    );
    let lag = answer["lagId"].as_str().unwrap().to_owned();
    let member = answer["connections"][0]["connectionId"].as_str().unwrap();
    let member = member.to_owned();
    lab.settle();
    lab.link(&member, Link::Up);
    assert_eq!(lab.lag_state(&lag), Some("available"));
    status.device = lab.connection(&member).device.unwrap();
    status.ports[0].connection = member.parse().unwrap();
    let said = |lag: &str, state| {
        Some(LacpStatus {
            lag: lag.parse().unwrap(),
            state,
            partner: None,
            reason: None,
        })
    };
    let rows = [
        (None, 0),
        (said(&lag, LacpState::Distributing), 0),
        (said(&lag, LacpState::Collecting), 1),
        (said(&lag, LacpState::Detached), 1),
        (said("dxlag-fg0000zz", LacpState::Detached), 0),
    ];
    for (lacp, expected) in rows {
        status.ports[0].lacp = lacp.clone();
        let reports = news(&lab.world, &status, false);
        assert_eq!(reports.len(), expected, "{lacp:?}");
    }
    status.ports[0].lacp = said(&lag, LacpState::Attached);
    lab.report(&news(&lab.world, &status, false));
    assert_eq!(lab.lag_state(&lag), Some("down"));
    let state = lab.connection_state(&member);
    assert_eq!(state, Some("available"), "its link is up");
    assert_eq!(news(&lab.world, &status, false), []);
}

/// One after the other, in an order that a number makes.
#[test]
fn a_status_compared_again_has_the_news_of_one_compared_for_the_first_time() {
    let (mut lab, first, status) = lab();
    let port = first.parent.to_string();
    let second = lab.virtual_interface_on(ALICE, &port, 102);
    let mut status = status;
    let mut all = [standing(&first), standing(&second)].map(Arc::new).to_vec();
    all.sort_by_key(|it| it.id);
    status.virtual_interfaces = all.clone();
    let (mut status, mut current) = (Arc::new(status), true);
    let mut compared = Compared::default();
    let mut before = lab.world.clone();
    let (mut number, mut said) = (7_u32, 0);
    for step in 0..2_000 {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let place = usize::from(number & 0x1_0000 != 0);
        let id = all[place].id;
        match number >> 28 {
            0..=3 => {
                let seen = &mut Arc::make_mut(&mut status).virtual_interfaces;
                if let Some(seen) = seen.iter_mut().find(|it| it.id == id) {
                    let peer = &mut Arc::make_mut(seen).peers[0];
                    peer.session = match peer.session {
                        Session::Up => Session::Down,
                        Session::Down => Session::Up,
                    };
                }
            }
            4 | 5 => Arc::make_mut(&mut status).virtual_interfaces = all.clone(),
            6 => Arc::make_mut(&mut status)
                .virtual_interfaces
                .retain(|it| it.id != id),
            7 => Arc::make_mut(&mut status).virtual_interfaces.reverse(),
            8 => current = !current,
            9 => Arc::make_mut(&mut status).ports[0].link = Link::Down,
            10 => Arc::make_mut(&mut status).followed = (number & 0x100 == 0).then_some(1),
            11 | 12 => {
                let stored = lab.world.virtual_interface(id).unwrap();
                let mut stored = VirtualInterface::clone(stored);
                stored.programmed = 0;
                lab.put(stored);
            }
            _ => {
                let reports = news(&lab.world, &status, current);
                lab.report(&reports);
            }
        }
        let alone = before.differs_in_interfaces_alone(&lab.world);
        let differ = alone.then(|| before.interfaces_that_differ(&lab.world));
        let whole = news(&lab.world, &status, current);
        let again = news_again(
            &lab.world,
            &status,
            current,
            differ.as_deref(),
            &mut compared,
        );
        assert_eq!(again, whole, "step {step}");
        said += whole.len();
        before = lab.world.clone();
    }
    assert!(said > 100, "there was something to say: {said}");
}

#[test]
fn keys_in_place_are_associated_and_one_in_use_encrypts() {
    let mut lab = Lab::new();
    let port = lab.ordered_with_mac_sec(ALICE);
    lab.settle();
    let associate = |lab: &mut Lab, ckn: &str| {
        let body = json!({"connectionId": port, "ckn": ckn.repeat(64), "cak": "b".repeat(64)});
        let answer = lab.ok(ALICE, "AssociateMacSecKey", body);
        let keys = answer["macSecKeys"].as_array().unwrap();
        text(keys.last().unwrap(), "secretARN")
    };
    let (first, second) = (associate(&mut lab, "1"), associate(&mut lab, "2"));
    let intent = crate::intent::connection(&lab.world, &lab.connection(&port)).unwrap();
    let newest: Vec<_> = intent
        .mac_sec_keys
        .iter()
        .map(|it| &it.secret_arn)
        .collect();
    assert_eq!(newest, [&second, &first]);
    assert!(!format!("{intent:?}").contains(&"b".repeat(64)));
    let said = |lab: &Lab, encrypted, secrets: &[&String]| DeviceStatus {
        device: lab.connection(&port).device.unwrap(),
        followed: Some(1),
        ports: vec![PortStatus {
            mac_sec: Some(MacSecStatus {
                encrypted,
                secrets: secrets.iter().map(|it| (*it).clone()).collect(),
                ..MacSecStatus::default()
            }),
            ..up(&port)
        }],
        ..DeviceStatus::default()
    };
    let states = |lab: &Lab| {
        let mac_sec = lab.connection(&port).mac_sec.unwrap();
        let keys: Vec<_> = mac_sec.keys.iter().map(|key| key.state.as_str()).collect();
        (mac_sec.encrypted, keys.join(" "))
    };
    let steps = [
        (
            said(&lab, false, &[&second]),
            (false, "associating associated"),
        ),
        (
            said(&lab, true, &[&second, &first]),
            (true, "associated associated"),
        ),
        (
            said(&lab, false, &[&second, &first]),
            (false, "associated associated"),
        ),
    ];
    for (status, (encrypted, keys)) in steps {
        lab.report(&news(&lab.world, &status, true));
        assert_eq!(states(&lab), (encrypted, keys.to_owned()));
        assert_eq!(news(&lab.world, &status, true), []);
    }
    let encrypted = said(&lab, true, &[&second, &first]);
    lab.report(&news(&lab.world, &encrypted, true));
    for secret in [first, second] {
        let body = json!({"connectionId": port, "secretARN": secret});
        lab.ok(ALICE, "DisassociateMacSecKey", body);
    }
    assert_eq!(
        news(&lab.world, &encrypted, true),
        [],
        "what is said of keys that are gone"
    );
}
