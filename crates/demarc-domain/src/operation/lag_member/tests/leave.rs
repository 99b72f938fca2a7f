//! Rows of spec/operations §5 `DisassociateConnectionFromLag`.

use serde_json::json;

use super::{lag_of, lag_up, ordered, pair};
use crate::entity::{EncryptionMode, Link, PrefixAllocation};
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

#[test]
fn a_member_leaves_alone() {
    let mut lab = Lab::new();
    let (lag, member) = lag_up(&mut lab);
    let interface = lab.virtual_interface_on(ALICE, &lag, 7);
    let answer = lab.ok(ALICE, "DisassociateConnectionFromLag", pair(&member, &lag));
    assert!(answer.get("lagId").is_none());
    assert_eq!(answer["connectionState"], "available");
    assert_eq!(
        lab.now_of(&interface).parent.to_string(),
        lag,
        "it stays on the LAG"
    );
    assert_eq!(lab.lag_state(&lag), Some("down"), "the empty LAG goes on");
}

#[test]
fn a_port_that_leaves_before_its_approval_gets_a_place_of_its_own() {
    let mut lab = Lab::new();
    let (lag, members) = lag_of(&mut lab, ALICE, json!({"numberOfConnections": 2}));
    let left = lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    for member in ["awsDevice", "awsDeviceV2", "awsLogicalDeviceId"] {
        assert!(left.get(member).is_none(), "{member}");
    }
    assert_eq!(left["hasLogicalRedundancy"], "unknown");
    lab.settle();
    let (alone, inside) = (
        lab.connection(&members[0]).device,
        lab.connection(&members[1]).device,
    );
    assert!(alone.is_some() && alone != inside, "{alone:?}");
}

#[test]
fn leaving_is_checked_row_by_row() {
    let mut lab = Lab::new();
    let (lag, _) = lag_up(&mut lab);
    let (other, _) = lag_of(&mut lab, ALICE, json!({}));
    let alone = lab.dedicated(ALICE);
    let foreign = lab.dedicated(BOB);
    let gone = lab.dedicated(ALICE);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": gone}));
    let rows = [
        (
            "connection format",
            pair("x", &lag),
            "Connection ID x has an invalid format.",
        ),
        (
            "LAG format",
            pair(&alone, "x"),
            "Lag ID x has an invalid format.",
        ),
        (
            "connection unknown",
            pair("dxcon-ffffffff", &lag),
            "Connection does not exist",
        ),
        (
            "connection of another",
            pair(&foreign, &lag),
            "Connection does not exist",
        ),
        (
            "connection on its way out",
            pair(&gone, &lag),
            "Connection does not exist",
        ),
        (
            "LAG unknown",
            pair(&alone, "dxlag-ffffffff"),
            "Lag does not exist",
        ),
        (
            "not a member",
            pair(&alone, &lag),
            "is not associated with Lag",
        ),
        (
            "member of another",
            pair(&alone, &other),
            "is not associated with Lag",
        ),
    ];
    for (row, body, part) in rows {
        let message = lab.message(ALICE, "DisassociateConnectionFromLag", body);
        assert!(message.contains(part), "{row}: {message}");
    }
}

#[test]
fn the_minimum_holds_except_for_the_last_member() {
    let mut lab = Lab::new();
    let (lag, members) = lag_of(&mut lab, ALICE, json!({"numberOfConnections": 2}));
    lab.ok(ALICE, "UpdateLag", json!({"lagId": lag, "minimumLinks": 2}));
    let message = lab.message(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    assert!(message.contains("below the minimum links"), "{message}");
    lab.ok(ALICE, "UpdateLag", json!({"lagId": lag, "minimumLinks": 1}));
    lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[1], &lag),
    );
    assert_eq!(lab.lag_state(&lag), Some("pending"));
}

#[test]
fn the_prefix_pool_does_not_shrink_below_what_is_allocated() {
    let mut lab = Lab::new();
    let (lag, members) = lag_of(&mut lab, ALICE, json!({"numberOfConnections": 2}));
    lab.settle();
    for member in &members {
        lab.link(member, Link::Up);
    }
    let mut interface = lab.virtual_interface_on(ALICE, &lag, 7);
    interface.prefix_allocation = Some(PrefixAllocation {
        ipv4: 100,
        ipv6: 5_001,
    });
    lab.put(interface.clone());
    for (operation, body) in [
        ("DisassociateConnectionFromLag", pair(&members[0], &lag)),
        ("DeleteConnection", json!({"connectionId": members[0]})),
    ] {
        let message = lab.message(ALICE, operation, body);
        assert!(message.contains("prefix pool"), "{operation}: {message}");
    }
    interface.prefix_allocation = Some(PrefixAllocation {
        ipv4: 100,
        ipv6: 5_000,
    });
    lab.put(interface);
    lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[1], &lag),
    );
}

/// The last member may go, and the pool with it; what is left is none, not less.
#[test]
fn an_empty_lag_has_no_prefixes_left_and_never_fewer() {
    let mut lab = Lab::new();
    let (lag, members) = lag_of(&mut lab, ALICE, json!({"numberOfConnections": 1}));
    lab.settle();
    lab.link(&members[0], Link::Up);
    let interface = lab.virtual_interface_on(ALICE, &lag, 7);
    assert_eq!(
        interface.prefix_allocation,
        Some(PrefixAllocation::default())
    );
    lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    let shown = &lab.ok(ALICE, "DescribeLags", json!({"lagId": lag}))["lags"][0];
    for member in ["prefixPoolSizeIpv4", "prefixPoolSizeIpv6"] {
        assert_eq!(shown[member], 0, "{member}");
    }
    for member in [
        "prefixPoolUnallocatedCountIpv4",
        "prefixPoolUnallocatedCountIpv6",
    ] {
        assert_eq!(shown[member], 0, "{member}");
    }
    let message = lab.message(
        ALICE,
        "UpdateVirtualInterfaceAttributes",
        json!({"virtualInterfaceId": interface.id, "prefixPoolAllocatedCountIpv4": 200}),
    );
    assert!(message.contains("has 0 left"), "{message}");
}

/// A member whose link never came up added nothing to the pool, and takes nothing with it.
#[test]
fn only_members_that_came_up_take_prefixes_with_them() {
    let mut lab = Lab::new();
    let (lag, members) = lag_of(&mut lab, ALICE, json!({"numberOfConnections": 2}));
    lab.settle();
    lab.link(&members[0], Link::Up);
    let mut interface = lab.virtual_interface_on(ALICE, &lag, 7);
    interface.prefix_allocation = Some(PrefixAllocation {
        ipv4: 2_000,
        ipv6: 2_000,
    });
    lab.put(interface);
    let message = lab.message(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    assert!(message.contains("prefix pool"), "{message}");
    let mut full = lab.virtual_interface_on(ALICE, &lag, 8);
    full.prefix_allocation = Some(PrefixAllocation {
        ipv4: 3_000,
        ipv6: 3_000,
    });
    lab.put(full);
    lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[1], &lag),
    );
}

#[test]
fn a_port_out_of_a_partners_lag_is_an_interconnect() {
    let mut lab = Lab::listed();
    let (lag, members) = lag_of(&mut lab, PAULA, json!({"numberOfConnections": 2}));
    lab.ok(
        PAULA,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    let list = lab.ok(PAULA, "DescribeInterconnects", json!({}));
    assert_eq!(
        list["interconnects"][0]["interconnectId"],
        json!(members[0])
    );
    lab.ok(PAULA, "DeleteLag", json!({"lagId": lag}));
    let list = lab.ok(PAULA, "DescribeInterconnects", json!({}));
    assert_eq!(list["interconnects"].as_array().unwrap().len(), 2);
}

#[test]
fn a_port_that_had_to_encrypt_does_not_go_dark_without_the_lags_keys() {
    let mut lab = Lab::new();
    let (lag, members) = lag_of(&mut lab, ALICE, json!({"requestMACSec": true}));
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": lag, "encryptionMode": "must_encrypt"}),
    );
    lab.ok(
        ALICE,
        "DisassociateConnectionFromLag",
        pair(&members[0], &lag),
    );
    let mac_sec = lab.connection(&members[0]).mac_sec.unwrap();
    assert_eq!(mac_sec.mode, EncryptionMode::ShouldEncrypt);
}

#[test]
fn a_port_ordered_into_a_lag_keeps_the_lags_mode_when_it_leaves() {
    let mut lab = Lab::new();
    let (lag, _) = lag_of(&mut lab, ALICE, json!({"requestMACSec": true}));
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": lag, "encryptionMode": "no_encrypt"}),
    );
    let id = ordered(&mut lab, json!({"lagId": lag, "requestMACSec": true}));
    let left = lab.ok(ALICE, "DisassociateConnectionFromLag", pair(&id, &lag));
    assert_eq!(left["encryptionMode"], "no_encrypt");
}

#[test]
fn hosted_connections_stay_on_the_lag_that_their_interconnect_leaves() {
    let mut lab = Lab::new();
    let interconnect = lab.interconnect(PAULA);
    let (lag, _) = lag_of(&mut lab, PAULA, json!({"connectionId": interconnect}));
    lab.lacp(&interconnect, true);
    let hosted = text(
        &lab.ok(
            PAULA,
            "AllocateHostedConnection",
            json!({"connectionId": lag, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 1}),
        ),
        "connectionId",
    );
    lab.ok(
        PAULA,
        "DisassociateConnectionFromLag",
        pair(&interconnect, &lag),
    );
    assert_eq!(lab.connection(&hosted).parent().unwrap().to_string(), lag);
    lab.ok(
        PAULA,
        "AssociateConnectionWithLag",
        pair(&interconnect, &lag),
    );
    assert!(lab.connection(&interconnect).is_interconnect());
}
