//! Tests of the codec: bytes beside values, RFC 7606 row by row, another codec as oracle, and
//! damaged messages.

mod damage;
mod oracle;
mod rfc7606;
mod updates;
mod values;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{
    Family, HEADER_LENGTH, Message, Notification, PathAttributes, SessionContext, Update, decode,
};

const IPV4: SessionContext = SessionContext {
    family: Family::Ipv4,
    four_octet_asn: true,
};
const IPV6: SessionContext = SessionContext {
    family: Family::Ipv6,
    four_octet_asn: true,
};

/// A whole message around a body.
fn message(type_code: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff; 16];
    let length = u16::try_from(HEADER_LENGTH + body.len()).unwrap();
    bytes.extend(length.to_be_bytes());
    bytes.push(type_code);
    bytes.extend(body);
    bytes
}

/// An UPDATE of its three parts.
fn update(withdrawn: &[u8], attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in [withdrawn, attributes] {
        body.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        body.extend(part);
    }
    body.extend(nlri);
    message(2, &body)
}

/// One attribute with a one-octet length.
fn attribute(flags: u8, type_code: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags, type_code, u8::try_from(value.len()).unwrap()];
    bytes.extend(value);
    bytes
}

fn decode_update<'a>(
    bytes: &'a [u8],
    context: &SessionContext,
) -> Result<Update<'a>, Notification> {
    match decode(bytes, context)? {
        Message::Update(update) => Ok(update),
        other => panic!("not an UPDATE: {other:?}"),
    }
}

fn announced(update: &Update<'_>) -> Vec<(PathAttributes, Vec<IpNet>)> {
    update
        .announced()
        .map(|(attributes, nlri)| (attributes, nlri.collect()))
        .collect()
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn hop(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}
