//! Capabilities of an OPEN (RFC 5492, 4760, 2918, 7313, 6793, 4724).

use super::asn::Asn;
use super::family::Family;
use super::reader::Reader;

mod code {
    pub(super) const MULTIPROTOCOL: u8 = 1;
    pub(super) const ROUTE_REFRESH: u8 = 2;
    pub(super) const GRACEFUL_RESTART: u8 = 64;
    pub(super) const FOUR_OCTET_ASN: u8 = 65;
    pub(super) const ENHANCED_ROUTE_REFRESH: u8 = 70;
}

/// What a speaker can do, from the capabilities in its OPEN.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Capabilities {
    /// AFI and SAFI of every multiprotocol capability, in the order seen.
    pub multiprotocol: Vec<(u16, u8)>,
    /// The real ASN (RFC 6793 §3).
    pub four_octet_asn: Option<Asn>,
    pub route_refresh: bool,
    pub enhanced_route_refresh: bool,
    pub graceful_restart: Option<GracefulRestart>,
    /// Everything else.
    pub unknown: Vec<UnknownCapability>,
}

/// Graceful restart (RFC 4724 §3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GracefulRestart {
    /// The sender has just restarted.
    pub restarting: bool,
    /// The sender would rather have a NOTIFICATION treated like a lost connection (RFC 8538 §2).
    pub notification: bool,
    /// How long the sender may take to come back, in seconds, 12 bits.
    pub restart_time: u16,
    pub families: Vec<GracefulRestartFamily>,
}

/// One family in the graceful restart capability.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct GracefulRestartFamily {
    pub afi: u16,
    pub safi: u8,
    /// The sender kept forwarding while it restarted.
    pub forwarding_preserved: bool,
}

/// A capability that we do not know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownCapability {
    pub code: u8,
    pub value: Vec<u8>,
}

impl Capabilities {
    /// Whether routes of this family may be exchanged. A speaker without any multiprotocol
    /// capability means IPv4 unicast (RFC 4760 §8).
    #[must_use]
    pub fn supports(&self, family: Family) -> bool {
        match self.multiprotocol.as_slice() {
            [] => family == Family::Ipv4,
            families => families.contains(&(family.afi(), family.safi())),
        }
    }

    /// The multiprotocol capability of a family, as NOTIFICATION 2/7 carries it (RFC 5492 §5).
    #[must_use]
    pub fn multiprotocol_bytes(family: Family) -> [u8; 6] {
        let [high, low] = family.afi().to_be_bytes();
        [code::MULTIPROTOCOL, 4, high, low, 0, family.safi()]
    }

    /// Reads the capabilities of one optional parameter. `None` when one overruns it, or when one
    /// that we know cannot have its length. Of several with one code the last counts, save for
    /// multiprotocol, which adds up (RFC 5492 §4).
    pub(super) fn read(&mut self, parameter: &[u8]) -> Option<()> {
        let mut reader = Reader::new(parameter);
        while !reader.is_empty() {
            let code = reader.u8()?;
            let length = reader.u8()?;
            let value = reader.take(usize::from(length))?;
            match code {
                code::MULTIPROTOCOL => {
                    let &[high, low, _, safi] = value else {
                        return None;
                    };
                    self.multiprotocol
                        .push((u16::from_be_bytes([high, low]), safi));
                }
                code::FOUR_OCTET_ASN => {
                    let asn = u32::from_be_bytes(value.try_into().ok()?);
                    self.four_octet_asn = Some(Asn::new(asn));
                }
                code::ROUTE_REFRESH if value.is_empty() => self.route_refresh = true,
                code::ENHANCED_ROUTE_REFRESH if value.is_empty() => {
                    self.enhanced_route_refresh = true;
                }
                code::GRACEFUL_RESTART => {
                    self.graceful_restart = Some(GracefulRestart::read(value)?);
                }
                code => self.unknown.push(UnknownCapability {
                    code,
                    value: value.to_vec(),
                }),
            }
        }
        Some(())
    }

    /// Appends every capability, without the optional parameter around them. A value longer than
    /// its length octet can tell is left out.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for &(afi, safi) in &self.multiprotocol {
            let [high, low] = afi.to_be_bytes();
            push(out, code::MULTIPROTOCOL, &[high, low, 0, safi]);
        }
        if self.route_refresh {
            push(out, code::ROUTE_REFRESH, &[]);
        }
        if self.enhanced_route_refresh {
            push(out, code::ENHANCED_ROUTE_REFRESH, &[]);
        }
        if let Some(restart) = &self.graceful_restart {
            push(out, code::GRACEFUL_RESTART, &restart.value());
        }
        if let Some(asn) = self.four_octet_asn {
            push(out, code::FOUR_OCTET_ASN, &asn.get().to_be_bytes());
        }
        for unknown in &self.unknown {
            push(out, unknown.code, &unknown.value);
        }
    }
}

fn push(out: &mut Vec<u8>, code: u8, value: &[u8]) {
    if let Ok(length) = u8::try_from(value.len()) {
        out.extend_from_slice(&[code, length]);
        out.extend_from_slice(value);
    }
}

impl GracefulRestart {
    fn read(value: &[u8]) -> Option<Self> {
        let (first, families) = value.split_first_chunk::<2>()?;
        let (families, []) = families.as_chunks::<4>() else {
            return None;
        };
        let first = u16::from_be_bytes(*first);
        Some(Self {
            restarting: first & 0x8000 != 0,
            notification: first & 0x4000 != 0,
            restart_time: first & 0x0fff,
            families: families
                .iter()
                .copied()
                .map(GracefulRestartFamily::read)
                .collect(),
        })
    }

    fn value(&self) -> Vec<u8> {
        let flags = (u16::from(self.restarting) << 15) | (u16::from(self.notification) << 14);
        let mut value = (flags | self.restart_time.min(0x0fff))
            .to_be_bytes()
            .to_vec();
        for family in &self.families {
            value.extend_from_slice(&family.afi.to_be_bytes());
            value.extend_from_slice(&[family.safi, u8::from(family.forwarding_preserved) << 7]);
        }
        value
    }

    /// The entry of one family.
    #[must_use]
    pub fn family(&self, family: Family) -> Option<&GracefulRestartFamily> {
        self.families
            .iter()
            .find(|entry| (entry.afi, entry.safi) == (family.afi(), family.safi()))
    }
}

impl GracefulRestartFamily {
    const fn read([high, low, safi, flags]: [u8; 4]) -> Self {
        Self {
            afi: u16::from_be_bytes([high, low]),
            safi,
            forwarding_preserved: flags & 0x80 != 0,
        }
    }
}
