//! OPEN (RFC 4271 §4.2, §6.2; RFC 9072 for long optional parameters).

use std::net::Ipv4Addr;

use super::asn::Asn;
use super::capability::Capabilities;
use super::message::{MAX_MESSAGE_LENGTH, MessageType, begin, finish};
use super::notification::{ErrorCode, Notification};
use super::reader::Reader;

const VERSION: u8 = 4;
const PARAMETER_CAPABILITIES: u8 = 2;
/// Non-extended length and type octet that announce the long form (RFC 9072 §2).
const EXTENDED: u8 = 255;

/// A well-formed OPEN. Whether it is acceptable, the session machine decides.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open {
    /// The two-octet My Autonomous System field as it stands.
    pub two_octet_asn: u16,
    /// Seconds; 0, 1 and 2 included, which the session machine refuses.
    pub hold_time: u16,
    pub router_id: Ipv4Addr,
    pub capabilities: Capabilities,
}

impl Open {
    /// The sender's ASN: the capability's when present (RFC 6793 §4.1).
    #[must_use]
    pub fn asn(&self) -> Asn {
        self.capabilities
            .four_octet_asn
            .unwrap_or_else(|| Asn::new(u32::from(self.two_octet_asn)))
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Notification> {
        let mut reader = Reader::new(body);
        let malformed = || Notification::new(ErrorCode::OPEN_UNSPECIFIC);
        let version = reader.u8().ok_or_else(malformed)?;
        if version != VERSION {
            let largest = u16::from(VERSION).to_be_bytes();
            return Err(Notification::with_data(
                ErrorCode::OPEN_UNSUPPORTED_VERSION,
                largest,
            ));
        }
        let two_octet_asn = reader.u16().ok_or_else(malformed)?;
        let hold_time = reader.u16().ok_or_else(malformed)?;
        let router_id = Ipv4Addr::from(reader.u32().ok_or_else(malformed)?);
        let mut capabilities = Capabilities::default();
        read_parameters(reader, &mut capabilities)?;
        Ok(Self {
            two_octet_asn,
            hold_time,
            router_id,
            capabilities,
        })
    }

    /// Appends the whole message. Capabilities that do not fit one OPEN are a caller's error that
    /// cannot arise from ours (they take less than 60 octets); the excess parameter is left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = begin(out, MessageType::Open);
        out.push(VERSION);
        out.extend_from_slice(&self.two_octet_asn.to_be_bytes());
        out.extend_from_slice(&self.hold_time.to_be_bytes());
        out.extend_from_slice(&self.router_id.octets());
        let mut capabilities = Vec::new();
        self.capabilities.encode(&mut capabilities);
        encode_parameter(&capabilities, out);
        debug_assert!(out.len() - start <= MAX_MESSAGE_LENGTH);
        finish(out, start);
    }
}

/// One optional parameter with all capabilities, in the long form when it needs it.
fn encode_parameter(capabilities: &[u8], out: &mut Vec<u8>) {
    if capabilities.is_empty() {
        out.push(0);
        return;
    }
    if let Ok(length) = u8::try_from(capabilities.len())
        && length < EXTENDED - 2
    {
        out.extend_from_slice(&[length + 2, PARAMETER_CAPABILITIES, length]);
        out.extend_from_slice(capabilities);
        return;
    }
    let room = MAX_MESSAGE_LENGTH - 29 - 6;
    let (Ok(whole), true) = (
        u16::try_from(capabilities.len() + 3),
        capabilities.len() <= room,
    ) else {
        out.push(0);
        return;
    };
    out.extend_from_slice(&[EXTENDED, EXTENDED]);
    out.extend_from_slice(&whole.to_be_bytes());
    out.push(PARAMETER_CAPABILITIES);
    out.extend_from_slice(&(whole - 3).to_be_bytes());
    out.extend_from_slice(capabilities);
}

/// Reads the optional parameters: they must fill the message exactly.
fn read_parameters(
    mut reader: Reader<'_>,
    capabilities: &mut Capabilities,
) -> Result<(), Notification> {
    let malformed = || Notification::new(ErrorCode::OPEN_UNSPECIFIC);
    let mut total = usize::from(reader.u8().ok_or_else(malformed)?);
    let extended = total != 0 && reader.rest().first() == Some(&EXTENDED);
    if extended {
        reader.u8().ok_or_else(malformed)?;
        total = usize::from(reader.u16().ok_or_else(malformed)?);
    }
    if reader.len() != total {
        return Err(malformed());
    }
    while !reader.is_empty() {
        let parameter = reader.u8().ok_or_else(malformed)?;
        let length = if extended {
            reader.u16()
        } else {
            reader.u8().map(u16::from)
        };
        let length = length.ok_or_else(malformed)?;
        let value = reader.take(usize::from(length)).ok_or_else(malformed)?;
        if parameter != PARAMETER_CAPABILITIES {
            return Err(Notification::new(ErrorCode::OPEN_UNSUPPORTED_PARAMETER));
        }
        capabilities.read(value).ok_or_else(malformed)?;
    }
    Ok(())
}
