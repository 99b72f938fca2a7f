//! RFC 7606 row by row: what a malformed attribute does to the routes beside it.

use super::*;
use crate::wire::{Asn, ErrorCode, FaultReason, Treatment};
use FaultReason as Why;

/// What a row wants.
#[derive(Debug)]
enum Wanted {
    /// The routes stay; this attribute is dropped.
    Discard(u8, FaultReason),
    /// The routes count as withdrawn because of this attribute.
    Withdraw(u8, FaultReason),
    /// The session ends.
    Reset(ErrorCode),
    Fine,
}
use Wanted::{Discard, Fine, Reset, Withdraw};

fn good() -> [Vec<u8>; 3] {
    [
        attribute(0x40, 1, &[0]),
        attribute(0x40, 2, &[2, 1, 0, 0, 0xfd, 0xe9]),
        attribute(0x40, 3, &[192, 0, 2, 1]),
    ]
}

/// The good attributes with the one of the same type replaced, or one more at the end.
fn with(replacement: Vec<u8>) -> Vec<u8> {
    let mut parts = good().to_vec();
    match parts.iter().position(|part| part[1] == replacement[1]) {
        Some(index) => parts[index] = replacement,
        None => parts.push(replacement),
    }
    parts.concat()
}

fn without(type_code: u8) -> Vec<u8> {
    good()
        .into_iter()
        .filter(|part| part[1] != type_code)
        .collect::<Vec<_>>()
        .concat()
}

fn judge(name: &str, attributes: &[u8], wanted: &Wanted) {
    let bytes = update(&[16, 172, 16], attributes, &[8, 10]);
    let decoded = decode_update(&bytes, &IPV4);
    if let Reset(code) = wanted {
        assert_eq!(decoded.map(|_| ()).unwrap_err().code, *code, "{name}");
        return;
    }
    let decoded = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
    let faults: Vec<_> = decoded
        .faults()
        .iter()
        .map(|it| (it.type_code, it.treatment, it.reason))
        .collect();
    let withdrawn: Vec<IpNet> = decoded.withdrawn().collect();
    let kept = announced(&decoded);
    match wanted {
        Fine => assert!(faults.is_empty() && kept.len() == 1, "{name}: {faults:?}"),
        Discard(type_code, reason) => {
            assert_eq!(
                faults,
                [(*type_code, Treatment::AttributeDiscard, *reason)],
                "{name}"
            );
            assert_eq!(kept.len(), 1, "{name}");
            assert_eq!(withdrawn, [net("172.16.0.0/16")], "{name}");
        }
        Withdraw(type_code, reason) => {
            assert_eq!(
                faults,
                [(*type_code, Treatment::TreatAsWithdraw, *reason)],
                "{name}"
            );
            assert!(kept.is_empty(), "{name}");
            assert_eq!(
                withdrawn,
                [net("172.16.0.0/16"), net("10.0.0.0/8")],
                "{name}"
            );
        }
        Reset(_) => unreachable!("handled above"),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn each_malformed_attribute_has_its_treatment() {
    let confederation = [3, 1, 0, 0, 0xfd, 0xe9];
    let rows = [
        ("all is well", good().concat(), Fine),
        (
            "§7.1 ORIGIN of two octets",
            with(attribute(0x40, 1, &[0, 0])),
            Withdraw(1, Why::Length),
        ),
        (
            "§7.1 ORIGIN empty",
            with(attribute(0x40, 1, &[])),
            Withdraw(1, Why::Length),
        ),
        (
            "§7.1 ORIGIN 3",
            with(attribute(0x40, 1, &[3])),
            Withdraw(1, Why::Value),
        ),
        (
            "§7.2 unknown segment",
            with(attribute(0x40, 2, &[9, 1, 0, 0, 0, 1])),
            Withdraw(2, Why::Value),
        ),
        (
            "§7.2 segment overruns",
            with(attribute(0x40, 2, &[2, 2, 0, 0, 0, 1])),
            Withdraw(2, Why::Value),
        ),
        (
            "§7.2 one octet left",
            with(attribute(0x40, 2, &[2, 1, 0, 0, 0, 1, 2])),
            Withdraw(2, Why::Value),
        ),
        (
            "§7.2 segment of none",
            with(attribute(0x40, 2, &[2, 0])),
            Withdraw(2, Why::Value),
        ),
        (
            "RFC 5065 §5 confederation",
            with(attribute(0x40, 2, &confederation)),
            Withdraw(2, Why::Value),
        ),
        (
            "RFC 7607 §2 ASN 0",
            with(attribute(0x40, 2, &[2, 1, 0, 0, 0, 0])),
            Withdraw(2, Why::Value),
        ),
        ("empty AS_PATH", with(attribute(0x40, 2, &[])), Fine),
        (
            "§7.3 NEXT_HOP of five",
            with(attribute(0x40, 3, &[192, 0, 2, 1, 0])),
            Withdraw(3, Why::Length),
        ),
        (
            "NEXT_HOP 0.0.0.0",
            with(attribute(0x40, 3, &[0; 4])),
            Withdraw(3, Why::Value),
        ),
        (
            "NEXT_HOP multicast",
            with(attribute(0x40, 3, &[224, 0, 0, 1])),
            Withdraw(3, Why::Value),
        ),
        (
            "§7.4 MED of three",
            with(attribute(0x80, 4, &[0; 3])),
            Withdraw(4, Why::Length),
        ),
        (
            "§7.4 MED of five",
            with(attribute(0x80, 4, &[0; 5])),
            Withdraw(4, Why::Length),
        ),
        (
            "§7.5 LOCAL_PREF",
            with(attribute(0x40, 5, &[0; 4])),
            Discard(5, Why::ExternalSession),
        ),
        (
            "§7.5 LOCAL_PREF of three",
            with(attribute(0x40, 5, &[0; 3])),
            Discard(5, Why::ExternalSession),
        ),
        (
            "§7.6 ATOMIC_AGGREGATE of one",
            with(attribute(0x40, 6, &[0])),
            Discard(6, Why::Length),
        ),
        (
            "§7.7 AGGREGATOR of six",
            with(attribute(0xc0, 7, &[1; 6])),
            Discard(7, Why::Length),
        ),
        (
            "RFC 7607 §2 AGGREGATOR 0",
            with(attribute(0xc0, 7, &[0, 0, 0, 0, 1, 1, 1, 1])),
            Discard(7, Why::Value),
        ),
        (
            "§7.8 COMMUNITIES of five",
            with(attribute(0xc0, 8, &[0; 5])),
            Withdraw(8, Why::Length),
        ),
        (
            "§7.8 COMMUNITIES empty",
            with(attribute(0xc0, 8, &[])),
            Withdraw(8, Why::Length),
        ),
        (
            "§7.9 ORIGINATOR_ID",
            with(attribute(0x80, 9, &[1; 4])),
            Discard(9, Why::ExternalSession),
        ),
        (
            "§7.10 CLUSTER_LIST",
            with(attribute(0x80, 10, &[1; 3])),
            Discard(10, Why::ExternalSession),
        ),
        (
            "§7.14 extended of seven",
            with(attribute(0xc0, 16, &[0; 7])),
            Withdraw(16, Why::Length),
        ),
        (
            "RFC 8092 §6 large of eleven",
            with(attribute(0xc0, 32, &[0; 11])),
            Withdraw(32, Why::Length),
        ),
        (
            "RFC 6793 AS4_PATH is for old speakers",
            with(attribute(0xc0, 17, &[9; 3])),
            Fine,
        ),
        (
            "§3 c ORIGIN optional",
            with(attribute(0xc0, 1, &[0])),
            Withdraw(1, Why::Flags),
        ),
        (
            "§3 c MED transitive",
            with(attribute(0xc0, 4, &[0; 4])),
            Withdraw(4, Why::Flags),
        ),
        (
            "§3 c COMMUNITIES well-known",
            with(attribute(0x40, 8, &[0; 4])),
            Withdraw(8, Why::Flags),
        ),
        (
            "partial bit does not matter",
            with(attribute(0x60, 1, &[0])),
            Fine,
        ),
        ("§3 d no ORIGIN", without(1), Withdraw(1, Why::Missing)),
        ("§3 d no AS_PATH", without(2), Withdraw(2, Why::Missing)),
        ("§3 d no NEXT_HOP", without(3), Withdraw(3, Why::Missing)),
        (
            "§3 g second ORIGIN",
            [good().concat(), attribute(0x40, 1, &[9, 9])].concat(),
            Discard(1, Why::Duplicate),
        ),
        (
            "§4 overrun",
            [good().concat(), vec![0xc0, 8, 40, 1]].concat(),
            Withdraw(0, Why::Overrun),
        ),
        (
            "§4 two octets left",
            [good().concat(), vec![0xc0, 8]].concat(),
            Withdraw(0, Why::Overrun),
        ),
        ("unknown transitive", with(attribute(0xc0, 99, &[1])), Fine),
        (
            "unknown non-transitive",
            with(attribute(0x80, 99, &[1])),
            Fine,
        ),
        (
            "unknown well-known",
            with(attribute(0x40, 99, &[1])),
            Reset(ErrorCode::UPDATE_UNRECOGNIZED_WELL_KNOWN),
        ),
        (
            "§7.11 MP_REACH cut",
            with(attribute(0x80, 14, &[0, 1, 1, 4])),
            Reset(ErrorCode::UPDATE_OPTIONAL_ATTRIBUTE),
        ),
        (
            "§7.11 next hop of five",
            with(attribute(0x80, 14, &[0, 1, 1, 5, 1, 2, 3, 4, 5, 0])),
            Reset(ErrorCode::UPDATE_OPTIONAL_ATTRIBUTE),
        ),
        (
            "§5.3 MP prefix of 33",
            with(attribute(0x80, 15, &[0, 1, 1, 33, 1, 2, 3, 4, 5])),
            Reset(ErrorCode::UPDATE_OPTIONAL_ATTRIBUTE),
        ),
        (
            "§7.15 IPv6 extended communities of 19",
            with(attribute(0xc0, 25, &[0; 19])),
            Withdraw(25, Why::Length),
        ),
        (
            "§7.15 IPv6 extended communities of 21",
            with(attribute(0xc0, 25, &[0; 21])),
            Withdraw(25, Why::Length),
        ),
        (
            "§7.15 IPv6 extended communities empty",
            with(attribute(0xc0, 25, &[])),
            Withdraw(25, Why::Length),
        ),
        (
            "RFC 5701 two IPv6 extended communities",
            with(attribute(0xc0, 25, &[0; 40])),
            Fine,
        ),
        (
            "§3 g second MP_UNREACH",
            [
                good().concat(),
                attribute(0x80, 15, &[0, 1, 1]),
                attribute(0x80, 15, &[0, 1, 1]),
            ]
            .concat(),
            Reset(ErrorCode::UPDATE_MALFORMED_ATTRIBUTE_LIST),
        ),
    ];
    for (name, attributes, wanted) in rows {
        judge(name, &attributes, &wanted);
    }
}

#[test]
fn lengths_and_prefixes_that_cannot_be_read_reset_the_session() {
    let attributes = good().concat();
    let mut lengths = update(&[], &attributes, &[8, 10]);
    lengths[19] = 0x0f;
    let mut total = update(&[], &attributes, &[]);
    total[22] += 1;
    let list = ErrorCode::UPDATE_MALFORMED_ATTRIBUTE_LIST;
    let network = ErrorCode::UPDATE_INVALID_NETWORK_FIELD;
    let rows = [
        ("withdrawn length", lengths, list),
        ("attribute length", total, list),
        (
            "prefix of 33",
            update(&[], &attributes, &[33, 1, 2, 3, 4, 5]),
            network,
        ),
        (
            "prefix cut",
            update(&[], &attributes, &[24, 10, 0]),
            network,
        ),
        (
            "withdrawn prefix cut",
            update(&[24, 10, 0], &[], &[]),
            network,
        ),
        (
            "§5.2 withdraw what?",
            update(&[], &with(attribute(0x40, 1, &[7])), &[]),
            list,
        ),
    ];
    for (name, bytes, code) in rows {
        for context in [IPV4, IPV6] {
            let error = decode_update(&bytes, &context).map(|_| ()).unwrap_err();
            assert_eq!(error.code, code, "{name}, {}", context.family);
        }
    }
}

#[test]
fn a_fault_in_an_ipv6_update_withdraws_its_routes() {
    let mut reach = vec![0, 2, 1, 16];
    reach.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    reach.extend([0, 32, 0x20, 1, 0x0d, 0xb8]);
    let parts = [
        attribute(0x80, 14, &reach),
        attribute(0x40, 1, &[0]),
        attribute(0x40, 2, &[]),
        attribute(0x80, 4, &[0; 3]),
    ];
    let bytes = update(&[], &parts.concat(), &[]);
    let decoded = decode_update(&bytes, &IPV6).unwrap();
    assert_eq!(
        decoded.withdrawn().collect::<Vec<_>>(),
        [net("2001:db8::/32")]
    );
    assert!(announced(&decoded).is_empty());
    // A session for IPv4 does not care for them, and its own routes are none.
    assert_eq!(decode_update(&bytes, &IPV4).unwrap().withdrawn().count(), 0);
    // Attributes that overrun before the routes are found: they may be lost (§3 j).
    let hidden = update(
        &[],
        &[attribute(0x40, 1, &[0]), vec![0x80, 14, 90, 0]].concat(),
        &[],
    );
    let error = decode_update(&hidden, &IPV6).map(|_| ()).unwrap_err();
    assert_eq!(error.code, ErrorCode::UPDATE_MALFORMED_ATTRIBUTE_LIST);
}

/// As RFC 4271 §6.3 wants it of IPv4 next hops: the address of a host on a link.
#[test]
fn an_ipv6_next_hop_has_to_be_the_address_of_a_router() {
    for (next_hop, usable) in [
        ("2001:db8::1", true),
        ("fd00::1", true),
        ("fe80::1", true),
        ("::", false),
        ("::1", false),
        ("::ffff:192.0.2.1", false),
        ("ff02::1", false),
    ] {
        let address: std::net::Ipv6Addr = next_hop.parse().unwrap();
        let mut reach = vec![0, 2, 1, 16];
        reach.extend(address.octets());
        reach.extend([0, 32, 0x20, 1, 0x0d, 0xb8]);
        let parts = [
            attribute(0x80, 14, &reach),
            attribute(0x40, 1, &[0]),
            attribute(0x40, 2, &[]),
        ];
        let bytes = update(&[], &parts.concat(), &[]);
        let decoded = decode_update(&bytes, &IPV6).unwrap();
        assert_eq!(announced(&decoded).len(), usize::from(usable), "{next_hop}");
        assert_eq!(decoded.treat_as_withdraw(), !usable, "{next_hop}");
    }
}

#[test]
fn the_unrecognized_attribute_comes_back_in_the_notification() {
    let bad = attribute(0x40, 99, &[1, 2]);
    let bytes = update(&[], &with(bad.clone()), &[8, 10]);
    let error = decode_update(&bytes, &IPV4).map(|_| ()).unwrap_err();
    assert_eq!(error.data, bad);
}

#[test]
fn as4_attributes_of_an_old_speaker_are_discarded_when_malformed() {
    let context = SessionContext {
        family: Family::Ipv4,
        four_octet_asn: false,
    };
    let base = [
        attribute(0x40, 1, &[0]),
        attribute(0x40, 2, &[2, 1, 0x5b, 0xa0]),
        attribute(0x40, 3, &[192, 0, 2, 1]),
    ]
    .concat();
    let rows = [
        (17, vec![9, 1, 0, 0, 0, 1], Why::Value),
        (17, vec![2, 1, 0, 0], Why::Value),
        (17, vec![3, 1, 0, 0, 0, 1], Why::Value),
        (17, vec![2, 1, 0, 0, 0, 0], Why::Value),
        (17, vec![], Why::Length),
        (18, vec![0; 6], Why::Length),
        (18, vec![0, 0, 0, 0, 1, 1, 1, 1], Why::Value),
    ];
    for (type_code, value, reason) in rows {
        let bytes = update(
            &[],
            &[base.clone(), attribute(0xc0, type_code, &value)].concat(),
            &[8, 10],
        );
        let decoded = decode_update(&bytes, &context).unwrap();
        let [fault] = decoded.faults() else {
            panic!("{type_code} {value:?}")
        };
        assert_eq!(fault.treatment, Treatment::AttributeDiscard, "{value:?}");
        assert_eq!(fault.reason, reason, "{value:?}");
        let kept = announced(&decoded);
        assert_eq!(
            kept[0].0.as_path().asns().collect::<Vec<_>>(),
            [Asn::TRANS],
            "{value:?}"
        );
    }
}
