//! The trait that every engine implements.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Batch, CommitError, Commits, Entries, Limits, ReadError, Revision, WatchError};

/// The future of a trait object's method.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store shared by everyone who needs it.
pub type SharedStore = Arc<dyn Store>;

/// Who else may write to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Only this process: whoever applied the last commit here is up to date, without asking.
    Exclusive,
    /// Other processes too: a linearizable read asks for the [`Store::head`] first.
    Shared,
}

/// A durable map from keys to JSON documents that changes one commit at a time.
///
/// `docs/store-format.md` section 1 is the contract; the `conformance` module checks it on every engine:
///
/// - A commit takes effect completely or not at all, and makes exactly the next revision.
/// - Commits are totally ordered; a commit that does not build on the head is refused.
/// - A commit that returned a revision survives whatever the engine promises to survive.
/// - Repeating a commit (same `at`, same id) that took effect returns its revision and changes nothing.
/// - A commit refused with [`CommitError::Conflict`], [`CommitError::TooLarge`] or
///   [`CommitError::Unavailable`] has changed nothing and never will.
///
/// A future that is dropped before it is ready leaves the commit's outcome unknown; it is never torn.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The most that one commit may hold; see [`crate::BatchBuilder`].
    fn limits(&self) -> Limits;

    /// Whether others can write too.
    fn sharing(&self) -> Sharing;

    /// All entries as they are at one revision, in chunks.
    ///
    /// # Errors
    /// [`ReadError`], here or while the chunks arrive.
    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>>;

    /// Applies a batch on top of revision `at` and returns the revision that it made, once it is durable.
    ///
    /// # Errors
    /// [`CommitError`]; after [`CommitError::Unknown`] repeat the same call.
    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>>;

    /// Every commit after revision `from`, in order, without gaps, for as long as it is polled.
    ///
    /// # Errors
    /// [`WatchError`], here or while the commits arrive.
    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>>;

    /// The newest revision: at least that of every commit that was answered, anywhere, before the call.
    ///
    /// # Errors
    /// [`ReadError`].
    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>>;
}
