//! Names of commits that say when they were made.
//!
//! What happened in a commit is read off it by every process that follows, and has to read the same everywhere,
//! the time included. So the name, which goes with the commit, begins with the time: 48 bits of milliseconds
//! since 1970 by the service's clock where the commit was made; the other 80 bits are random.

use demarc_store::CommitId;
use demarc_types::Timestamp;

const RANDOM_BITS: u32 = 80;

pub(crate) fn dated(now: Timestamp, random: [u8; 10]) -> CommitId {
    let millis = u128::from(u64::try_from(now.millis()).unwrap_or(0));
    let mut bits = [0; 16];
    bits[6..].copy_from_slice(&random);
    CommitId::new((millis << RANDOM_BITS) | u128::from_be_bytes(bits))
}

pub(crate) fn date(id: CommitId) -> Timestamp {
    let millis = id.get() >> RANDOM_BITS;
    // 48 bits are left.
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_time_whatever_the_random_part() {
        let now = Timestamp::from_millis(1_763_712_000_123);
        for random in [[0; 10], [255; 10]] {
            assert_eq!(date(dated(now, random)), now);
        }
        assert_ne!(dated(now, [0; 10]), dated(now, [1; 10]));
    }
}
