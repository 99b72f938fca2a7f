//! What is committed at once, and how much of it fits.
//!
//! A writer collects *decisions*, the changes of one request that must never be torn apart, until the
//! engine's [`Limits`] are reached; what does not fit any more goes into the next batch.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;

use bytes::Bytes;

use crate::{CommitId, Key, Revision};

/// One entry set or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The entry has this value from now on.
    Put {
        /// Which entry.
        key: Key,
        /// Its whole new value.
        value: Bytes,
    },
    /// The entry is gone. Deleting what is not there is no error.
    Delete {
        /// Which entry.
        key: Key,
    },
}

impl Change {
    /// Allowance for what an engine adds to each change on the wire: prefix, lengths, tags.
    const OVERHEAD_BYTES: usize = 64;

    /// The entry that changes.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    /// The new value; `None` for a delete.
    pub fn value(&self) -> Option<&Bytes> {
        match self {
            Self::Put { value, .. } => Some(value),
            Self::Delete { .. } => None,
        }
    }

    /// What the change counts towards [`Limits::bytes`].
    pub fn cost(&self) -> usize {
        cost(self.key(), self.value())
    }
}

fn cost(key: &Key, value: Option<&Bytes>) -> usize {
    key.as_str().len() + value.map_or(0, Bytes::len) + Change::OVERHEAD_BYTES
}

/// The most that one batch may hold on an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Different keys changed.
    pub operations: usize,
    /// Sum of [`Change::cost`].
    pub bytes: usize,
}

/// A set of changes, or a single decision, is larger than an engine can commit at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{operations} changes of {bytes} bytes do not fit into one commit \
     (at most {} changes and {} bytes)", limits.operations, limits.bytes
)]
pub struct TooLarge {
    /// Different keys changed.
    pub operations: usize,
    /// Sum of [`Change::cost`].
    pub bytes: usize,
    /// What would have fitted.
    pub limits: Limits,
}

impl Limits {
    /// No limit: for engines that have none worth naming.
    pub const NONE: Self = Self {
        operations: usize::MAX,
        bytes: usize::MAX,
    };

    /// Whether this much fits.
    ///
    /// # Errors
    /// [`TooLarge`] with the figures when it does not.
    pub fn check(self, operations: usize, bytes: usize) -> Result<(), TooLarge> {
        if operations <= self.operations && bytes <= self.bytes {
            Ok(())
        } else {
            Err(TooLarge {
                operations,
                bytes,
                limits: self,
            })
        }
    }
}

/// What one commit changes: each key at most once, in key order. Cloning shares the changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    id: CommitId,
    changes: Arc<[Change]>,
    bytes: usize,
    landing: Option<Revision>,
}

impl Batch {
    /// A batch of one decision. Of several changes to one key the last one counts.
    pub fn new(id: CommitId, decision: impl IntoIterator<Item = Change>) -> Self {
        let mut builder = BatchBuilder::new(Limits::NONE);
        for change in decision {
            builder.put_together(change);
        }
        builder.finish(id)
    }

    /// Makes the commit land on a later revision than the next one. Only an import does that.
    #[must_use]
    pub fn landing_on(self, revision: Revision) -> Self {
        Self {
            landing: Some(revision),
            ..self
        }
    }

    /// The name of this commit.
    pub fn id(&self) -> CommitId {
        self.id
    }

    /// The changes, in key order.
    pub fn changes(&self) -> &Arc<[Change]> {
        &self.changes
    }

    /// Sum of [`Change::cost`].
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The revision that this batch makes on top of `at`.
    pub fn revision_after(&self, at: Revision) -> Revision {
        self.landing.unwrap_or_default().max(at.next())
    }

    /// Whether an engine with these limits can take it.
    ///
    /// # Errors
    /// [`TooLarge`] with the figures when it cannot.
    pub fn check(&self, limits: Limits) -> Result<(), TooLarge> {
        limits.check(self.changes.len(), self.bytes)
    }
}

/// Why a decision did not go into a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It fits into the next batch; the decision is handed back.
    #[error("the batch is full")]
    Full(Vec<Change>),
    /// It can never be committed on this engine.
    #[error(transparent)]
    TooLarge(TooLarge),
}

/// A batch in the making.
///
/// ```
/// use demarc_store::{BatchBuilder, Change, CommitId, Key, Limits, Rejected};
/// let put = |key: &str| Change::Put { key: Key::new(key).unwrap(), value: "{}".into() };
/// let mut builder = BatchBuilder::new(Limits { operations: 2, bytes: 1_000 });
/// builder.push(vec![put("vif/a")])?;
/// assert!(matches!(builder.push(vec![put("vif/b"), put("vif/c")]), Err(Rejected::Full(_))));
/// let batch = builder.finish(CommitId::new(7));
/// assert_eq!(batch.changes().len(), 1);
/// # Ok::<(), Rejected>(())
/// ```
#[derive(Debug)]
pub struct BatchBuilder {
    limits: Limits,
    changes: BTreeMap<Key, Option<Bytes>>,
    bytes: usize,
    decisions: usize,
}

impl BatchBuilder {
    /// An empty batch for an engine with these limits ([`crate::Store::limits`]).
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            changes: BTreeMap::new(),
            bytes: 0,
            decisions: 0,
        }
    }

    /// Adds the changes of one decision, all or none, on top of what is in the batch.
    ///
    /// # Errors
    /// [`Rejected::Full`] hands the decision back for the next batch; [`Rejected::TooLarge`] when it
    /// would not even fit alone.
    pub fn push(&mut self, decision: Vec<Change>) -> Result<(), Rejected> {
        let mut alone = Self::new(Limits::NONE);
        for change in &decision {
            alone.put_together(change.clone());
        }
        self.limits
            .check(alone.changes.len(), alone.bytes)
            .map_err(Rejected::TooLarge)?;
        let replaced = alone.changes.keys().filter_map(|key| {
            let old = self.changes.get(key)?;
            Some(cost(key, old.as_ref()))
        });
        let (common, freed) = replaced.fold((0, 0), |(n, sum), bytes| (n + 1, sum + bytes));
        let operations = self.changes.len() + alone.changes.len() - common;
        let bytes = self.bytes + alone.bytes - freed;
        if self.limits.check(operations, bytes).is_err() {
            return Err(Rejected::Full(decision));
        }
        self.changes.extend(alone.changes);
        self.bytes = bytes;
        self.decisions += 1;
        Ok(())
    }

    /// How many decisions are in it.
    pub fn decisions(&self) -> usize {
        self.decisions
    }

    /// Whether there is nothing to commit. Decisions without changes do not count.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Closes the batch under this name.
    pub fn finish(self, id: CommitId) -> Batch {
        let change = |(key, value)| match value {
            Some(value) => Change::Put { key, value },
            None => Change::Delete { key },
        };
        Batch {
            id,
            changes: self.changes.into_iter().map(change).collect(),
            bytes: self.bytes,
            landing: None,
        }
    }

    fn put_together(&mut self, change: Change) {
        self.bytes += change.cost();
        let (key, value) = match change {
            Change::Put { key, value } => (key, Some(value)),
            Change::Delete { key } => (key, None),
        };
        match self.changes.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(value);
            }
            Slot::Occupied(mut slot) => {
                self.bytes -= cost(slot.key(), slot.get().as_ref());
                slot.insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
