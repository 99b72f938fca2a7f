//! Reads that never miss a write that was answered before, whichever process answered it.

use std::sync::Arc;
use std::time::Duration;

use demarc_store::{Revision, Sharing};
use tokio::time::timeout;

use crate::control::{Control, ControlError, Shared};
use crate::health::Health;
use crate::snapshot::Snapshot;

/// The longest that a question about the health takes.
const HEALTH: Duration = Duration::from_secs(2);

impl Control {
    /// The World as of now: it holds every write that was answered, by any process, before this call.
    ///
    /// Where no other process writes this is [`Control::snapshot`]. Elsewhere the store is asked for the
    /// head (the engine shares one look-up among all who wait for it), and what this process has is given
    /// as soon as it has caught up with it.
    ///
    /// # Errors
    /// [`ControlError::Unavailable`] when that takes too long or cannot be.
    pub async fn read(&self) -> Result<Arc<Snapshot>, ControlError> {
        let shared = &self.shared;
        if shared.store.sharing() == Sharing::Exclusive {
            return Ok(self.snapshot());
        }
        if let Some(why) = shared.standing.ended() {
            return Err(ControlError::Unavailable(why));
        }
        if !shared.sharing.stale_reads {
            shared.reach_head(shared.sharing.read_patience).await?;
        }
        Ok(self.snapshot())
    }

    /// Whether other processes serve from the same store.
    pub fn is_shared(&self) -> bool {
        self.shared.store.sharing() == Sharing::Shared
    }

    /// A secret that all processes of this store know and nobody else. It is kept in the store.
    pub fn shared_secret(&self) -> Vec<u8> {
        let snapshot = self.snapshot();
        let key = snapshot
            .world
            .service()
            .map(|service| service.token_key.as_str());
        format!("shared secret {}", key.unwrap_or_default()).into_bytes()
    }

    /// What this process can do at the moment; asks the store.
    pub async fn health(&self) -> Health {
        let shared = &self.shared;
        let mut health = Health {
            role: shared.standing.role(),
            revision: self.snapshot().revision,
            behind: 0,
            problem: shared.standing.ended(),
            read_only: shared.standing.read_only(),
            stale_reads: shared.sharing.stale_reads,
            ended: shared.standing.ended().is_some(),
        };
        if shared.store.sharing() == Sharing::Exclusive || health.ended {
            return health;
        }
        match shared.reach_head(HEALTH).await {
            Ok(head) => health.behind = head.get().saturating_sub(health.revision.get()),
            Err(error) => {
                let ended = shared.standing.ended();
                health.ended = ended.is_some();
                health.problem = Some(ended.unwrap_or_else(|| error.to_string()));
            }
        }
        health
    }

    /// Gives the lease up, if this process holds it, and takes it no more: the others need not wait
    /// until they miss its signs of life. For a process that is about to stop.
    ///
    /// # Errors
    /// [`ControlError`]; nothing is lost then but time.
    pub async fn step_down(&self) -> Result<(), ControlError> {
        if self.shared.store.sharing() == Sharing::Exclusive {
            return Ok(());
        }
        self.shared.standing.retire();
        // Any task makes the writer look.
        self.report_together(Vec::new()).await
    }
}

impl Shared {
    /// Waits until this process has taken in all that was committed before the call.
    async fn reach_head(&self, patience: Duration) -> Result<Revision, ControlError> {
        let reached = async {
            let head = self.store.head().await;
            let head = head.map_err(|error| self.unread(error))?;
            let mut applied = self.applied.subscribe();
            // The sender is in our hands.
            let _ = applied.wait_for(|applied| *applied >= head).await;
            Ok(head)
        };
        timeout(patience, reached).await.unwrap_or_else(|_| {
            let text = "this process could not catch up with the store in time";
            Err(ControlError::Unavailable(text.to_owned()))
        })
    }
}
