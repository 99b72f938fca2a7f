use proptest::prelude::*;
use serde_json::json;

use super::World;
use crate::entity::{Change, Entity};
use crate::testing::{ALICE, BOB, Lab, assembled, text};

/// Entities of several kinds, some of them in two versions: before and after something happened to them.
fn versions() -> Vec<Entity> {
    let mut lab = Lab::new();
    let mut versions = Vec::new();
    let ports = [lab.dedicated(ALICE), lab.dedicated(BOB)];
    let gateway = lab.ok(
        ALICE,
        "CreateDirectConnectGateway",
        json!({"directConnectGatewayName": "gateway"}),
    );
    let gateway = text(&gateway["directConnectGateway"], "directConnectGatewayId");
    for vlan in 101..=103 {
        lab.ok(
            ALICE,
            "CreatePrivateVirtualInterface",
            json!({
                "connectionId": ports[0],
                "newPrivateVirtualInterface": {
                    "virtualInterfaceName": "interface",
                    "vlan": vlan,
                    "asn": 65_000,
                    "directConnectGatewayId": gateway,
                },
            }),
        );
    }
    lab.virtual_interface_on(ALICE, &ports[1], 104);
    versions.extend(lab.world.entities());
    lab.converge();
    lab.ok(
        ALICE,
        "UpdateConnection",
        json!({"connectionId": ports[0], "connectionName": "new"}),
    );
    let interface = lab
        .world
        .virtual_interfaces()
        .next()
        .unwrap()
        .id
        .to_string();
    lab.ok(
        ALICE,
        "DeleteVirtualInterface",
        json!({"virtualInterfaceId": interface}),
    );
    versions.extend(lab.world.entities());
    lab.converge();
    versions.extend(lab.world.entities());
    versions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In whatever order they come, and however often: the last version of an entity counts.
    #[test]
    fn a_world_made_at_once_is_the_one_made_step_by_step(
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 0..60)
    ) {
        let versions = versions();
        let entities: Vec<Entity> =
            chosen.iter().map(|index| index.get(&versions).clone()).collect();
        let mut applied = World::default();
        for entity in &entities {
            applied.apply(&Change::Put(entity.clone()));
        }
        prop_assert!(assembled(&entities) == applied);
    }
}
