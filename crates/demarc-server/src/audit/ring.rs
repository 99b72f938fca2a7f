//! The latest records, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Call;

/// The most records of a page.
const PAGE: usize = 1_000;

/// Calls with numbers that begin at 1 when the service starts.
pub(crate) struct Ring {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    calls: VecDeque<Arc<Call>>,
    /// The number of the newest call.
    last: u64,
}

/// What a reader gets.
pub(crate) struct Page {
    pub(crate) calls: Vec<(u64, Arc<Call>)>,
    /// Ask for what comes after this number next time.
    pub(crate) last: u64,
    /// Calls between the reader's place and the first one here are no longer kept.
    pub(crate) missed: bool,
}

impl Ring {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Mutex::default(),
        }
    }

    pub(super) fn append(&self, call: Arc<Call>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.calls.len() >= self.limit {
            kept.calls.pop_front();
        }
        kept.calls.push_back(call);
        kept.last += 1;
    }

    /// The calls behind number `after`, a page at most.
    pub(crate) fn after(&self, after: u64) -> Page {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.last - u64::try_from(kept.calls.len()).unwrap_or(0) + 1;
        let calls: Vec<_> = (first..)
            .zip(&kept.calls)
            .skip_while(|(number, _)| *number <= after)
            .take(PAGE)
            .map(|(number, call)| (number, Arc::clone(call)))
            .collect();
        Page {
            last: calls
                .last()
                .map_or_else(|| kept.last.max(after), |(number, _)| *number),
            missed: after + 1 < first,
            calls,
        }
    }
}
