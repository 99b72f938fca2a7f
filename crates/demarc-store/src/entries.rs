//! A snapshot of all entries, arriving in chunks.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::error::Reason;
use crate::{Key, ReadError, Revision};

/// Present while an import is under way (`docs/store-format.md`, section 7).
pub(crate) const IMPORT_UNFINISHED: &str = "store/import-unfinished";

/// Chunks that wait for the reader. Few: they are large, and a slow reader should slow the engine down.
const CHUNKS_AHEAD: usize = 4;

/// One key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub key: Key,
    /// Its document.
    pub value: Bytes,
}

/// The entries of a store at one revision, in key order. Dropping it stops the engine's work on it.
#[derive(Debug)]
pub struct Entries {
    revision: Revision,
    chunks: mpsc::Receiver<Result<Part, ReadError>>,
    finished: bool,
}

/// What an engine sends. The end is said aloud, so that an engine that stops half way is noticed.
#[derive(Debug)]
enum Part {
    Chunk(Vec<Entry>),
    End,
}

/// The engine's side of [`Entries`].
#[derive(Debug)]
pub struct EntrySender(mpsc::Sender<Result<Part, ReadError>>);

/// The reader has gone; the engine can stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody reads any more")]
pub struct ReaderGone;

impl Entries {
    /// For engines: the snapshot at `revision` and the place to send its chunks to.
    pub fn channel(revision: Revision) -> (EntrySender, Self) {
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let entries = Self {
            revision,
            chunks,
            finished: false,
        };
        (EntrySender(sender), entries)
    }

    /// The revision that the entries belong to.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The next chunk; `None` after the last one.
    ///
    /// # Errors
    /// [`ReadError`]; what came before it is then not a complete snapshot.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, ReadError> {
        if self.finished {
            return Ok(None);
        }
        match self.chunks.recv().await {
            Some(Ok(Part::Chunk(chunk))) if holds_import_mark(&chunk) => {
                Err(ReadError::ImportUnfinished)
            }
            Some(Ok(Part::Chunk(chunk))) => Ok(Some(chunk)),
            Some(Ok(Part::End)) => {
                self.finished = true;
                Ok(None)
            }
            Some(Err(error)) => Err(error),
            None => Err(ReadError::Unavailable(
                Reason("the store stopped while it was being read").into(),
            )),
        }
    }

    /// Everything, in memory.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn collect(mut self) -> Result<BTreeMap<Key, Bytes>, ReadError> {
        let mut all = BTreeMap::new();
        while let Some(chunk) = self.next().await? {
            all.extend(chunk.into_iter().map(|entry| (entry.key, entry.value)));
        }
        Ok(all)
    }
}

impl EntrySender {
    /// Sends a chunk, in key order after the one before; waits while the reader is behind.
    ///
    /// # Errors
    /// [`ReaderGone`].
    pub async fn send(&self, chunk: Vec<Entry>) -> Result<(), ReaderGone> {
        let sent = self.0.send(Ok(Part::Chunk(chunk))).await;
        sent.map_err(|_| ReaderGone)
    }

    /// The same from a thread that may block.
    ///
    /// # Errors
    /// [`ReaderGone`].
    pub fn blocking_send(&self, chunk: Vec<Entry>) -> Result<(), ReaderGone> {
        let sent = self.0.blocking_send(Ok(Part::Chunk(chunk)));
        sent.map_err(|_| ReaderGone)
    }

    /// Says that the snapshot is complete, or why it cannot be.
    pub async fn finish(self, result: Result<(), ReadError>) {
        // A reader that has gone needs no end.
        let _gone = self.0.send(result.map(|()| Part::End)).await;
    }

    /// The same from a thread that may block.
    pub fn blocking_finish(self, result: Result<(), ReadError>) {
        let _gone = self.0.blocking_send(result.map(|()| Part::End));
    }
}

fn holds_import_mark(chunk: &[Entry]) -> bool {
    let mark = chunk.binary_search_by(|entry| entry.key.as_str().cmp(IMPORT_UNFINISHED));
    mark.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_stops_half_way_is_not_taken_for_the_end() {
        let (sender, mut entries) = Entries::channel(Revision::ZERO);
        sender.send(Vec::new()).await.unwrap();
        drop(sender);
        assert_eq!(entries.next().await.unwrap(), Some(Vec::new()));
        assert!(matches!(
            entries.next().await,
            Err(ReadError::Unavailable(_))
        ));
    }

    #[tokio::test]
    async fn an_unfinished_import_does_not_load() {
        let (sender, entries) = Entries::channel(Revision::ZERO);
        let entry = |key: &str| Entry {
            key: Key::new(key).unwrap(),
            value: Bytes::new(),
        };
        let chunk = vec![entry("conn/a"), entry(IMPORT_UNFINISHED), entry("vif/a")];
        sender.send(chunk).await.unwrap();
        assert!(matches!(
            entries.collect().await,
            Err(ReadError::ImportUnfinished)
        ));
    }
}
