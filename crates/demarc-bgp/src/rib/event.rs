//! What the tables tell the driver besides routes.

use ipnet::IpNet;
use thiserror::Error;

use super::session::SessionIndex;
use crate::policy::LimitWarning;
use crate::wire::EncodeError;

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
    /// A route has attributes that do not fit into a message to this neighbor, so it is not sent.
    /// Told of the first one until the session ends.
    Unsendable {
        session: S,
        prefix: IpNet,
        error: EncodeError,
    },
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
            Self::Unsendable {
                session,
                prefix,
                error,
            } => Event::Unsendable {
                session: name(session),
                prefix,
                error,
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
