//! The sessions of one routing domain, which come and go while the others stay up.
//!
//! [`crate::run_with`] plays a fixed configuration; a gateway's neighbors follow the control plane
//! instead. Each has a listener on its own local address, with its own key, so that adding one
//! touches no other.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use demarc_bfd::State as BfdState;
use demarc_bgp::policy::AmazonScope;
use demarc_bgp::rib::{
    Counters, DeviceId, Domain, Origination, RegionId, RouteView, SessionConfig, SessionId,
};
use demarc_bgp::session::{Command, Restart, SessionStatus};
use demarc_bgp::wire::Asn;
use ipnet::IpNet;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::activity::{Activity, Stamp};
use crate::bfd;

use crate::clock::Clock;
use crate::config::{NeighborConfig, SpeakerConfig};
use crate::listener;
use crate::message::{
    Door, FROM_RIB_DEPTH, Farewell, INBOX_DEPTH, NeighborIndex, RIB_DEPTH, RouteDirection,
    ShownRoutes, ToNeighbor, ToRib, numbers_of,
};
use crate::neighbor::{NeighborTask, Setup};
use crate::rib_task::{RibTask, session_config};
use crate::sockets::{SocketFactory, Sockets};
use crate::speaker::seed;

/// Names a neighbor of a gateway for as long as it is there.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash, Ord, PartialOrd)]
pub struct NeighborKey(pub(crate) usize);

/// One session of a gateway.
#[derive(Clone, Debug)]
pub struct GatewayNeighbor {
    /// Our number in this session.
    pub local_asn: Asn,
    /// Our address and port: listened on, and connected from.
    pub local: SocketAddr,
    /// The interface that the session is tied to: another may have the same addresses.
    pub interface: Option<Arc<str>>,
    /// The subnet that both ends share, which is nobody's to announce.
    pub subnet: Option<IpNet>,
    /// Where the interface's location lies, and the device that it is on.
    pub region: RegionId,
    pub device: DeviceId,
    pub neighbor: NeighborConfig,
}

/// A change of what packets should follow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ForwardingChange {
    pub prefix: IpNet,
    /// The neighbors to share the traffic of each Region among, in the order that was asked for.
    pub by_region: Vec<Vec<NeighborKey>>,
    /// The same for traffic of interfaces with SiteLink.
    pub site_link: Vec<NeighborKey>,
    /// All neighbors whose route was accepted.
    pub accepted: Vec<NeighborKey>,
}

/// What is known of a session.
#[derive(Clone, Debug)]
pub struct NeighborReport {
    pub status: SessionStatus,
    pub counters: Counters,
    /// `None` as long as the neighbor has not spoken BFD.
    pub bfd: Option<BfdState>,
}

/// Why a gateway could not do it. Each is one line.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot use UDP port 3784 of {address} for BFD: {source}")]
    Bfd { address: IpAddr, source: io::Error },
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The tables or the neighbor's task have ended.
    #[error("the session's task has ended")]
    Ended,
}

/// Differs when something may have happened to a session since it was read before.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct SessionStamp(u64);

struct Running {
    stamp: Stamp,
    inbox: mpsc::Sender<ToNeighbor>,
    /// There until it was used; dropped, it ends the session as well.
    farewell: Option<oneshot::Sender<Farewell>>,
    task: JoinHandle<()>,
    listener: JoinHandle<()>,
    bfd: Option<(JoinHandle<()>, watch::Receiver<Option<BfdState>>)>,
}

impl Running {
    fn bfd_state(&self) -> Option<BfdState> {
        let (_, state) = self.bfd.as_ref()?;
        *state.borrow()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.listener.abort();
        if let Some((bfd, _)) = &self.bfd {
            bfd.abort();
        }
    }
}

/// The speaker of one routing domain. Dropping it ends all sessions.
pub struct GatewaySpeaker {
    sockets: Sockets,
    router_id: Ipv4Addr,
    clock: Clock,
    seed: u64,
    forwarding: Stamp,
    /// Beside those of all sessions.
    sessions: Stamp,
    to_rib: mpsc::Sender<ToRib>,
    next: usize,
    restart: Restart,
    neighbors: HashMap<NeighborKey, Running>,
}

/// How long a neighbor may take to hear of the end.
const FAREWELL: Duration = Duration::from_secs(2);

impl GatewaySpeaker {
    /// Empty tables, on a thread of their own. Must be called on a tokio runtime. `activity` rings whenever
    /// something happens to a session, or forwarding has something to follow.
    ///
    /// # Errors
    /// [`GatewayError::Thread`].
    pub fn start(
        factory: Arc<dyn SocketFactory>,
        router_id: Ipv4Addr,
        ttl: u8,
        activity: Activity,
    ) -> Result<Self, GatewayError> {
        let (to_rib, from) = mpsc::channel(RIB_DEPTH);
        let seed = seed();
        let forwarding = Stamp::new(&activity);
        let rib = RibTask::for_gateway(seed, forwarding.clone());
        std::thread::Builder::new()
            .name("rib".to_owned())
            .spawn(move || rib.run(from))
            .map_err(GatewayError::Thread)?;
        Ok(Self {
            sockets: Sockets {
                factory,
                ttl,
                interface: None,
            },
            router_id,
            clock: Clock::start(),
            seed,
            sessions: Stamp::new(&activity),
            forwarding,
            to_rib,
            next: 0,
            restart: Restart::Preserving,
            neighbors: HashMap::new(),
        })
    }

    /// Whether sessions that are added from now on say that we have been away while forwarding went on. As
    /// long as this is so, neighbors that hear routes of others wait for those (RFC 4724 §4.1).
    ///
    /// # Errors
    /// [`GatewayError::Ended`].
    pub async fn set_restarted(&mut self, restarted: bool) -> Result<(), GatewayError> {
        self.restart = if restarted {
            Restart::Restarted
        } else {
            Restart::Preserving
        };
        self.tell(ToRib::Defer(restarted)).await
    }

    /// Adds a session and starts it.
    ///
    /// # Errors
    /// [`GatewayError`]; nothing was added.
    pub async fn add(&mut self, wanted: &GatewayNeighbor) -> Result<NeighborKey, GatewayError> {
        let config = Arc::new(self.speaker_config(wanted));
        let neighbor = wanted.neighbor.clone();
        let key = neighbor.password.as_ref();
        let sockets = Sockets {
            interface: wanted.interface.clone(),
            ..self.sockets.clone()
        };
        let listener = sockets
            .listen(wanted.local, key.map(|key| (neighbor.address, key)))
            .map_err(|source| GatewayError::Listen {
                address: wanted.local,
                source,
            })?;
        let index = NeighborIndex(self.next);
        let (inbox_sender, inbox) = mpsc::channel(INBOX_DEPTH);
        let (rib_sender, from_rib) = mpsc::channel(FROM_RIB_DEPTH);
        let (farewell_sender, farewell) = oneshot::channel();
        let bfd = neighbor.bfd.then(|| {
            let ends = (wanted.local.ip(), neighbor.address);
            let seed = self.seed.wrapping_add(index.0 as u64);
            bfd::of_neighbor(&sockets, ends, self.clock, seed, inbox_sender.clone())
        });
        let bfd = bfd.transpose().map_err(|source| GatewayError::Bfd {
            address: wanted.local.ip(),
            source,
        })?;
        self.tell(ToRib::Add {
            neighbor: index,
            family: neighbor.family,
            config: Box::new(self.session_config(wanted)),
            to: rib_sender,
        })
        .await?;
        self.next += 1;
        let address = neighbor.address;
        let door = Door {
            inbox: inbox_sender.clone(),
            turned_away: Arc::default(),
        };
        let stamp = self.sessions.beside();
        let setup = Setup {
            index,
            config: neighbor,
            speaker: config,
            sockets,
            clock: self.clock,
            seed: self.seed.wrapping_add(index.0 as u64),
            restart: self.restart,
            shut_down: None,
            inbox,
            turned_away: Arc::clone(&door.turned_away),
            farewell,
            from_rib,
            to_rib: self.to_rib.clone(),
            stamp: stamp.clone(),
            // Known from the start.
            local: watch::Sender::new(wanted.local.ip()),
        };
        let find = move |peer| (peer == address).then(|| door.clone());
        let running = Running {
            stamp: stamp.clone(),
            inbox: inbox_sender,
            farewell: Some(farewell_sender),
            task: tokio::spawn(NeighborTask::new(setup).run()),
            listener: tokio::spawn(listener::accept(Arc::new(listener), find)),
            bfd: bfd.map(|(task, state)| {
                let telling = tell_changes(state.clone(), stamp);
                let both = async { _ = tokio::join!(task, telling) };
                (tokio::spawn(both), state)
            }),
        };
        self.neighbors.insert(NeighborKey(index.0), running);
        Ok(NeighborKey(index.0))
    }

    fn session_config(&self, wanted: &GatewayNeighbor) -> SessionConfig {
        let mut config = session_config(&self.speaker_config(wanted), &wanted.neighbor);
        config.import.peering_subnet = wanted.subnet;
        config.region = wanted.region;
        config.device = wanted.device;
        // Each prefix says itself where it lies, as seen from here.
        config.nearest = AmazonScope::Region;
        config
    }

    fn speaker_config(&self, wanted: &GatewayNeighbor) -> SpeakerConfig {
        SpeakerConfig {
            asn: wanted.local_asn,
            router_id: self.router_id,
            listen: vec![wanted.local],
            control: None,
            neighbors: vec![wanted.neighbor.clone()],
            originate: Vec::new(),
            ttl: self.sockets.ttl,
        }
    }

    /// Changes policy and limits of a session without touching the session.
    ///
    /// # Errors
    /// [`GatewayError::Ended`].
    pub async fn set_policy(
        &self,
        key: NeighborKey,
        wanted: &GatewayNeighbor,
    ) -> Result<(), GatewayError> {
        let running = self.neighbors.get(&key).ok_or(GatewayError::Ended)?;
        let config = self.session_config(wanted);
        self.tell(ToRib::Configure {
            neighbor: NeighborIndex(key.0),
            config: Box::new(config),
        })
        .await?;
        // A session that waits because of the old limit waits no longer (spec/routing §2).
        let limit = ToNeighbor::PrefixLimit(wanted.neighbor.prefix_limit);
        let told = running.inbox.send(limit).await;
        told.map_err(|_| GatewayError::Ended)
    }

    /// Ends a session with Cease 6/3 and forgets its routes.
    pub async fn remove(&mut self, key: NeighborKey) {
        let Some(mut running) = self.neighbors.remove(&key) else {
            return;
        };
        running.listener.abort();
        if let Some((bfd, _)) = running.bfd.take() {
            // Its port has to be free when the neighbor comes back.
            bfd.abort();
            _ = bfd.await;
        }
        // So has the listener's.
        _ = (&mut running.listener).await;
        if let Some(farewell) = running.farewell.take() {
            // A task that has ended already need not be told.
            _ = farewell.send(Farewell::Deconfigured);
        }
        if tokio::time::timeout(FAREWELL, &mut running.task)
            .await
            .is_err()
        {
            running.task.abort();
        }
        let neighbor = NeighborIndex(key.0);
        // Tables that have ended have forgotten everything.
        _ = self.tell(ToRib::Remove { neighbor }).await;
    }

    /// Tells a session what to do: shut down, start again.
    ///
    /// # Errors
    /// [`GatewayError::Ended`].
    pub async fn command(&self, key: NeighborKey, command: Command) -> Result<(), GatewayError> {
        let running = self.neighbors.get(&key).ok_or(GatewayError::Ended)?;
        let sent = running.inbox.send(ToNeighbor::Command(command)).await;
        sent.map_err(|_| GatewayError::Ended)
    }

    /// Tells without asking whether something may have happened to a session; `None`: there is none.
    #[must_use]
    pub fn stamp(&self, key: NeighborKey) -> Option<SessionStamp> {
        let running = self.neighbors.get(&key)?;
        Some(SessionStamp(running.stamp.read()))
    }

    /// Differs when [`GatewaySpeaker::stamp`] of any session does.
    #[must_use]
    pub fn sessions_stamp(&self) -> u64 {
        self.sessions.read_together()
    }

    /// Differs when there are new [`GatewaySpeaker::forwarding_changes`].
    #[must_use]
    pub fn forwarding_stamp(&self) -> u64 {
        self.forwarding.read()
    }

    /// What is known of sessions right now, all asked at once.
    ///
    /// # Errors
    /// [`GatewayError::Ended`]: the tables have. A session that has ended is `None`.
    pub async fn reports(
        &self,
        keys: &[NeighborKey],
    ) -> Result<Vec<Option<NeighborReport>>, GatewayError> {
        let mut asked = Vec::new();
        for key in keys {
            let (answer, status) = oneshot::channel();
            if let Some(running) = self.neighbors.get(key) {
                // The end of a task shows in that nobody answers.
                _ = running.inbox.send(ToNeighbor::Status(answer)).await;
            }
            asked.push(status);
        }
        let (answer, counters) = oneshot::channel();
        let neighbors = keys.iter().map(|key| NeighborIndex(key.0)).collect();
        self.tell(ToRib::CountersOf { neighbors, answer }).await?;
        let counters = counters.await.map_err(|_| GatewayError::Ended)?;
        let mut reports = Vec::new();
        for ((key, status), counters) in keys.iter().zip(asked).zip(counters) {
            let bfd = self.neighbors.get(key).and_then(Running::bfd_state);
            let status = status.await.ok();
            reports.push(status.map(|status| NeighborReport {
                counters: numbers_of(&status, counters),
                status,
                bfd,
            }));
        }
        Ok(reports)
    }

    /// Replaces what the gateway itself announces.
    ///
    /// # Errors
    /// [`GatewayError::Ended`].
    pub async fn originate(&self, originations: Vec<Origination>) -> Result<(), GatewayError> {
        self.tell(ToRib::Originate(originations)).await
    }

    /// What changed in forwarding since the last call, and `again`, as these Regions see it.
    ///
    /// # Errors
    /// [`GatewayError::Ended`].
    pub async fn forwarding_changes(
        &self,
        regions: Vec<RegionId>,
        again: Vec<IpNet>,
    ) -> Result<Vec<ForwardingChange>, GatewayError> {
        let (answer, changes) = oneshot::channel();
        let asked = ToRib::Forwarding {
            regions,
            again,
            answer,
        };
        self.tell(asked).await?;
        changes.await.map_err(|_| GatewayError::Ended)
    }

    /// Routes that came from neighbors, and routes that these have from us, in the order of `keys`.
    ///
    /// # Errors
    /// [`GatewayError::Ended`].
    pub async fn routes(&self, keys: &[NeighborKey]) -> Result<Vec<NeighborRoutes>, GatewayError> {
        let received = self.show(keys, RouteDirection::In).await?;
        let advertised = self.show(keys, RouteDirection::Out).await?;
        let both = received.into_iter().zip(advertised);
        let routes = both.map(|(received, advertised)| NeighborRoutes {
            received: received.routes,
            advertised: advertised.routes,
        });
        Ok(routes.collect())
    }

    async fn show(
        &self,
        keys: &[NeighborKey],
        direction: RouteDirection,
    ) -> Result<Vec<ShownRoutes>, GatewayError> {
        let (answer, shown) = oneshot::channel();
        let neighbors = keys.iter().map(|key| NeighborIndex(key.0)).collect();
        self.tell(ToRib::Show {
            direction,
            neighbors,
            answer,
        })
        .await?;
        shown.await.map_err(|_| GatewayError::Ended)
    }

    async fn tell(&self, message: ToRib) -> Result<(), GatewayError> {
        let sent = self.to_rib.send(message).await;
        sent.map_err(|_| GatewayError::Ended)
    }
}

/// Marks whenever the view of a path changes, until its task ends.
async fn tell_changes(mut state: watch::Receiver<Option<BfdState>>, stamp: Stamp) {
    while state.changed().await.is_ok() {
        stamp.mark();
    }
}

/// Routes of one session.
#[derive(Clone, Debug)]
pub struct NeighborRoutes {
    /// Before policy; each says what policy made of it.
    pub received: Vec<RouteView<SessionId>>,
    pub advertised: Vec<RouteView<SessionId>>,
}

/// The tables of a gateway tell what forwarding has to follow.
pub(crate) fn tables(seed: u64) -> Domain {
    let mut domain = Domain::new(seed);
    domain.track_forwarding();
    domain
}

/// What a session is to be in the tables.
pub(crate) type BoxedSessionConfig = Box<SessionConfig>;
