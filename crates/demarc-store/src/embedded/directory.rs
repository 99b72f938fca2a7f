//! The data directory: whose it is, what it holds, and how a new store gets there in one step
//! (`docs/store-format.md`, section 2).

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::OpenError;

/// The format that this program writes.
pub(super) const FORMAT_VERSION: u64 = 1;
const STORE: &str = "store-v1.redb";
const UNFINISHED: &str = "store-v1.redb.new";

/// A directory that is ours alone while this value lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Holds the lock; locking the directory itself leaves no lock file behind.
    handle: File,
}

/// What a directory holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// Nothing of value: a store can be created.
    Empty,
    /// A store of our format.
    Store,
}

impl Directory {
    /// Locks the directory; makes it first when there is none.
    pub(super) fn claim(path: &Path) -> Result<(Self, Created), OpenError> {
        let path = path.to_owned();
        let unwritable = |source| OpenError::Unwritable {
            path: path.clone(),
            source,
        };
        let mut created = Created::default();
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(OpenError::NotADirectory { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                created = Created::make(&path).map_err(unwritable)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(OpenError::NotADirectory { path });
            }
            Err(error) => return Err(unwritable(error)),
        }
        let handle = File::open(&path).map_err(unwritable)?;
        match handle.try_lock() {
            Ok(()) => Ok((Self { path, handle }, created)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path }),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    /// Looks, and touches nothing.
    pub(super) fn contents(&self) -> Result<Contents, OpenError> {
        let mut foreign = None;
        let mut newest = None;
        for entry in fs::read_dir(&self.path).map_err(|error| self.unwritable(error))? {
            let name = entry.map_err(|error| self.unwritable(error))?.file_name();
            let name = name.to_string_lossy().into_owned();
            match store_version(&name) {
                Some(version) => newest = newest.max(Some(version)),
                None if name == UNFINISHED || name == "lost+found" => {}
                None => foreign = foreign.or(Some(name)),
            }
        }
        match (newest, foreign) {
            (Some(version), _) if version > FORMAT_VERSION => Err(self.newer_format(version)),
            (Some(_), _) => Ok(Contents::Store),
            (None, None) => Ok(Contents::Empty),
            (None, Some(example)) => Err(OpenError::NotOurs {
                path: self.path.clone(),
                example,
            }),
        }
    }

    /// Lets `fill` write a store under a temporary name and then gives it its own.
    pub(super) fn create_store(
        &self,
        fill: impl FnOnce(File) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let unfinished = self.path.join(UNFINISHED);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        // Keys of BGP sessions and of MACsec are in it.
        options.mode(0o600);
        let file = options.open(&unfinished);
        let file = file.map_err(|error| self.unwritable(error))?;
        let finished = fill(file).and_then(|()| {
            fs::rename(&unfinished, self.store_path())
                .and_then(|()| self.handle.sync_all())
                .map_err(|error| self.unwritable(error))
        });
        if finished.is_err() {
            // Nothing is lost when this fails: the next start overwrites the file.
            let _kept = fs::remove_file(&unfinished);
        }
        finished
    }

    /// The file of an existing store.
    pub(super) fn open_store(&self) -> io::Result<File> {
        File::options()
            .read(true)
            .write(true)
            .open(self.store_path())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn store_path(&self) -> PathBuf {
        self.path.join(STORE)
    }

    pub(super) fn newer_format(&self, found: u64) -> OpenError {
        OpenError::NewerFormat {
            path: self.path.clone(),
            found,
            known: FORMAT_VERSION,
        }
    }

    pub(super) fn unwritable(&self, source: io::Error) -> OpenError {
        OpenError::Unwritable {
            path: self.path.clone(),
            source,
        }
    }
}

/// Directories that were made for a store, outermost first; removed again unless the store got there.
#[derive(Debug, Default)]
pub(super) struct Created(Vec<PathBuf>);

impl Created {
    fn make(path: &Path) -> io::Result<Self> {
        let missing = path
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let mut missing: Vec<_> = missing.map(Path::to_owned).collect();
        missing.reverse();
        let mut made = Self::default();
        for path in missing {
            match fs::create_dir(&path) {
                Ok(()) => made.0.push(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }

    /// The store is there.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        for path in self.0.drain(..).rev() {
            // Only an empty directory goes; anything else is not ours to remove.
            let _kept = fs::remove_dir(path);
        }
    }
}

/// The N of `store-vN.redb`.
fn store_version(name: &str) -> Option<u64> {
    let version = name.strip_prefix("store-v")?.strip_suffix(".redb")?;
    version.parse().ok()
}
