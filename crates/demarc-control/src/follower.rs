//! What other processes commit.

use std::time::Duration;

use demarc_domain::entity::Change;
use demarc_store::{
    Cause, Change as StoreChange, Commit, Commits, Revision, SharedStore, WatchError,
};
use tokio::time::{Instant, sleep_until};

use crate::load::{StartError, read};

/// Pauses between two attempts to watch.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A watch that is opened again when it breaks.
pub(crate) struct Follower {
    store: SharedStore,
    commits: Option<Commits>,
    not_before: Instant,
    pause: Duration,
}

/// Watching again does not help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lag {
    /// The commits in between are gone; everything has to be loaded anew.
    #[error("the commits since then are no longer kept")]
    Compacted,
    #[error("the store is damaged: {0}")]
    Damaged(Cause),
}

impl Follower {
    pub(crate) fn new(store: SharedStore) -> Self {
        Self {
            store,
            commits: None,
            not_before: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    /// The next commit; the first one comes after `from`. Dropped while it waits, it loses nothing.
    pub(crate) async fn next(&mut self, from: Revision) -> Result<Commit, Lag> {
        loop {
            let received = match &mut self.commits {
                Some(commits) => commits.next().await,
                None => {
                    sleep_until(self.not_before).await;
                    match self.store.watch(from).await {
                        Ok(commits) => {
                            self.commits = Some(commits);
                            continue;
                        }
                        Err(error) => Err(error),
                    }
                }
            };
            match received {
                Ok(commit) => {
                    self.pause = FIRST_PAUSE;
                    return Ok(commit);
                }
                Err(error) => self.broke(error)?,
            }
        }
    }

    fn broke(&mut self, error: WatchError) -> Result<(), Lag> {
        self.commits = None;
        self.not_before = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        match error {
            WatchError::Unavailable(cause) => {
                tracing::debug!(%cause, "the watch broke; watching again");
                Ok(())
            }
            WatchError::Compacted { .. } => Err(Lag::Compacted),
            WatchError::Corrupted(cause) => Err(Lag::Damaged(cause)),
        }
    }
}

/// A commit as changes of the World.
pub(crate) fn changes(commit: &Commit) -> Result<Vec<Change>, StartError> {
    let change = |change: &StoreChange| {
        Ok(match change {
            StoreChange::Put { key, value } => Change::Put(read(key.as_str(), value)?),
            StoreChange::Delete { key } => Change::Remove(key.as_str().parse()?),
        })
    };
    commit.changes.iter().map(change).collect()
}
