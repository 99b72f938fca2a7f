//! Whether this process holds the lease, and when it has to do something about it.
//!
//! The holder shows signs of life in the store. The others measure, each by its own steady clock, how long
//! they have seen none; after that the first of them takes the lease over. Clocks decide only *when* that is
//! tried. That there is one holder follows from the store: every commit builds on the head, so a process
//! that acts on the strength of a lease that it has lost gets a conflict.

use std::time::Duration;

use demarc_domain::entity::Lease;
use tokio::time::Instant;

/// Signs of life in the time after which the lease is lost.
const BEATS: u32 = 3;

pub(crate) struct Tenure {
    /// The name of this process.
    name: String,
    /// Without a sign of life for so long, the lease is lost.
    patience: Duration,
    /// So much longer this process waits, so that not all try at the same time.
    stagger: Duration,
    /// When the lease changed last, as far as we saw.
    heard: Instant,
}

impl Tenure {
    /// `stagger` is a random number.
    pub(crate) fn new(name: String, patience: Duration, stagger: u32) -> Self {
        let share = patience / BEATS / u32::from(u8::MAX);
        Self {
            name,
            patience,
            stagger: share * (stagger % u32::from(u8::MAX)),
            heard: Instant::now(),
        }
    }

    pub(crate) fn holds(&self, lease: Option<&Lease>) -> bool {
        lease.is_some_and(|lease| lease.holder.as_deref() == Some(&self.name))
    }

    /// The lease has changed.
    pub(crate) fn hear(&mut self) {
        self.heard = Instant::now();
    }

    /// When [`Tenure::step`] has something to do.
    pub(crate) fn due(&self, lease: Option<&Lease>) -> Instant {
        if self.holds(lease) {
            self.heard + self.patience / BEATS
        } else if lease.is_some_and(|lease| lease.holder.is_some()) {
            self.heard + self.patience + self.stagger
        } else {
            self.heard
        }
    }

    /// What the lease should become now: a sign of life, or ours.
    pub(crate) fn step(&self, lease: Option<&Lease>) -> Option<Lease> {
        if Instant::now() < self.due(lease) {
            return None;
        }
        Some(match lease {
            Some(lease) if self.holds(Some(lease)) => Lease {
                beat: lease.beat + 1,
                ..lease.clone()
            },
            other => Lease {
                holder: Some(self.name.clone()),
                term: other.map_or(0, |lease| lease.term) + 1,
                beat: 0,
            },
        })
    }

    /// The lease after giving it up, if it is ours to give up.
    pub(crate) fn given_up(&self, lease: Option<&Lease>) -> Option<Lease> {
        let lease = lease.filter(|lease| self.holds(Some(lease)))?;
        Some(Lease {
            holder: None,
            ..lease.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_holder_is_replaced_and_one_that_is_heard_is_not() {
        let patience = Duration::from_secs(3);
        let mut mine = Tenure::new("a".to_owned(), patience, 7);
        let mut other = Tenure::new("b".to_owned(), patience, 200);
        let first = mine.step(None).unwrap();
        assert_eq!((first.holder.as_deref(), first.term), (Some("a"), 1));
        mine.hear();
        other.hear();
        assert_eq!(mine.step(Some(&first)), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        let beat = mine.step(Some(&first)).unwrap();
        assert_eq!((beat.term, beat.beat), (1, 1));
        other.hear();
        tokio::time::advance(Duration::from_millis(2_900)).await;
        assert_eq!(other.step(Some(&beat)), None);
        tokio::time::advance(Duration::from_millis(1_100)).await;
        let second = other.step(Some(&beat)).unwrap();
        assert_eq!((second.holder.as_deref(), second.term), (Some("b"), 2));
        assert_eq!(mine.given_up(Some(&second)), None);
        let free = other.given_up(Some(&second)).unwrap();
        assert_eq!(mine.step(Some(&free)).unwrap().term, 3);
    }
}
