//! What can be told of a port: for people and metrics.

use std::fmt;

use crate::cak::Ckn;
use crate::cipher::CipherSuite;
use crate::sci::Sci;

/// A port as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Frames are sent and taken under protection. `false` exactly if `why` says so.
    pub secured: bool,
    pub why: Option<Why>,
    /// The key in use, else the one that a peer speaks.
    pub ckn: Option<Ckn>,
    pub cipher: Option<CipherSuite>,
    pub key_server: Option<KeyServer>,
    /// Of the participant of `ckn`, by SCI.
    pub peers: Vec<PeerStatus>,
    /// Frames that were not believed, by [`Discarded::label`](crate::Discarded::label); those of zero are
    /// left out.
    pub discarded: Vec<(&'static str, u64)>,
}

/// Who distributes keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyServer {
    pub sci: Sci,
    /// It is us.
    pub own: bool,
}

/// The other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    pub sci: Sci,
    pub priority: u8,
    /// It hears us as well.
    pub live: bool,
}

/// Why a port is not secured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    NoLink,
    NoKeys,
    /// Nobody speaks MKA.
    NotHeard,
    /// Somebody speaks MKA, with a CKN that is none of ours.
    OtherCkn(Ckn),
    /// Somebody names a CKN of ours, but has another CAK.
    OtherCak(Ckn),
    /// There was a peer.
    Silent,
    /// A peer is heard that does not hear us.
    NotMutual,
    /// The key server has not distributed a key.
    NoSak,
    Refused(Refusal),
    /// The driver has not installed the key.
    NotInstalled,
    /// In the driver's words.
    Fault(String),
    /// A peer does not take the key, or the key server does not send with it.
    NotTaken,
}

/// What a key server asks for, and does not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Cipher(CipherSuite),
    UnknownCipher(u64),
    /// Frames that can be read on the way.
    IntegrityOnly,
    /// Frames of which the first octets (30 or 50) can be read on the way.
    Offset(u8),
    /// No MACsec at all.
    Unprotected,
    /// The peer cannot do what we ask for.
    Capability,
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLink => out.write_str("there is no link"),
            Self::NoKeys => out.write_str("there is no MACsec key"),
            Self::NotHeard => out.write_str("no MKA peer is heard"),
            Self::OtherCkn(ckn) => write!(out, "the MKA peer has another CKN: {ckn}"),
            Self::OtherCak(ckn) => {
                write!(out, "the MKA peer has another CAK for the CKN {ckn}")
            }
            Self::Silent => out.write_str("the MKA peer has fallen silent"),
            Self::NotMutual => out.write_str("the MKA peer does not hear this end"),
            Self::NoSak => out.write_str("the key server has not distributed a key yet"),
            Self::Refused(refusal) => refusal.fmt(out),
            Self::NotInstalled => out.write_str("the key is about to be installed"),
            Self::Fault(fault) => write!(out, "the key cannot be installed: {fault}"),
            Self::NotTaken => out.write_str("the MKA peer does not use the key yet"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cipher(cipher) => write!(
                out,
                "the key server insists on {cipher}, which this port does not take"
            ),
            Self::UnknownCipher(id) => write!(
                out,
                "the key server insists on cipher suite {id:016x}, which is not known here"
            ),
            Self::IntegrityOnly => {
                out.write_str("the key server wants integrity without confidentiality")
            }
            Self::Offset(offset) => write!(
                out,
                "the key server wants confidentiality offset {offset}, this port takes 0"
            ),
            Self::Unprotected => out.write_str("the key server wants no MACsec"),
            Self::Capability => {
                out.write_str("the MKA peer is not capable of confidentiality by MACsec")
            }
        }
    }
}
