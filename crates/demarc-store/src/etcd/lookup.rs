//! Asking for the head, once for everyone who waits.
//!
//! A look-up answers all who asked before it was *sent*; whoever asks while it is under way waits for the
//! next one, because the one under way may already have been answered by etcd. So there is at most one
//! look-up at a time, however many readers there are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::EtcdError;
use super::cluster::Cluster;
use crate::error::Reason;
use crate::{ReadError, Revision};

type Answer = Result<Revision, Arc<EtcdError>>;

#[derive(Debug, Default)]
pub(super) struct Lookups {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<oneshot::Sender<Answer>>,
    running: bool,
}

impl Lookups {
    pub(super) async fn head(&self, cluster: &Arc<Cluster>) -> Result<Revision, ReadError> {
        let (sender, answer) = oneshot::channel();
        let start = {
            let mut state = lock(&self.state);
            state.waiting.push(sender);
            !std::mem::replace(&mut state.running, true)
        };
        if start {
            tokio::spawn(answer_all(Arc::clone(&self.state), Arc::clone(cluster)));
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
async fn answer_all(state: Arc<Mutex<State>>, cluster: Arc<Cluster>) {
    loop {
        let waiting = {
            let mut state = lock(&state);
            let waiting = std::mem::take(&mut state.waiting);
            state.running = !waiting.is_empty();
            waiting
        };
        if waiting.is_empty() {
            return;
        }
        let found = cluster.look(Revision::ZERO).await;
        let answer = found.map(|sight| sight.revision()).map_err(Arc::new);
        for sender in waiting {
            // Whoever stopped waiting needs no answer.
            let _gone = sender.send(answer.clone());
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
