//! What is asked for while a commit is under way is decided on top of it, and falls with it. Time is simulated.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use demarc_api::{Operation, Request};
use demarc_control::{Clock, Control, ControlError, Options};
use demarc_domain::{Refusal, Settings};
use demarc_edge::Simulated;
use demarc_store::{Fault, Faulty, MemoryStore, SharedStore};
use demarc_types::{AccountId, Region, Span, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

type Answer = Result<Result<Value, Refusal>, ControlError>;

/// How long the commit takes during which things are asked for.
const LONG: Duration = Duration::from_millis(100);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000)
    }
}

/// A control plane whose commits after the founding one have these faults.
async fn control(faults: impl IntoIterator<Item = Fault>) -> (Control, SharedStore) {
    let inner: SharedStore = Arc::new(MemoryStore::new());
    let faults = std::iter::once(Fault::None).chain(faults);
    let faulty = Faulty::script(SharedStore::clone(&inner), faults.collect::<Vec<_>>());
    let settings = Settings {
        settle: Span::ZERO,
        ..Settings::default()
    };
    let fabric = Box::new(Simulated::new(Span::ZERO));
    let mut options = Options::new(Arc::new(settings), fabric);
    options.clock = Arc::new(Still);
    let control = Control::start(Arc::new(faulty), options).await.unwrap();
    (control, inner)
}

fn caller() -> (AccountId, Region) {
    (
        "111122223333".parse().unwrap(),
        "us-east-1".parse().unwrap(),
    )
}

async fn call(control: Control, operation: Operation, body: Value) -> Answer {
    let (account, region) = caller();
    let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
    let answer = control.decide(account, region, request).await?;
    Ok(answer.map(|response| serde_json::from_slice(&response.to_json()).unwrap()))
}

fn port(name: &str) -> Value {
    json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": name})
}

fn start(control: &Control, name: &str) -> tokio::task::JoinHandle<Answer> {
    let order = call(control.clone(), Operation::CreateConnection, port(name));
    tokio::spawn(order)
}

fn names(control: &Control) -> Vec<String> {
    let snapshot = control.snapshot();
    let mut names: Vec<_> = snapshot
        .world
        .connections()
        .map(|port| port.name.clone())
        .collect();
    names.sort_unstable();
    names
}

/// Names and states of the ports, as they are told to callers.
async fn states(control: &Control) -> Vec<(String, String)> {
    let (account, region) = caller();
    let request = Request::decode(Operation::DescribeConnections, b"{}").unwrap();
    let shown = control.query(account, region, &request).unwrap();
    let shown: Value = serde_json::from_slice(&shown.to_json()).unwrap();
    let word = |port: &Value, member: &str| port[member].as_str().unwrap().to_owned();
    let mut states: Vec<_> = shown["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| (word(port, "connectionName"), word(port, "connectionState")))
        .collect();
    states.sort_unstable();
    states
}

async fn assert_stored(control: &Control, store: &SharedStore) {
    let entries = store.load().await.unwrap();
    let revision = entries.revision();
    let stored: Vec<_> = entries.collect().await.unwrap().into_iter().collect();
    let snapshot = control.snapshot();
    assert_eq!(revision, snapshot.revision);
    let mut known: Vec<_> = snapshot
        .world
        .entities()
        .map(|entity| (entity.key().to_string(), entity.to_json()))
        .collect();
    known.sort_unstable();
    let stored: Vec<_> = stored
        .into_iter()
        .map(|(key, value)| (key.as_str().to_owned(), value.to_vec()))
        .collect();
    assert_eq!(stored, known);
}

#[tokio::test(start_paused = true)]
async fn requests_are_decided_during_a_commit_and_answered_after_their_own() {
    let (control, store) = control([Fault::Delay(LONG), Fault::Delay(LONG)]).await;
    let begun = Instant::now();
    let first = start(&control, "first");
    sleep(LONG / 4).await;
    let decided = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&decided);
    let (account, region) = caller();
    let looker = {
        let control = control.clone();
        tokio::spawn(async move {
            let looked = control.submit(account, region, move |world, _| {
                let ports = world.connections().count();
                seen.lock().unwrap().push((begun.elapsed(), ports));
                Ok::<_, Refusal>((world.clone(), Vec::new(), ports))
            });
            looked.await.unwrap().unwrap()
        })
    };
    let second = start(&control, "second");
    sleep(LONG / 4).await;
    assert_eq!(
        *decided.lock().unwrap(),
        [(LONG / 4, 1)],
        "on top of the commit, not behind it"
    );
    assert_eq!(names(&control), Vec::<String>::new(), "nothing is durable");
    first.await.unwrap().unwrap().unwrap();
    assert_eq!(begun.elapsed(), LONG);
    assert_eq!(names(&control), ["first"], "the second is not durable");
    assert!(!looker.is_finished() && !second.is_finished());
    second.await.unwrap().unwrap().unwrap();
    assert_eq!(begun.elapsed(), LONG * 2);
    assert_eq!(looker.await.unwrap(), 1);
    assert_eq!(control.snapshot().revision.get(), 3, "one commit each");
    assert_stored(&control, &store).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_decided_on_top_of_a_failed_commit_falls_with_it() {
    let (control, store) = control([Fault::FailLater(LONG)]).await;
    let first = start(&control, "first");
    sleep(LONG / 2).await;
    let second = start(&control, "second");
    for order in [first, second] {
        let answer = order.await.unwrap();
        assert!(
            matches!(answer, Err(ControlError::Unavailable(_))),
            "{answer:?}"
        );
    }
    assert_eq!(names(&control), Vec::<String>::new());
    assert_eq!(control.snapshot().revision.get(), 1);
    assert_stored(&control, &store).await;
    start(&control, "third").await.unwrap().unwrap().unwrap();
    sleep(Duration::from_secs(5)).await;
    let expected = [("third".to_owned(), "available".to_owned())];
    assert_eq!(states(&control).await, expected, "the fabric goes on");
    assert_stored(&control, &store).await;
    let page = control.events().after(0, Duration::ZERO).await;
    let mut told: Vec<_> = page
        .events
        .iter()
        .map(|event| event.event.subject.to_string())
        .collect();
    told.dedup();
    assert_eq!(told.len(), 1, "nothing is told of what was not: {told:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_conflict_both_are_decided_again() {
    let (control, store) = control([Fault::Delay(LONG)]).await;
    let first = start(&control, "first");
    sleep(LONG / 4).await;
    let second = start(&control, "second");
    sleep(LONG / 4).await;
    // Somebody else has the store open, which must not be, and still nothing is lost.
    let id = demarc_store::CommitId::new(7);
    let at = store.head().await.unwrap();
    let batch = demarc_store::Batch::new(id, []);
    store.commit(at, batch).await.unwrap();
    for order in [first, second] {
        order.await.unwrap().unwrap().unwrap();
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(names(&control), ["first", "second"]);
    assert_stored(&control, &store).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_keeps_what_was_decided_on_top() {
    let (control, store) = control([Fault::CommitLater(LONG)]).await;
    let first = start(&control, "first");
    sleep(LONG / 4).await;
    let second = start(&control, "second");
    for order in [first, second] {
        order.await.unwrap().unwrap().unwrap();
    }
    assert_eq!(names(&control), ["first", "second"]);
    assert_stored(&control, &store).await;
}

#[tokio::test(start_paused = true)]
async fn the_writer_finishes_what_it_began_when_nobody_is_left_to_ask() {
    let (control, store) = control([Fault::Delay(LONG), Fault::Delay(LONG)]).await;
    let first = start(&control, "first");
    sleep(LONG / 4).await;
    let second = start(&control, "second");
    drop(control);
    first.await.unwrap().unwrap().unwrap();
    second.await.unwrap().unwrap().unwrap();
    assert_eq!(store.head().await.unwrap().get(), 3);
}
