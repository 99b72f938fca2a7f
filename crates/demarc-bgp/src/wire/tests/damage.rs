//! Damaged messages: any bytes give a value or a NOTIFICATION, and nothing that contradicts itself.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::oracle::{builders, ipv4_nets};
use super::*;
use crate::wire::{Header, UpdateEncoder};

/// Everything that a decoder may be asked, on whatever it gave.
fn exercise(bytes: &[u8], context: &SessionContext) {
    match decode(bytes, context) {
        Ok(Message::Update(update)) => {
            let withdrawn = update.withdrawn().count();
            let routes = announced(&update);
            assert!(!update.treat_as_withdraw() || routes.is_empty());
            assert!(!update.is_end_of_rib() || (withdrawn == 0 && routes.is_empty()));
            for (attributes, nlri) in routes {
                round_trip(&attributes, &nlri, context);
            }
        }
        Ok(Message::Notification(notification)) => {
            let _ = (notification.to_string(), notification.shutdown_text());
            let mut again = Vec::new();
            notification.encode(&mut again);
            assert_eq!(again, bytes);
        }
        Ok(Message::Open(open)) => {
            let mut again = Vec::new();
            open.encode(&mut again);
            let decoded = decode(&again, context).unwrap();
            assert!(matches!(decoded, Message::Open(it) if it == open));
        }
        Ok(Message::Keepalive | Message::RouteRefresh(_)) => {}
        Err(error) => {
            assert!(error.code.name().is_some(), "{error}");
            let mut answer = Vec::new();
            error.encode(&mut answer);
            assert!(Header::peek(&answer).is_ok());
        }
    }
}

/// What was read can be written and read again as the same, unless it is too large by now.
fn round_trip(attributes: &PathAttributes, nlri: &[IpNet], context: &SessionContext) {
    assert_eq!(attributes.to_builder().build(), *attributes);
    let _ = format!("{attributes:?}");
    let encoder = UpdateEncoder {
        family: context.family,
        four_octet_asn: context.four_octet_asn,
    };
    let mut bytes = Vec::new();
    if encoder
        .announce(attributes, nlri.iter().copied(), &mut bytes)
        .is_err()
    {
        return;
    }
    let mut seen = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some(header) = Header::peek(rest).unwrap() {
        let update = decode_update(&rest[..header.length], context).unwrap();
        for (again, nlri) in announced(&update) {
            // A path that only seemed to have AS_TRANS in it is the one thing lost with old peers.
            assert!(again == *attributes || !context.four_octet_asn);
            seen.extend(nlri);
        }
        rest = &rest[header.length..];
    }
    assert_eq!(seen, nlri);
}

fn contexts() -> impl Strategy<Value = SessionContext> {
    (any::<bool>(), any::<bool>()).prop_map(|(ipv6, four_octet_asn)| SessionContext {
        family: if ipv6 { Family::Ipv6 } else { Family::Ipv4 },
        four_octet_asn,
    })
}

proptest! {
    #[test]
    fn any_body_is_survived(
        type_code in 0..7_u8,
        body in vec(any::<u8>(), 0..200),
        context in contexts(),
    ) {
        exercise(&message(type_code, &body), &context);
    }

    #[test]
    fn any_attributes_are_survived(
        parts in vec((any::<u8>(), 0..34_u8, vec(any::<u8>(), 0..24)), 0..8),
        nlri in vec(any::<u8>(), 0..12),
        context in contexts(),
    ) {
        let attributes: Vec<u8> = parts
            .into_iter()
            .flat_map(|(flags, code, value)| attribute(flags & 0xe0, code, &value))
            .collect();
        exercise(&update(&[], &attributes, &nlri), &context);
    }

    #[test]
    fn a_good_message_with_bad_bytes_is_survived(
        builder in builders(),
        nets in ipv4_nets(),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
        context in contexts(),
    ) {
        let encoder = UpdateEncoder { family: Family::Ipv4, four_octet_asn: true };
        let mut bytes = Vec::new();
        encoder.announce(&builder.build(), nets.into_iter().map(IpNet::V4), &mut bytes).unwrap();
        for (at, value) in damage {
            let at = 19 + at.index(bytes.len() - 19);
            bytes[at] = value;
        }
        exercise(&bytes, &context);
    }
}
