//! What every session goes through, with every daemon: limits, refresh, restart, silence, old and
//! large AS numbers.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use demarc_interop::{Lab, NeighborPlan, Router, RouterKind, RouterPlan, Speaker, wait_for};
use nix::sys::signal::Signal;

const ASN: u32 = 64512;
/// Larger than two octets hold.
const LARGE: u32 = 4_200_000_000;

/// One router, one speaker, one session.
struct Bench {
    router: Router,
    speaker: Speaker,
    neighbor: NeighborPlan,
    // Last, so that the namespaces outlive what runs in them.
    _lab: Lab,
}

fn bench(asn: u32, plan: RouterPlan, more: &'static str) -> Option<Bench> {
    let bench = started(asn, plan, more)?;
    bench.speaker.expect_established(&bench.neighbor);
    bench.router.announce();
    Some(bench)
}

fn started(asn: u32, plan: RouterPlan, more: &'static str) -> Option<Bench> {
    let lab = Lab::new()?;
    let neighbor = NeighborPlan {
        asn: Some(plan.asn),
        more,
        ..NeighborPlan::new(plan.number, plan.ipv6)
    };
    let router = Router::start(&lab, plan)?;
    let program = Path::new(env!("CARGO_BIN_EXE_speaker-under-test"));
    let speaker = Speaker::start(&lab, program, asn, std::slice::from_ref(&neighbor));
    Some(Bench {
        router,
        speaker,
        neighbor,
        _lab: lab,
    })
}

impl Bench {
    fn shown(&self) -> serde_json::Value {
        self.speaker.neighbor(&self.neighbor)
    }

    fn accepted(&self, prefixes: &[&str]) {
        self.speaker.expect_accepted(&self.neighbor, prefixes);
    }

    fn count(&self, direction: &str, message: &str) -> u64 {
        self.shown()["messages"][direction][message]
            .as_u64()
            .unwrap_or(0)
    }
}

fn vector_2_the_prefix_after_the_limit_ends_the_session_until_it_is_cleared(kind: RouterKind) {
    let mut plan = RouterPlan::new(kind, 2, false);
    plan.prefixes = (0..101)
        .map(|number| format!("172.16.{number}.0/24"))
        .collect();
    let Some(mut bench) = started(ASN, plan.clone(), "prefix_limit = 100") else {
        return;
    };
    bench.router.announce();
    let reached = wait_for(Duration::from_secs(20), || {
        bench.shown()["idle_reason"] == "prefix-limit"
    });
    let shown = bench.shown();
    assert!(reached, "{shown:#}");
    let sent = &shown["last_error"]["sent"];
    let code = (&sent["code"], &sent["subcode"]);
    assert_eq!(code, (&6.into(), &1.into()), "{shown:#}");
    let left = &shown["prefixes"]["ipv4"]["in"];
    assert_eq!(left, 0, "all routes are dropped at once");

    plan.prefixes.truncate(100);
    bench.router.restart(plan);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(bench.shown()["state"], "Idle", "it waits to be cleared");
    bench.speaker.command(&bench.neighbor, "clear");
    bench.speaker.expect_established(&bench.neighbor);
    bench.router.announce();
    let all = wait_for(Duration::from_secs(10), || {
        bench.shown()["prefixes"]["ipv4"]["accepted"] == 100
    });
    assert!(all, "{:#}", bench.shown());
}

fn a_refresh_brings_everything_again_both_ways(kind: RouterKind) {
    let plan = RouterPlan::new(kind, 2, false).announcing(&["172.16.0.0/16"]);
    let Some(bench) = bench(ASN, plan, "") else {
        return;
    };
    bench.accepted(&["172.16.0.0/16"]);
    bench.router.expect_route("10.0.0.0/8");
    let (asked, sent) = (
        bench.count("received", "route_refresh"),
        bench.count("sent", "update"),
    );
    bench.router.ask_for_refresh();
    // GoBGP keeps all that it was sent, as we do.
    let answered = kind == RouterKind::Gobgp
        || wait_for(Duration::from_secs(10), || {
            bench.count("received", "route_refresh") > asked && bench.count("sent", "update") > sent
        });
    assert!(answered, "{:#}", bench.shown());
    let received = bench.count("received", "update");
    bench.speaker.command(&bench.neighbor, "refresh");
    // OpenBGPD 7.7 hears the request and finds its own capability "not negotiated".
    let answered = match kind {
        RouterKind::Openbgpd => wait_for(Duration::from_secs(10), || {
            bench.router.process.output().contains("route refresh: AID")
        }),
        _ => wait_for(Duration::from_secs(10), || {
            bench.count("received", "update") > received
        }),
    };
    assert!(answered, "{:#}", bench.shown());
    bench.accepted(&["172.16.0.0/16"]);
    let shown = bench.shown();
    assert_eq!(shown["flaps"], 0, "{shown:#}");
}

/// A change of our own policy needs no refresh: all routes are here, before policy.
fn a_change_of_policy_judges_again_what_came_before(kind: RouterKind) {
    let plan = RouterPlan::new(kind, 2, false).announcing(&["203.0.113.0/24", "198.51.100.0/24"]);
    let first = "interface_kind = \"public\"\nroute_filter = [\"203.0.113.0/24\"]";
    let Some(bench) = bench(ASN, plan, first) else {
        return;
    };
    bench.accepted(&["203.0.113.0/24"]);
    let second = NeighborPlan {
        more: "interface_kind = \"public\"\nroute_filter = [\"198.51.100.0/24\"]",
        ..bench.neighbor.clone()
    };
    assert_eq!(bench.speaker.reload(&[second])["adjusted"], 1);
    bench.accepted(&["198.51.100.0/24"]);
    let shown = bench.shown();
    assert_eq!(shown["flaps"], 0, "{shown:#}");
    assert_eq!(shown["messages"]["sent"]["route_refresh"], 0, "{shown:#}");
}

fn routes_survive_a_graceful_restart(kind: RouterKind) {
    let plan = RouterPlan {
        graceful_restart: true,
        ..RouterPlan::new(kind, 2, false).announcing(&["172.16.0.0/16", "172.17.0.0/16"])
    };
    let Some(mut bench) = bench(ASN, plan.clone(), "") else {
        return;
    };
    bench.accepted(&["172.16.0.0/16", "172.17.0.0/16"]);
    bench.router.process.crash();
    let down = wait_for(Duration::from_secs(10), || {
        !bench.speaker.is_established(&bench.neighbor)
    });
    let shown = bench.shown();
    assert!(down && shown["keeps_stale_routes"] == true, "{shown:#}");
    bench.accepted(&["172.16.0.0/16", "172.17.0.0/16"]);
    // It comes back with one route less: the End-of-RIB takes the other away.
    let fewer = RouterPlan {
        prefixes: vec!["172.16.0.0/16".to_owned()],
        ..plan
    };
    bench.router.restart(fewer);
    bench.router.announce();
    bench.speaker.expect_established(&bench.neighbor);
    bench.accepted(&["172.16.0.0/16"]);
    let over = wait_for(Duration::from_secs(10), || {
        bench.shown()["keeps_stale_routes"] == false
    });
    assert!(over, "{:#}", bench.shown());
}

fn a_frozen_router_is_given_up_when_the_hold_time_is_over(kind: RouterKind) {
    let plan = RouterPlan {
        hold_time: Some(3),
        ..RouterPlan::new(kind, 2, false)
    };
    let Some(bench) = bench(ASN, plan, "") else {
        return;
    };
    let shown = bench.shown();
    let timers = (&shown["hold_time"], &shown["keepalive"]);
    assert_eq!(timers, (&3.into(), &1.0.into()), "vector 11");
    thread::sleep(Duration::from_secs(4));
    assert_eq!(bench.shown()["flaps"], 0, "a quiet session stays up");
    bench.router.process.signal(Signal::SIGSTOP);
    let frozen = Instant::now();
    let given_up = wait_for(Duration::from_secs(8), || {
        !bench.speaker.is_established(&bench.neighbor)
    });
    let after = frozen.elapsed();
    assert!(given_up && after < Duration::from_secs(6), "{after:?}");
    let shown = bench.shown();
    assert_eq!(shown["last_error"]["sent"]["code"], 4, "{shown:#}");
    bench.router.process.signal(Signal::SIGCONT);
    bench.speaker.expect_established(&bench.neighbor);
}

fn large_as_numbers_pass_both_ways(kind: RouterKind) {
    let plan = RouterPlan {
        asn: LARGE + 1,
        speaker_asn: LARGE,
        ..RouterPlan::new(kind, 2, false).announcing(&["172.16.0.0/16"])
    };
    let Some(bench) = bench(LARGE, plan, "") else {
        return;
    };
    bench.accepted(&["172.16.0.0/16"]);
    let routes = bench.speaker.routes(&bench.neighbor, "in");
    assert_eq!(routes[0].1, (LARGE + 1).to_string());
    assert_eq!(bench.shown()["capabilities"]["four_octet_asn"], true);
    bench.router.expect_route("10.0.0.0/8");
    let routes = bench.router.routes();
    assert!(routes.contains(&LARGE.to_string()), "{routes}");
}

fn a_router_with_two_octets_sees_as_trans(kind: RouterKind) {
    let plan = RouterPlan {
        // FRR and OpenBGPD leave their own capability out, but read ours.
        speaker_asn: if kind == RouterKind::Exabgp {
            23456
        } else {
            LARGE
        },
        four_octet_asn: false,
        ..RouterPlan::new(kind, 2, false).announcing(&["172.16.0.0/16"])
    };
    let Some(bench) = bench(LARGE, plan, "") else {
        return;
    };
    bench.accepted(&["172.16.0.0/16"]);
    let routes = bench.speaker.routes(&bench.neighbor, "in");
    assert_eq!(routes[0].1, "65002");
    assert_eq!(bench.shown()["capabilities"]["four_octet_asn"], false);
    bench.router.expect_route("10.0.0.0/8");
}

macro_rules! daemons {
    ($($module:ident $kind:ident: $($test:ident)*;)*) => {$(
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test(demarc_interop::RouterKind::$kind);
                }
            )*
        }
    )*};
}

// OpenBGPD only helps others through a restart; BIRD and GoBGP always read four octets; ExaBGP 4.0
// crashes when it is asked for a refresh.
daemons! {
    bird Bird:
        vector_2_the_prefix_after_the_limit_ends_the_session_until_it_is_cleared
        a_refresh_brings_everything_again_both_ways
        a_change_of_policy_judges_again_what_came_before
        routes_survive_a_graceful_restart
        a_frozen_router_is_given_up_when_the_hold_time_is_over
        large_as_numbers_pass_both_ways;
    frr Frr:
        vector_2_the_prefix_after_the_limit_ends_the_session_until_it_is_cleared
        a_refresh_brings_everything_again_both_ways
        a_change_of_policy_judges_again_what_came_before
        routes_survive_a_graceful_restart
        a_frozen_router_is_given_up_when_the_hold_time_is_over
        large_as_numbers_pass_both_ways
        a_router_with_two_octets_sees_as_trans;
    gobgp Gobgp:
        vector_2_the_prefix_after_the_limit_ends_the_session_until_it_is_cleared
        a_refresh_brings_everything_again_both_ways
        a_change_of_policy_judges_again_what_came_before
        routes_survive_a_graceful_restart
        a_frozen_router_is_given_up_when_the_hold_time_is_over
        large_as_numbers_pass_both_ways;
    exabgp Exabgp:
        vector_2_the_prefix_after_the_limit_ends_the_session_until_it_is_cleared
        a_change_of_policy_judges_again_what_came_before
        routes_survive_a_graceful_restart
        a_frozen_router_is_given_up_when_the_hold_time_is_over
        large_as_numbers_pass_both_ways
        a_router_with_two_octets_sees_as_trans;
    openbgpd Openbgpd:
        vector_2_the_prefix_after_the_limit_ends_the_session_until_it_is_cleared
        a_refresh_brings_everything_again_both_ways
        a_change_of_policy_judges_again_what_came_before
        a_frozen_router_is_given_up_when_the_hold_time_is_over
        large_as_numbers_pass_both_ways
        a_router_with_two_octets_sees_as_trans;
}
