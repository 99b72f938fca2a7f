//! Random calls by three accounts, orders of the operator, failures and time: whatever happens, what
//! architecture.md section 9 promises stays true. Every run prints its steps when it fails.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect has failed"
)]

mod calls;
mod cast;
mod choice;
mod isolation;
mod meanwhile;
mod simulation;

use demarc_api::Operation;
use demarc_domain::Settings;
use demarc_types::Span;
use proptest::prelude::*;
use serde_json::json;

use cast::{ACCOUNTS, Cast};
use choice::Choice;
use simulation::Simulation;

/// What makes something of what was made: called more often, so that objects live long enough to meet.
const FREQUENT: [&str; 25] = [
    "AcceptDirectConnectGatewayAssociationProposal",
    "AllocateHostedConnection",
    "AllocatePrivateVirtualInterface",
    "AllocatePublicVirtualInterface",
    "AllocateTransitVirtualInterface",
    "AssociateConnectionWithLag",
    "AssociateConnectionsToResiliencyGroup",
    "AssociateVirtualInterface",
    "ConfirmConnection",
    "ConfirmPrivateVirtualInterface",
    "ConfirmPublicVirtualInterface",
    "ConfirmTransitVirtualInterface",
    "CreateBGPPeer",
    "CreateConnection",
    "CreateConnection",
    "CreateDirectConnectGateway",
    "CreateDirectConnectGatewayAssociation",
    "CreateDirectConnectGatewayAssociationProposal",
    "CreateInterconnect",
    "CreateLag",
    "CreatePrivateVirtualInterface",
    "CreatePrivateVirtualInterface",
    "CreatePublicVirtualInterface",
    "CreateTransitVirtualInterface",
    "StartBgpFailoverTest",
];

/// One step, by its seed.
fn step(simulation: &mut Simulation, seed: u64) {
    let mut choice = Choice::new(seed);
    let account = *choice.of(&ACCOUNTS);
    let of = (!choice.once_in(10)).then(|| account.parse().unwrap());
    let cast = Cast::of(&simulation.world, of);
    match choice.below(16) {
        0 | 1 => meanwhile::neighbor(simulation, account, &cast, &mut choice),
        2 => meanwhile::operator(simulation, &mut choice),
        3..=5 => meanwhile::time(simulation, &mut choice),
        6..=10 => {
            let operation = choice.name(&FREQUENT);
            call(simulation, account, operation, &cast, choice);
        }
        _ => {
            let operation = choice.of(Operation::ALL).name();
            call(simulation, account, operation, &cast, choice);
        }
    }
}

fn call(
    simulation: &mut Simulation,
    account: &str,
    operation: &str,
    cast: &Cast,
    mut choice: Choice,
) {
    let body = calls::body(operation, cast, &mut choice);
    let _answer = simulation.call(account, operation, &body);
}

/// Tight quotas, so that they are met.
fn settings(approve: bool) -> Settings {
    let mut settings = Settings {
        settle: Span::from_millis(500),
        approve_connections: approve,
        approve_public_virtual_interfaces: approve,
        agreements: vec!["terms".to_owned()],
        ..Settings::default()
    };
    settings.quotas.virtual_interfaces_per_connection = 3;
    settings.quotas.virtual_interfaces_per_gateway = 3;
    settings.quotas.transit_per_connection = 2;
    settings.quotas.lags = 3;
    settings.quotas.vpn_gateways_per_gateway = 2;
    settings
}

/// A service in which every account has a port, an interconnect and gateways of all kinds.
fn furnished(approve: bool) -> Simulation {
    let mut simulation = Simulation::new(settings(approve));
    for (number, account) in ACCOUNTS.iter().enumerate() {
        for (operation, body) in [
            (
                "CreateDirectConnectGateway",
                json!({"directConnectGatewayName": "gateway"}),
            ),
            (
                "CreateConnection",
                json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"}),
            ),
            (
                "CreateInterconnect",
                json!({"location": "EqDC2", "bandwidth": "10Gbps", "interconnectName": "partner"}),
            ),
        ] {
            simulation.call(account, operation, &body).unwrap();
        }
        meanwhile::furnish(&mut simulation, account, number);
    }
    simulation.advance(Span::from_secs(10));
    simulation
}

fn run(seeds: &[u64], approve: bool) -> Simulation {
    let mut simulation = furnished(approve);
    for (number, seed) in seeds.iter().enumerate() {
        simulation.advance(Span::from_millis(1));
        step(&mut simulation, *seed);
        if number % 32 == 31 {
            simulation.assert_indexes_follow(&ACCOUNTS);
        }
    }
    simulation.assert_indexes_follow(&ACCOUNTS);
    simulation
}

fn seeds() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(any::<u64>(), 50..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_the_world_stays_sound_and_the_edge_goes_quiet(
        seeds in seeds(), approve in prop::bool::weighted(0.9)
    ) {
        run(&seeds, approve).assert_the_edge_goes_quiet();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seeds_give_the_same_ids_keys_and_answers(seeds in seeds()) {
        let (one, other) = (run(&seeds, true), run(&seeds, true));
        prop_assert_eq!(one.transcript, other.transcript);
        prop_assert!(one.world.entities().map(|entity| entity.to_json())
            .eq(other.world.entities().map(|entity| entity.to_json())));
    }
}

/// A LAG of one 10 Gbit/s port, in service; gives its id and that of the port.
fn lag(simulation: &mut Simulation) -> (String, String) {
    let body = json!({"location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
        "numberOfConnections": 1, "requestMACSec": true});
    let lag = simulation.call(ACCOUNTS[0], "CreateLag", &body).unwrap();
    simulation.advance(Span::from_secs(10));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (
        text(&lag["lagId"]),
        text(&lag["connections"][0]["connectionId"]),
    )
}

/// A private virtual interface on a LAG, with its session up; gives its id.
fn interface_on(simulation: &mut Simulation, lag: &str) -> String {
    let cast = Cast::of(&simulation.world, ACCOUNTS[0].parse().ok());
    let body = json!({"connectionId": lag, "newPrivateVirtualInterface": {"virtualInterfaceName": "one",
        "vlan": 101, "asn": 65_000, "directConnectGatewayId": cast.gateways[0]}});
    let made = simulation.call(ACCOUNTS[0], "CreatePrivateVirtualInterface", &body);
    simulation.advance(Span::from_secs(10));
    made.unwrap()["virtualInterfaceId"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn state_of(simulation: &mut Simulation, id: &str) -> String {
    let body = json!({"virtualInterfaceId": id});
    let shown = simulation.call(ACCOUNTS[0], "DescribeVirtualInterfaces", &body);
    shown.unwrap()["virtualInterfaces"][0]["virtualInterfaceState"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn keys_of_a_lag_reach_its_ports() {
    let mut simulation = furnished(true);
    let (lag, _) = lag(&mut simulation);
    let body = json!({"connectionId": lag, "ckn": "ab".repeat(32), "cak": "cd".repeat(32)});
    simulation
        .call(ACCOUNTS[0], "AssociateMacSecKey", &body)
        .unwrap();
    simulation.assert_the_edge_goes_quiet();
}

#[test]
fn sessions_on_a_lag_end_when_its_last_port_leaves() {
    let mut simulation = furnished(true);
    let (lag, port) = lag(&mut simulation);
    let interface = interface_on(&mut simulation, &lag);
    assert_eq!(state_of(&mut simulation, &interface), "available");
    let body = json!({"connectionId": port, "lagId": lag});
    simulation
        .call(ACCOUNTS[0], "DisassociateConnectionFromLag", &body)
        .unwrap();
    simulation.assert_the_edge_goes_quiet();
    assert_eq!(state_of(&mut simulation, &interface), "down");
}

/// The random steps are of use only if many of them succeed: every operation is answered well somewhere.
#[test]
fn random_steps_reach_every_operation() {
    let mut missing: std::collections::BTreeSet<&str> = Operation::ALL
        .iter()
        .map(|operation| operation.name())
        .collect();
    for round in 0..40 {
        let mut choice = Choice::new(round);
        let seeds: Vec<u64> = (0..400).map(|_| choice.below(u64::MAX)).collect();
        for line in run(&seeds, true).transcript {
            let mut words = line.split(' ');
            if let (Some(_), Some(name), true) =
                (words.next(), words.next(), line.contains(" -> Ok("))
            {
                missing.remove(name);
            }
        }
        if missing.is_empty() {
            return;
        }
    }
    panic!("never answered: {missing:?}");
}
