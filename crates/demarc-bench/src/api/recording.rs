//! The commits that a service made, read off the log of its store.

use std::collections::HashSet;
use std::path::Path;

use anyhow::ensure;
use demarc_store::{Change, EmbeddedStore, Revision, Store, WatchError};

/// Commits as they were made, to be made again by the bare engine.
pub(super) struct Recording {
    /// The other entries of the store, for the tables to be as large.
    pub(super) before: Vec<Change>,
    commits: Vec<Vec<Change>>,
}

impl Recording {
    /// Reads the newest commits of a store that nobody has open.
    pub(super) async fn read(data: &Path) -> anyhow::Result<Self> {
        let store = EmbeddedStore::open(data)?;
        let head = store.head().await?;
        let mut at = oldest_kept(&store, head).await?;
        let mut watch = store.watch(at).await?;
        let mut commits = Vec::new();
        while at < head {
            let commit = watch.next().await?;
            at = commit.revision;
            commits.push(commit.changes.to_vec());
        }
        ensure!(!commits.is_empty(), "the store has no log");
        let changed: HashSet<_> = commits.iter().flatten().map(Change::key).collect();
        let mut before = Vec::new();
        let mut entries = store.load().await?;
        while let Some(chunk) = entries.next().await? {
            let others = chunk
                .into_iter()
                .filter(|entry| !changed.contains(&entry.key));
            before.extend(others.map(|entry| Change::Put {
                key: entry.key,
                value: entry.value,
            }));
        }
        Ok(Self { before, commits })
    }

    /// The commits. How many decisions were in each is not in the log.
    pub(super) fn commits(&self) -> impl Iterator<Item = (usize, Vec<Change>)> + '_ {
        self.commits.iter().map(|changes| (0, changes.clone()))
    }

    /// Documents of a commit, on average.
    pub(super) fn documents(&self) -> f64 {
        self.commits.iter().map(Vec::len).sum::<usize>() as f64 / self.commits.len() as f64
    }

    /// Length of a document, on average.
    pub(super) fn bytes(&self) -> f64 {
        let values = || self.commits.iter().flatten().filter_map(Change::value);
        let bytes: usize = values().map(|value| value.len()).sum();
        bytes as f64 / values().count().max(1) as f64
    }
}

/// The revision after which the log has every commit.
async fn oldest_kept(store: &EmbeddedStore, head: Revision) -> anyhow::Result<Revision> {
    let (mut dropped, mut kept) = (0, head.get());
    while dropped < kept {
        let middle = dropped.midpoint(kept);
        match store.watch(Revision::new(middle)).await {
            Ok(_) => kept = middle,
            Err(WatchError::Compacted { .. }) => dropped = middle + 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Revision::new(kept))
}
