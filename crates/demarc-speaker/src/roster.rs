//! The neighbors of the moment, for everyone who has to find them.

use std::net::IpAddr;
use std::sync::Arc;

use demarc_bgp::session::SessionStatus;
use tokio::sync::{oneshot, watch};

use crate::config::NeighborConfig;
use crate::message::{Door, NeighborIndex, ToNeighbor};

/// A neighbor that is there.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) config: NeighborConfig,
    pub(crate) index: NeighborIndex,
    pub(crate) door: Door,
}

impl Member {
    /// How its session is; `None` when its task has ended.
    pub(crate) async fn status(&self) -> Option<SessionStatus> {
        let (answer, status) = oneshot::channel();
        self.door
            .inbox
            .send(ToNeighbor::Status(answer))
            .await
            .ok()?;
        status.await.ok()
    }
}

/// All of them, in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster(pub(crate) Vec<Member>);

/// Follows the roster when a new configuration changes it.
#[derive(Clone, Debug)]
pub(crate) struct RosterReader(watch::Receiver<Arc<Roster>>);

impl Roster {
    pub(crate) fn position(&self, address: IpAddr) -> Option<usize> {
        let found = |member: &Member| member.config.address == address;
        self.0.iter().position(found)
    }

    /// Whether any neighbor has a TCP MD5 key.
    pub(crate) fn has_key(&self) -> bool {
        self.0.iter().any(|it| it.config.password.is_some())
    }
}

impl RosterReader {
    pub(crate) fn new(roster: &watch::Sender<Arc<Roster>>) -> Self {
        Self(roster.subscribe())
    }

    /// Hold it for one request, no longer: its neighbors may be gone by the next.
    pub(crate) fn now(&self) -> Arc<Roster> {
        Arc::clone(&self.0.borrow())
    }

    pub(crate) fn door(&self, address: IpAddr) -> Option<Door> {
        let roster = self.0.borrow();
        let position = roster.position(address)?;
        Some(roster.0[position].door.clone())
    }
}
