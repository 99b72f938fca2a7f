//! Worlds that no operation makes, as a dump that somebody edited might have them.

use super::violations;
use crate::entity::{Change, Entity};
use crate::settings::Settings;
use crate::testing::{ALICE, Lab};

/// Something of everything that is asked about.
fn lab() -> Lab {
    let mut lab = Lab::new();
    let gateway = lab.gateway(ALICE);
    let (vpn_gateway, _) = lab.vpn_gateway_on(ALICE, "10.1.0.0/16");
    lab.associate(ALICE, &gateway, &vpn_gateway, &[]);
    let other = lab.gateway(ALICE);
    let transit = lab.transit_gateway(ALICE, 64_700);
    lab.associate(ALICE, &other, &transit, &["10.2.0.0/16"]);
    let port = lab.dedicated(ALICE);
    lab.virtual_interface_on(ALICE, &port, 101);
    assert_eq!(violations(&lab.world, &lab.settings), Vec::<String>::new());
    lab
}

/// Takes away or changes what the function says, and gives what is said of it.
fn spoiled(lab: &Lab, spoil: impl Fn(&mut Entity) -> bool, settings: &Settings) -> Vec<String> {
    let mut world = lab.world.clone();
    for mut entity in lab.world.entities() {
        let key = entity.key();
        let change = match spoil(&mut entity) {
            true => Change::Put(entity),
            false => Change::Remove(key),
        };
        world.apply(&change);
    }
    violations(&world, settings)
}

#[test]
fn what_leads_nowhere_is_found() {
    type Stays = fn(&Entity) -> bool;
    let lab = lab();
    let rows: [(Stays, &str, usize); 3] = [
        (
            |it| !matches!(it, Entity::TransitGateway(_)),
            "which is gone",
            1,
        ),
        (
            |it| !matches!(it, Entity::VpnGateway(_)),
            "which is gone",
            1,
        ),
        (|it| !matches!(it, Entity::Vpc(_)), "is attached to vpc-", 1),
    ];
    for (stays, said, count) in rows {
        let found = spoiled(&lab, |entity: &mut Entity| stays(entity), &lab.settings);
        assert_eq!(found.len(), count, "{said}: {found:?}");
        assert!(found[0].contains(said), "{found:?}");
    }
    // Where gateways need not be known, only the VPC is missed.
    let mut settings = Settings::clone(&lab.settings);
    settings.accept_unknown_gateways = true;
    for (stays, ..) in &rows[..2] {
        let found = spoiled(&lab, |entity: &mut Entity| stays(entity), &settings);
        assert_eq!(found, Vec::<String>::new());
    }
}

#[test]
fn an_mtu_that_there_is_not_is_found() {
    let lab = lab();
    let spoil = |entity: &mut Entity| {
        if let Entity::VirtualInterface(interface) = entity {
            let mut changed = interface.as_ref().clone();
            changed.mtu = 77;
            *entity = Entity::from(changed);
        }
        true
    };
    let found = spoiled(&lab, spoil, &lab.settings);
    assert!(found[0].contains("has MTU 77"), "{found:?}");
}

#[test]
fn a_vlan_that_there_is_not_cannot_be_read() {
    let lab = lab();
    let mut interfaces = lab.world.virtual_interfaces();
    let interface = Entity::from(interfaces.next().unwrap().as_ref().clone());
    let text = String::from_utf8(interface.to_json()).unwrap();
    for vlan in [0, 4_095, 5_000] {
        let spoiled = text.replace("\"vlan\":101", &format!("\"vlan\":{vlan}"));
        assert_ne!(spoiled, text);
        let error = Entity::from_json(&interface.key(), spoiled.as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains(&format!("VLAN {vlan}")),
            "{error}"
        );
    }
}

#[test]
fn more_than_the_quotas_allow_is_found() {
    type Lower = fn(&mut Settings);
    let lab = lab();
    let rows: [(Lower, &str); 6] = [
        (|it| it.quotas.gateways = 1, "has 2 Direct Connect gateways"),
        (
            |it| it.quotas.connections_per_location = 0,
            "has 1 ports at",
        ),
        (
            |it| it.quotas.private_and_public_per_connection = 0,
            "carries 1 private and public virtual interfaces",
        ),
        (
            |it| it.quotas.vpn_gateways_per_gateway = 0,
            "is associated with 1 virtual private gateways",
        ),
        (
            |it| it.quotas.transit_gateways_per_gateway = 0,
            "is associated with 1 transit gateways",
        ),
        (
            |it| it.quotas.virtual_interfaces_per_connection = 0,
            "carries 1 virtual interfaces",
        ),
    ];
    for (lower, said) in rows {
        let mut settings = Settings::clone(&lab.settings);
        lower(&mut settings);
        let found = violations(&lab.world, &settings);
        assert_eq!(found.len(), 1, "{said}: {found:?}");
        assert!(found[0].contains(said), "{found:?}");
    }
}
