//! The acceptance vectors of `spec/routing §13` that tables alone can show.

use super::*;

fn first(bench: &Bench, prefix: &str, region: u16) -> Vec<IpAddr> {
    let routes = bench.rib.multipath(&net(prefix), RegionId(region));
    routes.iter().filter_map(|route| route.neighbor).collect()
}

#[test]
fn vector_1_a_transit_interface_is_announced_the_allowed_list_from_the_gateway() {
    let mut bench = Bench::new();
    let customer = bench.up(20, config(20, InterfaceKind::Transit));
    let allowed = [net("10.0.0.0/8")];
    let list: Vec<_> = crate::policy::transit_gateway_announces(&allowed)
        .map(Origination::new)
        .collect();
    bench.rib.set_originations(&list);
    bench.settle();
    assert_eq!(bench.paths(customer), table(&[("10.0.0.0/8", "65030")]));
    assert_eq!(
        bench.far[&customer].routes[&allowed[0]].next_hop(),
        Some(address(254))
    );
}

#[test]
fn vector_2_the_hundred_and_first_prefix_is_one_too_many() {
    let mut bench = Bench::new();
    let one = bench.up(
        1,
        SessionConfig {
            prefix_limit: 100,
            ..linked(1)
        },
    );
    let two = bench.up(2, linked(2));
    let prefixes = (0..101).map(|i| net(&format!("10.0.{i}.0/24")));
    let result = bench.rib.announce(one, &attributes(1, &[], &[]), prefixes);
    assert_eq!(result, Err(LimitExceeded { limit: 100 }));
    bench.settle();
    bench.rib.session_down(one);
    bench.settle();
    assert!(
        bench.paths(two).is_empty(),
        "all routes of the session are dropped at once"
    );
    assert_eq!(bench.rib.counters(one), Counters::default());
}

#[test]
fn vector_4_equal_routes_share_and_a_tag_takes_all() {
    let mut bench = Bench::new();
    let one = bench.up(1, config(1, InterfaceKind::Private));
    let two = bench.up(2, config(2, InterfaceKind::Private));
    bench.send(one, &attributes(1, &[], &[]), &["172.16.0.0/16"]);
    bench.send(two, &attributes(2, &[], &[]), &["172.16.0.0/16"]);
    assert_eq!(first(&bench, "172.16.0.0/16", 0), [address(1), address(2)]);
    bench.send(
        two,
        &attributes(2, &[], &[Community::new(7224, 7300)]),
        &["172.16.0.0/16"],
    );
    assert_eq!(first(&bench, "172.16.0.0/16", 0), [address(2)]);
    bench.rib.session_down(two);
    assert_eq!(first(&bench, "172.16.0.0/16", 0), [address(1)]);
}

#[test]
fn vector_5_each_region_prefers_its_own_location() {
    let (west, east) = (RegionId(0), RegionId(1));
    let mut bench = Bench::new();
    let near_west = bench.up(
        1,
        SessionConfig {
            region: west,
            ..config(1, InterfaceKind::Private)
        },
    );
    let near_east = bench.up(
        2,
        SessionConfig {
            region: east,
            ..config(2, InterfaceKind::Private)
        },
    );
    bench.send(near_west, &attributes(1, &[], &[]), &["172.16.0.0/16"]);
    bench.send(near_east, &attributes(2, &[7, 8], &[]), &["172.16.0.0/16"]);
    assert_eq!(first(&bench, "172.16.0.0/16", east.0), [address(2)]);
    assert_eq!(first(&bench, "172.16.0.0/16", west.0), [address(1)]);
}

#[test]
fn vector_6_an_empty_announcement_leaves_the_session_up() {
    let mut bench = Bench::new();
    let one = bench.up(1, config(1, InterfaceKind::Private));
    let (vpc, allowed) = ([net("10.0.0.0/16")], [net("10.0.0.0/24")]);
    let list: Vec<_> = crate::policy::virtual_gateway_announces(&vpc, &allowed)
        .map(Origination::new)
        .collect();
    bench.rib.set_originations(&list);
    bench.settle();
    assert!(bench.paths(one).is_empty());
    assert_eq!(
        (
            bench.far[&one].end_of_rib,
            bench.rib.counters(one).advertised
        ),
        (1, 0)
    );
}

#[test]
fn vector_7_an_unapproved_public_prefix_is_kept_with_its_reason() {
    let mut bench = Bench::new();
    let mut public = config(1, InterfaceKind::Public);
    public.import.approved = vec![net("203.0.113.0/24")];
    let one = bench.up(1, public);
    bench.send(
        one,
        &attributes(1, &[], &[]),
        &["203.0.113.0/25", "198.51.100.0/24"],
    );
    let verdicts: BTreeMap<_, _> = bench
        .rib
        .routes_in(one)
        .map(|route| (route.prefix.to_string(), route.verdict))
        .collect();
    assert_eq!(verdicts["203.0.113.0/25"], Verdict::Accepted);
    assert_eq!(
        verdicts["198.51.100.0/24"],
        Verdict::Rejected(Rejection::NotApproved)
    );
}

#[test]
fn vector_8_only_site_link_interfaces_learn_each_other() {
    let other_device = SessionConfig {
        device: DeviceId(1),
        ..linked(3)
    };
    let mut bench = Bench::new();
    let one = bench.up(1, linked(1));
    let plain = bench.up(2, config(2, InterfaceKind::Private));
    let far = bench.up(3, other_device);
    for (n, session) in [(1, one), (2, plain), (3, far)] {
        bench.send(
            session,
            &attributes(n, &[], &[]),
            &[&format!("10.{n}.0.0/16")],
        );
    }
    bench.settle();
    assert_eq!(
        bench.paths(one),
        table(&[("10.3.0.0/16", "65030 65030 65003")])
    );
    assert_eq!(
        bench.paths(far),
        table(&[("10.1.0.0/16", "65030 65030 65001")])
    );
    assert!(bench.paths(plain).is_empty());
    let near = bench.up(4, linked(4));
    bench.settle();
    assert_eq!(bench.paths(near)["10.1.0.0/16"], "65030 65001");
}
