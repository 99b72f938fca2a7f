//! Loading and watching: reads on snapshots, beside the writer.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use redb::{ReadTransaction, ReadableDatabase};
use tokio::sync::watch;

use super::Shared;
use super::engine::{self, EngineError};
use super::tables::{ENTRIES, LOG, decode_commit, decode_entry};
use crate::error::Reason;
use crate::{
    Commit, CommitSender, Commits, Entries, Entry, EntrySender, Key, ReadError, Revision,
    WatchError,
};

/// A chunk of a load ends after this many entries ...
const CHUNK_ENTRIES: usize = 1_024;
/// ... or this many bytes.
const CHUNK_BYTES: usize = 1 << 20;
/// Commits that a watcher fetches at once.
const FETCH: usize = 64;

impl From<EngineError> for ReadError {
    fn from(error: EngineError) -> Self {
        if error.is_damage() {
            Self::Corrupted(error.into())
        } else {
            Self::Unavailable(error.into())
        }
    }
}

impl Shared {
    fn snapshot(&self) -> Result<ReadTransaction, ReadError> {
        let open = self.database();
        let Some(database) = &*open else {
            let reason =
                Reason("the file is closed after a failure; the next commit tries to open it");
            return Err(ReadError::Unavailable(reason.into()));
        };
        let snapshot = engine::guarded(|| Ok(database.begin_read()?));
        Ok(snapshot?)
    }
}

/// Starts to send all entries as they are now.
pub(super) fn load(shared: &Shared) -> Result<Entries, ReadError> {
    let snapshot = shared.snapshot()?;
    let head = engine::guarded(|| engine::read_head(&snapshot))?;
    let (sender, entries) = Entries::channel(head.revision);
    let thread = std::thread::Builder::new().name("store-load".to_owned());
    let work = move || {
        let mut sent = 0;
        let read = engine::guarded(|| send_entries(&snapshot, &sender, &mut sent));
        let result = read.and_then(|()| {
            let complete = sent == head.entries;
            complete.then_some(()).ok_or(EngineError::NotAStore(
                "the number of entries does not match the head",
            ))
        });
        sender.blocking_finish(result.map_err(ReadError::from));
    };
    let spawned = thread.spawn(work);
    spawned.map_err(|error| ReadError::Unavailable(error.into()))?;
    Ok(entries)
}

fn send_entries(
    snapshot: &ReadTransaction,
    sender: &EntrySender,
    sent: &mut u64,
) -> Result<(), EngineError> {
    let table = snapshot.open_table(ENTRIES)?;
    let mut chunk = Vec::new();
    let mut bytes = 0;
    for found in table.range::<&str>(..)? {
        let (key, stored) = found?;
        let value = decode_entry(key.value(), stored.value())?;
        let key = Key::new(key.value());
        let key = key.map_err(|_| EngineError::NotAStore("an entry has an impossible key"))?;
        bytes += value.len();
        let value = Bytes::copy_from_slice(value);
        chunk.push(Entry { key, value });
        *sent += 1;
        if chunk.len() == CHUNK_ENTRIES || bytes >= CHUNK_BYTES {
            bytes = 0;
            if sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        }
    }
    // A reader that has gone does not mind.
    let _gone = sender.blocking_send(chunk);
    Ok(())
}

/// Starts to send every commit after `from`.
pub(super) async fn watch(shared: &Arc<Shared>, from: Revision) -> Result<Commits, WatchError> {
    let head = shared.head.subscribe();
    let weak = Arc::downgrade(shared);
    let first = fetch(&weak, from).await?;
    let (sender, commits) = Commits::channel();
    tokio::spawn(async move {
        tokio::select! {
            () = follow(weak, head, from, first, &sender) => {}
            () = sender.closed() => {}
        }
    });
    Ok(commits)
}

/// Sends commits until the watcher or the store has gone.
async fn follow(
    shared: Weak<Shared>,
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
        commits = match fetch(&shared, from).await {
            Ok(commits) => commits,
            Err(error) => {
                let _gone = sender.send(Err(error)).await;
                return;
            }
        };
    }
}

/// The next few commits after `from`, from the log table.
async fn fetch(shared: &Weak<Shared>, from: Revision) -> Result<Vec<Commit>, WatchError> {
    let shared = shared.upgrade();
    let read = tokio::task::spawn_blocking(move || {
        let closed = Reason("the store was closed");
        let shared = shared.ok_or_else(|| WatchError::Unavailable(closed.into()))?;
        let snapshot = shared.snapshot()?;
        drop(shared);
        read_log(&snapshot, from)
    });
    read.await
        .unwrap_or_else(|error| Err(WatchError::Unavailable(error.into())))
}

fn read_log(snapshot: &ReadTransaction, from: Revision) -> Result<Vec<Commit>, WatchError> {
    let head = engine::guarded(|| engine::read_head(snapshot)).map_err(ReadError::from)?;
    if from < head.log_floor || from > head.revision {
        let head = head.revision;
        return Err(WatchError::Compacted { from, head });
    }
    let read = engine::guarded(|| {
        let table = snapshot.open_table(LOG)?;
        let log = table.range(from.next().get()..)?;
        let commits = log.take(FETCH).map(|found| {
            let (revision, stored) = found?;
            Ok(decode_commit(
                Revision::new(revision.value()),
                stored.value(),
            )?)
        });
        commits.collect::<Result<Vec<_>, EngineError>>()
    });
    Ok(read.map_err(ReadError::from)?)
}
