//! How much of the past an engine keeps, and which part of it.

use crate::{Batch, CommitError, CommitId, Revision};

/// The log is trimmed from its old end while it holds more commits than this ...
pub(crate) const LOG_COMMITS: u64 = 4_096;
/// ... or more bytes than this.
pub(crate) const LOG_BYTES: u64 = 16 << 20;

/// What the head says to a commit that wants to build on `at`.
///
/// `successor` is the kept commit right after `at`, if there is one.
///
/// # Errors
/// `Ok(None)` means: go ahead. `Ok(Some)`: this very batch was committed before. [`CommitError::Conflict`] otherwise.
pub(crate) fn admit(
    head: Revision,
    at: Revision,
    batch: &Batch,
    successor: Option<(Revision, CommitId)>,
) -> Result<Option<Revision>, CommitError> {
    if head == at {
        return Ok(None);
    }
    match successor {
        Some((revision, id)) if id == batch.id() => Ok(Some(revision)),
        _ => Err(CommitError::Conflict { head }),
    }
}
