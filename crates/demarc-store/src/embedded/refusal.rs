//! Why a data directory is not opened. Each says where, what, and what to do.

use std::io;
use std::path::PathBuf;

use crate::Cause;

/// A data directory that cannot be used. Nothing in it was created or changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on it.
    #[error(
        "data directory {} is in use by another process; stop that process or choose another directory",
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// A newer version of the program wrote it.
    #[error(
        "data directory {} has store format {found}, this program knows formats up to {known}; \
         use the newer program that wrote it",
        path.display()
    )]
    NewerFormat {
        /// The directory.
        path: PathBuf,
        /// The format that was found.
        found: u64,
        /// The newest format that this program knows.
        known: u64,
    },
    /// The file is not a complete store.
    #[error(
        "the store {} is damaged; keep the file and restore a backup into an empty directory",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        #[source]
        cause: Cause,
    },
    /// The path names a file or something else.
    #[error("data directory {} is not a directory; choose another path", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// It holds other people's files.
    #[error(
        "data directory {} holds other files ({example:?}) and no store; choose an empty directory",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// One of the foreign names.
        example: String,
    },
    /// It cannot be read and written.
    #[error(
        "data directory {} cannot be read and written; check its owner, permissions and free space",
        path.display()
    )]
    Unwritable {
        /// The directory or file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}
