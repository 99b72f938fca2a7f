//! The cases; their names say what must hold.

use crate::Revision;

mod commits;
mod faults;
mod imports;
mod sizes;
mod watching;

pub use super::histories::random_histories_match_a_map;
pub use commits::{
    a_commit_makes_exactly_the_next_revision,
    a_commit_on_another_revision_conflicts_and_changes_nothing, an_empty_batch_makes_a_revision,
    an_empty_store_is_at_revision_zero, deleting_what_is_not_there_is_no_error,
    entries_load_in_key_order_as_last_written, of_two_writers_exactly_one_makes_each_revision,
    repeating_a_commit_returns_its_revision, the_head_includes_every_answered_commit,
    values_are_kept_byte_by_byte,
};
pub use faults::{
    a_dropped_commit_is_whole_or_absent, a_failure_before_the_commit_changes_nothing,
    a_late_commit_takes_effect_once_or_never, a_lost_reply_is_resolved_by_repeating,
    reopening_keeps_everything,
};
pub use imports::{an_import_may_jump_ahead, an_unfinished_import_is_not_loaded};
pub use sizes::{
    many_entries_load_once_each, the_largest_batch_commits_and_a_larger_one_is_refused,
};
pub use watching::{
    a_slow_watcher_misses_nothing, a_waiting_watch_sees_commits_of_other_handles,
    a_watch_from_any_revision_sees_every_later_commit, a_watch_from_the_future_is_refused,
    dropped_readers_and_watchers_disturb_nobody,
};

const ZERO: Revision = Revision::ZERO;
