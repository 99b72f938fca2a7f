//! Asking for the head, once for everyone who waits.
//!
//! A look-up answers all who asked before it was *sent*; whoever asks while it is under way waits for the
//! next one, because the one under way may already have been answered by etcd. So there is at most one
//! look-up at a time, however many readers there are. Each is work for the whole cluster, so where there are
//! many readers the next one waits for half of them: while the one half is answered, the other is looked up for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::EtcdError;
use super::cluster::Cluster;
use crate::error::Reason;
use crate::{ReadError, Revision};

/// So few readers do not wait for each other.
const FEW: usize = 8;
/// The longest that a look-up waits for readers who may not come.
const PATIENCE: Duration = Duration::from_millis(1);

type Answer = Result<Revision, Arc<EtcdError>>;

#[derive(Debug, Default)]
pub(super) struct Lookups {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// As many wait as the next look-up was to wait for.
    enough: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<oneshot::Sender<Answer>>,
    running: bool,
    /// Readers that the next look-up waits for.
    wanted: usize,
}

impl Lookups {
    pub(super) async fn head(&self, cluster: &Arc<Cluster>) -> Result<Revision, ReadError> {
        let (sender, answer) = oneshot::channel();
        let start = {
            let mut state = self.shared.lock();
            state.waiting.push(sender);
            if state.waiting.len() == state.wanted {
                self.shared.enough.notify_one();
            }
            !std::mem::replace(&mut state.running, true)
        };
        if start {
            tokio::spawn(answer_all(Arc::clone(&self.shared), Arc::clone(cluster)));
        }
        match answer.await {
            Ok(Ok(revision)) => Ok(revision),
            Ok(Err(error)) if error.is_damage() => Err(ReadError::Corrupted(error.into())),
            Ok(Err(error)) => Err(ReadError::Unavailable(error.into())),
            Err(_) => Err(ReadError::Unavailable(
                Reason("the look-up was stopped").into(),
            )),
        }
    }
}

/// Looks the head up until nobody waits any more.
async fn answer_all(shared: Arc<Shared>, cluster: Arc<Cluster>) {
    loop {
        let waiting = {
            let mut state = shared.lock();
            let waiting = std::mem::take(&mut state.waiting);
            state.running = !waiting.is_empty();
            waiting
        };
        if waiting.is_empty() {
            return;
        }
        let found = cluster.look(Revision::ZERO).await;
        let answer = found.map(|sight| sight.revision()).map_err(Arc::new);
        let answered = waiting.len();
        for sender in waiting {
            // Whoever stopped waiting needs no answer.
            let _gone = sender.send(answer.clone());
        }
        shared.gather(answered).await;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for half of the readers there seem to be, of whom so many have just been answered.
    async fn gather(&self, answered: usize) {
        let missing = {
            let mut state = self.lock();
            let readers = answered + state.waiting.len();
            state.wanted = if readers > FEW { readers / 2 } else { 0 };
            state.waiting.len() < state.wanted
        };
        if missing {
            let _late = timeout(PATIENCE, self.enough.notified()).await;
        }
    }
}
