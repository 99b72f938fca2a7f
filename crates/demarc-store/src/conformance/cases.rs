//! The cases; their names say what must hold.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Engine, batch, commit_some, delete, key, put, receive, second};
use crate::entries::IMPORT_UNFINISHED;
use crate::faulty::{Fault, Faulty};
use crate::{
    Batch, Change, CommitError, CommitId, Limits, ReadError, Revision, SharedStore, Store,
    TooLarge, WatchError,
};

pub use super::histories::random_histories_match_a_map;

const ZERO: Revision = Revision::ZERO;
/// Where an engine names no limit, this much must fit.
const PLENTY: Limits = Limits {
    operations: 5_000,
    bytes: 8 << 20,
};

pub async fn an_empty_store_is_at_revision_zero(engine: &dyn Engine) {
    let store = engine.create().open().await;
    assert_eq!(store.head().await.expect("head"), ZERO);
    let entries = store.load().await.expect("load");
    assert_eq!(entries.revision(), ZERO);
    assert!(entries.collect().await.expect("entries").is_empty());
}

pub async fn a_commit_makes_exactly_the_next_revision(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    for number in 1..=5 {
        let at = store.head().await.expect("head");
        let made = store
            .commit(at, batch([put("a", number.to_string())]))
            .await;
        assert_eq!(made.expect("commit"), Revision::new(number));
        assert_eq!(
            store.load().await.expect("load").revision(),
            Revision::new(number)
        );
    }
}

pub async fn entries_load_in_key_order_as_last_written(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let first = batch([
        put("b/2", "1"),
        put("a", "1"),
        put("b", "1"),
        put("b/10", "1"),
    ]);
    store.commit(ZERO, first).await.expect("commit");
    let second = batch([put("b", "2"), delete("a"), put("c", "2")]);
    store
        .commit(Revision::new(1), second)
        .await
        .expect("commit");
    let mut entries = store.load().await.expect("load");
    let mut seen = Vec::new();
    while let Some(chunk) = entries.next().await.expect("chunk") {
        seen.extend(
            chunk
                .into_iter()
                .map(|entry| (entry.key.to_string(), entry.value)),
        );
    }
    let expected = [("b", "2"), ("b/10", "1"), ("b/2", "1"), ("c", "2")];
    assert_eq!(
        seen,
        expected.map(|(key, value)| (key.to_owned(), Bytes::from(value)))
    );
}

pub async fn deleting_what_is_not_there_is_no_error(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let made = store
        .commit(ZERO, batch([delete("a"), put("b", "1")]))
        .await;
    assert_eq!(made.expect("commit"), Revision::new(1));
    let entries = store
        .load()
        .await
        .expect("load")
        .collect()
        .await
        .expect("entries");
    assert_eq!(entries.into_keys().collect::<Vec<_>>(), [key("b")]);
}

pub async fn values_are_kept_byte_by_byte(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let values = [
        Bytes::new(),
        every_byte.into(),
        Bytes::from(vec![b'x'; 200_000]),
    ];
    let puts = values
        .iter()
        .enumerate()
        .map(|(number, value)| Change::Put {
            key: key(format!("value/{number}")),
            value: value.clone(),
        });
    let committed = batch(puts);
    store.commit(ZERO, committed.clone()).await.expect("commit");
    let entries = store
        .load()
        .await
        .expect("load")
        .collect()
        .await
        .expect("entries");
    assert!(entries.into_values().eq(values));
    let mut watch = store.watch(ZERO).await.expect("watch");
    assert_eq!(
        receive(&mut watch, 1).await[0].changes,
        *committed.changes()
    );
}

pub async fn an_empty_batch_makes_a_revision(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let empty = batch([]);
    let id = empty.id();
    assert_eq!(
        store.commit(ZERO, empty).await.expect("commit"),
        Revision::new(1)
    );
    let mut watch = store.watch(ZERO).await.expect("watch");
    let commit = receive(&mut watch, 1).await.remove(0);
    assert_eq!((commit.id, commit.changes.len()), (id, 0));
}

pub async fn a_commit_on_another_revision_conflicts_and_changes_nothing(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    commit_some(&store, ZERO, 3).await;
    let head = Revision::new(3);
    let before = store
        .load()
        .await
        .expect("load")
        .collect()
        .await
        .expect("entries");
    for wrong in [0, 1, 2, 4, 100, u64::MAX] {
        let refused = store
            .commit(Revision::new(wrong), batch([put("x", "1")]))
            .await;
        match refused {
            Err(CommitError::Conflict { head: found }) => assert_eq!(found, head, "at {wrong}"),
            other => panic!("a commit at {wrong} on {head} gave {other:?}"),
        }
    }
    assert_eq!(store.head().await.expect("head"), head);
    let after = store
        .load()
        .await
        .expect("load")
        .collect()
        .await
        .expect("entries");
    assert_eq!(before, after);
}

pub async fn of_two_writers_exactly_one_makes_each_revision(engine: &dyn Engine) {
    const EACH: usize = 40;
    let mut instance = engine.create();
    let first = instance.open().await;
    let other = second(&mut *instance, &first).await;
    let write = |store: SharedStore, name: &'static str| async move {
        let mut made = Vec::new();
        let mut at = ZERO;
        while made.len() < EACH {
            let batch = batch([
                put("last", name),
                put(format!("{name}/{}", made.len()), "1"),
            ]);
            let id = batch.id();
            match store.commit(at, batch).await {
                Ok(revision) => {
                    assert_eq!(revision, at.next());
                    made.push((revision, id));
                    at = revision;
                    tokio::task::yield_now().await;
                }
                Err(CommitError::Conflict { head }) => {
                    assert!(head > at, "a conflict at {at} with head {head}");
                    at = head;
                }
                Err(error) => panic!("{name} failed at {at}: {error:?}"),
            }
        }
        made
    };
    let writers = (write(first.clone(), "a"), write(other.clone(), "b"));
    let (made_a, made_b) = tokio::join!(tokio::spawn(writers.0), tokio::spawn(writers.1));
    let mut made = made_a.expect("writer a");
    made.extend(made_b.expect("writer b"));
    made.sort_unstable();
    let mut watch = other.watch(ZERO).await.expect("watch");
    let seen = receive(&mut watch, 2 * EACH).await;
    let seen: Vec<_> = seen
        .iter()
        .map(|commit| (commit.revision, commit.id))
        .collect();
    assert_eq!(seen, made);
    assert_eq!(
        first
            .load()
            .await
            .expect("load")
            .collect()
            .await
            .expect("entries")
            .len(),
        2 * EACH + 1
    );
}

pub async fn repeating_a_commit_returns_its_revision(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    commit_some(&store, ZERO, 2).await;
    let at = Revision::new(2);
    let batch = batch([put("once", "1")]);
    let made = store.commit(at, batch.clone()).await.expect("commit");
    let other = second(&mut *instance, &store).await;
    assert_eq!(other.commit(at, batch.clone()).await.expect("repeat"), made);
    commit_some(&store, made, 3).await;
    assert_eq!(
        other.commit(at, batch.clone()).await.expect("late repeat"),
        made
    );
    // The name alone is not enough: elsewhere it is a conflict.
    let elsewhere = store.commit(Revision::new(1), batch).await;
    assert!(
        matches!(elsewhere, Err(CommitError::Conflict { .. })),
        "{elsewhere:?}"
    );
    assert_eq!(store.head().await.expect("head"), Revision::new(6));
}

pub async fn the_head_includes_every_answered_commit(engine: &dyn Engine) {
    let mut instance = engine.create();
    let writer = instance.open().await;
    let reader = second(&mut *instance, &writer).await;
    let mut at = ZERO;
    for number in 0..30 {
        at = writer
            .commit(at, batch([put("a", number.to_string())]))
            .await
            .expect("commit");
        let reads = (0..4).map(|_| {
            let reader = SharedStore::clone(&reader);
            tokio::spawn(async move { reader.head().await })
        });
        for read in reads.collect::<Vec<_>>() {
            assert_eq!(read.await.expect("task").expect("head"), at);
        }
    }
}

pub async fn a_watch_from_any_revision_sees_every_later_commit(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let expected = commit_some(&store, ZERO, 20).await;
    let other = second(&mut *instance, &store).await;
    for from in 0..=20 {
        let mut watch = other
            .watch(Revision::new(from as u64))
            .await
            .expect("watch");
        assert_eq!(
            receive(&mut watch, 20 - from).await,
            expected[from..],
            "from {from}"
        );
    }
}

pub async fn a_waiting_watch_sees_commits_of_other_handles(engine: &dyn Engine) {
    let mut instance = engine.create();
    let writer = instance.open().await;
    let watcher = second(&mut *instance, &writer).await;
    let mut early = watcher.watch(ZERO).await.expect("watch");
    let nothing = tokio::time::timeout(Duration::from_millis(50), early.next()).await;
    assert!(nothing.is_err(), "a commit that nobody made: {nothing:?}");
    let first = commit_some(&writer, ZERO, 3).await;
    assert_eq!(receive(&mut early, 3).await, first);
    let mut late = watcher.watch(Revision::new(3)).await.expect("watch");
    let more = commit_some(&writer, Revision::new(3), 3).await;
    assert_eq!(receive(&mut early, 3).await, more);
    assert_eq!(receive(&mut late, 3).await, more);
}

pub async fn a_slow_watcher_misses_nothing(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let mut watch = store.watch(ZERO).await.expect("watch");
    let expected = commit_some(&store, ZERO, 400).await;
    assert_eq!(receive(&mut watch, 400).await, expected);
}

pub async fn a_watch_from_the_future_is_refused(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    commit_some(&store, ZERO, 2).await;
    let from = Revision::new(9);
    let refused = match store.watch(from).await {
        Ok(mut watch) => watch.next().await.expect_err("a commit after the head"),
        Err(error) => error,
    };
    assert!(
        matches!(refused, WatchError::Compacted { .. }),
        "{refused:?}"
    );
}

pub async fn dropped_readers_and_watchers_disturb_nobody(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let puts = (0..100).map(|number| put(format!("n/{number}"), "x".repeat(1_000)));
    store.commit(ZERO, batch(puts)).await.expect("commit");
    for _ in 0..20 {
        drop(store.load().await.expect("load"));
        drop(store.watch(ZERO).await.expect("watch"));
    }
    commit_some(&store, Revision::new(1), 5).await;
    let entries = store
        .load()
        .await
        .expect("load")
        .collect()
        .await
        .expect("entries");
    assert_eq!(entries.len(), 100);
}

pub async fn a_dropped_commit_is_whole_or_absent(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let mut at = ZERO;
    for number in 0..20 {
        let batch = batch([
            put("left", number.to_string()),
            put("right", number.to_string()),
        ]);
        let patience = Duration::from_micros(number * 40);
        let hasty = tokio::time::timeout(patience, store.commit(at, batch.clone())).await;
        drop(hasty);
        at = store
            .commit(at, batch)
            .await
            .expect("the repeated commit is definite");
        let entries = store
            .load()
            .await
            .expect("load")
            .collect()
            .await
            .expect("entries");
        let expected = Bytes::from(number.to_string());
        assert!(
            entries.values().all(|value| *value == expected),
            "{entries:?}"
        );
    }
    assert_eq!(at, Revision::new(20));
}

pub async fn the_largest_batch_commits_and_a_larger_one_is_refused(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let limits = store.limits();
    let operations = limits.operations.min(PLENTY.operations);
    let many = batch((0..operations).map(|number| put(format!("many/{number}"), "1")));
    store
        .commit(ZERO, many)
        .await
        .expect("as many changes as allowed");
    let bytes = limits.bytes.min(PLENTY.bytes);
    let overhead = batch([put("big", "")]).bytes();
    let big = batch([put("big", "x".repeat(bytes - overhead))]);
    assert_eq!(big.bytes(), bytes);
    let mut head = store
        .commit(Revision::new(1), big)
        .await
        .expect("as many bytes as allowed");
    if operations > 1 {
        // Many changes and many bytes at once: what an engine adds to each change counts too.
        let each = bytes / operations - batch([put("full/00000", "")]).bytes();
        let full =
            batch((0..operations).map(|number| put(format!("full/{number:05}"), "y".repeat(each))));
        head = store.commit(head, full).await.expect("a full batch");
    }
    let too_big = (limits.bytes <= PLENTY.bytes)
        .then(|| batch([put("big", "x".repeat(bytes - overhead + 1))]));
    let too_many = (limits.operations <= PLENTY.operations)
        .then(|| batch((0..=operations).map(|number| put(format!("many/{number}"), "2"))));
    for refused in [too_big, too_many].into_iter().flatten() {
        match store.commit(head, refused).await {
            Err(CommitError::TooLarge(TooLarge { limits: named, .. })) => assert_eq!(named, limits),
            other => panic!("a batch beyond {limits:?} gave {other:?}"),
        }
    }
    assert_eq!(store.head().await.expect("head"), head);
}

pub async fn many_entries_load_once_each(engine: &dyn Engine) {
    const MANY: usize = 5_000;
    let mut instance = engine.create();
    let store = instance.open().await;
    let mut at = ZERO;
    let numbers: Vec<usize> = (0..MANY).collect();
    for some in numbers.chunks(store.limits().operations.min(1_000)) {
        let puts = some
            .iter()
            .map(|number| put(format!("n/{number:06}"), format!("{{\"n\":{number}}}")));
        at = store.commit(at, batch(puts)).await.expect("commit");
    }
    let mut entries = store.load().await.expect("load");
    assert_eq!(entries.revision(), at);
    // Commits during the load do not show.
    let later = batch([
        put("a-later", "1"),
        put("n/000000", "changed"),
        put("z-later", "1"),
    ]);
    store.commit(at, later).await.expect("commit");
    let mut expected = numbers.iter();
    while let Some(chunk) = entries.next().await.expect("chunk") {
        for entry in chunk {
            let number = expected.next().expect("not more entries than were put");
            assert_eq!(entry.key.as_str(), format!("n/{number:06}"));
            assert_eq!(entry.value, format!("{{\"n\":{number}}}"));
        }
    }
    assert_eq!(expected.next(), None);
    assert_eq!(entries.next().await.expect("still the end"), None);
}

pub async fn a_lost_reply_is_resolved_by_repeating(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let faulty = Faulty::script(store.clone(), [Fault::LoseReply, Fault::None]);
    let batch = batch([put("a", "1")]);
    let lost = faulty.commit(ZERO, batch.clone()).await;
    assert!(matches!(lost, Err(CommitError::Unknown(_))), "{lost:?}");
    let rival = second(&mut *instance, &store).await;
    commit_some(&rival, Revision::new(1), 2).await;
    assert_eq!(
        faulty.commit(ZERO, batch).await.expect("repeat"),
        Revision::new(1)
    );
    assert_eq!(store.head().await.expect("head"), Revision::new(3));
}

pub async fn a_late_commit_takes_effect_once_or_never(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let mut at = ZERO;
    for round in 0..20 {
        let late = Duration::from_micros(round * 300);
        let faulty = Faulty::script(store.clone(), [Fault::CommitLater(late)]);
        let batch = batch([
            put("a", round.to_string()),
            put(format!("round/{round}"), "1"),
        ]);
        let unknown = faulty.commit(at, batch.clone()).await;
        assert!(
            matches!(unknown, Err(CommitError::Unknown(_))),
            "{unknown:?}"
        );
        tokio::time::sleep(Duration::from_micros((20 - round) * 200)).await;
        let made = faulty
            .commit(at, batch)
            .await
            .expect("the repeated commit is definite");
        assert_eq!(made, at.next());
        at = made;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(
        store.head().await.expect("head"),
        at,
        "a late commit came a second time"
    );
    let mut watch = store.watch(ZERO).await.expect("watch");
    let ids: BTreeSet<CommitId> = receive(&mut watch, 20)
        .await
        .iter()
        .map(|commit| commit.id)
        .collect();
    assert_eq!(ids.len(), 20);
}

pub async fn a_failure_before_the_commit_changes_nothing(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let faulty = Faulty::script(store.clone(), [Fault::FailBefore]);
    let batch = batch([put("a", "1")]);
    let failed = faulty.commit(ZERO, batch.clone()).await;
    assert!(
        matches!(failed, Err(CommitError::Unavailable(_))),
        "{failed:?}"
    );
    assert_eq!(store.head().await.expect("head"), ZERO);
    assert_eq!(
        faulty.commit(ZERO, batch).await.expect("commit"),
        Revision::new(1)
    );
}

pub async fn reopening_keeps_everything(engine: &dyn Engine) {
    let mut instance = engine.create();
    let mut store = instance.open().await;
    let mut expected = Vec::new();
    let mut at = ZERO;
    let mut last = None;
    for _ in 0..4 {
        expected.extend(commit_some(&store, at, 5).await);
        at = expected.last().map_or(ZERO, |commit| commit.revision);
        let batch = batch([put("last", at.to_string()), delete("n/0")]);
        let made = store.commit(at, batch.clone()).await.expect("commit");
        expected.push(crate::Commit {
            revision: made,
            id: batch.id(),
            changes: Arc::clone(batch.changes()),
        });
        last = Some((at, batch));
        at = made;
        let before = store
            .load()
            .await
            .expect("load")
            .collect()
            .await
            .expect("entries");
        drop(store);
        store = instance.open().await;
        assert_eq!(store.head().await.expect("head"), at);
        let entries = store.load().await.expect("load");
        assert_eq!(entries.revision(), at);
        assert_eq!(entries.collect().await.expect("entries"), before);
    }
    let mut watch = store.watch(ZERO).await.expect("watch");
    assert_eq!(receive(&mut watch, expected.len()).await, expected);
    let (before_last, batch) = last.expect("there was a last commit");
    assert_eq!(store.commit(before_last, batch).await.expect("repeat"), at);
}

pub async fn an_import_may_jump_ahead(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    commit_some(&store, ZERO, 2).await;
    let far = Revision::new(1_000_000);
    let jump: Batch = batch([put("jumped", "1")]).landing_on(far);
    let made = store
        .commit(Revision::new(2), jump.clone())
        .await
        .expect("commit");
    assert_eq!(made, far);
    assert_eq!(
        store.commit(Revision::new(2), jump).await.expect("repeat"),
        far
    );
    let after = commit_some(&store, far, 2).await;
    assert_eq!(after[1].revision, Revision::new(1_000_002));
    assert_eq!(
        store.load().await.expect("load").revision(),
        Revision::new(1_000_002)
    );
    let mut watch = store.watch(far).await.expect("watch");
    assert_eq!(receive(&mut watch, 2).await, after);
}

pub async fn an_unfinished_import_is_not_loaded(engine: &dyn Engine) {
    let mut instance = engine.create();
    let store = instance.open().await;
    let begun = batch([put("a", "1"), put(IMPORT_UNFINISHED, "{}"), put("z", "1")]);
    store.commit(ZERO, begun).await.expect("commit");
    let refused = match store.load().await {
        Ok(entries) => entries.collect().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(
        matches!(refused, Err(ReadError::ImportUnfinished)),
        "{refused:?}"
    );
    store
        .commit(Revision::new(1), batch([delete(IMPORT_UNFINISHED)]))
        .await
        .expect("commit");
    let entries = store
        .load()
        .await
        .expect("load")
        .collect()
        .await
        .expect("entries");
    assert_eq!(entries.len(), 2);
}
