//! Commits as a watcher sees them.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::entries::ReaderGone;
use crate::error::Reason;
use crate::{Change, CommitId, Revision, WatchError};

/// Commits that wait for the watcher before the engine stops fetching more.
const COMMITS_AHEAD: usize = 64;

/// One commit that took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The revision that it made.
    pub revision: Revision,
    /// The name that its writer gave it.
    pub id: CommitId,
    /// What changed, each key once. A delete of an entry that did not exist may be missing.
    pub changes: Arc<[Change]>,
}

/// Commits in order, without gaps. Dropping it ends the watch.
#[derive(Debug)]
pub struct Commits {
    received: mpsc::Receiver<Result<Commit, WatchError>>,
}

/// The engine's side of [`Commits`].
#[derive(Debug, Clone)]
pub struct CommitSender(mpsc::Sender<Result<Commit, WatchError>>);

impl Commits {
    /// For engines: a watch and the place to send its commits to.
    pub fn channel() -> (CommitSender, Self) {
        let (sender, received) = mpsc::channel(COMMITS_AHEAD);
        (CommitSender(sender), Self { received })
    }

    /// The next commit, as soon as there is one.
    ///
    /// # Errors
    /// [`WatchError`]; the watch is over then.
    pub async fn next(&mut self) -> Result<Commit, WatchError> {
        self.received.recv().await.unwrap_or_else(|| {
            let reason = Reason("the store was closed");
            Err(WatchError::Unavailable(reason.into()))
        })
    }
}

impl CommitSender {
    /// Sends a commit, or the error that ends the watch; waits while the watcher is behind.
    ///
    /// # Errors
    /// [`ReaderGone`].
    pub async fn send(&self, item: Result<Commit, WatchError>) -> Result<(), ReaderGone> {
        self.0.send(item).await.map_err(|_| ReaderGone)
    }

    /// Waits until the watcher has gone.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}
