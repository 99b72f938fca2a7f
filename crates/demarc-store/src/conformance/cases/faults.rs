//! Lost replies, late commits, dropped calls, reopening.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::super::{Engine, batch, commit_some, delete, put, receive, second};
use super::ZERO;
use crate::faulty::{Fault, Faulty};
use crate::{CommitError, CommitId, Revision, Store};

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
