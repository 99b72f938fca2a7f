//! Each daemon with IPv4 and IPv6, with and without MD5, and every way to open a session.

use std::path::Path;
use std::thread;
use std::time::Duration;

use demarc_interop::{Lab, NeighborPlan, Router, RouterKind, RouterPlan, Speaker, wait_for};

const ASN: u32 = 64512;
const KEY: &str = "0xSecret.Key_12345678901";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_speaker-under-test"))
}

fn prefixes(ipv6: bool) -> [&'static str; 2] {
    if ipv6 {
        ["2001:db8:1::/48", "2001:db8:2::/48"]
    } else {
        ["172.16.0.0/16", "172.17.0.0/24"]
    }
}

fn originated(ipv6: bool) -> &'static str {
    if ipv6 { "fd00::/8" } else { "10.0.0.0/8" }
}

/// Routes go both ways.
fn routes_go_both_ways(kind: RouterKind, ipv6: bool, password: Option<&'static str>) {
    let Some(lab) = Lab::new() else { return };
    let plan = RouterPlan {
        password,
        ..RouterPlan::new(kind, 2, ipv6).announcing(&prefixes(ipv6))
    };
    let Some(router) = Router::start(&lab, plan) else {
        return;
    };
    let neighbor = NeighborPlan {
        password,
        ..NeighborPlan::new(2, ipv6)
    };
    let speaker = Speaker::start(&lab, program(), ASN, std::slice::from_ref(&neighbor));
    speaker.expect_established(&neighbor);
    router.announce();
    speaker.expect_accepted(&neighbor, &prefixes(ipv6));
    router.expect_route(originated(ipv6));
    for (prefix, path) in speaker.routes(&neighbor, "accepted") {
        assert_eq!(path, "65002", "{prefix}");
    }
}

/// Only one side opens, or both do.
fn any_side_may_open(kind: RouterKind, ipv6: bool, password: Option<&'static str>) {
    for (speaker_passive, router_passive) in [(true, false), (false, true), (false, false)] {
        if kind == RouterKind::Openbgpd && router_passive && password.is_some() {
            // Its portable version sets no keys on the sockets that it listens on.
            continue;
        }
        let Some(lab) = Lab::new() else { return };
        let plan = RouterPlan {
            passive: router_passive,
            password,
            ..RouterPlan::new(kind, 2, ipv6)
        };
        let Some(_router) = Router::start(&lab, plan) else {
            return;
        };
        let neighbor = NeighborPlan {
            passive: speaker_passive,
            password,
            ..NeighborPlan::new(2, ipv6)
        };
        let speaker = Speaker::start(&lab, program(), ASN, std::slice::from_ref(&neighbor));
        speaker.expect_established(&neighbor);
        // It stays so: no second connection fights the first.
        thread::sleep(Duration::from_secs(3));
        let shown = speaker.neighbor(&neighbor);
        assert_eq!(shown["state"], "Established", "{shown:#}");
        assert_eq!(shown["flaps"], 0, "{shown:#}");
    }
}

/// A wrong key, or a missing one, keeps the session down, and the speaker tells why.
fn a_wrong_key_keeps_the_session_down(kind: RouterKind, ipv6: bool) {
    for password in [Some("another.key.0"), None] {
        let Some(lab) = Lab::new() else { return };
        let plan = RouterPlan {
            password,
            ..RouterPlan::new(kind, 2, ipv6)
        };
        let Some(_router) = Router::start(&lab, plan) else {
            return;
        };
        let neighbor = NeighborPlan {
            password: Some(KEY),
            ..NeighborPlan::new(2, ipv6)
        };
        let speaker = Speaker::start(&lab, program(), ASN, std::slice::from_ref(&neighbor));
        let told = || speaker.neighbor(&neighbor)["last_error"]["connection"].to_string();
        let reason = wait_for(Duration::from_secs(20), || told().contains("MD5"));
        let shown = speaker.neighbor(&neighbor);
        assert!(reason, "{shown:#}");
        assert_eq!(shown["established"], 0, "{shown:#}");
        let text = format!("{shown} {}", speaker.process.output());
        assert!(!text.contains(KEY), "a key is never shown");
    }
}

macro_rules! daemons {
    ($($module:ident $kind:ident;)*) => {$(
        mod $module {
            use super::*;

            #[test]
            fn routes_go_both_ways_over_ipv4() {
                routes_go_both_ways(RouterKind::$kind, false, None);
            }

            #[test]
            fn routes_go_both_ways_over_ipv6() {
                routes_go_both_ways(RouterKind::$kind, true, None);
            }

            #[test]
            fn routes_go_both_ways_over_ipv4_with_md5() {
                routes_go_both_ways(RouterKind::$kind, false, Some(KEY));
            }

            #[test]
            fn routes_go_both_ways_over_ipv6_with_md5() {
                routes_go_both_ways(RouterKind::$kind, true, Some(KEY));
            }

            #[test]
            fn vector_12_a_wrong_key_keeps_the_session_down() {
                a_wrong_key_keeps_the_session_down(RouterKind::$kind, false);
            }

            #[test]
            fn a_wrong_key_keeps_the_session_down_over_ipv6() {
                a_wrong_key_keeps_the_session_down(RouterKind::$kind, true);
            }

            #[test]
            fn any_side_may_open() {
                super::any_side_may_open(RouterKind::$kind, false, None);
            }

            #[test]
            fn any_side_may_open_over_ipv6() {
                super::any_side_may_open(RouterKind::$kind, true, None);
            }

            #[test]
            fn any_side_may_open_with_md5() {
                super::any_side_may_open(RouterKind::$kind, false, Some(KEY));
            }

            #[test]
            fn any_side_may_open_over_ipv6_with_md5() {
                super::any_side_may_open(RouterKind::$kind, true, Some(KEY));
            }
        }
    )*};
}

daemons! {
    bird Bird;
    frr Frr;
    gobgp Gobgp;
    exabgp Exabgp;
    openbgpd Openbgpd;
}
