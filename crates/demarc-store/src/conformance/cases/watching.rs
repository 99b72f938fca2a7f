//! What watchers and readers see.

use std::time::Duration;

use super::super::{Engine, batch, commit_some, put, receive, second};
use super::ZERO;
use crate::{Revision, WatchError};

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
