//! How much of the past an engine keeps, and which part of it.

use crate::error::Reason;
use crate::{Batch, CommitError, CommitId, Revision};

/// The log is trimmed from its old end while it holds more commits than this ...
pub(crate) const LOG_COMMITS: u64 = 4_096;
/// ... or more bytes than this.
pub(crate) const LOG_BYTES: u64 = 16 << 20;

/// What is still known of the commit that was built on a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Successor {
    /// There is none.
    None,
    /// This one.
    Commit(Revision, CommitId),
    /// There may have been one, but so many commits have been made since that it was forgotten.
    Forgotten,
}

/// What the head says to a commit that wants to build on `at`. `Ok(None)` means: go ahead. `Ok(Some)`: this
/// very batch was committed before.
///
/// # Errors
/// [`CommitError::Conflict`] when another batch was first; [`CommitError::Unknown`] when nothing tells any
/// more whether it was this one.
pub(crate) fn admit(
    head: Revision,
    at: Revision,
    batch: &Batch,
    successor: Successor,
) -> Result<Option<Revision>, CommitError> {
    if head == at {
        return Ok(None);
    }
    match successor {
        Successor::Commit(revision, id) if id == batch.id() => Ok(Some(revision)),
        Successor::Commit(..) | Successor::None => Err(CommitError::Conflict { head }),
        Successor::Forgotten => Err(CommitError::Unknown(Reason(FORGOTTEN).into())),
    }
}

const FORGOTTEN: &str = "the log of commits no longer reaches back to this commit";
