//! What tasks say to each other. All channels are bounded; each depth is explained here.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use demarc_bgp::rib::{
    Counters, Established, MemoryUse, Origination, RegionId, RouteView, SessionId,
};
use demarc_bgp::session::{Command, RouteUpdate, SessionStatus, State};
use demarc_bgp::wire::Family;
use ipnet::IpNet;
use tokio::net::TcpStream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::gateway::{BoxedSessionConfig, ForwardingChange};
use crate::sockets::reset;

/// A neighbor's place in the tables: given in order of arrival, and never again.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub(crate) struct NeighborIndex(pub(crate) usize);

/// Counts the times a session came up, so that late messages of an earlier time are known.
pub(crate) type Epoch = u64;

/// Messages of all neighbors together that may wait for the RIB task. Each holds at most what one
/// read of a socket brought, so this is some megabytes at worst.
pub(crate) const RIB_DEPTH: usize = 64;
/// Chunks that a neighbor has not written yet: one being written, one behind it.
pub(crate) const CREDITS: u8 = 2;
/// The chunks, and one word about the prefix limit.
pub(crate) const FROM_RIB_DEPTH: usize = CREDITS as usize + 1;
/// Connections and commands for a neighbor. More is refused, not queued.
pub(crate) const INBOX_DEPTH: usize = 16;

/// The way to a neighbor's task.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) inbox: mpsc::Sender<ToNeighbor>,
    /// Connections that were reset because the inbox was full.
    pub(crate) turned_away: Arc<AtomicU64>,
}

impl Door {
    /// Passes a connection on, or resets it.
    pub(crate) fn pass(&self, stream: TcpStream) {
        match self.inbox.try_send(ToNeighbor::Incoming(stream)) {
            Ok(()) => {}
            Err(TrySendError::Full(ToNeighbor::Incoming(stream))) => {
                self.turned_away.fetch_add(1, Ordering::Relaxed);
                reset(stream);
            }
            Err(TrySendError::Closed(ToNeighbor::Incoming(stream))) => reset(stream),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {}
        }
    }
}

/// To the RIB task.
#[derive(Debug)]
pub(crate) enum ToRib {
    Up {
        neighbor: NeighborIndex,
        epoch: Epoch,
        established: Established,
    },
    Routes {
        neighbor: NeighborIndex,
        epoch: Epoch,
        updates: Vec<RouteUpdate>,
    },
    Down {
        neighbor: NeighborIndex,
        keep_stale: bool,
    },
    MarkStale {
        neighbor: NeighborIndex,
    },
    SweepStale {
        neighbor: NeighborIndex,
    },
    Refresh {
        neighbor: NeighborIndex,
        enhanced: bool,
    },
    /// A chunk has been written.
    Written {
        neighbor: NeighborIndex,
        epoch: Epoch,
    },
    /// A neighbor comes; its place is the next one.
    Add {
        neighbor: NeighborIndex,
        family: Family,
        config: BoxedSessionConfig,
        to: mpsc::Sender<FromRib>,
    },
    /// Its session has ended for good.
    Remove {
        neighbor: NeighborIndex,
    },
    Configure {
        neighbor: NeighborIndex,
        config: BoxedSessionConfig,
    },
    Originate(Vec<Origination>),
    /// Whether neighbors that hear routes of others have to wait for those to have said theirs again.
    Defer(bool),
    Forwarding {
        regions: Vec<RegionId>,
        again: Vec<IpNet>,
        answer: oneshot::Sender<Vec<ForwardingChange>>,
    },
    CountersOf {
        neighbors: Vec<NeighborIndex>,
        answer: oneshot::Sender<Vec<Counters>>,
    },
    Counters {
        answer: oneshot::Sender<RibNumbers>,
    },
    Show {
        direction: RouteDirection,
        neighbors: Vec<NeighborIndex>,
        answer: oneshot::Sender<Vec<ShownRoutes>>,
    },
}

/// Which routes an operator wants to see.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(crate) enum RouteDirection {
    In,
    Accepted,
    Rejected,
    Out,
}

/// Routes of one neighbor.
#[derive(Debug)]
pub(crate) struct ShownRoutes {
    pub(crate) neighbor: IpAddr,
    pub(crate) routes: Vec<RouteView<SessionId>>,
}

/// Numbers of the tables.
#[derive(Debug)]
pub(crate) struct RibNumbers {
    /// By [`NeighborIndex`]; of those that are gone nothing is left.
    pub(crate) neighbors: Vec<Counters>,
    pub(crate) memory: [(Family, MemoryUse); 2],
}

/// The numbers of a session as its status allows. The tables hear of the end of a session a moment
/// later than its task, and nobody should see routes of a session that has none.
pub(crate) fn numbers_of(status: &SessionStatus, counters: Counters) -> Counters {
    if status.state == State::Established || status.stale_until.is_some() {
        counters
    } else {
        Counters::default()
    }
}

/// From the RIB task to a neighbor.
#[derive(Debug)]
pub(crate) enum FromRib {
    /// Whole messages to send.
    Chunk {
        epoch: Epoch,
        bytes: Vec<u8>,
    },
    LimitExceeded {
        epoch: Epoch,
        limit: u32,
    },
}

/// Why a neighbor's task is to end, which is what it says last. It has a channel of its own: an
/// inbox that closes would not do, since whoever asks something of the neighbor holds it open.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(crate) enum Farewell {
    /// The whole speaker stops: Cease 6/2, as for every administrative shutdown (RFC 4486 §4).
    Stopping,
    /// The neighbor is no longer configured: Cease 6/3.
    Deconfigured,
}

/// From everybody else to a neighbor.
#[derive(Debug)]
pub(crate) enum ToNeighbor {
    Incoming(TcpStream),
    Command(Command),
    /// The limit that holds from now on; the tables know it already.
    PrefixLimit(u32),
    Status(oneshot::Sender<SessionStatus>),
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_finds_the_inbox_full_is_counted() {
        let (inbox, mut received) = mpsc::channel(1);
        let door = Door {
            inbox,
            turned_away: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counted = || door.turned_away.load(Ordering::Relaxed);
        for expected in [0, 1, 2] {
            door.pass(TcpStream::connect(address).await.unwrap());
            assert_eq!(counted(), expected);
        }
        received.close();
        _ = received.recv().await;
        door.pass(TcpStream::connect(address).await.unwrap());
        assert_eq!(counted(), 2, "nobody is there to count for");
    }
}
