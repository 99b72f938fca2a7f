//! Many writers at once on every embedded engine: rules and quotas hold, what failed left no trace, what
//! was answered is in the store, and a restart finds it there.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use demarc_api::{Operation, Request};
use demarc_control::{Clock, Control, ControlError, NumberedEvent, Options};
use demarc_domain::entity::Entity;
use demarc_domain::event::Detail;
use demarc_domain::{Refusal, Settings, World, violations};
use demarc_edge::Simulated;
use demarc_store::{EmbeddedStore, Fault, Faulty, MemoryStore, SharedStore};
use demarc_types::{AccountId, Span, Timestamp};
use serde_json::{Value, json};

type Answer = Result<Result<Value, Refusal>, ControlError>;

/// A clock that stands still: nothing becomes due unless a step takes no time.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000)
    }
}

/// Ports and gateways that are ordered are ready at once.
fn settings() -> Settings {
    let mut settings = Settings {
        settle: Span::ZERO,
        ..Settings::default()
    };
    settings.quotas.virtual_interfaces_per_connection = 4;
    settings
}

async fn control(store: &SharedStore) -> Control {
    let fabric = Box::new(Simulated::new(Span::ZERO));
    let mut options = Options::new(Arc::new(settings()), fabric);
    options.clock = Arc::new(Still);
    Control::start(SharedStore::clone(store), options)
        .await
        .unwrap()
}

async fn call(control: &Control, operation: Operation, body: Value) -> Answer {
    let account: AccountId = "111122223333".parse().unwrap();
    let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
    let region = "us-east-1".parse().unwrap();
    let answer = control.decide(account, region, request).await?;
    Ok(answer.map(|response| serde_json::from_slice(&response.to_json()).unwrap()))
}

fn port(name: &str) -> Value {
    json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": name})
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap().to_owned()
}

/// Until it is done: the store may fail now and then.
async fn insist(control: &Control, operation: Operation, body: Value) -> Value {
    for _ in 0..100 {
        if let Ok(answer) = call(control, operation, body.clone()).await {
            return answer.unwrap();
        }
    }
    panic!("{operation} is never done");
}

/// Every entity as it is stored.
fn documents(world: &World) -> BTreeMap<String, Vec<u8>> {
    world
        .entities()
        .map(|entity| (entity.key().to_string(), entity.to_json()))
        .collect()
}

async fn stored(store: &SharedStore) -> BTreeMap<String, Vec<u8>> {
    let entries = store.load().await.unwrap().collect().await.unwrap();
    let document =
        |(key, value): (demarc_store::Key, bytes::Bytes)| (key.as_str().to_owned(), value.to_vec());
    entries.into_iter().map(document).collect()
}

/// The batch at hand may still be on its way to the store.
async fn settled(control: &Control) -> Arc<demarc_control::Snapshot> {
    let mut known = control.snapshot().revision;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = control.snapshot();
        if now.revision == known {
            return now;
        }
        known = now.revision;
    }
}

/// One writer of many: ports up to the quota, and virtual interfaces that want the same few VLANs.
async fn writer(
    control: Control,
    connection: String,
    gateway: String,
    number: u64,
) -> (usize, usize) {
    let (mut ports, mut interfaces) = (0, 0);
    for round in 0..6 {
        let name = format!("{number}-{round}");
        if let Ok(Ok(_)) = call(&control, Operation::CreateConnection, port(&name)).await {
            ports += 1;
        }
        let body = json!({"connectionId": connection, "newPrivateVirtualInterface": {
            "virtualInterfaceName": name, "vlan": 100 + (number + round) % 6, "asn": 65_000,
            "directConnectGatewayId": gateway}});
        if let Ok(Ok(_)) = call(&control, Operation::CreatePrivateVirtualInterface, body).await {
            interfaces += 1;
        }
    }
    (ports, interfaces)
}

/// Races for ports and VLANs; `exact`: no reply is lost, so that what was answered can be counted.
async fn race(store: SharedStore, exact: bool) {
    let control = control(&store).await;
    let made = insist(&control, Operation::CreateConnection, port("shared")).await;
    let connection = text(&made, "connectionId");
    let body = json!({"directConnectGatewayName": "shared"});
    let made = insist(&control, Operation::CreateDirectConnectGateway, body).await;
    let gateway = text(&made["directConnectGateway"], "directConnectGatewayId");
    settled(&control).await;
    let writers: Vec<_> = (0..12)
        .map(|number| {
            tokio::spawn(writer(
                control.clone(),
                connection.clone(),
                gateway.clone(),
                number,
            ))
        })
        .collect();
    let (mut ports, mut interfaces) = (0, 0);
    for writer in writers {
        let (more_ports, more_interfaces) = writer.await.unwrap();
        ports += more_ports;
        interfaces += more_interfaces;
    }
    let snapshot = settled(&control).await;
    assert_eq!(
        violations(&snapshot.world, &settings()),
        Vec::<String>::new()
    );
    let live_ports = count(
        &snapshot.world,
        |entity| matches!(entity, Entity::Connection(found) if found.is_live()),
    );
    let live_interfaces = count(
        &snapshot.world,
        |entity| matches!(entity, Entity::VirtualInterface(found) if found.is_live()),
    );
    assert!(live_ports <= 10, "{live_ports} ports at one location");
    assert!(
        live_interfaces <= 4,
        "{live_interfaces} virtual interfaces on one port"
    );
    // Whoever got an answer got what it says.
    assert!(ports < live_ports && interfaces <= live_interfaces);
    if exact {
        assert_eq!((ports + 1, interfaces), (10, 4));
        assert_eq!((live_ports, live_interfaces), (10, 4));
    }
    assert_eq!(stored(&store).await, documents(&snapshot.world));
    assert_story_is_whole(&control).await;
}

/// Each event begins with the state that the one before ended with: none is missing, none was told too early
/// or of what did not come to be.
async fn assert_story_is_whole(control: &Control) {
    let (mut states, mut last) = (BTreeMap::new(), 0);
    loop {
        let page = control.events().after(last, Duration::ZERO).await;
        if page.events.is_empty() {
            break;
        }
        for NumberedEvent { number, event } in page.events {
            assert!(number > last, "{number} comes after {last}");
            last = number;
            if let Detail::State {
                previous_state,
                state,
                ..
            } = event.detail
            {
                let about = (event.detail_type, event.subject.to_string());
                let known = states.insert(about, state);
                assert_eq!(known, previous_state, "{event:?}");
            }
        }
    }
    assert!(states.len() > 5, "something happened");
}

fn count(world: &World, of: impl Fn(&Entity) -> bool) -> usize {
    world.entities().filter(of).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_keep_rules_and_quotas_in_memory() {
    race(Arc::new(MemoryStore::new()), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_keep_rules_and_quotas_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    race(
        Arc::new(EmbeddedStore::open(directory.path()).unwrap()),
        true,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_keep_rules_and_quotas_while_the_store_fails() {
    for seed in 0..8_u64 {
        let inner: SharedStore = Arc::new(MemoryStore::new());
        let mut dice = seed;
        let mut commits = 0;
        let store = Faulty::new(inner, move |call| {
            commits += i32::from(call == demarc_store::Call::Commit);
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            match (call, (dice >> 40) & 7) {
                (demarc_store::Call::Commit, 0) if commits > 1 => Fault::FailBefore,
                (demarc_store::Call::Commit, 1) if commits > 1 => Fault::LoseReply,
                (demarc_store::Call::Commit, 2) => Fault::Delay(Duration::from_millis(3)),
                (demarc_store::Call::Commit, 3) if commits > 1 => {
                    Fault::FailLater(Duration::from_millis(3))
                }
                _ => Fault::None,
            }
        });
        race(Arc::new(store), false).await;
    }
}

#[tokio::test]
async fn a_write_that_failed_left_no_trace() {
    let store = Faulty::script(
        Arc::new(MemoryStore::new()),
        [Fault::None, Fault::FailBefore],
    );
    let store: SharedStore = Arc::new(store);
    let control = control(&store).await;
    let before = documents(&control.snapshot().world);
    let refused = call(&control, Operation::CreateConnection, port("lost")).await;
    assert!(
        matches!(refused, Err(ControlError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(documents(&control.snapshot().world), before);
    assert_eq!(stored(&store).await, before);
    call(&control, Operation::CreateConnection, port("kept"))
        .await
        .unwrap()
        .unwrap();
    let names: Vec<String> = control
        .snapshot()
        .world
        .connections()
        .map(|connection| connection.name.clone())
        .collect();
    assert_eq!(names, ["kept"]);
}

#[tokio::test]
async fn a_refused_write_left_no_trace() {
    let store: SharedStore = Arc::new(MemoryStore::new());
    let control = control(&store).await;
    let before = (control.snapshot().revision, stored(&store).await);
    let body = json!({"connectionId": "dxcon-ffffffff"});
    let refused = call(&control, Operation::DeleteConnection, body).await;
    assert!(matches!(refused, Ok(Err(_))), "{refused:?}");
    assert_eq!((control.snapshot().revision, stored(&store).await), before);
}

#[tokio::test]
async fn a_lost_reply_is_asked_for_again() {
    for fault in [
        Fault::LoseReply,
        Fault::CommitLater(Duration::from_millis(20)),
        Fault::Delay(Duration::from_millis(20)),
    ] {
        let store: SharedStore = Arc::new(Faulty::script(
            Arc::new(MemoryStore::new()),
            [Fault::None, fault],
        ));
        let control = control(&store).await;
        let answer = call(&control, Operation::CreateConnection, port("one")).await;
        let id = text(&answer.unwrap().unwrap(), "connectionId");
        let snapshot = settled(&control).await;
        let ids: Vec<String> = snapshot
            .world
            .connections()
            .map(|connection| connection.id.to_string())
            .collect();
        assert_eq!(ids, [id], "{fault:?}");
        assert_eq!(
            stored(&store).await,
            documents(&snapshot.world),
            "{fault:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_finds_the_last_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let before = {
        let store: SharedStore = Arc::new(EmbeddedStore::open(directory.path()).unwrap());
        let control = control(&store).await;
        for number in 0..5 {
            insist(
                &control,
                Operation::CreateConnection,
                port(&number.to_string()),
            )
            .await;
        }
        documents(&settled(&control).await.world)
    };
    let store: SharedStore = loop {
        // The writer lets go of the store when its last batch is done.
        if let Ok(store) = EmbeddedStore::open(directory.path()) {
            break Arc::new(store);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let control = control(&store).await;
    assert_eq!(documents(&settled(&control).await.world), before);
    assert!(before.len() > 5, "there was something to find");
}
