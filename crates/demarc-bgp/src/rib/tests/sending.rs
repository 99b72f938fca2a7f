//! Groups, limits, refresh, restart, slow neighbors.

use super::*;

#[test]
fn a_change_of_policy_judges_the_routes_again_without_a_reset() {
    let mut bench = Bench::new();
    let mut public = config(1, InterfaceKind::Public);
    let one = bench.up(1, public.clone());
    bench.send(
        one,
        &attributes(1, &[], &[]),
        &["203.0.113.0/24", "198.51.100.0/24"],
    );
    assert_eq!(bench.rib.counters(one).accepted, 0);
    let reasons: Vec<_> = bench
        .rib
        .routes_in(one)
        .map(|route| route.verdict)
        .collect();
    assert_eq!(reasons, [Verdict::Rejected(Rejection::NotApproved); 2]);

    public.import.approved = vec![net("203.0.113.0/24")];
    bench.rib.set_config(one, public.clone()).unwrap();
    assert_eq!(
        (
            bench.rib.counters(one).accepted,
            bench.rib.counters(one).rejected_total()
        ),
        (1, 1)
    );
    public.import.approved.clear();
    bench.rib.set_config(one, public).unwrap();
    assert_eq!(
        (
            bench.rib.counters(one).accepted,
            bench.rib.counters(one).received
        ),
        (0, 2)
    );
}

#[test]
fn originations_reach_every_kind_and_only_differences_are_sent() {
    let mut bench = Bench::new();
    let private = bench.up(1, config(1, InterfaceKind::Private));
    let public = bench.up(2, config(2, InterfaceKind::Public));
    let silent = bench.up(
        3,
        SessionConfig {
            export: Export::Nothing,
            ..linked(3)
        },
    );
    let originate = |bench: &mut Bench, prefixes: &[&str]| {
        let list: Vec<_> = prefixes
            .iter()
            .map(|text| Origination::new(net(text)))
            .collect();
        bench.rib.set_originations(&list);
        bench.settle();
    };
    originate(&mut bench, &["10.0.0.0/8", "10.1.0.0/16"]);
    assert_eq!(
        bench.paths(private),
        table(&[("10.0.0.0/8", "65030"), ("10.1.0.0/16", "65030")])
    );
    assert_eq!(bench.paths(public)["10.0.0.0/8"], "7224 16509 16509");
    assert!(bench.paths(silent).is_empty());
    let before = bench.far[&private].messages;
    originate(&mut bench, &["10.0.0.0/8", "10.2.0.0/16"]);
    assert_eq!(
        bench.paths(private),
        table(&[("10.0.0.0/8", "65030"), ("10.2.0.0/16", "65030")])
    );
    assert_eq!(
        bench.far[&private].messages - before,
        2,
        "one withdrawal and one announcement"
    );
    assert_eq!(bench.far[&private].end_of_rib, 1);
    assert_eq!(bench.far[&silent].end_of_rib, 1);
}

/// spec/routing §4 "never advertised".
#[test]
fn an_originated_default_route_goes_to_transit_interfaces_alone() {
    let mut bench = Bench::new();
    let transit = bench.up(1, config(1, InterfaceKind::Transit));
    let others = [
        bench.up(2, config(2, InterfaceKind::Private)),
        bench.up(3, linked(3)),
        bench.up(4, config(4, InterfaceKind::Public)),
    ];
    let all = ["0.0.0.0/0", "169.254.0.0/16", "10.0.0.0/8"];
    let list = all.map(|text| Origination::new(net(text)));
    bench.rib.set_originations(&list);
    bench.settle();
    assert_eq!(bench.paths(transit).len(), 3);
    for other in others {
        let shown: Vec<_> = bench.paths(other).into_keys().collect();
        assert_eq!(shown, ["10.0.0.0/8"]);
        assert_eq!(bench.rib.counters(other).advertised, 1);
    }
    // One that becomes a private interface is told that they are gone.
    let private = config(1, InterfaceKind::Private);
    bench.rib.set_config(transit, private).unwrap();
    bench.settle();
    assert_eq!(bench.paths(transit).len(), 1);
}

#[test]
fn what_the_network_originates_wins_over_a_site_link_route() {
    let mut bench = Bench::new();
    let (one, two) = (bench.up(1, linked(1)), bench.up(2, linked(2)));
    bench.send(one, &attributes(1, &[], &[]), &["10.0.0.0/8"]);
    bench.settle();
    assert_eq!(bench.paths(two), table(&[("10.0.0.0/8", "65030 65001")]));
    bench
        .rib
        .set_originations(&[Origination::new(net("10.0.0.0/8"))]);
    bench.settle();
    assert_eq!(bench.paths(two), table(&[("10.0.0.0/8", "65030")]));
    assert_eq!(bench.paths(one), table(&[("10.0.0.0/8", "65030")]));
    bench.rib.set_originations(&[]);
    bench.settle();
    assert_eq!(bench.paths(two), table(&[("10.0.0.0/8", "65030 65001")]));
    assert!(bench.paths(one).is_empty());
}

#[test]
fn the_site_link_limit_holds_and_room_is_filled_again() {
    let mut bench = Bench::new();
    let one = bench.up(1, linked(1));
    let capped = SessionConfig {
        site_link: Some(SiteLink { limit: Some(3) }),
        ..linked(2)
    };
    let two = bench.up(2, capped.clone());
    bench
        .rib
        .set_originations(&[Origination::new(net("172.16.0.0/12"))]);
    let prefixes: Vec<String> = (0..5).map(|i| format!("10.{i}.0.0/16")).collect();
    let names: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    bench.send(one, &attributes(1, &[], &[]), &names);
    bench.settle();
    assert_eq!(
        bench.paths(two).len(),
        4,
        "three of SiteLink and one that does not count"
    );
    assert_eq!(bench.rib.counters(two).advertised_site_link, 3);
    let event = Event::SiteLinkLimitReached {
        session: two,
        limit: 3,
    };
    assert_eq!(bench.rib.poll_event(), Some(event));
    assert_eq!(bench.rib.poll_event(), None);

    bench.withdraw(one, &["10.0.0.0/16", "10.1.0.0/16"]);
    bench.settle();
    let expected = ["10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "172.16.0.0/12"];
    assert_eq!(bench.paths(two).into_keys().collect::<Vec<_>>(), expected);

    let raised = SessionConfig {
        site_link: Some(SiteLink { limit: Some(4) }),
        ..capped.clone()
    };
    bench.rib.set_config(two, raised).unwrap();
    bench.send(
        one,
        &attributes(1, &[], &[]),
        &["10.0.0.0/16", "10.1.0.0/16"],
    );
    bench.settle();
    assert_eq!(bench.paths(two).len(), 5);
    assert_eq!(
        bench.rib.poll_event(),
        Some(Event::SiteLinkLimitReached {
            session: two,
            limit: 4
        })
    );

    let lowered = SessionConfig {
        site_link: Some(SiteLink { limit: Some(0) }),
        ..capped
    };
    bench.rib.set_config(two, lowered).unwrap();
    bench.settle();
    assert_eq!(bench.paths(two), table(&[("172.16.0.0/12", "65030")]));
}

#[test]
fn switching_export_off_and_on_withdraws_and_sends_again() {
    let mut bench = Bench::new();
    let (one, two) = (bench.up(1, linked(1)), bench.up(2, linked(2)));
    bench.send(one, &attributes(1, &[], &[]), &["10.0.0.0/8"]);
    bench.settle();
    let silent = SessionConfig {
        export: Export::Nothing,
        ..linked(2)
    };
    bench.rib.set_config(two, silent.clone()).unwrap();
    bench.settle();
    assert!(bench.paths(two).is_empty());
    bench.rib.set_config(two, linked(2)).unwrap();
    bench.settle();
    assert_eq!(bench.paths(two), table(&[("10.0.0.0/8", "65030 65001")]));
    // And from the start: a session that comes up silent and is switched on later.
    let three = bench.up(
        3,
        SessionConfig {
            export: Export::Nothing,
            ..linked(3)
        },
    );
    bench.settle();
    assert!(bench.paths(three).is_empty());
    bench.rib.set_config(three, linked(3)).unwrap();
    bench.settle();
    assert_eq!(bench.paths(three).len(), 1);
    assert_eq!(bench.far[&three].end_of_rib, 1);
}

#[test]
fn a_refresh_sends_everything_again() {
    let mut bench = Bench::new();
    let (one, two) = (bench.up(1, linked(1)), bench.up(2, linked(2)));
    bench.send(
        one,
        &attributes(1, &[], &[]),
        &["10.0.0.0/8", "10.1.0.0/16"],
    );
    bench.settle();
    for enhanced in [false, true] {
        bench.far.get_mut(&two).unwrap().routes.clear();
        let before = bench.far[&two].messages;
        bench.rib.refresh(two, enhanced);
        assert!(bench.rib.take_ready().contains(&two));
        bench.settle();
        assert_eq!(bench.paths(two).len(), 2);
        assert_eq!(
            bench.far[&two].messages - before,
            if enhanced { 3 } else { 1 }
        );
    }
}

/// RFC 7313 §4.
#[test]
fn marks_of_a_refresh_wait_for_end_of_rib() {
    let mut bench = Bench::new();
    let one = bench.up(1, linked(1));
    bench.send(one, &attributes(1, &[], &[]), &["10.0.0.0/8"]);
    let two = bench.up(2, linked(2));
    bench.rib.refresh(two, true);
    let mut out = Vec::new();
    while bench.rib.poll_transmit(two, &mut out, usize::MAX) == Progress::More {}
    let mut told = Vec::new();
    while let Some(&[high, low, kind]) = out.get(16..19) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let rest = out.split_off(length);
        told.push((kind, length, if kind == 5 { out[21] } else { 0 }));
        out = rest;
    }
    let update = told[0];
    assert_eq!((update.0, update.1 > 23), (2, true));
    assert_eq!(
        told,
        [update, (2, 23, 0), (5, 23, 1), update, (5, 23, 2)],
        "routes, End-of-RIB, then all again between the marks"
    );
}

#[test]
fn a_restarting_neighbor_keeps_its_routes_until_it_has_spoken() {
    let mut bench = Bench::new();
    let (one, two) = (bench.up(1, linked(1)), bench.up(2, linked(2)));
    bench.send(
        one,
        &attributes(1, &[], &[]),
        &["10.0.0.0/8", "10.1.0.0/16"],
    );
    bench.settle();
    bench.rib.session_restarting(one);
    bench.settle_others(one);
    assert_eq!(
        bench.paths(two).len(),
        2,
        "nothing is withdrawn while it restarts"
    );
    assert!(bench.rib.routes_in(one).all(|route| route.stale));
    bench.rib.session_up(one, established(1));
    bench.send(one, &attributes(1, &[], &[]), &["10.0.0.0/8"]);
    bench.rib.sweep_stale(one);
    bench.settle();
    assert_eq!(bench.paths(two), table(&[("10.0.0.0/8", "65030 65001")]));
    // A second failure before the first is over drops what was stale already.
    bench.rib.session_restarting(one);
    bench.rib.session_restarting(one);
    assert_eq!(bench.rib.counters(one).received, 0);
    bench.rib.session_down(one);
    bench.settle_others(one);
    assert!(bench.paths(two).is_empty());
}

/// RFC 4271 §6.3; with several addresses of ours the configured one may be another.
#[test]
fn our_address_of_this_very_session_is_no_next_hop() {
    let mut bench = Bench::new();
    let mut config = linked(1);
    config.import.local_address = Some(address(250));
    let one = bench.rib.add_session(config.clone());
    let own = address(251);
    let up = Established {
        next_hop: own,
        ..established(1)
    };
    bench.rib.session_up(one, up);
    let via = |hop| {
        let attributes = attributes(1, &[], &[]).to_builder().next_hop(hop);
        attributes.build()
    };
    for (hop, accepted) in [(address(1), 1), (own, 0), (address(250), 0), (own, 0)] {
        bench.send(one, &via(hop), &["10.0.0.0/16"]);
        assert_eq!(bench.rib.counters(one).accepted, accepted, "{hop}");
    }
    // Judged again, it stays what it is.
    config.region = RegionId(1);
    bench.rib.set_config(one, config).unwrap();
    assert_eq!(bench.rib.counters(one).accepted, 0);
}

#[test]
fn a_prefix_limit_stops_at_the_first_prefix_too_many() {
    let mut bench = Bench::new();
    let one = bench.up(
        1,
        SessionConfig {
            prefix_limit: 2,
            ..linked(1)
        },
    );
    let same = attributes(1, &[], &[]);
    bench.send(one, &same, &["10.0.0.0/16", "10.1.0.0/16"]);
    let warnings: Vec<_> = std::iter::from_fn(|| bench.rib.poll_event()).collect();
    assert!(matches!(
        warnings[..],
        [Event::PrefixWarning {
            prefixes: 2,
            limit: 2,
            ..
        }]
    ));
    // Replacing is not adding.
    bench.send(one, &attributes(1, &[1], &[]), &["10.0.0.0/16"]);
    let third = bench
        .rib
        .announce(one, &same, [net("10.2.0.0/16"), net("10.3.0.0/16")]);
    assert_eq!(third, Err(LimitExceeded { limit: 2 }));
    assert_eq!(bench.rib.counters(one).received, 2);
    // A raised limit lets it pass, a lowered one says so.
    bench
        .rib
        .set_config(
            one,
            SessionConfig {
                prefix_limit: 3,
                ..linked(1)
            },
        )
        .unwrap();
    assert_eq!(bench.rib.announce(one, &same, [net("10.2.0.0/16")]), Ok(()));
    let lowered = SessionConfig {
        prefix_limit: 1,
        ..linked(1)
    };
    assert_eq!(
        bench.rib.set_config(one, lowered),
        Err(LimitExceeded { limit: 1 })
    );
}

#[test]
fn a_lowered_limit_warns_when_it_is_near_and_no_change_does_not() {
    let mut bench = Bench::new();
    let with_limit = |prefix_limit| SessionConfig {
        prefix_limit,
        ..linked(1)
    };
    let one = bench.up(1, with_limit(100));
    let prefixes: Vec<String> = (0..9).map(|n| format!("10.{n}.0.0/16")).collect();
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    bench.send(one, &attributes(1, &[], &[]), &prefixes);
    for (limit, warned) in [
        (12, None),
        (11, Some(80)),
        (11, None),
        (9, Some(95)),
        (100, None),
    ] {
        bench.rib.set_config(one, with_limit(limit)).unwrap();
        let percents = std::iter::from_fn(|| bench.rib.poll_event()).map(|event| match event {
            Event::PrefixWarning {
                warning,
                prefixes: 9,
                limit: told,
                ..
            } if told == limit => warning.percent(),
            other => panic!("{other:?}"),
        });
        assert_eq!(
            percents.collect::<Vec<_>>(),
            Vec::from_iter(warned),
            "{limit}"
        );
    }
}

#[test]
fn many_prefixes_with_the_same_attributes_share_messages() {
    let mut bench = Bench::new();
    let one = bench.up(
        1,
        SessionConfig {
            prefix_limit: u32::MAX,
            ..linked(1)
        },
    );
    let two = bench.up(2, linked(2));
    let prefixes = |odd: u32| {
        (0..3000u32).filter(move |i| i % 2 == odd).map(|i| {
            IpNet::V4(ipnet::Ipv4Net::new(Ipv4Addr::from_bits(0x0a00_0000 | i << 8), 24).unwrap())
        })
    };
    // Interleaved on the way in, together on the way out.
    for (a, b) in prefixes(0).zip(prefixes(1)) {
        bench
            .rib
            .announce(one, &attributes(1, &[7], &[]), [a])
            .unwrap();
        bench
            .rib
            .announce(one, &attributes(1, &[8], &[]), [b])
            .unwrap();
    }
    bench.settle();
    assert_eq!(bench.paths(two).len(), 3000);
    assert!(
        bench.far[&two].messages < 8,
        "{} messages",
        bench.far[&two].messages
    );
}

/// RFC 4271 §9.2; with our own number in front the message would be too large.
#[test]
fn a_route_that_does_not_fit_is_told_once_and_not_to_who_sent_it() {
    let mut bench = Bench::new();
    let (one, two) = (bench.up(1, linked(1)), bench.up(2, linked(2)));
    bench.settle();
    let many: Vec<Community> = (0..1012).map(Community::from_u32).collect();
    bench.send(one, &attributes(1, &[], &many), &["10.0.0.0/16"]);
    bench.settle();
    bench.send(one, &attributes(1, &[7], &many), &["10.1.0.0/16"]);
    bench.settle();
    let events: Vec<_> = std::iter::from_fn(|| bench.rib.poll_event()).collect();
    let [
        Event::Unsendable {
            session, prefix, ..
        },
    ] = events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!((session, prefix), (two, net("10.0.0.0/16")));
    assert!(bench.paths(two).is_empty());
}

#[test]
fn members_of_a_group_share_one_encoding_and_nobody_hears_itself() {
    let mut bench = Bench::new();
    let sessions: Vec<_> = (1..=20).map(|n| bench.up(n, linked(n))).collect();
    bench.settle();
    for (n, session) in (1u8..).zip(&sessions) {
        bench.send(
            *session,
            &attributes(n, &[], &[]),
            &[&format!("10.{n}.0.0/16")],
        );
    }
    let mut woken = bench.rib.take_ready();
    woken.sort_unstable();
    woken.dedup();
    assert_eq!(woken, sessions);
    bench.settle();
    for (n, session) in (1u8..).zip(&sessions) {
        let paths = bench.paths(*session);
        assert_eq!(paths.len(), 19);
        assert!(!paths.contains_key(&format!("10.{n}.0.0/16")));
    }
}

#[test]
fn a_neighbor_that_does_not_read_cannot_make_the_log_grow() {
    let mut bench = Bench::new();
    let one = bench.up(1, linked(1));
    let slow = bench.up(2, linked(2));
    let quick = bench.up(3, linked(3));
    bench.settle();
    for round in 0..20_000u32 {
        let changing = attributes(1, &[round % 2 + 1], &[]);
        for block in 0..10 {
            bench.send(one, &changing, &[&format!("10.{block}.0.0/16")]);
        }
        bench.drain(quick);
    }
    assert!(
        bench.rib.memory_use().export < 2 << 20,
        "{:?}",
        bench.rib.memory_use()
    );
    bench.drain(slow);
    assert_eq!(bench.paths(slow), bench.paths(quick));
    assert_eq!(bench.paths(slow).len(), 10);
}

#[test]
fn prefixes_that_come_and_go_do_not_pile_up() {
    let mut bench = Bench::new();
    let one = bench.up(1, linked(1));
    let two = bench.up(2, linked(2));
    for round in 0..200u32 {
        for i in 0..100 {
            let prefix = format!("{}.{}.{i}.0/24", 11 + round / 100, round % 100);
            bench.send(one, &attributes(1, &[], &[]), &[&prefix]);
            if i % 2 == 0 {
                bench.settle();
            }
            bench.withdraw(one, &[&prefix]);
        }
    }
    bench.settle();
    assert!(bench.paths(two).is_empty());
    let held = bench.rib.memory_use();
    assert!(held.prefixes < 64 << 10, "{held:?}");
}

impl Bench {
    fn settle_others(&mut self, absent: SessionIndex) {
        let others: Vec<_> = self
            .far
            .keys()
            .copied()
            .filter(|index| *index != absent)
            .collect();
        for index in others {
            self.drain(index);
        }
    }
}
