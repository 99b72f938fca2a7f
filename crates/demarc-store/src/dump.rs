//! A whole store as one text file: backup, and the way from one engine to another.
//!
//! The format is in `docs/store-format.md`, section 7. The same entries at the same revision
//! give the same bytes on every engine. Reading and writing the file blocks; call this where that is fine.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use crate::{Cause, CommitError, Entry, Key, ReadError, Revision, Store};

mod format;
mod import;

pub use import::import;

use format::{Reader, Writer};

/// What a store or a dump holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// The revision of the snapshot.
    pub revision: Revision,
    /// How many entries.
    pub entries: u64,
    /// The bytes of all values.
    pub bytes: u64,
    /// How many entries of each kind, the part of the key before the slash.
    pub kinds: BTreeMap<String, u64>,
    /// The keys whose values are not JSON objects. Empty in a sound store.
    pub strange: Vec<Key>,
    /// SHA-256 of the dump up to its last line, in hexadecimal: equal for equal content.
    pub sha256: String,
}

/// Why a dump could not be written, read or imported.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The store could not be read.
    #[error("cannot read the store")]
    Read(#[from] ReadError),
    /// The store did not take a batch.
    #[error("cannot write to the store")]
    Commit(#[from] CommitError),
    /// Import wants an empty store.
    #[error("the store is not empty (it is at revision {head}); import into an empty one")]
    NotEmpty {
        /// Its revision.
        head: Revision,
    },
    /// The file could not be read or written.
    #[error("cannot read or write the dump")]
    File(#[from] io::Error),
    /// The dump comes from a newer program.
    #[error("the dump has format {found}, this program knows formats up to {known}")]
    NewerFormat {
        /// Its format.
        found: u64,
        /// The newest that we know.
        known: u64,
    },
    /// A revision that no store has.
    #[error(
        "the dump names revision {revision}; the highest that a store can begin at is {highest}"
    )]
    TooHigh {
        /// What the dump says.
        revision: Revision,
        /// The limit.
        highest: Revision,
    },
    /// The file is not a dump, or was cut or changed.
    #[error("line {line} of the dump: {what}")]
    Broken {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        what: &'static str,
        /// The parser's reason, if there is one.
        #[source]
        cause: Option<Cause>,
    },
}

/// Writes all entries of a store, as of one revision.
///
/// # Errors
/// [`DumpError`]; the file is then useless.
pub async fn export(store: &dyn Store, out: impl Write + Send) -> Result<Summary, DumpError> {
    let mut entries = store.load().await?;
    let mut writer = Writer::begin(out, entries.revision())?;
    while let Some(chunk) = entries.next().await? {
        for entry in &chunk {
            writer.entry(entry)?;
        }
    }
    writer.finish()
}

/// Reads all entries of a store and sums them up, without writing anything.
///
/// # Errors
/// [`DumpError::Read`] when an entry cannot be read.
pub async fn verify(store: &dyn Store) -> Result<Summary, DumpError> {
    export(store, io::sink()).await
}

/// Reads a dump to its end, checks it, and hands every entry to `each`.
///
/// # Errors
/// [`DumpError::File`], [`DumpError::NewerFormat`], [`DumpError::Broken`].
pub fn read(input: impl BufRead, mut each: impl FnMut(Entry)) -> Result<Summary, DumpError> {
    let mut reader = Reader::begin(input)?;
    while let Some(entry) = reader.entry()? {
        each(entry);
    }
    Ok(reader.summary())
}

#[cfg(test)]
mod tests;
