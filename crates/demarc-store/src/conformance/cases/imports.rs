//! What only an import does.

use super::super::{Engine, batch, commit_some, delete, put, receive};
use super::ZERO;
use crate::entries::IMPORT_UNFINISHED;
use crate::{Batch, ReadError, Revision};

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
