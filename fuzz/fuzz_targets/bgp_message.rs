//! Any bytes after a correct header: a value or a NOTIFICATION, and what was read can be written
//! and read again as the same.
#![no_main]

use demarc_bgp::wire::{
    Family, Header, Message, PathAttributes, SessionContext, UpdateEncoder, decode,
};
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[choice, type_code], body)) = data.split_first_chunk::<2>() else {
        return;
    };
    if body.len() > 4096 - 19 {
        return;
    }
    let context = SessionContext {
        family: if choice & 1 == 0 {
            Family::Ipv4
        } else {
            Family::Ipv6
        },
        four_octet_asn: choice & 2 == 0,
    };
    let mut message = vec![0xff; 16];
    let length = u16::try_from(19 + body.len()).expect("bounded above");
    message.extend(length.to_be_bytes());
    message.push(type_code % 8);
    message.extend(body);
    match decode(&message, &context) {
        Ok(Message::Update(update)) => {
            let _ = update.withdrawn().count();
            for fault in update.faults() {
                let _ = fault.to_string();
            }
            for (attributes, nlri) in update.announced() {
                round_trip(&attributes, &nlri.collect::<Vec<_>>(), &context);
            }
        }
        Ok(Message::Open(open)) => {
            let mut again = Vec::new();
            open.encode(&mut again);
            let decoded = decode(&again, &context).expect("what we write we can read");
            assert!(matches!(decoded, Message::Open(it) if it == open));
        }
        Ok(Message::Notification(notification)) => {
            let _ = (notification.to_string(), notification.shutdown_text());
        }
        Ok(Message::Keepalive | Message::RouteRefresh(_)) => {}
        Err(notification) => assert!(notification.code.name().is_some(), "{notification}"),
    }
});

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
    while let Some(header) = Header::peek(rest).expect("our own header") {
        let decoded = decode(&rest[..header.length], context).expect("our own message");
        let Message::Update(update) = decoded else {
            panic!("an UPDATE stays one")
        };
        for (again, nlri) in update.announced() {
            assert!(again == *attributes || !context.four_octet_asn);
            seen.extend(nlri);
        }
        rest = &rest[header.length..];
    }
    assert_eq!(seen, nlri);
}
