//! redb, opened, checked, and with our transactions on it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::{
    Builder, Database, Durability, ReadTransaction, ReadableDatabase, ReadableTableMetadata,
    StorageBackend, StorageError, WriteTransaction,
};

use super::directory::FORMAT_VERSION;
use super::disk::{Disk, SyncFailed};
use super::tables::{
    CREATED_BY, ENTRIES, FORMAT, Garbled, HEAD, Head, LOG, META, decode_commit_id, encode_commit,
    encode_entry,
};
use crate::history::{LOG_BYTES, LOG_COMMITS, Successor};
use crate::{Batch, Change, Revision};

/// redb's page cache. Small: everything is read once at start and then lives in the caller's memory.
const CACHE_BYTES: usize = 64 << 20;

/// Why something could not be done with the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum EngineError {
    /// redb says so.
    #[error(transparent)]
    Redb(Box<redb::Error>),
    /// redb did not expect what it read.
    #[error("the database gave up: {0}")]
    Panicked(String),
    /// A record of ours does not fit.
    #[error(transparent)]
    Garbled(#[from] Garbled),
    /// The file is a database, but not a store.
    #[error("{0}")]
    NotAStore(&'static str),
    /// A failure closed the file.
    #[error("the file is closed after a failure")]
    Closed,
    /// The file says that it has this format.
    #[error("the store has format {0}")]
    Format(u64),
}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for EngineError {
            fn from(error: redb::$error) -> Self {
                Self::Redb(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(
    CommitError,
    DatabaseError,
    SetDurabilityError,
    StorageError,
    TableError,
    TransactionError
);

impl EngineError {
    /// Whether the file is wrong, as opposed to the disk being in trouble.
    pub(super) fn is_damage(&self) -> bool {
        use std::io::ErrorKind::{InvalidData, UnexpectedEof};
        match self {
            Self::Redb(error) => match &**error {
                redb::Error::Io(error) => matches!(error.kind(), InvalidData | UnexpectedEof),
                redb::Error::Corrupted(_)
                | redb::Error::UpgradeRequired(_)
                | redb::Error::TableTypeMismatch { .. }
                | redb::Error::TableIsMultimap(_)
                | redb::Error::TableDoesNotExist(_)
                | redb::Error::TypeDefinitionChanged { .. }
                | redb::Error::RepairAborted => true,
                _ => false,
            },
            Self::Panicked(_) | Self::Garbled(_) | Self::NotAStore(_) => true,
            Self::Format(_) | Self::Closed => false,
        }
    }
}

/// Runs what may panic inside redb when the file is damaged.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(panic: &(dyn Any + Send)) -> EngineError {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    EngineError::Panicked(text.unwrap_or_default())
}

/// Opens a database, or starts one in an empty file.
pub(super) fn open(
    backend: impl StorageBackend,
    sync_failed: SyncFailed,
) -> Result<Database, EngineError> {
    guarded(|| {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        builder.set_repair_callback(|session| {
            let percent = session.progress() * 100.0;
            tracing::warn!(percent, "checking the store after an unclean stop");
        });
        Ok(builder.create_with_backend(Disk::new(backend, sync_failed))?)
    })
}

/// Inspects a file without changing a byte of it.
pub(super) fn look(path: &Path) -> Result<(), EngineError> {
    let opened = guarded(|| {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        Ok(builder.open_read_only(path)?)
    });
    let found = opened.and_then(|database| {
        let inspected = inspect(&database);
        close(database);
        inspected
    });
    match found {
        // Only opening it for writing can tell more.
        Err(EngineError::Redb(error)) if matches!(*error, redb::Error::RepairAborted) => Ok(()),
        found => found.map(drop),
    }
}

/// Drops a database; a damaged one may panic when it does its last writes.
pub(super) fn close<D>(database: D) {
    let closed = guarded(|| {
        drop(database);
        Ok(())
    });
    if let Err(error) = closed {
        tracing::error!(%error, "the store did not close cleanly");
    }
}

/// Writes the tables of an empty store.
pub(super) fn initialize(database: &Database) -> Result<(), EngineError> {
    let transaction = begin_write(database)?;
    {
        transaction.open_table(ENTRIES)?;
        transaction.open_table(LOG)?;
        let mut meta = transaction.open_table(META)?;
        meta.insert(FORMAT, FORMAT_VERSION.to_string().as_bytes())?;
        meta.insert(CREATED_BY, crate::CREATED_BY.as_bytes())?;
        meta.insert(HEAD, &Head::default().encode()[..])?;
    }
    Ok(transaction.commit()?)
}

/// Checks that a database is a store that we can use, and reads its head.
pub(super) fn inspect(database: &impl ReadableDatabase) -> Result<Head, EngineError> {
    guarded(|| {
        let transaction = database.begin_read()?;
        let meta = transaction.open_table(META)?;
        let format = meta.get(FORMAT)?;
        let format = format.and_then(|text| std::str::from_utf8(text.value()).ok()?.parse().ok());
        match format {
            Some(FORMAT_VERSION) => {}
            Some(other) => return Err(EngineError::Format(other)),
            None => return Err(EngineError::NotAStore("it has no readable format version")),
        }
        transaction.open_table(LOG)?;
        let head = read_head(&transaction)?;
        if transaction.open_table(ENTRIES)?.len()? == head.entries {
            Ok(head)
        } else {
            Err(EngineError::NotAStore("entries are missing or left over"))
        }
    })
}

/// Inspects a database that was just opened, and closes it again when it is of no use.
pub(super) fn inspected(database: Database) -> Result<(Database, Head), EngineError> {
    match inspect(&database) {
        Ok(head) => Ok((database, head)),
        Err(error) => {
            close(database);
            Err(error)
        }
    }
}

pub(super) fn read_head(transaction: &ReadTransaction) -> Result<Head, EngineError> {
    let meta = transaction.open_table(META)?;
    let head = meta.get(HEAD)?;
    let head = head.ok_or(EngineError::NotAStore("it has no head"))?;
    Ok(Head::decode(head.value())?)
}

/// The kept commit right after `at`.
pub(super) fn successor(database: &Database, at: Revision) -> Result<Successor, EngineError> {
    let transaction = database.begin_read()?;
    if at < read_head(&transaction)?.log_floor {
        return Ok(Successor::Forgotten);
    }
    let log = transaction.open_table(LOG)?;
    let Some(found) = log.range(at.next().get()..)?.next() else {
        return Ok(Successor::None);
    };
    let (revision, stored) = found?;
    let revision = Revision::new(revision.value());
    let id = decode_commit_id(revision, stored.value())?;
    Ok(Successor::Commit(revision, id))
}

/// Prepares the transaction that applies a batch on `head`; it takes effect when it is committed.
pub(super) fn prepare(
    database: &Database,
    head: &Head,
    batch: &Batch,
) -> Result<(WriteTransaction, Head), EngineError> {
    let transaction = begin_write(database)?;
    let mut next = Head {
        revision: batch.revision_after(head.revision),
        commit: Some(batch.id()),
        ..*head
    };
    {
        let mut entries = transaction.open_table(ENTRIES)?;
        let mut stored = Vec::new();
        for change in batch.changes().iter() {
            let key = change.key();
            match change {
                Change::Put { value, .. } => {
                    encode_entry(key, value, &mut stored);
                    let old = entries.insert(key.as_str(), stored.as_slice())?;
                    next.entries += u64::from(old.is_none());
                }
                Change::Delete { .. } => {
                    let old = entries.remove(key.as_str())?;
                    next.entries = next.entries.saturating_sub(old.is_some().into());
                }
            }
        }
        record(&transaction, &mut next, batch)?;
        let mut meta = transaction.open_table(META)?;
        meta.insert(HEAD, &next.encode()[..])?;
    }
    Ok((transaction, next))
}

/// Adds the batch to the log and drops what is too old.
fn record(
    transaction: &WriteTransaction,
    next: &mut Head,
    batch: &Batch,
) -> Result<(), EngineError> {
    let mut log = transaction.open_table(LOG)?;
    let commit = encode_commit(next.revision, batch);
    log.insert(next.revision.get(), commit.as_slice())?;
    next.log_bytes += commit.len() as u64;
    let mut kept = log.len()?;
    while kept > 1 && (kept > LOG_COMMITS || next.log_bytes > LOG_BYTES) {
        let Some((revision, stored)) = log.pop_first()? else {
            break;
        };
        next.log_floor = Revision::new(revision.value());
        next.log_bytes = next.log_bytes.saturating_sub(stored.value().len() as u64);
        kept -= 1;
    }
    Ok(())
}

fn begin_write(database: &Database) -> Result<WriteTransaction, EngineError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Looks at every page of the file, not only at the entries.
pub(super) fn check_pages(mut database: Database) -> Result<(), EngineError> {
    let checked = guarded(|| {
        if database.check_integrity()? {
            Ok(())
        } else {
            let text = "some pages did not match their checksums".to_owned();
            Err(StorageError::Corrupted(text).into())
        }
    });
    close(database);
    checked
}
