//! From a dump into a store.

use std::io::BufRead;
use std::time::Duration;

use bytes::Bytes;

use super::format::Reader;
use super::{DumpError, Summary};
use crate::entries::IMPORT_UNFINISHED;
use crate::{
    Batch, BatchBuilder, Change, CommitError, CommitId, Entry, Key, Limits, Rejected, Revision,
    Store, commit_definitely,
};

/// One commit of an import holds no more changes than this, even where the engine would take them.
const STRIDE: usize = 10_000;
/// For an engine that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fills an empty store from a dump; its head is then the revision that the dump names (or a later one,
/// if the import needed more commits than that).
///
/// The summary has the revision that the store is at then.
///
/// What fits into one commit is imported by one commit. Otherwise the store is marked until the import is
/// complete, and does not load before. `new_id` gives a fresh id for each commit.
///
/// # Errors
/// [`DumpError`]. Entries may have been written then: empty the store before another attempt.
pub async fn import(
    store: &dyn Store,
    input: impl BufRead + Send,
    new_id: impl FnMut() -> CommitId + Send,
) -> Result<Summary, DumpError> {
    let head = store.head().await?;
    if head != Revision::ZERO {
        return Err(DumpError::NotEmpty { head });
    }
    // Engines that others can write to by hand look for what is left of another store, which would be mixed
    // with what comes.
    let left = store.load().await?.collect().await?;
    if !left.is_empty() {
        return Err(DumpError::NotEmpty { head });
    }
    let mut reader = Reader::begin(input)?;
    let mut limits = store.limits();
    limits.operations = limits.operations.min(STRIDE);
    let mut importer = Importer {
        store,
        limits,
        new_id,
        builder: BatchBuilder::new(limits),
        at: Revision::ZERO,
    };
    while let Some(entry) = reader.entry()? {
        importer.add(entry).await?;
    }
    let made = importer.finish(reader.revision()).await?;
    let mut summary = reader.summary();
    summary.revision = made;
    Ok(summary)
}

struct Importer<'a, F> {
    store: &'a dyn Store,
    limits: Limits,
    new_id: F,
    builder: BatchBuilder,
    at: Revision,
}

impl<F: FnMut() -> CommitId + Send> Importer<'_, F> {
    async fn add(&mut self, entry: Entry) -> Result<(), DumpError> {
        let Entry { key, value } = entry;
        let mut decision = vec![Change::Put { key, value }];
        loop {
            match self.builder.push(decision) {
                Ok(()) => return Ok(()),
                Err(Rejected::Full(back)) => {
                    decision = back;
                    self.flush().await?;
                }
                Err(Rejected::TooLarge(error)) => return Err(CommitError::TooLarge(error).into()),
            }
        }
    }

    /// Commits what has been collected. More will follow, so the store is marked first.
    async fn flush(&mut self) -> Result<(), DumpError> {
        let full = std::mem::replace(&mut self.builder, BatchBuilder::new(self.limits));
        if self.at == Revision::ZERO {
            let key = Key::reserved(IMPORT_UNFINISHED);
            let value = Bytes::from_static(b"{}");
            let mark = Batch::new((self.new_id)(), [Change::Put { key, value }]);
            self.commit(mark).await?;
        }
        let batch = full.finish((self.new_id)());
        self.commit(batch).await
    }

    /// Returns the revision that the store is at then.
    async fn finish(mut self, revision: Revision) -> Result<Revision, DumpError> {
        if self.at == Revision::ZERO {
            if revision == Revision::ZERO && self.builder.is_empty() {
                return Ok(self.at);
            }
            let all = std::mem::replace(&mut self.builder, BatchBuilder::new(self.limits));
            let batch = all.finish((self.new_id)()).landing_on(revision);
            self.commit(batch).await?;
            return Ok(self.at);
        }
        self.flush().await?;
        let key = Key::reserved(IMPORT_UNFINISHED);
        let last = Batch::new((self.new_id)(), [Change::Delete { key }]);
        self.commit(last.landing_on(revision)).await?;
        Ok(self.at)
    }

    async fn commit(&mut self, batch: Batch) -> Result<(), DumpError> {
        self.at = commit_definitely(self.store, self.at, batch, PATIENCE).await?;
        Ok(())
    }
}
