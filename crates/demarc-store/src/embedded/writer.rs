//! The one thread that writes.
//!
//! ```text
//!  commit() ──request──► queue ──► writer thread ──► redb: prepare, commit, sync
//!      ▲                                │
//!      └────────── reply ◄──────────────┤
//!                                       └──► head (wakes the watchers)
//! ```
//! The queue is short: the one caller that matters has one commit under way at a time. The thread ends
//! when the store is dropped, after the commits that were queued.

use std::sync::Arc;

use redb::Database;
use tokio::sync::{mpsc, oneshot};

use super::engine::{self, EngineError};
use super::tables::Head;
use super::{Opener, Shared};
use crate::error::Reason;
use crate::history::admit;
use crate::{Batch, CommitError, CommitId, Limits, Revision};

/// A commit on its way to the writer thread.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) at: Revision,
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<Revision, CommitError>>,
}

/// One transaction is kept in memory whole, and once more in the log.
pub(super) const LIMITS: Limits = Limits {
    operations: 100_000,
    bytes: 64 << 20,
};

/// The state of the writer thread.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) opener: Box<dyn Opener>,
    pub(super) head: Head,
    /// A commit that failed without telling whether it took effect.
    pub(super) doubtful: Option<CommitId>,
}

/// How far a commit came before it failed.
enum Failure {
    /// The transaction was given up before it could take effect.
    Before(EngineError),
    /// It was being made durable.
    During(EngineError),
}

impl Writer {
    /// Serves until every sender has gone.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.blocking_recv() {
            let result = self.commit(request.at, &request.batch);
            if let Err(error) = &result {
                tracing::debug!(at = %request.at, ?error, "commit failed");
            }
            // Whoever gave up waiting can repeat the commit to learn its outcome.
            let _gone = request.reply.send(result);
        }
    }

    fn commit(&mut self, at: Revision, batch: &Batch) -> Result<Revision, CommitError> {
        batch.check(LIMITS)?;
        if self.opener.sync_failed() {
            return Err(self.refuse(batch, Reason(SYNC_FAILED).into()));
        }
        if self.shared.database().is_none() {
            let opened = self.open_again();
            opened.map_err(|error| self.refuse(batch, error.into()))?;
        }
        let shared = Arc::clone(&self.shared);
        let outcome = match &*shared.database() {
            Some(database) => self.attempt(database, at, batch),
            None => Err(Failure::Before(EngineError::Closed)),
        };
        outcome.unwrap_or_else(|failure| self.recover(at, batch, failure))
    }

    /// One transaction. The outer error means that the database has to be opened again.
    fn attempt(
        &mut self,
        database: &Database,
        at: Revision,
        batch: &Batch,
    ) -> Result<Result<Revision, CommitError>, Failure> {
        if self.head.revision != at {
            let successor = engine::guarded(|| engine::successor(database, at));
            let successor = successor.map_err(Failure::Before)?;
            let repeated = admit(self.head.revision, at, batch, successor);
            return Ok(repeated.map(|found| found.unwrap_or(at)));
        }
        let prepared = engine::guarded(|| engine::prepare(database, &self.head, batch));
        let (transaction, next) = prepared.map_err(Failure::Before)?;
        engine::guarded(|| Ok(transaction.commit()?)).map_err(Failure::During)?;
        self.publish(next);
        Ok(Ok(next.revision))
    }

    /// Opens the file again after a failure and looks what became of the batch.
    fn recover(
        &mut self,
        at: Revision,
        batch: &Batch,
        failure: Failure,
    ) -> Result<Revision, CommitError> {
        let (error, during) = match failure {
            Failure::Before(error) => (error, false),
            Failure::During(error) => (error, true),
        };
        tracing::warn!(%error, during, "the store failed to commit; opening it again");
        self.shared.close();
        if during {
            self.doubtful = Some(batch.id());
        }
        if self.opener.sync_failed() {
            return Err(self.refuse(batch, error.into()));
        }
        let found = self
            .open_again()
            .and_then(|()| match &*self.shared.database() {
                Some(database) => engine::guarded(|| engine::successor(database, at)),
                None => Err(EngineError::Closed),
            });
        let successor = found.map_err(|error| self.refuse(batch, error.into()))?;
        match admit(self.head.revision, at, batch, successor)? {
            Some(revision) => Ok(revision),
            None if error.is_damage() => Err(CommitError::Corrupted(error.into())),
            None => Err(CommitError::Unavailable(error.into())),
        }
    }

    /// Nothing is in doubt once this succeeds: what is not in the file now never will be.
    fn open_again(&mut self) -> Result<(), EngineError> {
        let (database, head) = engine::inspected(self.opener.open()?)?;
        self.shared.reopen(database);
        self.doubtful = None;
        self.publish(head);
        Ok(())
    }

    /// The answer while nothing can be found out.
    fn refuse(&self, batch: &Batch, cause: crate::Cause) -> CommitError {
        if self.doubtful == Some(batch.id()) {
            CommitError::Unknown(cause)
        } else {
            CommitError::Unavailable(cause)
        }
    }

    fn publish(&mut self, head: Head) {
        self.head = head;
        self.shared.head.send_replace(head.revision);
    }
}

const SYNC_FAILED: &str = "the disk failed to sync; check it, then restart this process";
