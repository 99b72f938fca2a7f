//! The stream of state changes, for readers who come back for more.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use demarc_domain::event::Event;
use demarc_store::Revision;
use tokio::sync::watch;

/// The latest events, in commit order. An event's number grows with its commit, also over restarts, and is the
/// same in every process of a store; the log itself is kept in memory only, so a reader who comes after a
/// restart is told that some are missing.
pub struct EventLog {
    kept: Mutex<Kept>,
    limit: usize,
    newest: watch::Sender<u64>,
}

struct Kept {
    events: VecDeque<NumberedEvent>,
    /// Of what comes before this number, something may be missing.
    floor: u64,
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
        let floor = revision.get() << PER_COMMIT;
        let events = VecDeque::new();
        Self {
            kept: Mutex::new(Kept { events, floor }),
            limit,
            newest: watch::Sender::new(floor),
        }
    }

    /// Nobody knows what happened on the way to this revision.
    pub(crate) fn skip(&self, revision: Revision) {
        let floor = revision.get() << PER_COMMIT;
        let mut kept = self.kept();
        kept.events.clear();
        kept.floor = floor;
        drop(kept);
        self.newest.send_replace(floor);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn append(&self, revision: Revision, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let first = revision.get() << PER_COMMIT;
        let mut kept = self.kept();
        let mut last = first;
        for (number, event) in (first..).zip(events) {
            kept.events.push_back(NumberedEvent { number, event });
            last = number;
        }
        let surplus = kept.events.len().saturating_sub(self.limit);
        let dropped = kept.events.drain(..surplus).next_back();
        if let Some(dropped) = dropped {
            kept.floor = dropped.number;
        }
        drop(kept);
        self.newest.send_replace(last);
    }

    fn page(&self, after: u64) -> EventPage {
        let kept = self.kept();
        let start = kept.events.partition_point(|event| event.number <= after);
        let events: Vec<_> = kept.events.range(start..).take(PAGE).cloned().collect();
        // The log does not reach back to the reader's place.
        let missed = after < kept.floor;
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

#[cfg(test)]
mod tests {
    use demarc_domain::event::{Detail, Subject};
    use demarc_types::{AccountId, ProposalId, Timestamp};

    use super::*;

    fn event(state: &'static str) -> Event {
        Event {
            detail_type: "test",
            account: AccountId::DEVELOPMENT,
            region: None,
            time: Timestamp::from_millis(0),
            subject: Subject::Proposal(ProposalId::from_random([0; 16])),
            detail: Detail::Review { state },
        }
    }

    fn words(page: &EventPage) -> Vec<&'static str> {
        let events = page.events.iter();
        events
            .filter_map(|numbered| match numbered.event.detail {
                Detail::Review { state } => Some(state),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_reader_is_told_whether_anything_is_missing() {
        let log = EventLog::new(3, Revision::new(4));
        assert!(log.page(1).missed, "before the start");
        assert!(log.page(0).missed, "a reader who wants everything");
        let fresh = EventLog::new(3, Revision::ZERO);
        assert!(!fresh.page(0).missed, "nothing came before");
        log.append(Revision::new(5), vec![event("a"), event("b")]);
        let page = log.page(4 << PER_COMMIT);
        assert_eq!((words(&page), page.missed), (vec!["a", "b"], false));
        let place = page.last;
        log.append(Revision::new(6), vec![event("c"), event("d")]);
        assert!(log.page(4 << PER_COMMIT).missed, "a is no longer kept");
        let page = log.page(place);
        assert_eq!((words(&page), page.missed), (vec!["c", "d"], false));
        log.skip(Revision::new(9));
        let page = log.page(page.last);
        assert_eq!((words(&page), page.missed), (vec![], true));
        let page = log.page(page.last);
        assert!(!page.missed, "once is enough");
        log.append(Revision::new(10), vec![event("e")]);
        assert_eq!(words(&log.page(page.last)), ["e"]);
    }
}
