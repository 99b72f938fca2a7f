//! Tells whoever watches sessions and tables that something happened to them, so that nobody has to ask
//! all of them again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// A bell for everything that is watched together. Rings that nobody waited for yet become one.
#[derive(Clone, Debug, Default)]
pub struct Activity(Arc<Notify>);

impl Activity {
    /// Waits until something happened since the last call.
    pub async fn happened(&self) {
        self.0.notified().await;
    }
}

/// Counts what happened at one place, and rings the bell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamp {
    count: Arc<AtomicU64>,
    /// What happened at any of the places that belong together.
    together: Arc<AtomicU64>,
    activity: Activity,
}

impl Stamp {
    pub(crate) fn new(activity: &Activity) -> Self {
        Self {
            count: Arc::default(),
            together: Arc::default(),
            activity: activity.clone(),
        }
    }

    /// Another place that belongs together with this one.
    pub(crate) fn beside(&self) -> Self {
        Self {
            count: Arc::default(),
            ..self.clone()
        }
    }

    pub(crate) fn mark(&self) {
        self.count.fetch_add(1, Ordering::Release);
        self.together.fetch_add(1, Ordering::Release);
        self.activity.0.notify_one();
    }

    pub(crate) fn read(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// What happened here and at all places beside it.
    pub(crate) fn read_together(&self) -> u64 {
        self.together.load(Ordering::Acquire)
    }
}
