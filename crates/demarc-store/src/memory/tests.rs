use super::*;
use crate::conformance::{Engine, Instance};
use crate::{CommitId, SharedStore};

struct Memory;

impl Engine for Memory {
    fn create(&self) -> Box<dyn Instance> {
        Box::new(MemoryStore::new())
    }
}

impl Instance for MemoryStore {
    fn open(&mut self) -> BoxFuture<'_, SharedStore> {
        Box::pin(async move { Arc::new(self.clone()) as SharedStore })
    }
}

crate::conformance_suite!(conformance, Memory);

#[tokio::test]
async fn a_watch_from_before_a_compaction_is_refused() {
    let store = MemoryStore::new();
    for number in 0..3_u64 {
        let batch = Batch::new(CommitId::new(number.into()), []);
        store.commit(Revision::new(number), batch).await.unwrap();
    }
    store.compact();
    let refused = store.watch(Revision::new(2)).await.unwrap_err();
    assert!(matches!(refused, WatchError::Compacted { head, .. } if head == Revision::new(3)));
    store.watch(Revision::new(3)).await.unwrap();
}

#[tokio::test]
async fn the_log_is_bounded() {
    let store = MemoryStore::new();
    for number in 0..LOG_COMMITS + 10 {
        let batch = Batch::new(CommitId::new((number + 1).into()), []);
        store.commit(Revision::new(number), batch).await.unwrap();
    }
    let state = store.state();
    assert_eq!(state.log.len() as u64, LOG_COMMITS);
    assert_eq!(state.floor, Revision::new(10));
}

#[tokio::test]
async fn a_lost_commit_is_answered_with_what_became_of_it_after_a_compaction() {
    let store = MemoryStore::new();
    let batch = |number: u64| Batch::new(CommitId::new(number.into()), []);
    for number in 0..3 {
        let at = Revision::new(number);
        store.commit(at, batch(number)).await.unwrap();
    }
    store.compact();
    for number in 0..3 {
        let at = Revision::new(number);
        let again = store.commit(at, batch(number)).await.unwrap();
        assert_eq!(again, at.next());
        let other = store.commit(at, batch(100)).await.unwrap_err();
        assert!(matches!(other, CommitError::Conflict { .. }), "{other:?}");
    }
}

#[tokio::test]
async fn what_became_of_a_commit_is_not_guessed_once_it_was_forgotten() {
    let store = MemoryStore::new();
    let batch = |number: u64| Batch::new(CommitId::new(number.into()), []);
    for number in 0..LOG_COMMITS + 2 {
        let at = Revision::new(number);
        store.commit(at, batch(number)).await.unwrap();
    }
    let known = Revision::new(2);
    assert_eq!(
        store.commit(known, batch(2)).await.unwrap(),
        Revision::new(3)
    );
    let forgotten = store.commit(Revision::new(1), batch(1)).await.unwrap_err();
    assert!(
        matches!(forgotten, CommitError::Unknown(_)),
        "{forgotten:?}"
    );
}
