//! What can go wrong, one variant for each thing that a caller does about it.

use std::error::Error;

use crate::{Revision, TooLarge};

/// The engine's own account of what happened.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a commit did not return a revision.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The store is no longer at the revision that the batch builds on. Nothing changed.
    /// Catch up to `head` and decide again.
    #[error("the store has moved on to revision {head}")]
    Conflict {
        /// The head that was found.
        head: Revision,
    },
    /// The engine cannot commit so much at once. Nothing changed.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The engine cannot take commits now. Nothing changed, and nothing will.
    #[error("the store is not available")]
    Unavailable(#[source] Cause),
    /// No answer: the commit took effect, or did not, or still will. Repeat the same batch
    /// at the same revision until the answer is another one.
    #[error("the outcome of the commit is not known")]
    Unknown(#[source] Cause),
    /// What the engine holds cannot be right. Only a person can help.
    #[error("the store is damaged")]
    Corrupted(#[source] Cause),
}

/// Why a store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The engine cannot answer now; try again later.
    #[error("the store is not available")]
    Unavailable(#[source] Cause),
    /// What the engine holds cannot be right. Only a person can help.
    #[error("the store is damaged")]
    Corrupted(#[source] Cause),
    /// An import was interrupted, so the entries are not complete. Empty the store and import again.
    #[error("an import into this store was not finished; empty it and import again")]
    ImportUnfinished,
}

/// Why a watch ended.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The commits after `from` are no longer (or not) in this store's history; load again.
    #[error("the changes after revision {from} are not kept (the store is at {head})")]
    Compacted {
        /// The last revision that the watcher has.
        from: Revision,
        /// The head that was found.
        head: Revision,
    },
    /// The engine cannot answer now. Watch again from the last revision that arrived.
    #[error("the store is not available")]
    Unavailable(#[source] Cause),
    /// What the engine holds cannot be right. Only a person can help.
    #[error("the store is damaged")]
    Corrupted(#[source] Cause),
}

/// A cause that is only a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Reason(pub(crate) &'static str);

impl From<ReadError> for WatchError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(cause) => Self::Unavailable(cause),
            ReadError::Corrupted(cause) => Self::Corrupted(cause),
            error @ ReadError::ImportUnfinished => Self::Corrupted(error.into()),
        }
    }
}
