//! What differs between the neighbors that are there and those of a configuration that was read again.

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::config::{ConfigError, NeighborConfig, SpeakerConfig};
use crate::roster::Roster;
use crate::speaker::SpeakerError;

/// Where a new configuration comes from, and who asks for it.
pub struct Reloads {
    /// Reads the configuration again.
    pub read: Box<dyn Fn() -> Result<SpeakerConfig, ConfigError> + Send + Sync>,
    /// A message for each time that it is to be read: SIGHUP.
    pub asked: mpsc::Receiver<()>,
}

/// Someone waits to hear what a reload did.
pub(crate) type ReloadRequest = oneshot::Sender<Result<Reloaded, ReloadError>>;

/// How many neighbors a reload touched. All others keep their sessions as they are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Reloaded {
    pub added: usize,
    pub removed: usize,
    /// Sessions that were ended and begun anew, because what they are made of changed.
    pub restarted: usize,
    /// Limits and policies that changed under a session without ending it.
    pub adjusted: usize,
}

/// Why a configuration was not taken. Nothing was changed, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error("this speaker was not started from a file")]
    NoFile,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0} cannot change while the speaker runs; restart it")]
    Fixed(&'static str),
    #[error("the configuration was taken, but for a neighbor: {0}")]
    Neighbor(#[source] SpeakerError),
    #[error("the speaker is shutting down")]
    ShuttingDown,
}

/// What is to be done about neighbors.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Places in the roster whose sessions end.
    pub(crate) ending: Vec<usize>,
    /// These are begun; an ending one may have had the same address.
    pub(crate) beginning: Vec<NeighborConfig>,
    /// Places in the roster, and what changes there without touching the session.
    pub(crate) adjusted: Vec<(usize, NeighborConfig)>,
    pub(crate) told: Reloaded,
}

impl Difference {
    pub(crate) fn between(roster: &Roster, next: &SpeakerConfig) -> Self {
        let mut difference = Self::default();
        for (place, member) in roster.0.iter().enumerate() {
            let wanted = |it: &&NeighborConfig| it.address == member.config.address;
            match next.neighbors.iter().find(wanted) {
                None => {
                    difference.ending.push(place);
                    difference.told.removed += 1;
                }
                Some(wanted) if *wanted == member.config => {}
                Some(wanted) if is_same_session(&member.config, wanted) => {
                    difference.adjusted.push((place, wanted.clone()));
                    difference.told.adjusted += 1;
                }
                Some(wanted) => {
                    difference.ending.push(place);
                    difference.beginning.push(wanted.clone());
                    difference.told.restarted += 1;
                }
            }
        }
        let new = |it: &&NeighborConfig| roster.position(it.address).is_none();
        let new: Vec<_> = next.neighbors.iter().filter(new).cloned().collect();
        difference.told.added = new.len();
        difference.beginning.extend(new);
        difference
    }
}

/// Whether the session need not know of the change: it is one of limits and policy.
fn is_same_session(old: &NeighborConfig, new: &NeighborConfig) -> bool {
    let of_session = |it: &NeighborConfig| {
        let kind = (it.interface_kind, it.family, it.asn, it.port, it.bfd);
        (kind, it.password.clone())
    };
    of_session(old) == of_session(new)
}

/// What cannot change: all sessions hang on it.
pub(crate) fn check_fixed(old: &SpeakerConfig, new: &SpeakerConfig) -> Result<(), ReloadError> {
    let changed = [
        ("asn", old.asn != new.asn),
        ("router_id", old.router_id != new.router_id),
        ("listen", old.listen != new.listen),
        ("control", old.control != new.control),
    ];
    match changed.into_iter().find(|(_, changed)| *changed) {
        Some((what, _)) => Err(ReloadError::Fixed(what)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
