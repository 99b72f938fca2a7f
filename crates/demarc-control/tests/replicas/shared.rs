//! A store that says that others write to it too, and takes little at once.

use demarc_store::{
    Batch, BoxFuture, CommitError, Commits, Entries, Faulty, Limits, ReadError, Revision, Sharing,
    Store, WatchError,
};

#[derive(Debug)]
pub(crate) struct SharedByAll(pub(crate) Faulty);

impl Store for SharedByAll {
    fn limits(&self) -> Limits {
        Limits {
            operations: 8,
            bytes: 100_000,
        }
    }

    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        self.0.load()
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        assert!(batch.check(self.limits()).is_ok(), "the batch is too large");
        self.0.commit(at, batch)
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        self.0.watch(from)
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        self.0.head()
    }
}

/// A small seeded generator (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
