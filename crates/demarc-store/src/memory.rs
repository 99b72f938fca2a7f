//! The engine that forgets: for tests and for `--ephemeral`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use crate::history::{LOG_BYTES, LOG_COMMITS, Successor, admit};
use crate::{
    Batch, BoxFuture, Change, Commit, CommitError, CommitId, CommitSender, Commits, Entries, Entry,
    Key, Limits, ReadError, Revision, Sharing, Store, WatchError,
};

/// Entries sent at once by [`Store::load`].
const CHUNK: usize = 1_024;

/// A store in memory. Clones share it, as several writers of one store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the watchers; set while the state is locked, so it never goes back.
    head: watch::Sender<Revision>,
}

#[derive(Debug, Default)]
struct State {
    head: Revision,
    entries: BTreeMap<Key, Bytes>,
    log: VecDeque<Commit>,
    log_bytes: u64,
    /// The newest revision that is no longer in the log.
    floor: Revision,
    /// Who made the latest revisions. A compaction leaves them: a commit whose reply was lost is still
    /// answered with what became of it.
    made: VecDeque<(Revision, CommitId)>,
    /// The newest revision that is no longer among them.
    made_floor: Revision,
}

impl MemoryStore {
    /// An empty store at revision 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the history of all commits so far, as a compaction does on other engines.
    pub fn compact(&self) {
        let mut state = self.state();
        while state.drop_oldest() {}
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic half way through a change.
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn commit_now(&self, at: Revision, batch: &Batch) -> Result<Revision, CommitError> {
        let mut state = self.state();
        if let Some(revision) = admit(state.head, at, batch, state.successor(at))? {
            return Ok(revision);
        }
        let revision = batch.revision_after(at);
        state.apply(revision, batch);
        self.shared.head.send_replace(revision);
        Ok(revision)
    }
}

impl State {
    fn apply(&mut self, revision: Revision, batch: &Batch) {
        for change in batch.changes().iter() {
            match change {
                Change::Put { key, value } => {
                    self.entries.insert(key.clone(), value.clone());
                }
                Change::Delete { key } => {
                    self.entries.remove(key);
                }
            }
        }
        self.head = revision;
        self.made.push_back((revision, batch.id()));
        if self.made.len() as u64 > LOG_COMMITS
            && let Some((oldest, _)) = self.made.pop_front()
        {
            self.made_floor = oldest;
        }
        self.log_bytes += batch.bytes() as u64;
        self.log.push_back(Commit {
            revision,
            id: batch.id(),
            changes: Arc::clone(batch.changes()),
        });
        while self.log.len() > 1
            && (self.log.len() as u64 > LOG_COMMITS || self.log_bytes > LOG_BYTES)
        {
            self.drop_oldest();
        }
    }

    fn successor(&self, at: Revision) -> Successor {
        let after = self.made.partition_point(|(revision, _)| *revision <= at);
        match self.made.get(after) {
            _ if at < self.made_floor => Successor::Forgotten,
            Some((revision, id)) => Successor::Commit(*revision, *id),
            None => Successor::None,
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.log.pop_front() else {
            return false;
        };
        let bytes: usize = oldest.changes.iter().map(Change::cost).sum();
        self.log_bytes -= bytes as u64;
        self.floor = oldest.revision;
        true
    }

    /// The kept commits after `from`.
    fn after(&self, from: Revision) -> Result<Vec<Commit>, WatchError> {
        if from < self.floor || from > self.head {
            let head = self.head;
            return Err(WatchError::Compacted { from, head });
        }
        let start = self.log.partition_point(|commit| commit.revision <= from);
        Ok(self.log.range(start..).cloned().collect())
    }
}

impl Store for MemoryStore {
    fn limits(&self) -> Limits {
        Limits::NONE
    }

    fn sharing(&self) -> Sharing {
        Sharing::Exclusive
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        Box::pin(async move {
            let (revision, snapshot) = {
                let state = self.state();
                (state.head, state.entries.clone())
            };
            let (sender, entries) = Entries::channel(revision);
            tokio::spawn(async move {
                let mut rest = snapshot.into_iter().peekable();
                while rest.peek().is_some() {
                    let chunk = rest.by_ref().take(CHUNK);
                    let chunk = chunk.map(|(key, value)| Entry { key, value }).collect();
                    if sender.send(chunk).await.is_err() {
                        return;
                    }
                }
                sender.finish(Ok(())).await;
            });
            Ok(entries)
        })
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        Box::pin(async move { self.commit_now(at, &batch) })
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        Box::pin(async move {
            let head = self.shared.head.subscribe();
            let first = self.state().after(from)?;
            let (sender, commits) = Commits::channel();
            let weak = Arc::downgrade(&self.shared);
            tokio::spawn(async move {
                tokio::select! {
                    () = follow(weak, head, from, first, &sender) => {}
                    () = sender.closed() => {}
                }
            });
            Ok(commits)
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        Box::pin(async move { Ok(self.state().head) })
    }
}

/// Sends commits until the watcher or the store has gone.
async fn follow(
    shared: std::sync::Weak<Shared>,
    mut head: watch::Receiver<Revision>,
    mut from: Revision,
    mut commits: Vec<Commit>,
    sender: &CommitSender,
) {
    loop {
        for commit in commits {
            from = commit.revision;
            if sender.send(Ok(commit)).await.is_err() {
                return;
            }
        }
        if head.wait_for(|head| *head != from).await.is_err() {
            return;
        }
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let found = MemoryStore { shared }.state().after(from);
        commits = match found {
            Ok(commits) => commits,
            Err(error) => {
                let _gone = sender.send(Err(error)).await;
                return;
            }
        };
    }
}

#[cfg(test)]
mod tests;
