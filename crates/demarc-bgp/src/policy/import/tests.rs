use super::*;
use crate::wire::{PathAttributes, SegmentKind};

fn policy(kind: InterfaceKind) -> ImportPolicy {
    let asn = if kind == InterfaceKind::Public {
        7224
    } else {
        65030
    };
    ImportPolicy {
        kind,
        local_asn: Asn::new(asn),
        neighbor_asn: Asn::new(65020),
        local_address: "198.51.100.1".parse().ok(),
        peering_subnet: "198.51.100.0/30".parse().ok(),
        approved: [
            "203.0.113.0/24",
            "198.51.100.0/24",
            "2001:db8::/32",
            "0.0.0.0/0",
            "::/0",
        ]
        .map(|net| net.parse().unwrap())
        .to_vec(),
    }
}

fn narrow(kind: InterfaceKind) -> ImportPolicy {
    let mut policy = policy(kind);
    policy.approved.truncate(3);
    policy
}

#[test]
fn the_path_checks_hold_on_every_kind_of_interface() {
    use Rejection::{AsPathLoop, AsPathTooLong, FirstAsMismatch, OwnNextHop};
    let sequence = |asns: &[u32]| {
        let asns: Vec<Asn> = asns.iter().copied().map(Asn::new).collect();
        PathAttributes::builder().segment(SegmentKind::Sequence, &asns)
    };
    let long = |hops: usize| {
        let mut asns = vec![65020; hops];
        asns[hops - 1] = 1;
        sequence(&asns)
    };
    for kind in [
        InterfaceKind::Private,
        InterfaceKind::Transit,
        InterfaceKind::Public,
    ] {
        let policy = policy(kind);
        let own = policy.local_asn.get();
        let ours = policy.local_address;
        let theirs = "198.51.100.2".parse().ok();
        let set = sequence(&[65020]).segment(SegmentKind::Set, &[Asn::new(1), Asn::new(own)]);
        let set_first = PathAttributes::builder().segment(SegmentKind::Set, &[Asn::new(65020)]);
        let rows = [
            ("plain", sequence(&[65020]), theirs, Ok(())),
            ("longer", sequence(&[65020, 1, 2]), theirs, Ok(())),
            ("no next hop known", sequence(&[65020]), None, Ok(())),
            ("loop", sequence(&[65020, own]), theirs, Err(AsPathLoop)),
            ("loop in a set", set, theirs, Err(AsPathLoop)),
            (
                "first AS",
                sequence(&[1, 65020]),
                theirs,
                Err(FirstAsMismatch),
            ),
            ("empty path", sequence(&[]), theirs, Err(FirstAsMismatch)),
            ("set first", set_first, theirs, Err(FirstAsMismatch)),
            ("50 hops", long(50), theirs, Ok(())),
            ("51 hops", long(51), theirs, Err(AsPathTooLong)),
            ("our address", sequence(&[65020]), ours, Err(OwnNextHop)),
        ];
        for (name, builder, next_hop, expected) in rows {
            let attributes = builder.build();
            let verdict = policy.check_path(attributes.as_path(), next_hop);
            assert_eq!(verdict, expected, "{kind:?}: {name}");
        }
    }
}

/// §3: "drop (7224)" on public interfaces, whatever our number there is.
#[test]
fn the_public_number_is_a_loop_on_public_interfaces_alone() {
    let path = [65020, 7224].map(Asn::new);
    let path = PathAttributes::builder().segment(SegmentKind::Sequence, &path);
    let path = path.build();
    for (kind, expected) in [
        (InterfaceKind::Private, Ok(())),
        (InterfaceKind::Transit, Ok(())),
        (InterfaceKind::Public, Err(Rejection::AsPathLoop)),
    ] {
        let policy = ImportPolicy {
            local_asn: Asn::new(64512),
            ..policy(kind)
        };
        assert_eq!(
            policy.check_path(path.as_path(), None),
            expected,
            "{kind:?}"
        );
    }
}

#[test]
fn the_prefix_checks_follow_the_two_columns_of_section_3() {
    use Rejection::{DefaultRoute, Martian, NotApproved, PeeringSubnet, PrefixTooLong};
    type Verdict = Result<(), Rejection>;
    let rows: [(&str, Verdict, Verdict, Verdict); 27] = [
        ("0.0.0.0/0", Ok(()), Ok(()), Err(DefaultRoute)),
        ("::/0", Ok(()), Ok(()), Err(DefaultRoute)),
        ("0.0.0.0/1", Ok(()), Ok(()), Err(NotApproved)),
        ("0.0.0.0/8", Err(Martian), Err(Martian), Err(Martian)),
        ("0.1.0.0/16", Err(Martian), Err(Martian), Err(Martian)),
        ("127.0.0.0/8", Err(Martian), Err(Martian), Err(Martian)),
        ("127.1.2.3/32", Err(Martian), Err(Martian), Err(Martian)),
        ("169.254.0.0/16", Err(Martian), Err(Martian), Err(Martian)),
        ("169.254.1.0/30", Err(Martian), Err(Martian), Err(Martian)),
        ("169.252.0.0/14", Ok(()), Ok(()), Err(NotApproved)),
        ("224.0.0.0/4", Err(Martian), Err(Martian), Err(Martian)),
        ("240.0.0.0/4", Err(Martian), Err(Martian), Err(Martian)),
        (
            "255.255.255.255/32",
            Err(Martian),
            Err(Martian),
            Err(Martian),
        ),
        ("::/128", Err(Martian), Err(Martian), Err(Martian)),
        ("fe80::/64", Err(Martian), Err(Martian), Err(Martian)),
        ("ff02::/16", Err(Martian), Err(Martian), Err(Martian)),
        ("10.0.0.0/8", Ok(()), Ok(()), Err(NotApproved)),
        ("10.1.2.3/32", Ok(()), Ok(()), Err(NotApproved)),
        ("fd00::1/128", Ok(()), Ok(()), Err(PrefixTooLong)),
        ("203.0.113.0/24", Ok(()), Ok(()), Ok(())),
        ("203.0.113.7/32", Ok(()), Ok(()), Ok(())),
        ("203.0.112.0/23", Ok(()), Ok(()), Err(NotApproved)),
        ("2001:db8:1::/64", Ok(()), Ok(()), Ok(())),
        ("2001:db8:1::/65", Ok(()), Ok(()), Err(PrefixTooLong)),
        (
            "198.51.100.0/30",
            Ok(()),
            Err(PeeringSubnet),
            Err(PeeringSubnet),
        ),
        (
            "198.51.100.2/32",
            Ok(()),
            Err(PeeringSubnet),
            Err(PeeringSubnet),
        ),
        ("198.51.100.0/24", Ok(()), Ok(()), Ok(())),
    ];
    for (prefix, private, transit, public) in rows {
        let net: IpNet = prefix.parse().unwrap();
        for (kind, expected) in [
            (InterfaceKind::Private, private),
            (InterfaceKind::Transit, transit),
            (InterfaceKind::Public, public),
        ] {
            assert_eq!(
                narrow(kind).check_prefix(net),
                expected,
                "{prefix} on {kind:?}"
            );
        }
    }
}

#[test]
fn an_approved_default_does_not_let_a_default_route_in() {
    let policy = policy(InterfaceKind::Public);
    assert_eq!(
        policy.check_prefix("0.0.0.0/0".parse().unwrap()),
        Err(Rejection::DefaultRoute)
    );
    assert_eq!(policy.check_prefix("10.0.0.0/8".parse().unwrap()), Ok(()));
}

#[test]
fn names_of_rejections_differ() {
    let mut names: Vec<_> = Rejection::ALL.iter().map(|reason| reason.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Rejection::ALL.len());
}
