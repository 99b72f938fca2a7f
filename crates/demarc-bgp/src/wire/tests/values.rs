//! Messages but UPDATEs: bytes beside values.

use super::*;
use crate::wire::{
    Asn, Capabilities, ErrorCode, GracefulRestart, GracefulRestartFamily, Header, Open,
    RefreshKind, RouteRefresh, encode_keepalive,
};

#[test]
fn an_open_with_every_capability() {
    let open = Open {
        two_octet_asn: 23456,
        hold_time: 90,
        router_id: Ipv4Addr::new(192, 0, 2, 1),
        capabilities: Capabilities {
            multiprotocol: vec![(2, 1)],
            four_octet_asn: Some(Asn::new(4_200_000_001)),
            route_refresh: true,
            enhanced_route_refresh: true,
            graceful_restart: Some(GracefulRestart {
                restarting: true,
                notification: false,
                restart_time: 120,
                families: vec![GracefulRestartFamily {
                    afi: 2,
                    safi: 1,
                    forwarding_preserved: true,
                }],
            }),
            unknown: Vec::new(),
        },
    };
    let body = [
        4, 0x5b, 0xa0, 0, 90, 192, 0, 2, 1, 26, 2, 24, // version, AS, hold, id, parameter
        1, 4, 0, 2, 0, 1, // multiprotocol IPv6 unicast
        2, 0, // route refresh
        70, 0, // enhanced route refresh
        64, 6, 0x80, 120, 0, 2, 1, 0x80, // graceful restart
        65, 4, 0xfa, 0x56, 0xea, 0x01, // four-octet ASN
    ];
    let mut bytes = Vec::new();
    open.encode(&mut bytes);
    assert_eq!(bytes, message(1, &body));
    let Message::Open(decoded) = decode(&bytes, &IPV6).unwrap() else {
        panic!("not an OPEN")
    };
    assert_eq!(decoded, open);
    assert_eq!(decoded.asn(), Asn::new(4_200_000_001));
}

#[test]
fn long_optional_parameters_use_the_extended_form() {
    let mut open = Open {
        two_octet_asn: 1,
        hold_time: 3,
        router_id: Ipv4Addr::new(1, 1, 1, 1),
        capabilities: Capabilities::default(),
    };
    for code in 200..204 {
        let value = vec![code; 100];
        open.capabilities
            .unknown
            .push(crate::wire::UnknownCapability { code, value });
    }
    let mut bytes = Vec::new();
    open.encode(&mut bytes);
    assert_eq!(&bytes[28..33], [255, 255, 1, 155, 2], "RFC 9072 §2");
    let Message::Open(decoded) = decode(&bytes, &IPV4).unwrap() else {
        panic!("not an OPEN")
    };
    assert_eq!(decoded, open);
}

#[test]
fn every_bad_header_and_open_has_its_notification() {
    let open = |body: &[u8]| message(1, body);
    let mut unsynchronized = message(4, &[]);
    unsynchronized[3] = 0;
    let mut oversized = message(4, &[]);
    oversized[16..18].copy_from_slice(&4097_u16.to_be_bytes());
    let good = [4, 0, 1, 0, 90, 1, 1, 1, 1];
    let with = |tail: &[u8]| open(&[&good[..], tail].concat());
    let rows: [(&str, Vec<u8>, ErrorCode, &[u8]); 14] = [
        (
            "marker",
            unsynchronized,
            ErrorCode::HEADER_NOT_SYNCHRONIZED,
            &[],
        ),
        (
            "too long",
            oversized,
            ErrorCode::HEADER_BAD_LENGTH,
            &[0x10, 0x01],
        ),
        (
            "keepalive of 20",
            message(4, &[0]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 20],
        ),
        (
            "open of 28",
            message(1, &[0; 9]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 28],
        ),
        (
            "update of 22",
            message(2, &[0; 3]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 22],
        ),
        (
            "notification of 20",
            message(3, &[0]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 20],
        ),
        ("type 0", message(0, &[]), ErrorCode::HEADER_BAD_TYPE, &[0]),
        ("type 6", message(6, &[]), ErrorCode::HEADER_BAD_TYPE, &[6]),
        (
            "version 3",
            open(&[3, 0, 1, 0, 90, 1, 1, 1, 1, 0]),
            ErrorCode::OPEN_UNSUPPORTED_VERSION,
            &[0, 4],
        ),
        (
            "parameters overrun",
            with(&[4, 2, 1, 0]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
        (
            "parameter overruns",
            with(&[2, 2, 1]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
        (
            "authentication",
            with(&[2, 1, 0]),
            ErrorCode::OPEN_UNSUPPORTED_PARAMETER,
            &[],
        ),
        (
            "capability overruns",
            with(&[4, 2, 2, 65, 4]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
        (
            "short capability",
            with(&[5, 2, 3, 65, 1, 0]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
    ];
    for (name, bytes, code, data) in rows {
        let error = decode(&bytes, &IPV4).unwrap_err();
        assert_eq!(error, Notification::with_data(code, data), "{name}");
    }
}

#[test]
fn a_header_is_told_from_its_first_bytes() {
    let mut bytes = Vec::new();
    encode_keepalive(&mut bytes);
    assert_eq!(bytes, message(4, &[]));
    for length in 0..19 {
        assert_eq!(Header::peek(&bytes[..length]), Ok(None), "{length}");
    }
    assert_eq!(Header::peek(&bytes).unwrap().unwrap().length, 19);
    assert!(
        Header::peek(&[0xff, 0xfe]).is_err(),
        "no need to wait for the rest"
    );
}

#[test]
fn notifications_carry_their_data() {
    let rows: [(Notification, &[u8], &str); 8] = [
        (
            Notification::max_prefixes(Family::Ipv6, 1000),
            &[6, 1, 0, 2, 1, 0, 0, 3, 0xe8],
            "6/1 Maximum Number of Prefixes Reached: limit 1000 (ipv6)",
        ),
        (
            Notification::with_shutdown_text(ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN, "bye"),
            &[6, 2, 3, b'b', b'y', b'e'],
            "6/2 Administrative Shutdown: \"bye\"",
        ),
        (
            Notification::with_shutdown_text(ErrorCode::CEASE_ADMINISTRATIVE_RESET, ""),
            &[6, 4, 0],
            "6/4 Administrative Reset",
        ),
        (
            Notification::with_data(ErrorCode::FSM_IN_OPEN_CONFIRM, [2]),
            &[5, 2, 2],
            "5/2 Receive Unexpected Message in OpenConfirm State: UPDATE",
        ),
        (
            Notification::with_data(ErrorCode::FSM_IN_OPEN_CONFIRM, [0]),
            &[5, 2, 0],
            "5/2 Receive Unexpected Message in OpenConfirm State: data 00",
        ),
        (
            Notification::new(ErrorCode::CEASE_BFD_DOWN),
            &[6, 10],
            "6/10 BFD Down",
        ),
        (
            Notification::new(ErrorCode::HOLD_TIMER_EXPIRED),
            &[4, 0],
            "4/0 Hold Timer Expired",
        ),
        (
            Notification::new(ErrorCode {
                code: 6,
                subcode: 99,
            }),
            &[6, 99],
            "6/99 Cease",
        ),
    ];
    for (notification, body, shown) in rows {
        let mut bytes = Vec::new();
        notification.encode(&mut bytes);
        assert_eq!(bytes, message(3, body));
        assert_eq!(notification.to_string(), shown);
        let decoded = decode(&bytes, &IPV4).unwrap();
        assert!(matches!(decoded, Message::Notification(it) if it == notification));
    }
}

#[test]
fn shutdown_texts_are_cut_between_characters_and_read_with_care() {
    let code = ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN;
    let long = Notification::with_shutdown_text(code, &"ü".repeat(200));
    assert_eq!(long.data[0], 254, "127 characters of two octets");
    assert_eq!(long.shutdown_text().unwrap().chars().count(), 127);
    for data in [&[][..], &[0], &[5, b'a'], &[2, 0xff, 0xff]] {
        assert_eq!(
            Notification::with_data(code, data).shutdown_text(),
            None,
            "{data:?}"
        );
    }
    let other = Notification::with_data(ErrorCode::CEASE, [1, b'a']);
    assert_eq!(other.shutdown_text(), None);
}

#[test]
fn route_refresh_in_all_kinds_and_lengths() {
    for (kind, code) in [
        (RefreshKind::Request, 0),
        (RefreshKind::Begin, 1),
        (RefreshKind::End, 2),
    ] {
        let mut bytes = Vec::new();
        RouteRefresh::encode(Family::Ipv6, kind, &mut bytes);
        assert_eq!(bytes, message(5, &[0, 2, code, 1]));
        let decoded = decode(&bytes, &IPV6).unwrap();
        let wanted = RouteRefresh::new(Family::Ipv6, kind);
        assert!(matches!(decoded, Message::RouteRefresh(it) if it == wanted));
    }
    let unknown = RouteRefresh { known: None };
    for body in [[0, 25, 0, 70], [0, 1, 9, 1]] {
        let bytes = message(5, &body);
        assert!(matches!(decode(&bytes, &IPV4), Ok(Message::RouteRefresh(it)) if it == unknown));
    }
    for body in [&[0, 1, 0][..], &[0, 1, 1, 1, 0], &[0, 1, 2, 1, 0]] {
        let bytes = message(5, body);
        let wanted = Notification::with_data(ErrorCode::REFRESH_INVALID_LENGTH, bytes.clone());
        assert_eq!(decode(&bytes, &IPV4).unwrap_err(), wanted);
    }
}
