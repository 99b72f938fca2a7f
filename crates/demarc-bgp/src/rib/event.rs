//! What the tables tell the driver besides routes.

use ipnet::IpNet;
use thiserror::Error;

use super::session::SessionIndex;
use crate::policy::LimitWarning;

/// Something an operator or customer should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<S = SessionIndex> {
    /// A session comes near its prefix limit.
    PrefixWarning {
        session: S,
        warning: LimitWarning,
        prefixes: u32,
        limit: u32,
    },
    /// A session is not sent all SiteLink routes: its limit is reached. Told once until it is
    /// below again.
    SiteLinkLimitReached { session: S, limit: u32 },
    /// A route carries several tags that exclude each other (`spec/routing §5`).
    ContradictoryCommunities { session: S, prefix: IpNet },
}

impl<S> Event<S> {
    /// The same event with the session named otherwise.
    #[must_use]
    pub fn map_session<T>(self, name: impl FnOnce(S) -> T) -> Event<T> {
        match self {
            Self::PrefixWarning {
                session,
                warning,
                prefixes,
                limit,
            } => Event::PrefixWarning {
                session: name(session),
                warning,
                prefixes,
                limit,
            },
            Self::SiteLinkLimitReached { session, limit } => Event::SiteLinkLimitReached {
                session: name(session),
                limit,
            },
            Self::ContradictoryCommunities { session, prefix } => Event::ContradictoryCommunities {
                session: name(session),
                prefix,
            },
        }
    }
}

/// A session sent more prefixes than its limit. The driver ends it with Cease/Maximum Number of
/// Prefixes Reached and calls [`super::Domain::session_down`]; the rest of the UPDATE is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("more than {limit} prefixes")]
pub struct LimitExceeded {
    pub limit: u32,
}
