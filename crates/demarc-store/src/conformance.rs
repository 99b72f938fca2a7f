//! The suite that every engine passes, in this crate or elsewhere (feature `conformance`).
//!
//! An engine describes itself once, by an [`Engine`], and gets a test for each case:
//!
//! ```ignore
//! demarc_store::conformance_suite!(my_engine, MyEngine::default());
//! ```
//!
//! Cases panic when the engine breaks the contract of [`Store`](crate::Store).

use bytes::Bytes;

use crate::{
    Batch, BoxFuture, Change, Commit, CommitId, Commits, Key, Revision, SharedStore, Sharing,
};

pub mod cases;
mod histories;

/// A kind of store to be tested.
pub trait Engine: Sync {
    /// A new data set, empty.
    fn create(&self) -> Box<dyn Instance>;

    /// Why the suite cannot run here, such as a missing program; its tests then say so and pass.
    fn skip(&self) -> Option<String> {
        None
    }

    /// How many random histories to try.
    fn histories(&self) -> u32 {
        64
    }
}

/// One data set of an engine.
pub trait Instance: Send {
    /// Opens it. An engine with [`Sharing::Shared`] may be opened several times at once; the others only
    /// again after the last handle has been dropped.
    fn open(&mut self) -> BoxFuture<'_, SharedStore>;
}

/// Calls a macro with the names of all cases.
#[doc(hidden)]
#[macro_export]
macro_rules! with_conformance_cases {
    ($callback:path, $($arguments:tt)*) => {
        $callback! {
            $($arguments)*;
            an_empty_store_is_at_revision_zero,
            a_commit_makes_exactly_the_next_revision,
            entries_load_in_key_order_as_last_written,
            deleting_what_is_not_there_is_no_error,
            values_are_kept_byte_by_byte,
            an_empty_batch_makes_a_revision,
            a_commit_on_another_revision_conflicts_and_changes_nothing,
            of_two_writers_exactly_one_makes_each_revision,
            repeating_a_commit_returns_its_revision,
            the_head_includes_every_answered_commit,
            a_watch_from_any_revision_sees_every_later_commit,
            a_waiting_watch_sees_commits_of_other_handles,
            a_slow_watcher_misses_nothing,
            a_watch_from_the_future_is_refused,
            dropped_readers_and_watchers_disturb_nobody,
            a_dropped_commit_is_whole_or_absent,
            the_largest_batch_commits_and_a_larger_one_is_refused,
            many_entries_load_once_each,
            a_lost_reply_is_resolved_by_repeating,
            a_late_commit_takes_effect_once_or_never,
            a_failure_before_the_commit_changes_nothing,
            reopening_keeps_everything,
            an_import_may_jump_ahead,
            an_unfinished_import_is_not_loaded,
            random_histories_match_a_map,
        }
    };
}

/// Makes a module with one test for each case, for the [`Engine`] that the expression gives.
///
/// The crate that uses it needs `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_suite {
    ($module:ident, $engine:expr) => {
        $crate::with_conformance_cases! { $crate::conformance_tests, $module, $engine }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($module:ident, $engine:expr; $($case:ident,)*) => {
        mod $module {
            #[allow(unused_imports, reason = "the engine may be built in place")]
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let engine = $engine;
                    match $crate::conformance::Engine::skip(&engine) {
                        Some(reason) => println!("skipped {}: {reason}", stringify!($case)),
                        None => $crate::conformance::cases::$case(&engine).await,
                    }
                }
            )*
        }
    };
}

// ===== what the cases share =====

fn key(text: impl Into<String>) -> Key {
    Key::new(text.into()).expect("the suite uses good keys")
}

fn put(name: impl Into<String>, value: impl Into<String>) -> Change {
    Change::Put {
        key: key(name),
        value: Bytes::from(value.into()),
    }
}

fn delete(name: impl Into<String>) -> Change {
    Change::Delete { key: key(name) }
}

/// A batch whose id nobody else uses.
fn batch(changes: impl IntoIterator<Item = Change>) -> Batch {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    Batch::new(CommitId::new(id), changes)
}

/// Commits `puts` values of one key, one commit each, and returns the commits that a watcher must see.
async fn commit_some(store: &SharedStore, mut at: Revision, puts: usize) -> Vec<Commit> {
    let mut expected = Vec::new();
    for number in 0..puts {
        let batch = batch([put(
            format!("n/{}", number % 7),
            format!("{{\"n\":{number}}}"),
        )]);
        let (id, changes) = (batch.id(), batch.changes().clone());
        at = store.commit(at, batch).await.expect("commit");
        expected.push(Commit {
            revision: at,
            id,
            changes,
        });
    }
    expected
}

async fn receive(commits: &mut Commits, count: usize) -> Vec<Commit> {
    let mut received = Vec::new();
    for _ in 0..count {
        let patience = std::time::Duration::from_secs(20);
        let next = tokio::time::timeout(patience, commits.next()).await;
        received.push(next.expect("a commit arrives").expect("the watch goes on"));
    }
    received
}

/// Another writer on the same data.
async fn second(instance: &mut dyn Instance, store: &SharedStore) -> SharedStore {
    match store.sharing() {
        Sharing::Shared => instance.open().await,
        Sharing::Exclusive => SharedStore::clone(store),
    }
}
