//! Putting the tasks together.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use demarc_bgp::policy::InterfaceKind;
use demarc_bgp::rib::Origination;
use demarc_bgp::session::{IdleReason, Restart, SessionStatus};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{info, warn};

use crate::activity::Stamp;
use crate::bfd;
use crate::clock::Clock;
use crate::config::{NeighborConfig, Secret, SpeakerConfig, family_of};
use crate::control::{self, Directory};
use crate::listener;
use crate::md5;
use crate::message::{
    Door, FROM_RIB_DEPTH, Farewell, INBOX_DEPTH, NeighborIndex, RIB_DEPTH, ToNeighbor, ToRib,
};
use crate::neighbor::{NeighborTask, Setup};
use crate::reload::{self, Difference, ReloadError, ReloadRequest, Reloaded, Reloads};
use crate::rib_task::{RibTask, session_config};
use crate::roster::{Member, Roster, RosterReader};
use crate::sockets::{HostSockets, SocketFactory, Sockets, set_md5_key};

/// Why a speaker cannot run. Each is one line.
#[derive(Debug, thiserror::Error)]
pub enum SpeakerError {
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot serve HTTP on {address}: {source}")]
    Control {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot use UDP port 3784 of {address} for BFD: {source}")]
    Bfd {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// How long neighbors may take to hear of the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs a speaker in the namespace of the process until the future is dropped.
///
/// # Errors
/// [`SpeakerError`], before anything has been sent.
pub async fn run(config: SpeakerConfig) -> Result<(), SpeakerError> {
    run_with(config, Arc::new(HostSockets), pending()).await
}

/// Runs a speaker with sockets of `factory` until `shutdown` completes; neighbors are then told
/// (Cease 6/2).
///
/// # Errors
/// [`SpeakerError`], before anything has been sent.
pub async fn run_with(
    config: SpeakerConfig,
    factory: Arc<dyn SocketFactory>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SpeakerError> {
    run_reloadable(config, factory, None, shutdown).await
}

/// As [`run_with`], and takes on what changed in the configuration whenever it is asked to.
///
/// # Errors
/// [`SpeakerError`], before anything has been sent. A configuration that cannot be taken on later is
/// logged, and told to whoever asked.
pub async fn run_reloadable(
    config: SpeakerConfig,
    factory: Arc<dyn SocketFactory>,
    reloads: Option<Reloads>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SpeakerError> {
    let (mut speaker, mut requests) = Speaker::start(config, factory).await?;
    let (read, mut asked) = match reloads {
        Some(Reloads { read, asked }) => (Some(read), Some(asked)),
        None => (None, None),
    };
    let mut shutdown = pin!(shutdown);
    loop {
        let request = tokio::select! {
            () = &mut shutdown => break,
            Some(request) = requests.recv() => Some(request),
            () = next_of(&mut asked) => None,
        };
        let config = match &read {
            Some(read) => read().map_err(ReloadError::from),
            None => Err(ReloadError::NoFile),
        };
        let outcome = match config {
            Ok(config) => speaker.reload(config).await,
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(Reloaded {
                added,
                removed,
                restarted,
                adjusted,
            }) => info!(
                added,
                removed, restarted, adjusted, "the configuration was read again"
            ),
            Err(error) => warn!(%error, "the configuration stays as it was"),
        }
        if let Some(request) = request {
            // Who asked may have gone away.
            _ = request.send(outcome);
        }
    }
    speaker.stop().await;
    Ok(())
}

async fn next_of(asked: &mut Option<mpsc::Receiver<()>>) {
    let next = match asked {
        Some(asked) => asked.recv().await,
        None => pending().await,
    };
    if next.is_none() {
        pending().await
    }
}

/// Everything that has to be changed when the configuration does.
struct Speaker {
    config: Arc<SpeakerConfig>,
    sockets: Sockets,
    clock: Clock,
    seed: u64,
    to_rib: mpsc::Sender<ToRib>,
    next: NeighborIndex,
    roster: watch::Sender<Arc<Roster>>,
    tasks: HashMap<NeighborIndex, Task>,
    listeners: Vec<Arc<TcpListener>>,
    watches: bfd::Watches,
    /// Listeners, BFD and the control server.
    service: JoinSet<()>,
}

/// The task of a neighbor.
struct Task {
    /// There until it was used.
    farewell: Option<oneshot::Sender<Farewell>>,
    handle: JoinHandle<()>,
}

impl Task {
    fn end(&mut self, why: Farewell) {
        if let Some(farewell) = self.farewell.take() {
            // A task that has ended already need not be told.
            _ = farewell.send(why);
        }
    }
}

/// Reloads that may wait for each other.
const RELOADS: usize = 4;

impl Speaker {
    async fn start(
        config: SpeakerConfig,
        factory: Arc<dyn SocketFactory>,
    ) -> Result<(Self, mpsc::Receiver<ReloadRequest>), SpeakerError> {
        let (clock, seed) = (Clock::start(), seed());
        let sockets = Sockets {
            factory,
            ttl: config.ttl,
            interface: None,
        };
        let roster = watch::Sender::new(Arc::new(Roster::default()));
        let (to_rib, from_neighbors) = mpsc::channel(RIB_DEPTH);
        let (watches, bfd_task) = bfd::Watches::start(&sockets, clock, seed);
        let mut service = JoinSet::new();
        service.spawn(bfd_task);
        let mut listeners = Vec::new();
        for address in &config.listen {
            let keys = md5_keys(&config, *address);
            let listener =
                sockets
                    .listen(*address, keys)
                    .map_err(|source| SpeakerError::Listen {
                        address: *address,
                        source,
                    })?;
            listeners.push(Arc::new(listener));
        }
        service.spawn(md5::watch(RosterReader::new(&roster)));
        let (reload, requests) = mpsc::channel(RELOADS);
        let mut control = None;
        if let Some(address) = config.control {
            let directory = Directory {
                roster: RosterReader::new(&roster),
                to_rib: to_rib.clone(),
                reload,
                md5_dropped_before: md5::dropped_segments(),
            };
            let listener = control::listen(address)
                .map_err(|source| SpeakerError::Control { address, source })?;
            control = Some(control::serve(listener, directory));
        }
        let rib = RibTask::new(&config.originate, seed);
        std::thread::Builder::new()
            .name("rib".to_owned())
            .spawn(move || rib.run(from_neighbors))
            .map_err(SpeakerError::Thread)?;
        let neighbors = config.neighbors.clone();
        info!(neighbors = neighbors.len(), listen = ?config.listen, "speaker is running");
        let mut speaker = Self {
            config: Arc::new(config),
            sockets,
            clock,
            seed,
            to_rib,
            next: NeighborIndex(0),
            roster,
            tasks: HashMap::new(),
            listeners,
            watches,
            service,
        };
        speaker.begin(neighbors, HashMap::new()).await?;
        // Now that all neighbors are known: one that calls is not taken for a stranger, and nobody
        // is told that there are none.
        for listener in &speaker.listeners {
            let reader = RosterReader::new(&speaker.roster);
            let find = move |address| reader.door(address);
            let accept = listener::accept(Arc::clone(listener), find);
            speaker.service.spawn(accept);
        }
        if let Some(control) = control {
            speaker.service.spawn(control);
        }
        Ok((speaker, requests))
    }

    /// Begins sessions, those of `shut_down` at rest. All their sockets are there before the first of
    /// them sends anything.
    async fn begin(
        &mut self,
        neighbors: Vec<NeighborConfig>,
        mut shut_down: ShutDown,
    ) -> Result<(), SpeakerError> {
        let mut begun = Vec::with_capacity(neighbors.len());
        for neighbor in neighbors {
            let public = neighbor.interface_kind == InterfaceKind::Public;
            if !public && !neighbor.route_filter.is_empty() {
                warn!(neighbor = %neighbor.address, "route_filter is read on public interfaces only");
            }
            let (inbox, received) = mpsc::channel(INBOX_DEPTH);
            let inbox_of = inbox.clone();
            let first = self.config.local_address(neighbor.transport());
            // The configuration was checked for an address to connect from.
            let first = first.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |it| it.ip());
            let local = watch::Sender::new(first);
            let watched = match neighbor.bfd {
                true => {
                    let source = local.subscribe();
                    let watches = &mut self.watches;
                    watches
                        .watch(&self.config, &neighbor, inbox_of, source)
                        .await
                }
                false => Ok(()),
            };
            begun.push((neighbor, (inbox, received), local));
            if let Err(error) = watched {
                for (neighbor, ..) in begun.iter().filter(|(it, ..)| it.bfd) {
                    self.watches.forget(neighbor.address).await;
                }
                return Err(error);
            }
        }
        let mut members = self.roster.borrow().0.clone();
        let mut setups = Vec::with_capacity(begun.len());
        for (config, (inbox_sender, inbox), local) in begun {
            let index = self.next;
            self.next = NeighborIndex(index.0 + 1);
            let (to, from_rib) = mpsc::channel(FROM_RIB_DEPTH);
            let (farewell_sender, farewell) = oneshot::channel();
            self.tell(ToRib::Add {
                neighbor: index,
                family: config.family,
                config: Box::new(session_config(&self.config, &config)),
                to,
            })
            .await;
            let turned_away = Arc::default();
            members.push(Member {
                config: config.clone(),
                index,
                door: Door {
                    inbox: inbox_sender,
                    turned_away: Arc::clone(&turned_away),
                },
            });
            let address = config.address;
            let setup = Setup {
                index,
                config,
                speaker: Arc::clone(&self.config),
                sockets: self.sockets.clone(),
                clock: self.clock,
                seed: self.seed.wrapping_add(index.0 as u64),
                // Nothing is forwarded here.
                restart: Restart::Helper,
                shut_down: shut_down.remove(&address),
                inbox,
                turned_away,
                farewell,
                from_rib,
                to_rib: self.to_rib.clone(),
                // Nobody watches.
                stamp: Stamp::default(),
                local,
            };
            setups.push((setup, farewell_sender));
        }
        self.publish(members);
        for (setup, farewell) in setups {
            let index = setup.index;
            let task = Task {
                farewell: Some(farewell),
                handle: tokio::spawn(NeighborTask::new(setup).run()),
            };
            self.tasks.insert(index, task);
        }
        Ok(())
    }

    /// In the order of the configuration.
    fn publish(&self, mut members: Vec<Member>) {
        let address = |it: &NeighborConfig| it.address;
        let places: HashMap<_, _> = self
            .config
            .neighbors
            .iter()
            .map(address)
            .zip(0_usize..)
            .collect();
        members.sort_by_key(|member| places.get(&member.config.address).copied());
        self.roster.send_replace(Arc::new(Roster(members)));
    }

    /// Takes on another configuration. Only the sessions that it changes are touched.
    async fn reload(&mut self, next: SpeakerConfig) -> Result<Reloaded, ReloadError> {
        reload::check_fixed(&self.config, &next)?;
        let roster = Arc::clone(&self.roster.borrow());
        let difference = Difference::between(&roster, &next);
        if self.config.originate != next.originate {
            let originations = next.originate.iter().copied().map(Origination::new);
            self.tell(ToRib::Originate(originations.collect())).await;
        }
        self.config = Arc::new(next);
        let mut members = roster.0.clone();
        drop(roster);
        for (place, config) in difference.adjusted {
            let member = &mut members[place];
            member.config = config;
            self.adjust(member).await;
        }
        let mut ending = Vec::new();
        for place in difference.ending.into_iter().rev() {
            ending.push(members.remove(place));
        }
        self.publish(members);
        // What an operator has shut down stays so until the operator enables it.
        let shut_down = shut_down(&ending).await;
        self.end(ending).await;
        self.set_keys(&difference.beginning);
        let begun = self.begin(difference.beginning, shut_down).await;
        begun.map_err(ReloadError::Neighbor)?;
        Ok(difference.told)
    }

    async fn adjust(&self, member: &Member) {
        let config = Box::new(session_config(&self.config, &member.config));
        let neighbor = member.index;
        self.tell(ToRib::Configure { neighbor, config }).await;
        // After the tables, so that a session that comes back at once finds the new limit there.
        let limit = ToNeighbor::PrefixLimit(member.config.prefix_limit);
        _ = member.door.inbox.send(limit).await;
    }

    /// Ends sessions with Cease 6/3 and forgets their routes.
    async fn end(&mut self, members: Vec<Member>) {
        let mut tasks = Vec::new();
        for Member { config, index, .. } in members {
            if config.bfd {
                self.watches.forget(config.address).await;
            }
            for listener in self.listeners.iter().filter(|_| config.password.is_some()) {
                // An empty key takes the old one away; those of the other family have none.
                _ = set_md5_key(&**listener, config.address, &[]);
            }
            if let Some(mut task) = self.tasks.remove(&index) {
                task.end(Farewell::Deconfigured);
                tasks.push((index, task.handle));
            }
        }
        let deadline = Instant::now() + FAREWELL;
        for (neighbor, mut task) in tasks {
            if timeout_at(deadline, &mut task).await.is_err() {
                task.abort();
            }
            self.tell(ToRib::Remove { neighbor }).await;
        }
    }

    /// Keys of new neighbors, for the listeners that they may connect to.
    fn set_keys(&self, neighbors: &[NeighborConfig]) {
        for (listener, address) in self.listeners.iter().zip(&self.config.listen) {
            for (neighbor, key) in keys_for(neighbors, *address) {
                if let Err(error) = set_md5_key(&**listener, neighbor, key.expose()) {
                    warn!(%neighbor, %error, "the key was not set: the neighbor cannot connect to {address}");
                }
            }
        }
    }

    async fn tell(&self, message: ToRib) {
        // The tables live as long as anyone can send to them.
        _ = self.to_rib.send(message).await;
    }

    async fn stop(mut self) {
        self.service.shutdown().await;
        self.roster.send_replace(Arc::default());
        for task in self.tasks.values_mut() {
            task.end(Farewell::Stopping);
        }
        let all_said = async {
            for task in self.tasks.values_mut() {
                _ = (&mut task.handle).await;
            }
        };
        _ = timeout(FAREWELL, all_said).await;
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        for task in self.tasks.values() {
            task.handle.abort();
        }
    }
}

/// Neighbors that an operator has shut down, and the text for each.
type ShutDown = HashMap<IpAddr, String>;

/// Those of `members`. What was commanded before is done when they answer.
async fn shut_down(members: &[Member]) -> ShutDown {
    let mut found = ShutDown::new();
    for member in members {
        // A task that has ended has nothing to say.
        if let Some(SessionStatus {
            idle_reason: Some(IdleReason::AdministrativeShutdown { text }),
            ..
        }) = member.status().await
        {
            found.insert(member.config.address, text);
        }
    }
    found
}

/// Keys of the neighbors that may connect to a listener.
fn md5_keys(
    config: &SpeakerConfig,
    listener: SocketAddr,
) -> impl Iterator<Item = (IpAddr, &Secret)> {
    keys_for(&config.neighbors, listener)
}

fn keys_for(
    neighbors: &[NeighborConfig],
    listener: SocketAddr,
) -> impl Iterator<Item = (IpAddr, &Secret)> {
    let same_family = move |address| family_of(address) == family_of(listener.ip());
    neighbors
        .iter()
        .filter(move |neighbor| same_family(neighbor.address))
        .filter_map(|neighbor| Some((neighbor.address, neighbor.password.as_ref()?)))
}

/// A seed for jitter and hash tables, from the keys that the standard library draws for its maps.
pub(crate) fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

#[cfg(test)]
mod tests;
