//! Requests that never stop leave room for what happens by itself, also where a commit takes little, and for
//! those of other processes.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

#[expect(dead_code, reason = "the tests of several replicas use the rest")]
#[path = "replicas/shared.rs"]
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use demarc_api::{Operation, Request};
use demarc_control::{Clock, Control, Options, Role};
use demarc_domain::Settings;
use demarc_edge::Simulated;
use demarc_store::{Call, Fault, Faulty, MemoryStore, SharedStore};
use demarc_types::{AccountId, Region, Span, Timestamp};
use serde_json::{Value, json};
use shared::SharedByAll;
use tokio::time::{Instant, sleep};

const CALLERS: u64 = 5;
/// A commit takes a while, so that those who were answered have asked again.
const LONG: Duration = Duration::from_millis(1);
/// Commits within which a port has to be provisioned: it takes a handful of steps.
const COMMITS: u64 = 20 * CALLERS;

/// Long enough to come after the commit of the order.
const SETTLE: Span = Span::from_millis(5);

/// Simulated time.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.0.elapsed().as_millis();
        Timestamp::from_millis(1_790_000_000_000 + i64::try_from(elapsed).unwrap())
    }
}

fn caller() -> (AccountId, Region) {
    (
        "111122223333".parse().unwrap(),
        "us-east-1".parse().unwrap(),
    )
}

async fn write(control: &Control, operation: Operation, body: Value) -> Value {
    let (account, region) = caller();
    let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
    let answer = control.decide(account, region, request).await.unwrap();
    serde_json::from_slice(&answer.unwrap().to_json()).unwrap()
}

fn state(control: &Control, port: &Value) -> Value {
    let body = json!({ "connectionId": port }).to_string();
    let request = Request::decode(Operation::DescribeConnections, body.as_bytes()).unwrap();
    let (account, region) = caller();
    let shown = control.query(account, region, &request).unwrap();
    let shown: Value = serde_json::from_slice(&shown.to_json()).unwrap();
    shown["connections"][0]["connectionState"].clone()
}

/// Renames a gateway of its own for ever.
async fn rename_for_ever(control: Control) {
    rename_and_count(control, Arc::default()).await;
}

async fn rename_and_count(control: Control, answers: Arc<AtomicU64>) {
    let body = json!({"directConnectGatewayName": "own"});
    let made = write(&control, Operation::CreateDirectConnectGateway, body).await;
    let id = &made["directConnectGateway"]["directConnectGatewayId"];
    for number in 0_u64.. {
        let body = json!({"directConnectGatewayId": id, "newDirectConnectGatewayName": format!("own {number}")});
        write(&control, Operation::UpdateDirectConnectGateway, body).await;
        answers.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_comes_up_while_more_is_asked_for_than_a_commit_takes() {
    let store = SharedByAll {
        inner: Faulty::script(
            Arc::new(MemoryStore::new()),
            vec![Fault::Delay(LONG); 10_000],
        ),
        // So that no request leaves room for anything else.
        operations: 1,
    };
    let settings = Settings {
        settle: SETTLE,
        ..Settings::default()
    };
    let mut options = Options::new(Arc::new(settings), Box::new(Simulated::new(SETTLE)));
    options.clock = Arc::new(TokioClock(Instant::now()));
    let control = Control::start(Arc::new(store), options).await.unwrap();
    while control.health().await.role != Role::Leader {
        sleep(Duration::from_millis(10)).await;
    }
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(rename_for_ever(control.clone())))
        .collect();
    // All of them are at it.
    while control.snapshot().revision.get() < 5 * CALLERS {
        sleep(LONG).await;
    }
    let body = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"});
    let port = write(&control, Operation::CreateConnection, body).await;
    let ordered = control.snapshot().revision.get();
    while state(&control, &port["connectionId"]) != "available" {
        let passed = control.snapshot().revision.get() - ordered;
        assert!(passed < COMMITS, "{passed} commits, and nothing happens");
        sleep(LONG).await;
    }
    for caller in callers {
        caller.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_write_all_the_time_take_turns_and_decide_little_in_vain() {
    const PROCESSES: usize = 3;
    const ENOUGH: u64 = 600;
    let attempts = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&attempts);
    let slow = Faulty::new(Arc::new(MemoryStore::new()), move |call| match call {
        Call::Commit => {
            counted.fetch_add(1, Ordering::Relaxed);
            Fault::Delay(LONG)
        }
        _ => Fault::None,
    });
    let store: SharedStore = Arc::new(SharedByAll {
        inner: slow,
        operations: 8,
    });
    let mut controls = Vec::new();
    for seed in 0..PROCESSES {
        let settings = Arc::new(Settings::default());
        let mut options = Options::new(settings, Box::new(Simulated::new(SETTLE)));
        options.clock = Arc::new(TokioClock(Instant::now()));
        options.seed = Some([u8::try_from(seed).unwrap(); 32]);
        controls.push(Control::start(Arc::clone(&store), options).await.unwrap());
    }
    let answers: Vec<_> = controls
        .iter()
        .map(|_| Arc::new(AtomicU64::new(0)))
        .collect();
    let callers: Vec<_> = controls
        .iter()
        .zip(&answers)
        .flat_map(|(control, answers)| {
            (0..CALLERS)
                .map(|_| tokio::spawn(rename_and_count(control.clone(), Arc::clone(answers))))
        })
        .collect();
    let revision = || controls[0].snapshot().revision.get();
    while revision() < ENOUGH / 10 {
        sleep(LONG).await;
    }
    let (before, tried) = (revision(), attempts.load(Ordering::Relaxed));
    while revision() < before + ENOUGH {
        sleep(LONG).await;
    }
    let (made, tried) = (
        revision() - before,
        attempts.load(Ordering::Relaxed) - tried,
    );
    for caller in callers {
        caller.abort();
    }
    assert!(
        tried <= made + made / 5,
        "{tried} attempts for {made} commits"
    );
    let answers: Vec<_> = answers
        .iter()
        .map(|it| it.load(Ordering::Relaxed))
        .collect();
    let (most, least) = (answers.iter().max().unwrap(), answers.iter().min().unwrap());
    assert!(*least * 2 > *most, "{answers:?}");
}
