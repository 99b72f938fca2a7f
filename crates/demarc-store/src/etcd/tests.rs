mod proxy;
mod server;

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;

use self::proxy::Proxy;
use self::server::{Server, connect, fresh_prefix, missing, shared};
use super::wire::{RequestOp, TxnRequest, TxnResponse};
use super::*;
use crate::conformance::{Engine, Instance};
use crate::{Change, CommitId, Key, SharedStore, commit_definitely};

/// Ends a test that needs etcd where there is none.
macro_rules! need_etcd {
    () => {
        if let Some(reason) = missing() {
            println!("skipped: {reason}");
            return;
        }
    };
}

struct Etcd;

struct Prefix(String);

impl Engine for Etcd {
    fn create(&self) -> Box<dyn Instance> {
        Box::new(Prefix(fresh_prefix()))
    }

    fn skip(&self) -> Option<String> {
        missing()
    }

    fn histories(&self) -> u32 {
        24
    }
}

impl Instance for Prefix {
    fn open(&mut self) -> BoxFuture<'_, SharedStore> {
        Box::pin(async move { Arc::new(shared().store(&self.0).await) as SharedStore })
    }
}

crate::conformance_suite!(conformance, Etcd);

fn put(key: &str, value: &str) -> Change {
    Change::Put {
        key: Key::new(key).unwrap(),
        value: Bytes::from(value.to_owned()),
    }
}

fn batch(id: u64, changes: impl IntoIterator<Item = Change>) -> Batch {
    Batch::new(CommitId::new(id.into()), changes)
}

/// Commits some revisions on top of `at`.
async fn commit_some(store: &EtcdStore, mut at: Revision, count: u64) -> Revision {
    for number in 0..count {
        let id = at.get() * 1_000 + number + 1;
        at = store
            .commit(at, batch(id, [put("n", &number.to_string())]))
            .await
            .unwrap();
    }
    at
}

/// Does something to etcd that is not a commit.
async fn meddle(store: &EtcdStore, operation: RequestOp) {
    let request = TxnRequest {
        success: vec![operation],
        ..TxnRequest::default()
    };
    let _done: TxnResponse = store
        .cluster
        .client
        .call(cluster::TXN, &request)
        .await
        .unwrap();
}

/// etcd's administration, as far as the tests need it.
#[derive(Clone, PartialEq, prost::Message)]
struct CompactionRequest {
    #[prost(uint64, tag = "1")]
    revision: u64,
}

/// Any request of up to two strings: a name and a password, a user and a role.
#[derive(Clone, PartialEq, prost::Message)]
struct Two {
    #[prost(string, tag = "1")]
    first: String,
    #[prost(string, tag = "2")]
    second: String,
}

async fn administer(store: &EtcdStore, method: &'static str, request: &impl prost::Message) {
    let _done: TxnResponse = store.cluster.client.call(method, request).await.unwrap();
}

#[tokio::test]
async fn nothing_is_written_before_the_first_commit() {
    need_etcd!();
    let store = shared().store(&fresh_prefix()).await;
    assert_eq!(store.head().await.unwrap(), Revision::ZERO);
    let sight = store.cluster.look(Revision::ZERO).await.unwrap();
    assert!(sight.head.is_none());
    meddle(&store, RequestOp::delete(store.cluster.layout.format())).await;
    commit_some(&store, Revision::ZERO, 1).await;
}

#[tokio::test]
async fn a_newer_format_is_refused_at_once_and_while_running() {
    need_etcd!();
    let prefix = fresh_prefix();
    let store = shared().store(&prefix).await;
    let at = commit_some(&store, Revision::ZERO, 2).await;
    meddle(&store, RequestOp::put(store.cluster.layout.format(), "2")).await;
    let refused = store.commit(at, batch(77, [])).await.unwrap_err();
    assert!(
        matches!(refused, CommitError::Unavailable(_)),
        "{refused:?}"
    );
    let refused = store.head().await.unwrap_err();
    let text = format!("{refused:?}");
    assert!(text.contains("NewerFormat"), "{text}");
    let refused = EtcdStore::connect(&shared().config(&prefix))
        .await
        .unwrap_err();
    assert!(
        format!("{refused:?}").contains("NewerFormat"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_change_without_a_commit_is_noticed() {
    need_etcd!();
    let store = shared().store(&fresh_prefix()).await;
    let at = commit_some(&store, Revision::ZERO, 2).await;
    let mut watch = store.watch(at).await.unwrap();
    meddle(
        &store,
        RequestOp::put(
            store.cluster.layout.entry(&Key::new("n").unwrap()),
            "meddled",
        ),
    )
    .await;
    let noticed = watch.next().await.unwrap_err();
    assert!(matches!(noticed, WatchError::Corrupted(_)), "{noticed:?}");
}

/// Or a mistake that has been undone would stop every process for good.
#[tokio::test]
async fn what_had_come_and_gone_before_the_load_is_not_noticed() {
    need_etcd!();
    let prefix = fresh_prefix();
    let store = shared().store(&prefix).await;
    let at = commit_some(&store, Revision::ZERO, 2).await;
    let stray = store.cluster.layout.entry(&Key::new("vif/zz").unwrap());
    meddle(&store, RequestOp::put(stray.clone(), "{}")).await;
    meddle(&store, RequestOp::delete(stray)).await;
    // Whoever did not load since cannot know what it was.
    let mut watch = store.watch(at).await.unwrap();
    let noticed = watch.next().await.unwrap_err();
    assert!(matches!(noticed, WatchError::Corrupted(_)), "{noticed:?}");

    let store = shared().store(&prefix).await;
    assert_eq!(store.load().await.unwrap().revision(), at);
    let mut watch = store.watch(at).await.unwrap();
    let at = commit_some(&store, at, 1).await;
    assert_eq!(watch.next().await.unwrap().revision, at);
}

#[tokio::test]
async fn what_is_left_of_a_store_is_no_place_for_another_one() {
    need_etcd!();
    let dump: &[u8] = b"{\"demarc\":\"dump\",\"format\":1}\n";
    for (deleted, left) in [("head", "format"), ("format", "head"), ("both", "v1/n")] {
        let prefix = fresh_prefix();
        let store = shared().store(&prefix).await;
        commit_some(&store, Revision::ZERO, 1).await;
        let layout = &store.cluster.layout;
        if deleted != "format" {
            meddle(&store, RequestOp::delete(layout.head())).await;
        }
        if deleted != "head" {
            meddle(&store, RequestOp::delete(layout.format())).await;
        }
        let connected = EtcdStore::connect(&shared().config(&prefix)).await;
        let (refused, imported) = match connected {
            Err(error) => (error, None),
            Ok(store) => {
                let entries = store.load().await.unwrap();
                let imported = crate::dump::import(&store, dump, || CommitId::new(9)).await;
                (entries.collect().await.unwrap_err(), Some(imported))
            }
        };
        let ReadError::Corrupted(cause) = refused else {
            panic!("{deleted}: {refused:?}");
        };
        let text = cause.to_string();
        assert!(text.contains(&format!("/{left}\" is there")), "{text}");
        assert!(
            imported.is_none_or(|imported| imported.is_err()),
            "{deleted}"
        );
    }
}

#[tokio::test]
async fn a_store_among_the_entries_of_another_one_is_refused() {
    need_etcd!();
    let prefix = fresh_prefix();
    let inner = shared().config(&format!("{prefix}/v1"));
    connect(&inner).await;
    commit_some(&shared().store(&prefix).await, Revision::ZERO, 1).await;
    let refused = EtcdStore::connect(&inner).await.unwrap_err();
    let ReadError::Corrupted(cause) = refused else {
        panic!("{refused:?}");
    };
    assert!(cause.to_string().contains("choose a prefix"), "{cause}");
}

#[tokio::test]
async fn a_restored_backup_is_noticed_by_those_who_know_better() {
    need_etcd!();
    let store = shared().store(&fresh_prefix()).await;
    let at = commit_some(&store, Revision::ZERO, 5).await;
    let layout = &store.cluster.layout;
    // The same revision, made by another commit.
    let other = layout::Record {
        revision: at,
        commit: CommitId::new(4_242),
    };
    meddle(&store, RequestOp::put(layout.head(), other.encode())).await;
    let noticed = store.commit(at, batch(99, [])).await.unwrap_err();
    assert!(matches!(noticed, CommitError::Corrupted(_)), "{noticed:?}");
    // An older revision.
    let older = layout::Record {
        revision: Revision::new(3),
        ..other
    };
    meddle(&store, RequestOp::put(layout.head(), older.encode())).await;
    let noticed = store.head().await.unwrap_err();
    assert!(matches!(noticed, ReadError::Corrupted(_)), "{noticed:?}");
}

#[tokio::test]
async fn a_watch_behind_a_compaction_is_told_to_load() {
    need_etcd!();
    let server = Server::start(&[]);
    let store = server.store("demarc").await;
    let at = commit_some(&store, Revision::ZERO, 5).await;
    let sight = store.cluster.look(at).await.unwrap();
    let compaction = CompactionRequest {
        revision: sight.etcd_revision,
    };
    administer(&store, "/etcdserverpb.KV/Compact", &compaction).await;
    let mut watch = store.watch(Revision::new(1)).await.unwrap();
    let told = watch.next().await.unwrap_err();
    assert!(
        matches!(told, WatchError::Compacted { from, .. } if from == Revision::new(1)),
        "{told:?}"
    );
    // Commits, lost replies and loading do not mind.
    let fifth = batch(4_005, [put("n", "4")]);
    let again = store.commit(Revision::new(4), fifth).await.unwrap();
    assert_eq!(again, at);
    let at = commit_some(&store, at, 3).await;
    assert_eq!(store.load().await.unwrap().revision(), at);
}

#[tokio::test]
async fn a_doubt_older_than_the_log_stays_a_doubt() {
    need_etcd!();
    let store = shared().store(&fresh_prefix()).await;
    commit_some(&store, Revision::ZERO, 3).await;
    let layout = &store.cluster.layout;
    let lapped = layout::Record {
        revision: Revision::new(2 + 4_096),
        commit: CommitId::new(1),
    };
    meddle(
        &store,
        RequestOp::put(layout.slot(Revision::new(2)), lapped.encode()),
    )
    .await;
    let at = Revision::new(1);
    // Nobody doubts a commit that was never sent before.
    let fresh = store.commit(at, batch(500, [])).await.unwrap_err();
    assert!(matches!(fresh, CommitError::Conflict { .. }), "{fresh:?}");
    store.cluster.doubt(CommitId::new(501));
    let doubted = store.commit(at, batch(501, [])).await.unwrap_err();
    assert!(matches!(doubted, CommitError::Unknown(_)), "{doubted:?}");
}

/// The first requests that find etcd full are carried out, and refused all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_etcd_did_is_not_said_to_be_undone() {
    need_etcd!();
    let server = Arc::new(Server::start(&["--quota-backend-bytes", "6000000"]));
    let text = "x".repeat(100_000);
    let mut writers = Vec::new();
    for _ in 0..12 {
        let (server, text) = (Arc::clone(&server), text.clone());
        writers.push(tokio::spawn(async move {
            let store = server.store(&fresh_prefix()).await;
            let mut at = Revision::ZERO;
            loop {
                let batch = batch(at.get() + 1, [put("n", &text)]);
                let patience = Duration::from_secs(5);
                match commit_definitely(&store, at, batch, patience).await {
                    Ok(revision) => at = revision,
                    Err(error) => {
                        let unavailable = matches!(error, CommitError::Unavailable(_));
                        assert!(unavailable, "{error:?}");
                        break;
                    }
                }
            }
            assert_eq!(store.head().await.unwrap(), at);
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_lose_and_repeat_nothing() {
    need_etcd!();
    let prefix = fresh_prefix();
    let direct = shared().store(&prefix).await;
    let mut tasks = Vec::new();
    let mut proxies = Vec::new();
    for writer in 1..=3_u64 {
        let proxy = Proxy::start(shared().port, 15).await;
        let config: EtcdConfig = format!("etcd://127.0.0.1:{}/{prefix}", proxy.port)
            .parse()
            .unwrap();
        proxies.push(proxy);
        tasks.push(tokio::spawn(async move {
            let store = connect(&config).await;
            let (mut made, mut at) = (Vec::new(), Revision::ZERO);
            for number in 0..60 {
                let id = writer * 1_000_000 + number;
                loop {
                    let batch = batch(id, [put(&format!("w/{writer}/{number}"), "1")]);
                    match commit_definitely(&store, at, batch, Duration::from_secs(20)).await {
                        Ok(revision) => {
                            made.push((revision, CommitId::new(id.into())));
                            at = revision;
                            break;
                        }
                        Err(CommitError::Conflict { head }) => at = head,
                        Err(error) => panic!("writer {writer}: {error:?}"),
                    }
                }
            }
            made
        }));
    }
    // One watches through the same bad network.
    let proxy = Proxy::start(shared().port, 10).await;
    let config: EtcdConfig = format!("etcd://127.0.0.1:{}/{prefix}", proxy.port)
        .parse()
        .unwrap();
    let watcher = connect(&config).await;
    let mut watch = watcher.watch(Revision::ZERO).await;
    while watch.is_err() {
        watch = watcher.watch(Revision::ZERO).await;
    }
    let mut watch = watch.unwrap();
    let mut seen = Vec::new();
    for _ in 0..180 {
        let commit = watch.next().await.unwrap();
        seen.push((commit.revision, commit.id));
    }
    let mut made = Vec::new();
    for task in tasks {
        made.extend(task.await.unwrap());
    }
    made.sort_unstable();
    assert_eq!(made, seen);
    assert_eq!(direct.head().await.unwrap(), Revision::new(180));
    assert_eq!(
        direct.load().await.unwrap().collect().await.unwrap().len(),
        180
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_share_their_look_ups() {
    need_etcd!();
    let proxy = Proxy::start(shared().port, 0).await;
    let prefix = fresh_prefix();
    let config: EtcdConfig = format!("etcd://127.0.0.1:{}/{prefix}", proxy.port)
        .parse()
        .unwrap();
    let store = Arc::new(connect(&config).await);
    let before = proxy.requests.load(Ordering::Relaxed);
    let reads: Vec<_> = (0..200)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.head().await.unwrap() })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.unwrap(), Revision::ZERO);
    }
    let requests = proxy.requests.load(Ordering::Relaxed) - before;
    assert!(
        (1..100).contains(&requests),
        "{requests} requests for 200 reads"
    );
}

#[tokio::test]
async fn an_absent_cluster_is_unavailable_and_leaves_no_doubt() {
    need_etcd!();
    let server = Server::start(&[]);
    let mut config = server.config("demarc");
    config.patience = Duration::from_millis(300);
    let store = connect(&config).await;
    let at = commit_some(&store, Revision::ZERO, 1).await;
    drop(server);
    // The connection that was open may swallow one request; after that nothing leaves.
    let first = store.commit(at, batch(2, [])).await.unwrap_err();
    let second = store.commit(at, batch(3, [])).await.unwrap_err();
    assert!(
        matches!(first, CommitError::Unknown(_) | CommitError::Unavailable(_)),
        "{first:?}"
    );
    assert!(matches!(second, CommitError::Unavailable(_)), "{second:?}");
    assert!(matches!(store.head().await, Err(ReadError::Unavailable(_))));
    assert!(matches!(
        EtcdStore::connect(&config).await,
        Err(ReadError::Unavailable(_))
    ));
}

#[tokio::test]
async fn users_log_in_and_again_when_their_token_expires() {
    need_etcd!();
    let server = Server::start(&["--auth-token-ttl", "1"]);
    let mut config = server.config("demarc");
    let root = connect(&config).await;
    let two = |first: &str, second: &str| Two {
        first: first.to_owned(),
        second: second.to_owned(),
    };
    administer(&root, "/etcdserverpb.Auth/UserAdd", &two("root", "secret")).await;
    administer(&root, "/etcdserverpb.Auth/RoleAdd", &two("root", "")).await;
    administer(
        &root,
        "/etcdserverpb.Auth/UserGrantRole",
        &two("root", "root"),
    )
    .await;
    administer(&root, "/etcdserverpb.Auth/AuthEnable", &two("", "")).await;
    config.patience = Duration::from_secs(2);
    let refused = EtcdStore::connect(&config).await.unwrap_err();
    assert!(matches!(refused, ReadError::Unavailable(_)), "{refused:?}");
    config.credentials = Some(Credentials {
        user: "root".to_owned(),
        password: "wrong".to_owned(),
    });
    let refused = EtcdStore::connect(&config).await.unwrap_err();
    assert!(matches!(refused, ReadError::Unavailable(_)), "{refused:?}");
    config.credentials = Some(Credentials {
        user: "root".to_owned(),
        password: "secret".to_owned(),
    });
    let store = EtcdStore::connect(&config).await.unwrap();
    let at = commit_some(&store, Revision::ZERO, 2).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let at = commit_some(&store, at, 2).await;
    let mut watch = store.watch(Revision::new(1)).await.unwrap();
    assert_eq!(watch.next().await.unwrap().revision, Revision::new(2));
    assert_eq!(store.head().await.unwrap(), at);
}

#[tokio::test]
async fn members_are_trusted_by_their_certificate_only() {
    need_etcd!();
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-subj",
            "/CN=demarc test",
            "-days",
            "2",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &file("key.pem"), "-out", &file("cert.pem")])
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        println!("skipped: the program openssl is not installed");
        return;
    }
    let (key, certificate) = (file("key.pem"), file("cert.pem"));
    let server =
        Server::start_with_scheme("https", &["--cert-file", &certificate, "--key-file", &key]);
    let mut config = server.config("demarc");
    config.tls = Some(tls_from_files(certificate.as_ref(), None).unwrap());
    let store = connect(&config).await;
    let at = commit_some(&store, Revision::ZERO, 3).await;
    let mut watch = store.watch(Revision::new(2)).await.unwrap();
    assert_eq!(watch.next().await.unwrap().revision, at);
    config.patience = Duration::from_millis(300);
    config.tls = None;
    assert!(
        EtcdStore::connect(&config).await.is_err(),
        "plain text to a TLS port"
    );
}
