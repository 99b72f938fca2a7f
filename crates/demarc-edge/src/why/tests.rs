//! One gateway, its virtual interfaces, and what a fabric says of their routes.

use std::collections::BTreeMap;

use demarc_domain::entity::Change;
use demarc_domain::intent::UplinkIntent;
use demarc_types::Timestamp;
use serde_json::json;

use super::*;

const GATEWAY: &str = "00000000-0000-4000-8000-000000000001";

/// Routes by the last letter of a virtual interface's id.
#[derive(Default)]
struct Seen(BTreeMap<VirtualInterfaceId, Vec<ExplainedRoute>>);

impl RouteSource for Seen {
    fn routes(&self, world: &World, interface: &VirtualInterface) -> Vec<Route> {
        let all = self.explained(world, interface).into_iter();
        all.filter(|it| it.rejected.is_none())
            .map(|it| it.route)
            .collect()
    }

    fn explained(&self, _: &World, interface: &VirtualInterface) -> Vec<ExplainedRoute> {
        self.0.get(&interface.id).cloned().unwrap_or_default()
    }
}

struct Bench {
    world: World,
    seen: Seen,
}

impl Bench {
    fn new() -> Self {
        let mut world = World::default();
        let gateway = json!({"id": GATEWAY, "owner": "111111111111", "region": "us-east-1", "name": "g",
            "amazon_side_asn": 64_600, "phase": "available", "created": 0});
        let gateway: demarc_domain::entity::DirectConnectGateway =
            serde_json::from_value(gateway).unwrap_or_else(|error| panic!("{error}"));
        world.apply(&Change::Put(gateway.into()));
        Self {
            world,
            seen: Seen::default(),
        }
    }

    /// A private virtual interface to the gateway, with SiteLink or without.
    fn interface(&mut self, letter: char, region: &str, site_link: bool) -> VirtualInterfaceId {
        let id = format!("dxvif-fg00000{letter}");
        let number = u32::from(letter) % 32;
        let vif = json!({"id": id, "owner": "111111111111", "region": region, "kind": "private",
            "parent": format!("dxcon-fg00000{letter}"), "connection_owner": "111111111111",
            "location": "EqDC2", "name": "v", "vlan": 100 + number, "mtu": 1500,
            "attachment": {"direct-connect-gateway": GATEWAY}, "amazon_side_asn": 64_600,
            "site_link": site_link, "phase": "active", "generation": 1, "created": 0,
            "prefix_allocation": {"ipv4": 100, "ipv6": 100},
            "peers": [{"id": format!("dxpeer-fg00000{letter}"), "asn": 65_000 + number, "auth_key": "key",
                "family": "ipv4", "amazon_address": format!("169.254.{number}.1/29"),
                "customer_address": format!("169.254.{number}.6/29"), "phase": "available",
                "session": "up", "prefixes_received": 1}]});
        let vif: VirtualInterface =
            serde_json::from_value(vif).unwrap_or_else(|error| panic!("{error}"));
        let id = vif.id;
        self.world.apply(&Change::Put(vif.into()));
        id
    }

    fn route(
        &mut self,
        id: VirtualInterfaceId,
        direction: RouteDirection,
        prefix: &str,
        path: &[u32],
    ) -> &mut ExplainedRoute {
        let route = Route {
            direction,
            prefix: prefix.parse().unwrap(),
            as_path: vec![PathSegment {
                is_set: false,
                numbers: path.to_vec(),
            }],
            communities: Vec::new(),
            installed: Timestamp::default(),
        };
        let all = self.seen.0.entry(id).or_default();
        all.push(ExplainedRoute {
            route,
            med: 0,
            rejected: None,
        });
        all.last_mut().unwrap()
    }

    fn why(&self, id: VirtualInterfaceId, destination: &str) -> Explanation {
        let interface = self.world.virtual_interface(id).unwrap();
        why(
            &self.world,
            &self.seen,
            interface,
            destination.parse().unwrap(),
        )
    }

    /// How the first route of an interface does, in its only Region.
    fn choice(&self, id: VirtualInterfaceId, destination: &str) -> (bool, Step) {
        let choice = &self.why(id, destination).received[0].choices[0];
        (choice.used, choice.decided_by)
    }
}

const IN: RouteDirection = RouteDirection::Accepted;
const OUT: RouteDirection = RouteDirection::Advertised;

#[test]
fn each_step_of_the_choice_is_named_to_winner_and_loser() {
    type Change = fn(&mut ExplainedRoute);
    let rows: [(&str, Change, Step); 4] = [
        ("192.168.0.0/16", |_| (), Step::LongestPrefix),
        (
            "192.168.1.0/24",
            |it| it.route.communities.push((7_224, 7_100)),
            Step::LocalPreference,
        ),
        (
            "192.168.1.0/24",
            |it| it.route.as_path[0].numbers.push(65_002),
            Step::AsPathLength,
        ),
        ("192.168.1.0/24", |it| it.med = 9, Step::Med),
    ];
    for (prefix, worsen, step) in rows {
        let mut bench = Bench::new();
        let (a, b) = (
            bench.interface('a', "us-east-1", false),
            bench.interface('b', "us-east-1", false),
        );
        bench.route(a, IN, "192.168.1.0/24", &[65_001]);
        worsen(bench.route(b, IN, prefix, &[65_002]));
        assert_eq!(bench.choice(a, "192.168.1.9/32"), (true, step));
        assert_eq!(bench.choice(b, "192.168.1.9/32"), (false, step));
    }
}

#[test]
fn equal_routes_share_and_an_only_one_needs_no_choice() {
    let mut bench = Bench::new();
    let (a, b) = (
        bench.interface('a', "us-east-1", false),
        bench.interface('b', "us-east-1", false),
    );
    bench.route(a, IN, "192.168.1.0/24", &[65_001]);
    assert_eq!(bench.choice(a, "192.168.1.0/24"), (true, Step::OnlyRoute));
    bench.route(b, IN, "192.168.1.0/24", &[65_002]);
    assert_eq!(bench.choice(a, "192.168.1.0/24"), (true, Step::Shared));
    assert_eq!(
        bench.why(b, "192.168.1.0/24").received[0].choices[0].taken,
        [a, b]
    );
}

#[test]
fn a_rejected_route_is_shown_with_its_rule_and_rivals_none() {
    let mut bench = Bench::new();
    let (a, b) = (
        bench.interface('a', "us-east-1", false),
        bench.interface('b', "us-east-1", false),
    );
    let rule = Rejected {
        rule: "as_path_loop".to_owned(),
        reason: "our own AS number is in its AS_PATH".to_owned(),
        source: "spec/routing section 3".to_owned(),
    };
    bench
        .route(a, IN, "192.168.1.0/24", &[65_001, 64_600])
        .rejected = Some(rule.clone());
    bench.route(b, IN, "192.168.1.0/24", &[65_002, 65_003, 65_004]);
    let explained = bench.why(a, "192.168.1.0/24");
    assert_eq!(explained.received[0].rejected, Some(rule));
    assert!(!explained.received[0].accepted && explained.received[0].choices.is_empty());
    assert!(
        explained.summary[0].contains("our own AS number"),
        "{:?}",
        explained.summary
    );
    assert_eq!(bench.choice(b, "192.168.1.0/24"), (true, Step::OnlyRoute));
}

#[test]
fn site_link_routes_lead_to_those_who_hear_them_and_back() {
    let mut bench = Bench::new();
    let (a, b) = (
        bench.interface('a', "us-east-1", true),
        bench.interface('b', "eu-west-1", true),
    );
    bench.route(a, IN, "192.168.1.0/24", &[65_001]);
    bench.route(b, OUT, "192.168.1.0/24", &[64_600, 64_600, 65_001]);
    assert_eq!(bench.why(a, "192.168.1.1/32").received[0].announced_to, [b]);
    let heard = bench.why(b, "192.168.1.1/32");
    assert_eq!(heard.announced[0].from, [a.to_string()]);
    assert_eq!(heard.announced[0].as_path, "64600 64600 65001");
    assert!(
        heard.summary[0].contains("announced nothing that covers"),
        "{:?}",
        heard.summary
    );
}

#[test]
fn without_a_session_there_is_nothing_to_explain() {
    let mut bench = Bench::new();
    let a = bench.interface('a', "us-east-1", false);
    let explained = bench.why(a, "2001:db8::1/128");
    assert_eq!(
        explained.summary,
        ["dxvif-fg00000a has no session of ipv6."]
    );
}

#[test]
fn what_is_of_a_vpc_goes_to_the_vpc_whoever_announces_it() {
    let mut bench = Bench::new();
    let a = bench.interface('a', "us-east-1", false);
    let found = bench.route(a, IN, "10.40.1.0/24", &[65_001]).clone();
    let interface = bench.world.virtual_interface(a).unwrap();
    let vpc = UplinkIntent {
        gateway: "vgw-0123456789abcdef0".parse().unwrap(),
        region: interface.region,
        announced: Vec::new(),
        prefixes: vec!["10.40.0.0/16".parse().unwrap()],
    };
    let domain = DomainIntent {
        domain: RoutingDomain::Gateway(GATEWAY.parse().unwrap()),
        asn: interface.amazon_side_asn,
        uplinks: vec![vpc],
        hairpin: false,
    };
    let question = Question {
        interface,
        domain: Some(&domain),
        siblings: &[],
    };
    for (prefix, local) in [
        ("10.40.0.0/16", true),
        ("10.40.1.0/24", true),
        ("10.0.0.0/8", false),
    ] {
        let is_local = question.is_local(prefix.parse().unwrap());
        assert_eq!(is_local, local, "{prefix}");
    }
    let choice = question.choice(&found, interface.region);
    assert_eq!((choice.used, choice.decided_by), (false, Step::LocalRoute));
}

#[test]
fn a_session_that_its_limit_ended_is_named() {
    let mut bench = Bench::new();
    let a = bench.interface('a', "us-east-1", false);
    let mut interface = bench.world.virtual_interface(a).unwrap().as_ref().clone();
    interface.peers[0].session = Session::Down;
    interface.peers[0].prefixes_received = 101;
    bench.world.apply(&Change::Put(interface.into()));
    let said = bench.why(a, "192.168.1.1/32").summary;
    assert!(said[1].contains("more than 100 prefixes"), "{said:?}");
}

#[test]
fn what_is_said_names_routes_apart_and_why_one_is_kept() {
    let mut bench = Bench::new();
    let id = bench.interface('a', "us-east-1", true);
    let kept = bench.route(id, IN, "192.168.0.0/16", &[65_001]);
    kept.route.communities.push((65_535, 65_281));
    let said = bench.why(id, "192.168.1.0/24").summary.join("\n");
    assert!(
        said.contains("takes dxvif-fg00000a: no other route is there."),
        "{said}"
    );
    assert!(
        said.contains("192.168.0.0/16 is not announced over SiteLink: the customer sent NO_EXPORT"),
        "{said}"
    );
    bench.route(id, IN, "192.168.1.0/24", &[65_001]);
    let said = bench.why(id, "192.168.1.0/24").summary.join("\n");
    assert!(
        said.contains(
            "does not take this route to 192.168.0.0/16: the longest prefix decides for another one by dxvif-fg00000a"
        ),
        "{said}"
    );
}
