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
