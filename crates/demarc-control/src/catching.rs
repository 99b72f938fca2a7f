//! Taking in what others committed, and showing what is new.

use std::sync::Arc;

use demarc_domain::World;
use demarc_domain::entity::{Change, EntityKey};
use demarc_domain::event::{self, Event};
use demarc_store::{Commit, CommitId, Revision, Sharing};
use tokio::time::Instant;

use crate::commit_id::{author, date};
use crate::control::ControlError;
use crate::follower::{Lag, changes};
use crate::health::Role;
use crate::load::{StartError, load};
use crate::snapshot::Snapshot;
use crate::writer::Writer;

impl Writer {
    /// Takes in what the watch brought.
    pub(crate) async fn follow(&mut self, next: Result<Commit, Lag>) -> Result<(), ControlError> {
        match next {
            // It is our own.
            Ok(commit) if commit.revision <= self.revision => Ok(()),
            Ok(commit) => match changes(&commit) {
                Ok(changes) => {
                    let before = self.take_in(&changes);
                    self.turns.committed(author(commit.id), Instant::now());
                    let events = committed(&before, &self.world, &changes, commit.id);
                    self.publish(commit.revision, &changes, events);
                    Ok(())
                }
                Err(error) => Err(self.end(&error)),
            },
            Err(Lag::Compacted) => self.reload().await,
            Err(error @ Lag::Damaged(_)) => Err(self.end(&error)),
        }
    }

    /// Takes in whatever has arrived by now.
    pub(crate) async fn follow_arrived(&mut self) -> Result<(), ControlError> {
        loop {
            let next = tokio::select! {
                biased;
                next = self.follower.next(self.revision) => next,
                () = std::future::ready(()) => return Ok(()),
            };
            self.follow(next).await?;
        }
    }

    /// Applies the changes and returns the World before.
    fn take_in(&mut self, changes: &[Change]) -> World {
        let before = self.world.clone();
        for change in changes {
            self.world.apply(change);
        }
        let now = self.shared.now(&self.world);
        let mut keys = changes.iter().map(Change::key);
        self.fabric.touched(&self.world, &mut keys, now);
        before
    }

    /// Too far behind for the watch.
    async fn reload(&mut self) -> Result<(), ControlError> {
        tracing::warn!(revision = %self.revision, "too far behind; loading everything again");
        match load(self.store.as_ref()).await {
            Ok((_, revision)) if revision < self.revision => {
                let text = format!(
                    "the store went back from revision {} to {revision}; restart this process",
                    self.revision
                );
                Err(self.end(&text))
            }
            Ok((world, revision)) => {
                let changes = difference(&self.world, &world);
                self.take_in(&changes);
                // What happened on the way is not known; readers are told so.
                self.shared.events.skip(revision);
                self.publish(revision, &changes, Vec::new());
                Ok(())
            }
            Err(StartError::Read(error @ demarc_store::ReadError::Unavailable(_))) => {
                Err(error.into())
            }
            Err(error) => Err(self.end(&error)),
        }
    }

    /// Makes the World that was committed at `revision` the one that readers see.
    pub(crate) fn publish(&mut self, revision: Revision, changes: &[Change], events: Vec<Event>) {
        self.revision = revision;
        // Someone could commit.
        self.shared.standing.allow_writes();
        self.shared.snapshot.store(Arc::new(Snapshot {
            world: self.world.clone(),
            revision,
        }));
        self.shared.applied.send_replace(revision);
        self.shared.events.append(revision, events);
        if changes
            .iter()
            .any(|change| change.key() == EntityKey::Lease(()))
        {
            self.tenure.hear();
            self.take_role();
        }
    }

    /// Tells everyone what the lease says.
    pub(crate) fn take_role(&mut self) {
        let role = match self.store.sharing() {
            Sharing::Exclusive => Role::Alone,
            Sharing::Shared if self.leads() => Role::Leader,
            Sharing::Shared => Role::Follower,
        };
        metrics::gauge!("demarc_leader").set(if role == Role::Follower { 0.0 } else { 1.0 });
        if self.shared.standing.set_role(role) == role {
            return;
        }
        let term = self.world.lease().map_or(0, |lease| lease.term);
        tracing::info!(
            role = role.as_str(),
            term,
            "the role of this process has changed"
        );
        if role == Role::Leader {
            self.reports.clear();
            self.resync();
        }
    }

    /// Whether deadlines and the fabric are this process's business.
    pub(crate) fn leads(&self) -> bool {
        self.store.sharing() == Sharing::Exclusive
            || self.tenure.holds(self.world.lease().map(AsRef::as_ref))
    }

    /// Nothing can be served any more: what is in the store cannot be understood.
    fn end(&self, why: &dyn std::fmt::Display) -> ControlError {
        self.shared.end(why)
    }
}

/// What happened in a commit: the same, in the same order, for all who know only the Worlds before and after.
pub(crate) fn committed(
    before: &World,
    after: &World,
    changes: &[Change],
    id: CommitId,
) -> Vec<Event> {
    let mut changes = changes.to_vec();
    // A store may deliver the keys of a commit in any order, and each of them once.
    changes.sort_by_key(Change::key);
    event::between(before, after, &changes, date(id))
}

/// What leads from one World to the other.
fn difference(before: &World, after: &World) -> Vec<Change> {
    let gone = before.entities().map(|entity| entity.key());
    let gone = gone.filter(|key| after.get(key).is_none());
    let new = after.entities();
    let new = new.filter(|entity| before.get(&entity.key()).as_ref() != Some(entity));
    gone.map(Change::Remove)
        .chain(new.map(Change::Put))
        .collect()
}
