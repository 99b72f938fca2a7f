//! Helping a neighbor through its restart (RFC 4724 §4.2).

use std::time::Duration;

use super::config::SessionConfig;
use super::timestamp::Timestamp;

/// Whether stale routes are kept, and until when.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Helper {
    /// No stale routes.
    #[default]
    Off,
    /// The connection is lost; the neighbor may come back until then.
    Waiting { until: Timestamp },
    /// It is back; End-of-RIB must come until then.
    Receiving { until: Timestamp },
}

impl Helper {
    pub(super) fn connection_lost(&mut self, restart_time: Duration, now: Timestamp) {
        *self = Self::Waiting {
            until: now + restart_time,
        };
    }

    /// The session is up again. Whether stale routes must go at once.
    pub(super) fn session_up(&mut self, forwarding_preserved: bool, now: Timestamp) -> bool {
        match *self {
            Self::Off => false,
            Self::Waiting { .. } | Self::Receiving { .. } if forwarding_preserved => {
                *self = Self::Receiving {
                    until: now + SessionConfig::RESTART_TIME,
                };
                false
            }
            Self::Waiting { .. } | Self::Receiving { .. } => {
                *self = Self::Off;
                true
            }
        }
    }

    pub(super) const fn deadline(self) -> Option<Timestamp> {
        match self {
            Self::Off => None,
            Self::Waiting { until } | Self::Receiving { until } => Some(until),
        }
    }

    /// Forgets stale routes; whether there can be any.
    pub(super) fn end(&mut self) -> bool {
        std::mem::take(self) != Self::Off
    }
}
