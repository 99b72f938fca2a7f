//! How fast an engine commits: the measure that a whole service is compared with.
//!
//! The same commits run on any [`Store`] and on redb alone, without our log and checksums: those of a
//! made-up [`Workload`], or those that a service was seen to make.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{Batch, Change, CommitError, CommitId, Key, Store};

mod bare;

pub use crate::etcd::{Keys, Swaps, etcd_swaps};
pub use bare::{BareError, bare_redb};

/// Batches that each put new entries or delete the ones that the batch before put.
#[derive(Debug, Clone)]
pub struct Workload {
    /// How many commits.
    pub commits: usize,
    /// How many decisions each commit holds, taken in turn: the batch sizes that a service was seen to make.
    pub batch_sizes: Vec<usize>,
    /// How many entries each decision puts or deletes.
    pub entries: usize,
    /// The length of each value.
    pub bytes: usize,
}

/// What came out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rate {
    /// Commits made.
    pub commits: usize,
    /// Decisions in them.
    pub decisions: usize,
    /// The time that it took.
    pub elapsed: Duration,
}

impl Rate {
    fn count(&mut self, decisions: usize, elapsed: Duration) {
        self.commits += 1;
        self.decisions += decisions;
        self.elapsed += elapsed;
    }

    /// Decisions a second.
    pub fn decisions_per_second(&self) -> f64 {
        self.decisions as f64 / self.elapsed.as_secs_f64()
    }

    /// Commits a second.
    pub fn commits_per_second(&self) -> f64 {
        self.commits as f64 / self.elapsed.as_secs_f64()
    }
}

impl Workload {
    /// How many decisions each commit holds, and its changes: with even numbers puts, with odd ones deletes
    /// of the same entries.
    pub fn commits(&self) -> impl Iterator<Item = (usize, Vec<Change>)> + '_ {
        let value = Bytes::from(vec![b'x'; self.bytes]);
        (0..self.commits).map(move |number| {
            let pair = number / 2;
            let turn = pair.checked_rem(self.batch_sizes.len());
            let decisions = turn.map_or(1, |turn| self.batch_sizes[turn]);
            let changes = (0..decisions * self.entries).map(|entry| {
                // Spread over the key space, as random ids are.
                let id = ((pair * 8_191 + entry) as u64).wrapping_mul(2_654_435_761) & 0xffff_ffff;
                let key = Key::reserved(format!("vif/dxvif-{id:08x}"));
                let value = value.clone();
                if number % 2 == 0 {
                    Change::Put { key, value }
                } else {
                    Change::Delete { key }
                }
            });
            (decisions, changes.collect())
        })
    }
}

/// Makes the commits in a store, one after the other; each comes with the number of its decisions.
///
/// # Errors
/// [`CommitError`] of the first commit that fails; nobody else may write meanwhile.
pub async fn commit_rate(
    store: &dyn Store,
    commits: impl IntoIterator<Item = (usize, Vec<Change>)>,
) -> Result<Rate, CommitError> {
    let mut at = store
        .head()
        .await
        .map_err(|error| CommitError::Unavailable(error.into()))?;
    let mut rate = Rate::default();
    for (decisions, changes) in commits {
        let id = CommitId::new(u128::from(at.get()) + 1);
        let batch = Batch::new(id, changes);
        let started = Instant::now();
        at = store.commit(at, batch).await?;
        rate.count(decisions, started.elapsed());
    }
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryStore, Revision};

    #[tokio::test]
    async fn a_workload_ends_where_it_began() {
        let workload = Workload {
            commits: 8,
            batch_sizes: vec![1, 3],
            entries: 2,
            bytes: 10,
        };
        let store = MemoryStore::new();
        let rate = commit_rate(&store, workload.commits()).await.unwrap();
        assert_eq!(
            (rate.commits, rate.decisions),
            (8, 1 + 1 + 3 + 3 + 1 + 1 + 3 + 3)
        );
        assert!(
            store
                .load()
                .await
                .unwrap()
                .collect()
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(store.head().await.unwrap(), Revision::new(8));
        let folder = tempfile::TempDir::new().unwrap();
        let bare = bare_redb(&folder.path().join("bare.redb"), &[], workload.commits()).unwrap();
        assert_eq!(bare.decisions, rate.decisions);
    }
}
