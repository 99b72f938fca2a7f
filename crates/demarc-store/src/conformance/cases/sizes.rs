//! Large batches and many entries.

use super::super::{Engine, batch, put};
use super::ZERO;
use crate::{CommitError, Limits, Revision, TooLarge};

/// Where an engine names no limit, this much must fit.
const PLENTY: Limits = Limits {
    operations: 5_000,
    bytes: 8 << 20,
};

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
