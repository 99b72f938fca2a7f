//! The stream of state changes, for readers who come back for more.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use demarc_domain::event::Event;
use demarc_store::Revision;
use tokio::sync::watch;

/// The latest events, in commit order. An event's number grows with its commit, also over restarts; the
/// log itself is kept in memory only, so a reader who comes after a restart is told that some are missing.
pub struct EventLog {
    kept: Mutex<VecDeque<NumberedEvent>>,
    limit: usize,
    newest: watch::Sender<u64>,
}

/// An event and its place in the order.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberedEvent {
    pub number: u64,
    pub event: Event,
}

/// What a reader gets.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage {
    pub events: Vec<NumberedEvent>,
    /// Ask for what comes after this number next time.
    pub last: u64,
    /// Events between the reader's place and the first one here are no longer kept.
    pub missed: bool,
}

/// Events of one commit have numbers from its revision on, shifted by this.
const PER_COMMIT: u32 = 16;
/// The most events of a page.
const PAGE: usize = 1_000;

impl EventLog {
    pub(crate) fn new(limit: usize, revision: Revision) -> Self {
        let start = revision.get() << PER_COMMIT;
        Self {
            kept: Mutex::new(VecDeque::new()),
            limit,
            newest: watch::Sender::new(start),
        }
    }

    pub(crate) fn append(&self, revision: Revision, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let first = revision.get() << PER_COMMIT;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = first;
        for (number, event) in (first..).zip(events) {
            kept.push_back(NumberedEvent { number, event });
            last = number;
        }
        let surplus = kept.len().saturating_sub(self.limit);
        kept.drain(..surplus);
        drop(kept);
        self.newest.send_replace(last);
    }

    fn page(&self, after: u64) -> EventPage {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let start = kept.partition_point(|event| event.number <= after);
        let events: Vec<_> = kept.range(start..).take(PAGE).cloned().collect();
        // The log does not reach back to the reader's place.
        let missed =
            start == 0 && kept.front().is_some_and(|oldest| oldest.number > after) && after > 0;
        let newest = *self.newest.borrow();
        let last = events
            .last()
            .map_or_else(|| newest.max(after), |event| event.number);
        EventPage {
            events,
            last,
            missed,
        }
    }

    /// Events behind number `after`; if there is none yet, waits up to `wait` for one.
    pub async fn after(&self, after: u64, wait: Duration) -> EventPage {
        let mut newest = self.newest.subscribe();
        let page = self.page(after);
        if !page.events.is_empty() || wait.is_zero() {
            return page;
        }
        let came = newest.wait_for(|number| *number > after);
        let _ = tokio::time::timeout(wait, came).await;
        self.page(after)
    }
}
