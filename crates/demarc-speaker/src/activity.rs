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
    activity: Activity,
}

impl Stamp {
    pub(crate) fn new(activity: &Activity) -> Self {
        Self {
            count: Arc::default(),
            activity: activity.clone(),
        }
    }

    pub(crate) fn mark(&self) {
        self.count.fetch_add(1, Ordering::Release);
        self.activity.0.notify_one();
    }

    pub(crate) fn read(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }
}
