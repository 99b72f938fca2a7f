//! Putting the tasks together.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::info;

use crate::bfd;
use crate::clock::Clock;
use crate::config::{Secret, SpeakerConfig, family_of};
use crate::control::{self, Directory};
use crate::listener;
use crate::md5;
use crate::message::{FROM_RIB_DEPTH, INBOX_DEPTH, NeighborIndex, RIB_DEPTH};
use crate::neighbor::{NeighborTask, Setup};
use crate::rib_task::RibTask;
use crate::sockets::{HostSockets, SocketFactory, Sockets};

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
/// (Cease 6/3).
///
/// # Errors
/// [`SpeakerError`], before anything has been sent.
pub async fn run_with(
    config: SpeakerConfig,
    factory: Arc<dyn SocketFactory>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SpeakerError> {
    let clock = Clock::start();
    let seed = seed();
    let sockets = Sockets {
        factory,
        ttl: config.ttl,
        interface: None,
    };
    let config = Arc::new(config);

    let (to_rib, from_neighbors) = mpsc::channel(RIB_DEPTH);
    let mut inboxes = Vec::new();
    let mut rib_senders = Vec::new();
    let mut setups = Vec::new();
    for (index, neighbor) in config.neighbors.iter().enumerate() {
        let (inbox_sender, inbox) = mpsc::channel(INBOX_DEPTH);
        let (rib_sender, from_rib) = mpsc::channel(FROM_RIB_DEPTH);
        inboxes.push(inbox_sender);
        rib_senders.push(rib_sender);
        setups.push(Setup {
            index: NeighborIndex(index),
            config: neighbor.clone(),
            speaker: Arc::clone(&config),
            sockets: sockets.clone(),
            clock,
            seed: seed.wrapping_add(index as u64),
            inbox,
            from_rib,
            to_rib: to_rib.clone(),
        });
    }
    let by_address: HashMap<_, _> = config
        .neighbors
        .iter()
        .map(|it| it.address)
        .zip(inboxes.iter().cloned())
        .collect();
    let by_address = Arc::new(by_address);

    let mut service = JoinSet::new();
    for address in &config.listen {
        let keys = md5_keys(&config, *address);
        let listener = sockets
            .listen(*address, keys)
            .map_err(|source| SpeakerError::Listen {
                address: *address,
                source,
            })?;
        service.spawn(listener::accept(listener, Arc::clone(&by_address)));
    }
    if config.neighbors.iter().any(|it| it.password.is_some()) {
        service.spawn(md5::watch());
    }
    if let Some(task) = bfd::start(&config, &sockets, clock, seed, &inboxes)? {
        service.spawn(task);
    }
    if let Some(address) = config.control {
        let directory = Directory::new(Arc::clone(&config), inboxes.clone(), to_rib.clone());
        let listener =
            control::listen(address).map_err(|source| SpeakerError::Control { address, source })?;
        service.spawn(control::serve(listener, directory));
    }
    let rib = RibTask::new(&config, rib_senders, seed);
    std::thread::Builder::new()
        .name("rib".to_owned())
        .spawn(move || rib.run(from_neighbors))
        .map_err(SpeakerError::Thread)?;
    drop(to_rib);
    let mut neighbors = JoinSet::new();
    for setup in setups {
        neighbors.spawn(NeighborTask::new(setup).run());
    }
    info!(neighbors = config.neighbors.len(), listen = ?config.listen, "speaker is running");

    shutdown.await;
    // Neighbor tasks end, and say good-bye, when nobody can send to them any more.
    drop((service, by_address, inboxes));
    let all_said = async { while neighbors.join_next().await.is_some() {} };
    _ = tokio::time::timeout(FAREWELL, all_said).await;
    Ok(())
}

/// Keys of the neighbors that may connect to a listener.
fn md5_keys(
    config: &SpeakerConfig,
    listener: SocketAddr,
) -> impl Iterator<Item = (std::net::IpAddr, &Secret)> {
    let same_family = move |address| family_of(address) == family_of(listener.ip());
    config
        .neighbors
        .iter()
        .filter(move |neighbor| same_family(neighbor.address))
        .filter_map(|neighbor| Some((neighbor.address, neighbor.password.as_ref()?)))
}

/// A seed for jitter and hash tables, from the keys that the standard library draws for its maps.
pub(crate) fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}
