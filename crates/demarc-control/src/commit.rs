//! Making a draft durable, and finding out what became of it.

use std::time::Duration;

use demarc_store::{Batch, CommitError, Revision, Sharing, commit_definitely};
use rand_chacha::rand_core::Rng;
use tokio::time::Instant;

use crate::catching::committed;
use crate::commit_id::dated;
use crate::control::{ControlError, with_causes};
use crate::draft::Draft;
use crate::writer::Writer;

/// How long an engine of this process alone is asked what became of a commit.
const ALONE: Duration = Duration::from_millis(500);

/// The draft was not committed, as far as we know.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Others were first: catch up and decide again. Nothing was changed.
    Conflict {
        head: Revision,
    },
    /// The engine takes less than it said. Nothing was changed.
    TooLarge(String),
    Lost(ControlError),
}

impl Writer {
    /// Makes the draft durable, and then visible. `answers`: someone waits for what was decided in it.
    pub(crate) async fn commit(&mut self, draft: Draft, answers: bool) -> Result<(), Failure> {
        if draft.changes.is_empty() {
            return if answers {
                self.check_head().await
            } else {
                Ok(())
            };
        }
        let started = std::time::Instant::now();
        let Draft {
            world,
            builder,
            changes,
            events,
            reports,
        } = draft;
        let mut random = [0; 10];
        self.seeds.fill_bytes(&mut random);
        let id = dated(self.shared.now(&world), random);
        let batch = builder.finish(id);
        match self.store_commit(batch).await {
            Ok(revision) => {
                metrics::histogram!("demarc_commit_seconds")
                    .record(started.elapsed().as_secs_f64());
                metrics::counter!("demarc_changes_total")
                    .increment(u64::try_from(changes.len()).unwrap_or(0));
                let events = match self.store.sharing() {
                    Sharing::Exclusive => events,
                    // As the others read it off the commit.
                    Sharing::Shared => committed(&self.world, &world, &changes, id),
                };
                self.world = world;
                self.publish(revision, &changes, events);
                Ok(())
            }
            Err(failure) => {
                // The fabric saw a World that did not come to be. What it said still holds.
                let now = self.shared.now(&self.world);
                let mut keys = changes.iter().map(demarc_domain::entity::Change::key);
                self.fabric.touched(&self.world, &mut keys, now);
                let later = std::mem::replace(&mut self.reports, reports);
                self.reports.extend(later);
                Err(failure)
            }
        }
    }

    /// Nothing is to be committed, but someone is told so: that has to be true of the head.
    async fn check_head(&self) -> Result<(), Failure> {
        if self.store.sharing() == Sharing::Exclusive {
            return Ok(());
        }
        match self.store.head().await {
            Ok(head) if head > self.revision => Err(Failure::Conflict { head }),
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::Lost(error.into())),
        }
    }

    async fn store_commit(&self, batch: Batch) -> Result<Revision, Failure> {
        let patience = match self.store.sharing() {
            Sharing::Exclusive => ALONE,
            Sharing::Shared => self.sharing.commit_patience,
        };
        let result = commit_definitely(self.store.as_ref(), self.revision, batch, patience).await;
        result.map_err(|error| match error {
            CommitError::Conflict { head } => Failure::Conflict { head },
            CommitError::TooLarge(_) => Failure::TooLarge(error.to_string()),
            CommitError::Unknown(cause) => {
                Failure::Lost(ControlError::Unknown(with_causes(cause.as_ref())))
            }
            CommitError::Unavailable(cause) => {
                Failure::Lost(ControlError::Unavailable(with_causes(cause.as_ref())))
            }
            CommitError::Corrupted(_) => {
                Failure::Lost(ControlError::Unavailable(with_causes(&error)))
            }
        })
    }

    /// Waits a little, differently from others who met the same conflict.
    pub(crate) async fn back_off(&mut self, conflicts: u32) {
        let longest = (1_u32 << conflicts.min(6)) * 500;
        let wait = Duration::from_micros(u64::from(self.seeds.next_u32() % longest));
        tokio::time::sleep(wait).await;
    }

    /// Takes in what others committed, at least up to `head`.
    pub(crate) async fn catch_up(
        &mut self,
        head: Revision,
        deadline: Instant,
    ) -> Result<(), ControlError> {
        while self.revision < head {
            let next = self.follower.next(self.revision);
            let Ok(next) = tokio::time::timeout_at(deadline, next).await else {
                let text = format!(
                    "the changes up to revision {head} did not arrive; this process is at {}",
                    self.revision
                );
                return Err(ControlError::Unavailable(text));
            };
            self.follow(next).await?;
        }
        Ok(())
    }
}
