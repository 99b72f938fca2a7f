//! Getting a definite answer to a commit.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Batch, CommitError, Revision, Store};

/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Commits, and repeats the commit while its outcome is not known, for as long as `patience` lasts.
///
/// # Errors
/// [`CommitError`]; [`CommitError::Unknown`] only after the patience ran out.
pub async fn commit_definitely(
    store: &dyn Store,
    at: Revision,
    batch: Batch,
    patience: Duration,
) -> Result<Revision, CommitError> {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(10);
    let mut answer = store.commit(at, batch.clone()).await;
    // Once in doubt, only an answer about this very commit counts: "not available" says
    // nothing about the first attempt when another engine instance gives it.
    while let Err(CommitError::Unknown(_)) = answer {
        if Instant::now() + pause > deadline {
            break;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        answer = match store.commit(at, batch.clone()).await {
            Err(CommitError::Unavailable(cause)) => Err(CommitError::Unknown(cause)),
            answer => answer,
        };
    }
    answer
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::faulty::{Fault, Faulty};
    use crate::{CommitId, MemoryStore};

    #[tokio::test(start_paused = true)]
    async fn the_answer_is_definite_as_soon_as_the_engine_answers() {
        use Fault::{CommitLater, FailBefore, LoseReply};
        let late = CommitLater(Duration::from_millis(25));
        for faults in [
            vec![LoseReply],
            vec![late, FailBefore, LoseReply],
            vec![late, late],
        ] {
            let store = Faulty::script(Arc::new(MemoryStore::new()), faults);
            let batch = Batch::new(CommitId::new(1), []);
            let patience = Duration::from_secs(5);
            let made = commit_definitely(&store, Revision::ZERO, batch, patience).await;
            assert_eq!(made.unwrap(), Revision::new(1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_doubt_stays_a_doubt_when_the_engine_goes_away() {
        let faults = [Fault::LoseReply]
            .into_iter()
            .chain([Fault::FailBefore; 100]);
        let store = Faulty::script(Arc::new(MemoryStore::new()), faults);
        let batch = Batch::new(CommitId::new(1), []);
        let made = commit_definitely(&store, Revision::ZERO, batch, Duration::from_secs(5)).await;
        assert!(matches!(made, Err(CommitError::Unknown(_))), "{made:?}");
    }
}
