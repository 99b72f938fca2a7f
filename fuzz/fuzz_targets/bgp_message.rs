//! Any bytes after a correct header: a value or a NOTIFICATION, and what was read can be written
//! and read again as the same.
#![no_main]

use demarc_bgp::wire::{
    Family, Header, Message, PathAttributes, RouteRefresh, SessionContext, UpdateEncoder, decode,
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
    // As they are, too: any bytes may come first on a connection.
    if let Ok(Some(header)) = Header::peek(data) {
        let _ = data
            .get(..header.length)
            .map(|it| decode(it, &context).is_ok());
    }
    match decode(&message, &context) {
        Ok(Message::Update(update)) => {
            let announced = update.announced().count();
            if update.treat_as_withdraw() {
                assert_eq!(
                    announced, 0,
                    "what is treated as withdrawn is not announced"
                );
                assert!(!update.faults().is_empty());
            }
            if update.is_end_of_rib() {
                assert_eq!((announced, update.withdrawn().count()), (0, 0));
            }
            let own = |prefix: &IpNet| prefix.addr().is_ipv4() == (context.family == Family::Ipv4);
            assert!(
                update
                    .withdrawn()
                    .all(|prefix| own(&prefix) && prefix == prefix.trunc())
            );
            for fault in update.faults() {
                let _ = fault.to_string();
            }
            for (attributes, nlri) in update.announced() {
                let nlri: Vec<_> = nlri.collect();
                assert!(nlri.iter().all(own));
                round_trip(&attributes, &nlri, &context);
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
            let mut again = Vec::new();
            notification.encode(&mut again);
            assert_eq!(again, message);
        }
        Ok(Message::RouteRefresh(refresh)) => {
            if let Some((family, kind)) = refresh.known {
                let mut again = Vec::new();
                RouteRefresh::encode(family, kind, &mut again);
                assert_eq!(
                    again[18..],
                    message[18..23],
                    "the same but for filters behind it"
                );
            }
        }
        Ok(Message::Keepalive) => {}
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
