//! Best path and ECMP (`spec/routing §6`).

use super::*;

fn chosen(bench: &Bench, prefix: &str, region: u16) -> Vec<IpAddr> {
    let routes = bench.rib.multipath(&net(prefix), RegionId(region));
    routes.iter().filter_map(|route| route.neighbor).collect()
}

const MEDIUM: Community = Community::new(7224, 7200);
const HIGH: Community = Community::new(7224, 7300);
const LOW: Community = Community::new(7224, 7100);

#[test]
fn each_step_of_the_order_decides() {
    let med = |n, med| {
        PathAttributes::builder()
            .segment(SegmentKind::Sequence, &[Asn::new(65000 + u32::from(n))])
            .next_hop(address(n))
            .med(med)
            .build()
    };
    let rows: [(&str, PathAttributes, PathAttributes, &[u8]); 7] = [
        (
            "equal",
            attributes(1, &[], &[]),
            attributes(2, &[], &[]),
            &[1, 2],
        ),
        (
            "tag",
            attributes(1, &[], &[]),
            attributes(2, &[7, 8], &[HIGH]),
            &[2],
        ),
        (
            "low tag",
            attributes(1, &[], &[LOW]),
            attributes(2, &[7, 8], &[]),
            &[2],
        ),
        (
            "medium is the default",
            attributes(1, &[], &[MEDIUM]),
            attributes(2, &[], &[]),
            &[1, 2],
        ),
        (
            "path",
            attributes(1, &[7], &[]),
            attributes(2, &[], &[]),
            &[2],
        ),
        ("MED", med(1, 5), med(2, 4), &[2]),
        (
            "missing MED is 0",
            attributes(1, &[], &[]),
            med(2, 0),
            &[1, 2],
        ),
    ];
    for (name, first, second, expected) in rows {
        let mut bench = Bench::new();
        let one = bench.up(1, config(1, InterfaceKind::Private));
        let two = bench.up(2, config(2, InterfaceKind::Private));
        bench.send(two, &second, &["10.0.0.0/8"]);
        bench.send(one, &first, &["10.0.0.0/8"]);
        let expected: Vec<_> = expected.iter().map(|n| address(*n)).collect();
        assert_eq!(chosen(&bench, "10.0.0.0/8", 0), expected, "{name}");
    }
}

#[test]
fn a_set_counts_one_hop_and_ties_need_no_equal_asns() {
    let mut bench = Bench::new();
    let one = bench.up(1, config(1, InterfaceKind::Private));
    let two = bench.up(2, config(2, InterfaceKind::Private));
    let set = attributes(1, &[], &[])
        .to_builder()
        .segment(SegmentKind::Set, &[Asn::new(5), Asn::new(6), Asn::new(7)])
        .build();
    bench.send(one, &set, &["10.0.0.0/8"]);
    bench.send(two, &attributes(2, &[9], &[]), &["10.0.0.0/8"]);
    assert_eq!(chosen(&bench, "10.0.0.0/8", 0), [address(1), address(2)]);
}

#[test]
fn ecmp_takes_sixteen_next_hops_and_shows_the_lowest_router_id_first() {
    let mut bench = Bench::new();
    for n in (1..=20).rev() {
        let session = bench.up(n, config(n, InterfaceKind::Private));
        bench.send(session, &attributes(n, &[], &[]), &["10.0.0.0/8"]);
    }
    let expected: Vec<_> = (1..=16).map(address).collect();
    assert_eq!(chosen(&bench, "10.0.0.0/8", 0), expected);
}

#[test]
fn rejected_routes_are_not_chosen_and_changes_are_told_to_forwarding() {
    let mut bench = Bench::new();
    bench.rib.track_forwarding();
    let one = bench.up(1, config(1, InterfaceKind::Private));
    bench.send(one, &attributes(1, &[GATEWAY], &[]), &["10.0.0.0/8"]);
    assert!(chosen(&bench, "10.0.0.0/8", 0).is_empty());
    assert!(bench.rib.take_forwarding_changes().is_empty());
    bench.send(one, &attributes(1, &[], &[]), &["10.0.0.0/8"]);
    bench.send(one, &attributes(1, &[5], &[]), &["10.0.0.0/8"]);
    assert_eq!(bench.rib.take_forwarding_changes(), [net("10.0.0.0/8")]);
    bench.rib.session_down(one);
    assert_eq!(bench.rib.take_forwarding_changes(), [net("10.0.0.0/8")]);
}
