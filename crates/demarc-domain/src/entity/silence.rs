//! Devices that are not heard from.

use demarc_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The edge of a device does not report. Source: spec/states §0, §5.1 and §13.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// When it was heard last, as far as is known.
    pub since: Timestamp,
    pub stage: SilenceStage,
}

/// What has become of it so far. A silence passes through these one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SilenceStage {
    /// The process that acts for the service does not hear it and asks the others. Nothing is shown of that.
    Asked,
    /// None of them hears it: what it said last is not known to be so any more.
    Unknown,
    /// It counts as lost.
    Lost,
}

impl SilenceStage {
    /// The stage after this one.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Asked => Some(Self::Unknown),
            Self::Unknown => Some(Self::Lost),
            Self::Lost => None,
        }
    }
}
