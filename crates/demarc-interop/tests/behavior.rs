//! What happens on a session: limits, refresh, restart, silence, BFD, and the acceptance vectors of
//! `spec/routing §13` that need a router.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use demarc_interop::{Lab, NeighborPlan, Router, RouterKind, RouterPlan, Speaker, wait_for};
use nix::sys::signal::Signal;

const ASN: u32 = 64512;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_speaker-under-test"))
}

fn start(lab: &Lab, neighbors: &[NeighborPlan]) -> Speaker {
    Speaker::start(lab, program(), ASN, neighbors)
}

fn numbered(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("172.16.{number}.0/24"))
        .collect()
}

fn state_within(speaker: &Speaker, neighbor: &NeighborPlan, state: &str, seconds: u64) -> bool {
    wait_for(Duration::from_secs(seconds), || {
        speaker.neighbor(neighbor)["state"] == state
    })
}

#[test]
fn vector_11_a_hold_time_of_zero_is_refused() {
    let Some(lab) = Lab::new() else { return };
    let plan = RouterPlan {
        hold_time: Some(0),
        ..RouterPlan::new(RouterKind::Bird, 2, false)
    };
    let Some(_router) = Router::start(&lab, plan) else {
        return;
    };
    let neighbor = NeighborPlan::new(2, false);
    let speaker = start(&lab, std::slice::from_ref(&neighbor));
    let refused = wait_for(Duration::from_secs(15), || {
        let shown = speaker.neighbor(&neighbor);
        let sent = &shown["last_error"]["sent"];
        sent["code"] == 2 && sent["subcode"] == 6
    });
    let shown = speaker.neighbor(&neighbor);
    assert!(refused && shown["established"] == 0, "{shown:#}");
}

#[test]
fn vector_3_a_raised_limit_brings_the_session_back_without_the_router() {
    let Some(lab) = Lab::new() else { return };
    let mut plan = RouterPlan::new(RouterKind::Bird, 2, false);
    plan.prefixes = numbered(101);
    let Some(_router) = Router::start(&lab, plan) else {
        return;
    };
    let limited = |more| NeighborPlan {
        more,
        ..NeighborPlan::new(2, false)
    };
    let neighbor = limited("prefix_limit = 100");
    let speaker = start(&lab, std::slice::from_ref(&neighbor));
    let reached = wait_for(Duration::from_secs(20), || {
        speaker.neighbor(&neighbor)["idle_reason"] == "prefix-limit"
    });
    assert!(reached, "{:#}", speaker.neighbor(&neighbor));
    let told = speaker.reload(&[limited("prefix_limit = 500")]);
    assert_eq!(told["adjusted"], 1, "{told}");
    let all = wait_for(Duration::from_secs(20), || {
        speaker.neighbor(&neighbor)["prefixes"]["ipv4"]["accepted"] == 101
    });
    assert!(all, "{:#}", speaker.neighbor(&neighbor));
}

#[test]
fn vector_4_bfd_takes_a_dead_session_down_within_a_second_and_a_bit() {
    bfd_takes_a_dead_session_down(false, "172.16.0.0/16");
}

#[test]
fn bfd_takes_a_dead_session_down_over_ipv6_too() {
    bfd_takes_a_dead_session_down(true, "2001:db8::/48");
}

fn bfd_takes_a_dead_session_down(ipv6: bool, prefix: &'static str) {
    let Some(lab) = Lab::new() else { return };
    let plan = RouterPlan {
        bfd: true,
        ..RouterPlan::new(RouterKind::Bird, 2, ipv6).announcing(&[prefix])
    };
    let Some(router) = Router::start(&lab, plan) else {
        return;
    };
    let neighbor = NeighborPlan {
        more: "bfd = true",
        ..NeighborPlan::new(2, ipv6)
    };
    let speaker = start(&lab, std::slice::from_ref(&neighbor));
    speaker.expect_accepted(&neighbor, &[prefix]);
    let up = wait_for(Duration::from_secs(15), || {
        router.client(&["show", "bfd", "sessions"]).contains("Up")
    });
    assert!(up, "{}", router.client(&["show", "bfd", "sessions"]));
    // Both sides have agreed on the fast rate.
    thread::sleep(Duration::from_secs(2));
    router.process.signal(Signal::SIGSTOP);
    let frozen = Instant::now();
    assert!(wait_for(Duration::from_secs(5), || !speaker
        .is_established(&neighbor)));
    let after = frozen.elapsed();
    assert!(after < Duration::from_millis(1500), "{after:?}");
    let shown = speaker.neighbor(&neighbor);
    let sent = &shown["last_error"]["sent"];
    assert_eq!(
        (&sent["code"], &sent["subcode"]),
        (&6.into(), &10.into()),
        "{shown:#}"
    );
    let family = if ipv6 { "ipv6" } else { "ipv4" };
    // BFD wins over graceful restart: the routes are gone.
    assert_eq!(shown["prefixes"][family]["in"], 0, "{shown:#}");
    router.process.signal(Signal::SIGCONT);
    speaker.expect_established(&neighbor);
}

#[test]
fn bfd_that_never_comes_up_changes_nothing() {
    let Some(lab) = Lab::new() else { return };
    let plan = RouterPlan::new(RouterKind::Bird, 2, true).announcing(&["2001:db8::/48"]);
    let Some(_router) = Router::start(&lab, plan) else {
        return;
    };
    let neighbor = NeighborPlan {
        more: "bfd = true",
        ..NeighborPlan::new(2, true)
    };
    let speaker = start(&lab, std::slice::from_ref(&neighbor));
    speaker.expect_accepted(&neighbor, &["2001:db8::/48"]);
    thread::sleep(Duration::from_secs(4));
    let shown = speaker.neighbor(&neighbor);
    assert_eq!(
        (&shown["state"], &shown["flaps"]),
        (&"Established".into(), &0.into()),
        "{shown:#}"
    );
}

#[test]
fn vector_1_a_transit_interface_is_announced_the_originated_prefix() {
    let Some(lab) = Lab::new() else { return };
    let Some(router) = Router::start(&lab, RouterPlan::new(RouterKind::Bird, 2, false)) else {
        return;
    };
    let neighbor = NeighborPlan {
        more: "interface_kind = \"transit\"",
        ..NeighborPlan::new(2, false)
    };
    let _speaker = start(&lab, std::slice::from_ref(&neighbor));
    router.expect_route("10.0.0.0/8");
    let routes = router.routes();
    assert!(
        routes.contains(&format!("BGP.as_path: {ASN}\n")),
        "{routes}"
    );
    assert!(routes.contains("BGP.next_hop: 10.77.0.1"), "{routes}");
}

#[test]
fn vector_7_an_unapproved_prefix_is_kept_out_of_a_public_interface() {
    let Some(lab) = Lab::new() else { return };
    let plan = RouterPlan::new(RouterKind::Bird, 2, false)
        .announcing(&["203.0.113.0/25", "198.51.100.0/24"]);
    let Some(router) = Router::start(&lab, plan) else {
        return;
    };
    let neighbor = NeighborPlan {
        more: "interface_kind = \"public\"\nroute_filter = [\"203.0.113.0/24\"]",
        ..NeighborPlan::new(2, false)
    };
    let speaker = start(&lab, std::slice::from_ref(&neighbor));
    speaker.expect_accepted(&neighbor, &["203.0.113.0/25"]);
    let rejected: Vec<_> = speaker
        .routes(&neighbor, "rejected")
        .into_iter()
        .map(|(prefix, _)| prefix)
        .collect();
    assert_eq!(rejected, ["198.51.100.0/24"]);
    // What it is announced carries three hops and NO_EXPORT.
    router.expect_route("10.0.0.0/8");
    let routes = router.routes();
    assert!(routes.contains("(65535,65281)"), "{routes}");
    let path = routes
        .lines()
        .find(|line| line.contains("BGP.as_path: 64512"))
        .unwrap_or_default();
    assert!(path.split_whitespace().count() > 3, "{routes}");
}

#[test]
fn vector_8_only_site_link_neighbors_learn_each_other() {
    let Some(lab) = Lab::new() else { return };
    let mut routers = Vec::new();
    let mut neighbors = Vec::new();
    for number in 2..5u8 {
        let prefix = format!("172.{}.0.0/16", 14 + number);
        let plan = RouterPlan::new(RouterKind::Bird, number, false).announcing(&[&prefix]);
        let Some(router) = Router::start(&lab, plan) else {
            return;
        };
        routers.push(router);
        let more = if number == 4 { "" } else { "site_link = true" };
        neighbors.push(NeighborPlan {
            more,
            ..NeighborPlan::new(number, false)
        });
    }
    let speaker = start(&lab, &neighbors);
    for neighbor in &neighbors {
        speaker.expect_established(neighbor);
    }
    routers[0].expect_route("172.17.0.0/16");
    routers[1].expect_route("172.16.0.0/16");
    routers[2].expect_route("10.0.0.0/8");
    let path = format!("BGP.as_path: {ASN} 65003");
    assert!(
        routers[0].routes().contains(&path),
        "{}",
        routers[0].routes()
    );
    assert!(!routers[0].routes().contains("172.18.0.0/16"));
    assert!(!routers[1].routes().contains("172.18.0.0/16"));
    let plain = routers[2].routes();
    assert!(
        !plain.contains("172.16.0.0/16") && !plain.contains("172.17.0.0/16"),
        "{plain}"
    );
    // A lost neighbor's routes are withdrawn from the other at once.
    speaker.command(&neighbors[1], "shutdown");
    let gone = wait_for(Duration::from_secs(5), || {
        !routers[0].routes().contains("172.17.0.0/16")
    });
    assert!(gone, "{}", routers[0].routes());
    assert!(state_within(&speaker, &neighbors[1], "Idle", 5));
    speaker.command(&neighbors[1], "enable");
    routers[0].expect_route("172.17.0.0/16");
}
