//! A store that says that others write to it too, takes little at once, and delivers the keys of a commit in
//! any order, as etcd may.

use demarc_store::{
    Batch, BoxFuture, Change, Commit, CommitError, CommitSender, Commits, Entries, Faulty, Limits,
    ReadError, Revision, Sharing, Store, WatchError,
};

#[derive(Debug)]
pub(crate) struct SharedByAll {
    pub(crate) inner: Faulty,
    /// Changes in a commit at most.
    pub(crate) operations: usize,
}

impl SharedByAll {
    /// One whose commits take few changes.
    pub(crate) fn new(inner: Faulty) -> Self {
        Self {
            inner,
            operations: 8,
        }
    }
}

impl Store for SharedByAll {
    fn limits(&self) -> Limits {
        Limits {
            operations: self.operations,
            bytes: 100_000,
        }
    }

    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        self.inner.load()
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        assert!(batch.check(self.limits()).is_ok(), "the batch is too large");
        self.inner.commit(at, batch)
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        Box::pin(async move {
            let source = self.inner.watch(from).await?;
            let (sender, commits) = Commits::channel();
            tokio::spawn(mix(source, sender, Dice(from.get())));
            Ok(commits)
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        self.inner.head()
    }
}

async fn mix(mut source: Commits, sender: CommitSender, mut dice: Dice) {
    loop {
        let next = tokio::select! {
            next = source.next() => next,
            () = sender.closed() => return,
        };
        let last = next.is_err();
        let mixed = next.map(|commit| mixed(&commit, &mut dice));
        if sender.send(mixed).await.is_err() || last {
            return;
        }
    }
}

fn mixed(commit: &Commit, dice: &mut Dice) -> Commit {
    let mut changes: Vec<Change> = commit.changes.to_vec();
    for end in (1..changes.len()).rev() {
        let other = dice.below(end as u64 + 1);
        changes.swap(end, usize::try_from(other).unwrap_or(end));
    }
    Commit {
        changes: changes.into(),
        ..commit.clone()
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
