//! What a commit does, and what it refuses.

use bytes::Bytes;

use super::super::{Engine, batch, commit_some, delete, key, put, receive, second};
use super::ZERO;
use crate::{Change, CommitError, Revision, SharedStore};

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
