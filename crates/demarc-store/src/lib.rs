//! The durable, replaceable state of a Demarc service.
//!
//! [`Store`] is a map from keys to JSON documents that changes one [`Batch`] at a time, each making
//! the next [`Revision`]. Three engines implement it:
//!
//! | engine | for | survives |
//! | --- | --- | --- |
//! | [`MemoryStore`] | tests, `--ephemeral` | nothing |
//! | [`EmbeddedStore`] | one process with one directory (redb) | crashes, power cuts |
//! | [`EtcdStore`] | any number of processes over one etcd cluster | the loss of a minority of its members |
//!
//! [`Faulty`] wraps any of them and misbehaves on demand; `conformance` is the suite that all must
//! pass; [`dump`] moves a whole store from one engine to another; [`mod@bench`] measures bare commits.
//!
//! The crate knows nothing about what the documents mean. Its contract and every format are in
//! `docs/store-format.md`. The caller is `demarc-control`, which has one writer and loads everything
//! into memory at start; nothing here is made for reading single entries.

mod batch;
pub mod bench;
mod commits;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod dump;
mod embedded;
mod entries;
mod error;
mod etcd;
mod faulty;
mod history;
mod key;
mod memory;
mod repeat;
mod revision;
mod store;

pub use batch::{Batch, BatchBuilder, Change, Limits, Rejected, TooLarge};
pub use commits::{Commit, CommitSender, Commits};
pub use embedded::{EmbeddedStore, OpenError};
pub use entries::{Entries, Entry, EntrySender, ReaderGone};
pub use error::{Cause, CommitError, ReadError, WatchError};
pub use etcd::{
    Credentials, Endpoint, EtcdConfig, EtcdStore, InvalidEtcdUrl, Refusal, TlsFileError,
    tls_from_files,
};
pub use faulty::{Call, Fault, Faulty};
pub use key::{InvalidKey, Key};
pub use memory::MemoryStore;
pub use repeat::commit_definitely;
pub use revision::{CommitId, Revision};
pub use store::{BoxFuture, SharedStore, Sharing, Store};

/// Who writes: recorded in new stores and dumps, for people.
pub(crate) const CREATED_BY: &str = concat!("demarc ", env!("CARGO_PKG_VERSION"));
