//! How a control plane is set up.

use std::sync::Arc;

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
    pub seed: Option<[u8; 32]>,
    /// The most requests decided in one batch: large enough to share a sync, small enough to keep the
    /// first one from waiting long.
    pub batch: usize,
    /// Requests that may wait for the writer before callers wait to hand theirs over.
    pub queue: usize,
    /// Events kept for readers who come late.
    pub events: usize,
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
        }
    }
}
