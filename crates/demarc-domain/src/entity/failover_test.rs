//! BGP failover tests.

use demarc_types::{AccountId, BgpPeerId, Region, Span, TestId, Timestamp, VirtualInterfaceId};
use serde::{Deserialize, Serialize};

/// One test, running or over. Source: spec/states §11.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailoverTest {
    pub id: TestId,
    pub virtual_interface: VirtualInterfaceId,
    pub owner: AccountId,
    pub region: Region,
    /// The peers taken down.
    pub peers: Vec<BgpPeerId>,
    pub duration_minutes: u32,
    pub started: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    pub status: TestStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStatus {
    InProgress,
    Completed,
    Cancelled,
    Failed,
}

impl TestStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

impl FailoverTest {
    /// How long the history is kept.
    pub const RETENTION: Span = Span::from_days(365);

    pub(super) fn key(&self) -> TestId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        Some(match (self.status, self.ended) {
            (TestStatus::InProgress, _) => self.ends(),
            (_, Some(ended)) => ended + Self::RETENTION,
            (_, None) => self.started + Self::RETENTION,
        })
    }

    /// When the test is over if nobody stops it.
    pub fn ends(&self) -> Timestamp {
        self.started + Span::from_minutes(i64::from(self.duration_minutes))
    }
}
