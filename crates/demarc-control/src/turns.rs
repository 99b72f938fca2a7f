//! Whose turn it is to commit.
//!
//! Of several processes that decide at the same time one commits, and the others have decided in vain. So they
//! take turns, by what each of them sees: who made the last commits. After a commit the next in the ring goes at
//! once; the one behind it gives it a grace to do so, and so on. Who lets its turn pass is out of the ring until
//! it commits again. To be seen one has to commit; so that those can who lose every race, each stands back now and
//! then: half a grace, which is enough for a turn, and not so long that the next one takes over. Only how much is
//! decided in vain depends on all this: a store that others write to compares the head.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::commit_id::Author;

/// Limits of the grace.
const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(50);
/// The grace, as a multiple of the time that a turn takes: to see the commit, to decide, to commit.
const TURNS: u32 = 3;
/// Graces after which a process stands back again.
const SELDOM: u32 = 32;

/// Who takes part, as one of them sees it.
#[derive(Debug)]
pub(crate) struct Turns {
    me: Author,
    /// The others whose turns are waited for.
    ring: BTreeSet<Author>,
    last: Option<(Author, Instant)>,
    /// What a turn of this process takes, on average.
    takes: Duration,
    /// In its next turn.
    stands_back: bool,
    /// When that was so last.
    stood_back: Option<Instant>,
}

impl Turns {
    pub(crate) fn new(me: Author) -> Self {
        Self {
            me,
            ring: BTreeSet::new(),
            last: None,
            takes: SHORT,
            stands_back: false,
            stood_back: None,
        }
    }

    pub(crate) fn me(&self) -> Author {
        self.me
    }

    /// A turn of this process took so long.
    pub(crate) fn took(&mut self, time: Duration) {
        self.takes = (self.takes * 7 + time.min(LONG)) / 8;
    }

    fn grace(&self) -> Duration {
        (self.takes * TURNS).clamp(SHORT, LONG)
    }

    /// A commit has been seen.
    pub(crate) fn committed(&mut self, by: Author, now: Instant) {
        if let Some((last, _)) = self.last {
            for passed in self.between(last, by) {
                self.ring.remove(&passed);
            }
            self.stands_back &= !is_between(last, self.me, by);
        }
        self.last = Some((by, now));
        if by != self.me {
            self.ring.insert(by);
            return;
        }
        let since = *self.stood_back.get_or_insert(now);
        self.stands_back = now - since >= self.grace() * SELDOM;
        if self.stands_back {
            self.stood_back = Some(now);
        }
    }

    /// When this process may commit; the past, when it need not wait.
    pub(crate) fn mine(&self) -> Option<Instant> {
        let (last, at) = self.last?;
        let before = u32::try_from(self.between(last, self.me).len()).unwrap_or(u32::MAX);
        let back = u32::from(self.stands_back);
        Some(at + self.grace().saturating_mul(before) + self.grace() / 2 * back)
    }

    /// Those in the ring whose turn comes after that of `from` and before that of `to`.
    fn between(&self, from: Author, to: Author) -> Vec<Author> {
        let ring = self.ring.iter().copied();
        ring.filter(|one| is_between(from, *one, to)).collect()
    }
}

/// Whether one's turn comes after that of `from` and before that of `to`; so it does for all but `from`, where
/// the two are the same.
fn is_between(from: Author, one: Author, to: Author) -> bool {
    if from < to {
        from < one && one < to
    } else {
        one > from || one < to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Author = Author(1);
    const B: Author = Author(2);
    const C: Author = Author(3);
    const MS: Duration = Duration::from_millis(1);
    const NOW: Duration = Duration::ZERO;
    const GRACE: Duration = Duration::from_millis(6);

    /// How long each of three waits after these commits, a millisecond apart.
    fn waits(commits: &[Author]) -> [Duration; 3] {
        let mut turns = [A, B, C].map(Turns::new);
        let mut now = Instant::now();
        for by in commits {
            now += MS;
            for turns in &mut turns {
                turns.committed(*by, now);
            }
        }
        turns.map(|turns| turns.mine().map_or(Duration::ZERO, |at| at - now))
    }

    #[test]
    fn who_is_alone_waits_for_nobody() {
        assert_eq!(waits(&[]), [Duration::ZERO; 3]);
        assert_eq!(waits(&[A, A, A])[0], Duration::ZERO);
    }

    #[test]
    fn those_who_write_go_in_the_order_of_the_ring() {
        let after_c = [NOW, GRACE, 2 * GRACE];
        assert_eq!(waits(&[A, B, C]), after_c);
        assert_eq!(waits(&[A, B, C, A, B, C]), after_c);
        assert_eq!(waits(&[A, B, C, A]), [2 * GRACE, NOW, GRACE]);
        assert_eq!(waits(&[A, B, C, A, B]), [GRACE, 2 * GRACE, NOW]);
    }

    #[test]
    fn who_lets_its_turn_pass_is_not_waited_for_until_it_commits_again() {
        assert_eq!(waits(&[A, B, C, A, C])[0], NOW);
        assert_eq!(waits(&[A, B, C, A, C, A])[2], NOW);
        assert_eq!(waits(&[A, B, C, A, C, B, A])[2], GRACE);
        let alone = waits(&[A, B, C, A, A]);
        assert_eq!(alone[0], NOW, "all others let theirs pass");
    }

    #[test]
    fn who_commits_all_the_time_stands_back_now_and_then() {
        let mut turns = Turns::new(A);
        let start = Instant::now();
        let waits = (0..SELDOM * 6 * 2).map(|number| {
            let now = start + MS * number;
            turns.committed(A, now);
            turns.mine().unwrap() - now
        });
        let waits: Vec<_> = waits.filter(|wait| *wait > Duration::ZERO).collect();
        assert_eq!(waits, [GRACE / 2]);
    }

    #[test]
    fn the_grace_follows_the_time_that_turns_take() {
        let mut turns = Turns::new(A);
        for _ in 0..100 {
            turns.took(10 * MS);
        }
        assert!(turns.grace() > 28 * MS && turns.grace() <= 30 * MS);
        for _ in 0..100 {
            turns.took(Duration::from_secs(60));
        }
        assert_eq!(turns.grace(), LONG);
    }
}
