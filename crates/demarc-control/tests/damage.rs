//! A shared store that cannot be right ends the process, and its health says so.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use demarc_api::{Operation, Request};
use demarc_control::{Control, Options};
use demarc_domain::Settings;
use demarc_edge::Simulated;
use demarc_store::{
    Batch, BoxFuture, CommitError, Commits, Entries, Limits, MemoryStore, ReadError, Revision,
    Sharing, Store, WatchError,
};
use demarc_types::Span;

/// Who asks finds out that an older state was restored. The watch says nothing, as etcd's does not.
#[derive(Debug, Default)]
struct Restored {
    inner: MemoryStore,
    went_back: AtomicBool,
}

impl Restored {
    fn check(&self) -> Result<(), &'static str> {
        match self.went_back.load(Ordering::Relaxed) {
            true => Err("the store went back from revision 9 to 3"),
            false => Ok(()),
        }
    }
}

impl Store for Restored {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        self.inner.load()
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        Box::pin(async move {
            self.check()
                .map_err(|why| CommitError::Corrupted(why.into()))?;
            self.inner.commit(at, batch).await
        })
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        self.inner.watch(from)
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        Box::pin(async move {
            self.check()
                .map_err(|why| ReadError::Corrupted(why.into()))?;
            self.inner.head().await
        })
    }
}

async fn start(store: &Arc<Restored>) -> Control {
    let fabric = Box::new(Simulated::new(Span::ZERO));
    let options = Options::new(Arc::new(Settings::default()), fabric);
    let store = Arc::clone(store);
    Control::start(store, options).await.unwrap()
}

#[tokio::test]
async fn a_process_that_reads_from_a_store_that_went_back_says_that_it_cannot_go_on() {
    let store = Arc::new(Restored::default());
    let control = start(&store).await;
    assert!(control.health().await.serves());
    store.went_back.store(true, Ordering::Relaxed);
    let health = control.health().await;
    let problem = health.problem.clone().unwrap();
    assert!(
        problem.starts_with("this process cannot go on: ") && problem.contains("went back"),
        "{problem}"
    );
    assert!(health.ended && !health.serves());
    // Also when the store seems to be all right again: what was missed is not known.
    store.went_back.store(false, Ordering::Relaxed);
    assert!(control.health().await.ended);
    assert!(control.read().await.is_err());
}

#[tokio::test]
async fn so_does_one_that_writes() {
    let store = Arc::new(Restored::default());
    let control = start(&store).await;
    store.went_back.store(true, Ordering::Relaxed);
    let body = br#"{"directConnectGatewayName": "g"}"#;
    let request = Request::decode(Operation::CreateDirectConnectGateway, body).unwrap();
    let account = "111122223333".parse().unwrap();
    let answer = control.decide(account, "us-east-1".parse().unwrap(), request);
    answer.await.unwrap_err();
    store.went_back.store(false, Ordering::Relaxed);
    let problem = control.health().await.problem.unwrap();
    assert!(
        problem.starts_with("this process cannot go on: "),
        "{problem}"
    );
}
