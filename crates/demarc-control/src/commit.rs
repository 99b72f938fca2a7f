//! Making a draft durable, and finding out what became of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use demarc_domain::entity::Change;
use demarc_domain::{Report, World};
use demarc_store::{Batch, CommitError, Revision, Sharing, commit_definitely};
use rand_chacha::rand_core::Rng;
use tokio::time::Instant;

use crate::catching::committed;
use crate::commit_id::name;
use crate::control::{ControlError, with_causes};
use crate::draft::Draft;
use crate::round::Round;
use crate::writer::Writer;

/// How long an engine of this process alone is asked what became of a commit.
const ALONE: Duration = Duration::from_millis(500);
/// Requests that are decided between two looks at the commit under way: the store does not wait for long.
const AT_ONCE: usize = 16;

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

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { head } => Self::Conflict { head },
            CommitError::TooLarge(_) => Self::TooLarge(error.to_string()),
            CommitError::Unknown(cause) => {
                Self::Lost(ControlError::Unknown(with_causes(cause.as_ref())))
            }
            CommitError::Unavailable(cause) => {
                Self::Lost(ControlError::Unavailable(with_causes(cause.as_ref())))
            }
            CommitError::Corrupted(_) => Self::Lost(ControlError::Unavailable(with_causes(&error))),
        }
    }
}

impl Writer {
    /// Makes the draft, which took so long to decide, durable, and then visible. `answers`: someone waits for what
    /// was decided in it.
    pub(crate) async fn commit(
        &mut self,
        draft: Draft,
        decided_in: Duration,
        answers: bool,
    ) -> Result<(), Failure> {
        if draft.changes.is_empty() {
            return if answers {
                self.check_head().await
            } else {
                Ok(())
            };
        }
        let started = Instant::now();
        let Draft {
            world,
            builder,
            changes,
            events,
            reports,
        } = draft;
        let (now, author) = (self.shared.now(&world), self.turns.me());
        let id = name(now, author, self.seeds.next_u64());
        let commit = self.store_commit(builder.finish(id));
        match self.meanwhile(commit, &world).await {
            Ok(revision) => {
                let committed_in = started.elapsed();
                metrics::histogram!("demarc_commit_seconds").record(committed_in.as_secs_f64());
                metrics::counter!("demarc_changes_total")
                    .increment(u64::try_from(changes.len()).unwrap_or(0));
                let events = match self.store.sharing() {
                    Sharing::Exclusive => events,
                    // As the others read it off the commit.
                    Sharing::Shared => committed(&self.world, &world, &changes, id),
                };
                self.world = world;
                self.turns.took(decided_in + committed_in);
                self.turns.committed(author, Instant::now());
                self.publish(revision, &changes, events);
                Ok(())
            }
            Err(failure) => {
                // What was decided on top of it falls with it.
                if let Some(Round { draft, decided, .. }) = self.ahead.take() {
                    self.undo(&draft.changes, draft.reports);
                    self.decide_again(decided);
                }
                self.undo(&changes, reports);
                Err(failure)
            }
        }
    }

    /// Waits for the commit that leads to `world`. Where nobody else writes, it will hardly ever fail, so what
    /// is asked for meanwhile is decided on top of it: in [`Writer::ahead`], to be committed next.
    async fn meanwhile<T>(&mut self, commit: impl Future<Output = T>, world: &World) -> T {
        if !self.runs_ahead() {
            return commit.await;
        }
        let mut commit = std::pin::pin!(commit);
        let mut round = None;
        let outcome = loop {
            let has_room = round
                .as_ref()
                .is_none_or(|round: &Round| round.has_room(self.pace.requests));
            let (left, is_open) = (!self.waiting.is_empty(), self.waiting.is_open());
            tokio::select! {
                biased;
                outcome = &mut commit => break outcome,
                () = std::future::ready(()), if has_room && left => {}
                came = self.waiting.arrive(AT_ONCE), if has_room && is_open => if !came { continue },
            }
            let round = round.get_or_insert_with(|| self.round_on(world.clone()));
            self.decide(round);
        };
        self.ahead = round;
        outcome
    }

    /// The decisions did not come to be.
    fn undo(&mut self, changes: &[Change], reports: VecDeque<Report>) {
        // The fabric saw a World that there is not. What it said still holds.
        let now = self.shared.now(&self.world);
        let mut keys = changes.iter().map(Change::key);
        self.fabric.touched(&self.world, &mut keys, now);
        let later = std::mem::replace(&mut self.reports, reports);
        self.reports.extend(later);
    }

    /// Nothing is to be committed, but someone is told so: that has to be true of the head.
    ///
    /// `&mut`, since tasks can be sent to another thread, but not be shared with it.
    async fn check_head(&mut self) -> Result<(), Failure> {
        if self.store.sharing() == Sharing::Exclusive {
            return Ok(());
        }
        match self.store.head().await {
            Ok(head) if head > self.revision => Err(Failure::Conflict { head }),
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::Lost(self.shared.unread(error))),
        }
    }

    fn store_commit(
        &self,
        batch: Batch,
    ) -> impl Future<Output = Result<Revision, Failure>> + use<> {
        let patience = match self.store.sharing() {
            Sharing::Exclusive => ALONE,
            Sharing::Shared => self.sharing.commit_patience,
        };
        let (shared, at) = (Arc::clone(&self.shared), self.revision);
        async move {
            let made = commit_definitely(shared.store.as_ref(), at, batch, patience).await;
            made.map_err(|error| shared.uncommitted(error))
        }
    }

    /// Waits a little, differently from others who met the same conflict; never for long, or those who met
    /// none would always be first.
    pub(crate) async fn back_off(&mut self, conflicts: u32) {
        let longest = conflicts.min(4) * 250;
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
