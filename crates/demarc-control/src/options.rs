//! How a control plane is set up.

use std::sync::Arc;
use std::time::Duration;

use demarc_domain::Settings;
use demarc_domain::fabric::Fabric;

use crate::clock::{Clock, SystemClock};

/// Everything that [`crate::Control::start`] needs beside the store.
pub struct Options {
    pub settings: Arc<Settings>,
    /// The fabric in this process.
    pub fabric: Box<dyn Fabric>,
    pub clock: Arc<dyn Clock>,
    /// Seeds ids and keys; random when absent. The same seed and the same requests give the same answers.
    /// Processes that share a store must not share a seed.
    pub seed: Option<[u8; 32]>,
    /// The most requests decided in one batch: large enough to share a sync, small enough to keep the
    /// first one from waiting long.
    pub batch: usize,
    /// Requests that may wait for the writer before callers wait to hand theirs over.
    pub queue: usize,
    /// Events kept for readers who come late.
    pub events: usize,
    /// What only matters where other processes write to the store too.
    pub sharing: SharingOptions,
}

/// How long to wait for others, and for the store between us.
#[derive(Clone, Copy, Debug)]
pub struct SharingOptions {
    /// Reads answer from what this process has, however far behind that may be.
    pub stale_reads: bool,
    /// The longest that a read waits for the head and for having caught up with it.
    pub read_patience: Duration,
    /// The longest that one batch is decided and committed again and again.
    pub commit_patience: Duration,
    /// Who holds the lease and has not been heard of for so long has lost it.
    pub lease: Duration,
}

impl Default for SharingOptions {
    fn default() -> Self {
        Self {
            stale_reads: false,
            read_patience: Duration::from_secs(5),
            commit_patience: Duration::from_secs(10),
            lease: Duration::from_secs(3),
        }
    }
}

impl Options {
    pub fn new(settings: Arc<Settings>, fabric: Box<dyn Fabric>) -> Self {
        Self {
            settings,
            fabric,
            clock: Arc::new(SystemClock),
            seed: None,
            batch: 256,
            queue: 1_024,
            events: 100_000,
            sharing: SharingOptions::default(),
        }
    }
}
