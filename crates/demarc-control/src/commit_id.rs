//! Names of commits that say when they were made, and by whom.
//!
//! What happened in a commit is read off it by every process that follows, and has to read the same everywhere,
//! the time included. So the name, which goes with the commit, begins with the time: 48 bits of milliseconds
//! since 1970 by the service's clock where the commit was made. Then come 32 bits that are the same in all
//! commits of a process; the other 48 bits are random.

use demarc_store::CommitId;
use demarc_types::Timestamp;

const AUTHOR_BITS: u32 = 32;
const RANDOM_BITS: u32 = 48;

/// The process that made a commit, as far as its name tells. Only for guesses: two may be alike by chance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Author(pub(crate) u32);

pub(crate) fn name(now: Timestamp, author: Author, random: u64) -> CommitId {
    let millis = u128::from(u64::try_from(now.millis()).unwrap_or(0));
    let random = random >> (u64::BITS - RANDOM_BITS);
    let ours = u128::from(author.0) << RANDOM_BITS | u128::from(random);
    CommitId::new(millis << (AUTHOR_BITS + RANDOM_BITS) | ours)
}

pub(crate) fn date(id: CommitId) -> Timestamp {
    let millis = id.get() >> (AUTHOR_BITS + RANDOM_BITS);
    // 48 bits are left.
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(0))
}

pub(crate) fn author(id: CommitId) -> Author {
    let bits = (id.get() >> RANDOM_BITS) & u128::from(u32::MAX);
    // 32 bits are left.
    Author(u32::try_from(bits).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_time_and_the_author_whatever_the_random_part() {
        let now = Timestamp::from_millis(1_763_712_000_123);
        for who in [Author(0), Author(u32::MAX), Author(0x1234_5678)] {
            for random in [0, u64::MAX] {
                let id = name(now, who, random);
                assert_eq!((date(id), author(id)), (now, who));
            }
        }
        let who = Author(1);
        assert_ne!(name(now, who, 0), name(now, who, u64::MAX));
    }
}
