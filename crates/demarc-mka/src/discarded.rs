//! Why a frame that came in was not believed.

use thiserror::Error;

use crate::cak::Ckn;

/// The first thing that was wrong with a frame.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Discarded {
    #[error("the port has no link")]
    NoLink,
    #[error("no EAPOL frame to the group address of ports")]
    NotEapol,
    #[error("another kind of EAPOL frame: type {0}")]
    NotMka(u8),
    #[error("EAPOL version {0}, MKA needs 3")]
    EapolVersion(u8),
    #[error("{length} octets are too short")]
    Short { length: usize },
    #[error("the EAPOL header says {said} octets, there are {length}")]
    Length { said: usize, length: usize },
    #[error("the body of {length} octets is no multiple of four")]
    Unaligned { length: usize },
    #[error("the basic parameter set has a body of {length} octets")]
    Basic { length: usize },
    #[error("algorithm agility {0:08x}")]
    Agility(u32),
    #[error("CKN {0} is none of ours")]
    OtherCkn(Ckn),
    #[error("the ICV is wrong: the other end has another CAK for CKN {0}")]
    Icv(Ckn),
    #[error("parameter set {set} reaches beyond the end")]
    Truncated { set: u8 },
    #[error("parameter set {set} has a body of {length} octets")]
    SetLength { set: u8, length: usize },
    #[error("parameter set {set} comes twice")]
    Twice { set: u8 },
    #[error("the SAK cannot be unwrapped")]
    Wrap,
    #[error("it has our own SCI or member identifier")]
    Own,
    #[error("message number {number}, after {last}")]
    Replay { number: u32, last: u32 },
    #[error("message number 0")]
    NumberZero,
    #[error("another SCI than this peer had")]
    OtherSci,
    #[error("there are too many peers")]
    TooManyPeers,
}

impl Discarded {
    /// Its kind, for counters.
    #[must_use]
    pub const fn label(self) -> &'static str {
        Self::LABELS[self.index()]
    }

    pub(crate) const LABELS: [&'static str; 20] = [
        "no_link",
        "not_eapol",
        "not_mka",
        "eapol_version",
        "short",
        "length",
        "unaligned",
        "basic",
        "agility",
        "other_ckn",
        "icv",
        "truncated",
        "set_length",
        "twice",
        "wrap",
        "own",
        "replay",
        "number_zero",
        "other_sci",
        "too_many_peers",
    ];

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::NoLink => 0,
            Self::NotEapol => 1,
            Self::NotMka(_) => 2,
            Self::EapolVersion(_) => 3,
            Self::Short { .. } => 4,
            Self::Length { .. } => 5,
            Self::Unaligned { .. } => 6,
            Self::Basic { .. } => 7,
            Self::Agility(_) => 8,
            Self::OtherCkn(_) => 9,
            Self::Icv(_) => 10,
            Self::Truncated { .. } => 11,
            Self::SetLength { .. } => 12,
            Self::Twice { .. } => 13,
            Self::Wrap => 14,
            Self::Own => 15,
            Self::Replay { .. } => 16,
            Self::NumberZero => 17,
            Self::OtherSci => 18,
            Self::TooManyPeers => 19,
        }
    }
}
