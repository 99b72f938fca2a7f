//! The embedded engine: one directory, one process, redb underneath.
//!
//! `docs/store-format.md` sections 2 to 4 describe the files and what they survive.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;

use redb::Database;
use redb::backends::FileBackend;
use tokio::sync::{mpsc, oneshot, watch};

use self::directory::{Contents, Directory};
use self::disk::SyncFailed;
use self::engine::EngineError;
use self::writer::{LIMITS, Request, Writer};
use crate::error::Reason;
use crate::{
    Batch, BoxFuture, CommitError, Commits, Entries, Limits, ReadError, Revision, Sharing, Store,
    WatchError,
};

#[cfg(test)]
mod crash;
mod directory;
mod disk;
mod engine;
mod reader;
mod refusal;
mod tables;
mod writer;

pub use refusal::OpenError;

/// Commits waiting for the writer thread. One is usual; more only slow the callers down.
const QUEUE: usize = 16;

/// A store in a directory of its own. Dropping it finishes what was queued and closes the file.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

/// What the writer thread and the readers have in common.
#[derive(Debug)]
struct Shared {
    /// `None` after a failure, until it could be opened again.
    database: RwLock<Option<Database>>,
    /// The newest durable revision.
    head: watch::Sender<Revision>,
}

/// Opens the database, again after a failure.
trait Opener: Send {
    fn open(&mut self) -> Result<Database, EngineError>;
    fn sync_failed(&self) -> bool;
}

impl EmbeddedStore {
    /// Opens the store in `directory`, or makes an empty one when the directory is empty or missing.
    ///
    /// Blocks for a few synced writes.
    ///
    /// # Errors
    /// [`OpenError`]; then nothing was created or changed.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        let (directory, created) = Directory::claim(directory.as_ref())?;
        let sync_failed = SyncFailed::default();
        if directory.contents()? == Contents::Empty {
            directory.create_store(|file| {
                let filled = FileBackend::new(file).map_err(EngineError::from);
                let filled = filled.and_then(|file| {
                    let database = engine::open(file, sync_failed.clone())?;
                    engine::initialize(&database)
                });
                filled.map_err(|error| refusal_of(&directory, error))
            })?;
        }
        let mut opener = FileOpener {
            directory,
            sync_failed,
        };
        let started = opener.first_open();
        let (database, head) = started.map_err(|error| refusal_of(&opener.directory, error))?;
        created.keep();
        let path = opener.directory.path().to_owned();
        Self::start(database, head, Box::new(opener))
            .map_err(|source| OpenError::Unwritable { path, source })
    }

    /// Reads every page of the store in `directory` and compares the checksums: slower and stricter than loading it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn check(directory: impl AsRef<Path>) -> Result<(), OpenError> {
        let (directory, _created) = Directory::claim(directory.as_ref())?;
        if directory.contents()? == Contents::Empty {
            return Ok(());
        }
        let mut opener = FileOpener {
            directory,
            sync_failed: SyncFailed::default(),
        };
        let checked = opener
            .first_open()
            .and_then(|(database, _head)| engine::check_pages(database));
        checked.map_err(|error| refusal_of(&opener.directory, error))
    }

    fn start(
        database: Database,
        head: tables::Head,
        opener: Box<dyn Opener>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            database: RwLock::new(Some(database)),
            head: watch::Sender::new(head.revision),
        });
        let (requests, queue) = mpsc::channel(QUEUE);
        let writer = Writer {
            shared: Arc::clone(&shared),
            opener,
            head,
            doubtful: None,
        };
        let thread = std::thread::Builder::new().name("store-writer".to_owned());
        let thread = thread.spawn(move || writer.run(queue))?;
        Ok(Self {
            shared,
            requests: Some(requests),
            thread: Some(thread),
        })
    }
}

impl Store for EmbeddedStore {
    fn limits(&self) -> Limits {
        LIMITS
    }

    fn sharing(&self) -> Sharing {
        Sharing::Exclusive
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        Box::pin(async move { reader::load(&self.shared) })
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request { at, batch, reply };
            let queued = match &self.requests {
                Some(requests) => requests.send(request).await.is_ok(),
                None => false,
            };
            if !queued {
                let reason = Reason("the writer thread has ended");
                return Err(CommitError::Unavailable(reason.into()));
            }
            answer.await.unwrap_or_else(|_| {
                let reason = Reason("the writer thread ended before it answered");
                Err(CommitError::Unknown(reason.into()))
            })
        })
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        Box::pin(reader::watch(&self.shared, from))
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        Box::pin(async move { Ok(*self.shared.head.borrow()) })
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ended = thread.join();
        }
        self.shared.close();
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = *self.shared.head.borrow();
        f.debug_struct("EmbeddedStore")
            .field("head", &head)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn database(&self) -> RwLockReadGuard<'_, Option<Database>> {
        let open = self.database.read();
        open.unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let open = self.database.write();
        let database = open.unwrap_or_else(PoisonError::into_inner).take();
        engine::close(database);
    }

    fn reopen(&self, database: Database) {
        let open = self.database.write();
        *open.unwrap_or_else(PoisonError::into_inner) = Some(database);
    }
}

/// Opens the file in a directory, which stays locked all the while.
#[derive(Debug)]
struct FileOpener {
    directory: Directory,
    sync_failed: SyncFailed,
}

impl FileOpener {
    /// Looks before it opens, so that a store that is refused stays as it is.
    fn first_open(&mut self) -> Result<(Database, tables::Head), EngineError> {
        let path = self.directory.store_path();
        if fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
            engine::look(&path)?;
        }
        let database = self.open()?;
        engine::inspected(database)
    }
}

impl Opener for FileOpener {
    fn open(&mut self) -> Result<Database, EngineError> {
        let file = self
            .directory
            .open_store()
            .map_err(redb::StorageError::Io)?;
        let length = file.metadata().map_err(redb::StorageError::Io)?.len();
        if length == 0 {
            // redb would start a new database in it.
            return Err(EngineError::NotAStore("the file is empty"));
        }
        engine::open(FileBackend::new(file)?, self.sync_failed.clone())
    }

    fn sync_failed(&self) -> bool {
        self.sync_failed.get()
    }
}

fn refusal_of(directory: &Directory, error: EngineError) -> OpenError {
    let path: PathBuf = directory.store_path();
    match error {
        EngineError::Format(found) => directory.newer_format(found),
        EngineError::Redb(error) if matches!(*error, redb::Error::DatabaseAlreadyOpen) => {
            OpenError::InUse {
                path: directory.path().to_owned(),
            }
        }
        error if error.is_damage() => OpenError::Damaged {
            path,
            cause: error.into(),
        },
        EngineError::Redb(error) => match *error {
            redb::Error::Io(source) => OpenError::Unwritable { path, source },
            other => OpenError::Unwritable {
                path,
                source: std::io::Error::other(other),
            },
        },
        other => OpenError::Damaged {
            path,
            cause: other.into(),
        },
    }
}

#[cfg(test)]
mod tests;
