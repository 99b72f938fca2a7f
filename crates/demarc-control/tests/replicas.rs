//! Several control planes over one store that delays, loses replies, refuses and breaks watches: time is
//! simulated, every seed is another history. `DEMARC_SEEDS=10000` plays more of them.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

#[path = "replicas/history.rs"]
mod history;
#[path = "replicas/shared.rs"]
mod shared;

use std::sync::Arc;
use std::time::Duration;

use demarc_api::{Operation, Request};
use demarc_control::{Clock, Control, ControlError, NumberedEvent, Options, Role};
use demarc_domain::{Refusal, Settings, violations};
use demarc_edge::Simulated;
use demarc_store::{Faulty, MemoryStore, SharedStore};
use demarc_types::{AccountId, Region, Span, Timestamp};
use history::{History, Written};
use serde_json::{Value, json};
use shared::{Dice, SharedByAll};
use tokio::time::{Instant, sleep};

const REPLICAS: u64 = 3;
const CLIENTS: u64 = 5;
const STEPS: u64 = 8;

/// Simulated time.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.0.elapsed().as_millis();
        Timestamp::from_millis(1_750_000_000_000 + i64::try_from(elapsed).unwrap())
    }
}

fn simulate(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work);
}

async fn start(store: SharedStore, seed: u64) -> Control {
    let origin = Instant::now();
    for attempt in 0_u64.. {
        let fabric = Box::new(Simulated::new(Span::from_millis(20)));
        let mut options = Options::new(Arc::new(Settings::default()), fabric);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&attempt.to_le_bytes());
        options.seed = Some(bytes);
        options.clock = Arc::new(TokioClock(origin));
        match Control::start(SharedStore::clone(&store), options).await {
            Ok(control) => return control,
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    unreachable!("there is always another attempt")
}

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn region() -> Region {
    "us-east-1".parse().unwrap()
}

fn request(operation: Operation, body: &Value) -> Request {
    Request::decode(operation, body.to_string().as_bytes()).unwrap()
}

type Answer = Result<Result<Value, Refusal>, ControlError>;

async fn write(control: &Control, operation: Operation, body: Value) -> Answer {
    let answer = control
        .decide(account(), region(), request(operation, &body))
        .await?;
    Ok(answer.map(|response| serde_json::from_slice(&response.to_json()).unwrap()))
}

async fn read(control: &Control, operation: Operation, body: Value) -> Answer {
    control.read().await?;
    let answer = control.query(account(), region(), &request(operation, &body));
    Ok(answer.map(|response| serde_json::from_slice(&response.to_json()).unwrap()))
}

/// Until it is done. Only for what may be done twice.
async fn insist(control: &Control, operation: Operation, body: Value) -> Value {
    for _ in 0..1_000 {
        if let Ok(Ok(answer)) = write(control, operation, body.clone()).await {
            return answer;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("{} is never done", operation.name());
}

struct Place {
    gateway: String,
    connection: String,
}

async fn prepare(control: &Control) -> Place {
    let gateway = json!({"directConnectGatewayName": "0", "amazonSideAsn": 64_600});
    let gateway = insist(control, Operation::CreateDirectConnectGateway, gateway).await;
    let port = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"});
    let port = insist(control, Operation::CreateConnection, port).await;
    let place = Place {
        gateway: gateway["directConnectGateway"]["directConnectGatewayId"]
            .as_str()
            .unwrap()
            .to_owned(),
        connection: port["connectionId"].as_str().unwrap().to_owned(),
    };
    for _ in 0..1_000 {
        let found = json!({"connectionId": place.connection});
        if let Ok(Ok(shown)) = read(control, Operation::DescribeConnections, found).await
            && shown["connections"][0]["connectionState"] == "available"
        {
            return place;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody provisions the port");
}

fn interface(place: &Place, vlan: u64) -> Value {
    json!({"connectionId": place.connection, "newPrivateVirtualInterface": {
        "virtualInterfaceName": "test", "vlan": vlan, "asn": 65_000,
        "directConnectGatewayId": place.gateway}})
}

async fn client(
    number: u64,
    replicas: Arc<Vec<Control>>,
    place: Arc<Place>,
    history: Arc<History>,
    mut dice: Dice,
) {
    for step in 0..STEPS {
        sleep(Duration::from_millis(dice.below(30))).await;
        let control = &replicas[usize::try_from(dice.below(REPLICAS)).unwrap()];
        match dice.below(4) {
            0 => {
                let value = format!("{number}-{step}");
                let body = json!({"directConnectGatewayId": place.gateway,
                    "newDirectConnectGatewayName": value});
                let begun = history.now();
                let answer = write(control, Operation::UpdateDirectConnectGateway, body).await;
                history.write(begun, value, Written::of(&answer));
            }
            1 => {
                let vlan = 100 + dice.below(12);
                let answer = write(
                    control,
                    Operation::CreatePrivateVirtualInterface,
                    interface(&place, vlan),
                );
                if let Ok(Ok(made)) = answer.await {
                    history.made(made["virtualInterfaceId"].as_str().unwrap());
                }
            }
            _ => {
                let body = json!({"directConnectGatewayId": place.gateway});
                let begun = history.now();
                let shown = read(control, Operation::DescribeDirectConnectGateways, body).await;
                if let Ok(Ok(shown)) = shown {
                    let name = &shown["directConnectGateways"][0]["directConnectGatewayName"];
                    history.read(begun, name.as_str().unwrap());
                }
            }
        }
    }
}

async fn play(seed: u64) {
    let base = MemoryStore::new();
    let mut replicas = Vec::new();
    for number in 0..REPLICAS {
        let faulty = Faulty::random(
            Arc::new(base.clone()),
            seed * REPLICAS + number,
            20,
            Duration::from_millis(60),
        );
        replicas.push(start(Arc::new(SharedByAll::new(faulty)), seed * REPLICAS + number).await);
    }
    let replicas = Arc::new(replicas);
    let place = Arc::new(prepare(&replicas[0]).await);
    let compacts = seed.is_multiple_of(5);
    let history = Arc::new(History::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (replicas, place) = (Arc::clone(&replicas), Arc::clone(&place));
            let dice = Dice(seed ^ (number << 32));
            tokio::spawn(client(number, replicas, place, Arc::clone(&history), dice))
        })
        .collect();
    if compacts {
        sleep(Duration::from_millis(40)).await;
        base.compact();
    }
    for client in clients {
        client.await.unwrap();
    }
    history.check(seed);
    for control in replicas.iter() {
        let mut seen = None;
        for _ in 0..200 {
            if let Ok(snapshot) = control.read().await {
                seen = Some(snapshot);
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        let seen = seen.unwrap_or_else(|| panic!("seed {seed}: a replica does not recover"));
        let wrong = violations(&seen.world, &Settings::default());
        assert!(wrong.is_empty(), "seed {seed}: {wrong:?}");
        for id in history.all_made() {
            let found = seen.world.virtual_interface(id.parse().unwrap());
            assert!(
                found.is_some(),
                "seed {seed}: {id} was answered and is gone"
            );
        }
    }
    same_story(&replicas, seed).await;
}

/// Where two processes know what happened, they tell the same.
async fn same_story(replicas: &[Control], seed: u64) {
    let mut stories = Vec::new();
    for control in replicas {
        let page = control.events().after(0, Duration::ZERO).await;
        stories.push(page.events);
    }
    let begins = stories
        .iter()
        .map(|story| story.first().map(|event| event.number));
    let begin = begins.max().flatten();
    let ends = stories
        .iter()
        .map(|story| story.last().map(|event| event.number));
    let end = ends.min().flatten();
    let common = |story: &[NumberedEvent]| -> Vec<NumberedEvent> {
        let known = story.iter().cloned();
        known
            .filter(|event| Some(event.number) >= begin && Some(event.number) <= end)
            .collect()
    };
    for story in &stories[1..] {
        assert_eq!(common(story), common(&stories[0]), "seed {seed}");
    }
}

#[test]
fn histories_on_a_bad_store_are_linearizable_and_keep_every_invariant() {
    let seeds = std::env::var("DEMARC_SEEDS").ok();
    let seeds: u64 = seeds.map_or(150, |text| text.parse().expect("DEMARC_SEEDS is a number"));
    for seed in 0..seeds {
        simulate(play(seed));
    }
}

#[test]
fn one_replica_leads_and_another_takes_over_when_it_stops() {
    simulate(async {
        let base = MemoryStore::new();
        let store = || -> SharedStore {
            Arc::new(SharedByAll::new(Faulty::script(Arc::new(base.clone()), [])))
        };
        let first = start(store(), 1).await;
        sleep(Duration::from_secs(1)).await;
        let second = start(store(), 2).await;
        sleep(Duration::from_secs(10)).await;
        let role = |health: demarc_control::Health| (health.role, health.serves());
        assert_eq!(role(first.health().await), (Role::Leader, true));
        assert_eq!(role(second.health().await), (Role::Follower, true));
        // It goes without a word.
        drop(first);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(role(second.health().await), (Role::Leader, true));
        let third = start(store(), 3).await;
        second.step_down().await.unwrap();
        sleep(Duration::from_millis(100)).await;
        assert_eq!(role(second.health().await), (Role::Follower, true));
        assert_eq!(role(third.health().await), (Role::Leader, true));
        prepare(&second).await;
    });
}

#[test]
fn a_store_that_is_away_is_told_and_a_store_that_is_back_is_used() {
    simulate(async {
        let away = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let plan = Arc::clone(&away);
        let faulty = Faulty::new(Arc::new(MemoryStore::new()), move |_| {
            if plan.load(std::sync::atomic::Ordering::Relaxed) {
                demarc_store::Fault::FailBefore
            } else {
                demarc_store::Fault::None
            }
        });
        let control = start(Arc::new(SharedByAll::new(faulty)), 1).await;
        away.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(!control.health().await.serves());
        let refused = control.read().await.err();
        assert!(matches!(refused, Some(ControlError::Unavailable(_))));
        let port = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"});
        let refused = write(&control, Operation::CreateConnection, port).await;
        assert!(
            matches!(refused, Err(ControlError::Unavailable(_))),
            "{refused:?}"
        );
        away.store(false, std::sync::atomic::Ordering::Relaxed);
        assert!(control.health().await.serves());
        prepare(&control).await;
    });
}

#[test]
fn a_document_of_a_newer_version_ends_the_service_here() {
    simulate(async {
        let base = MemoryStore::new();
        let faulty = Faulty::script(Arc::new(base.clone()), []);
        let control = start(Arc::new(SharedByAll::new(faulty)), 1).await;
        sleep(Duration::from_millis(10)).await;
        let change = demarc_store::Change::Put {
            key: demarc_store::Key::new("quantum-link/1").unwrap(),
            value: "{}".into(),
        };
        let batch = demarc_store::Batch::new(demarc_store::CommitId::new(7), [change]);
        let head = demarc_store::Store::head(&base).await.unwrap();
        demarc_store::Store::commit(&base, head, batch)
            .await
            .unwrap();
        sleep(Duration::from_millis(10)).await;
        let health = control.health().await;
        assert!(!health.serves() && health.ended, "{health:?}");
        let problem = health.problem.unwrap();
        assert!(problem.contains("quantum-link/1"), "{problem}");
        assert!(control.read().await.is_err());
    });
}

/// Makes so many gateways by one decision.
async fn make_gateways(control: Control, count: usize) -> Result<(), ControlError> {
    let made = control.submit(account(), region(), move |world, context| {
        let (mut world, mut changes) = (world.clone(), Vec::new());
        for number in 0..count {
            let body = json!({"directConnectGatewayName": format!("{count}-{number}")});
            let request = request(Operation::CreateDirectConnectGateway, &body);
            let decision = demarc_domain::decide(&world, context, &request)?;
            world = decision.world;
            changes.extend(decision.changes);
        }
        Ok::<_, Refusal>((world, changes, ()))
    });
    made.await.map(|answer| answer.unwrap())
}

#[test]
fn decisions_are_never_split_and_what_fits_no_commit_is_refused() {
    simulate(async {
        let base = MemoryStore::new();
        let faulty = Faulty::script(Arc::new(base.clone()), []);
        let control = start(Arc::new(SharedByAll::new(faulty)), 1).await;
        let from = demarc_store::Store::head(&base).await.unwrap();
        let mut commits = demarc_store::Store::watch(&base, from).await.unwrap();
        let sizes = [5, 3, 9, 7, 8, 100, 1];
        let asked = sizes.map(|count| tokio::spawn(make_gateways(control.clone(), count)));
        for (count, answer) in sizes.into_iter().zip(asked) {
            match answer.await.unwrap() {
                Ok(()) => assert!(count <= 8, "{count} changes do not fit"),
                Err(ControlError::TooLarge(why)) => {
                    assert!(count > 8, "{count}: {why}");
                    assert!(
                        why.contains(&count.to_string()) && why.contains('8'),
                        "{why}"
                    );
                }
                Err(error) => panic!("{count}: {error}"),
            }
        }
        let head = demarc_store::Store::head(&base).await.unwrap();
        let mut found = std::collections::BTreeMap::new();
        let mut at = from;
        while at < head {
            let commit = commits.next().await.unwrap();
            at = commit.revision;
            let mut here = std::collections::BTreeMap::new();
            for change in commit.changes.iter() {
                if let demarc_store::Change::Put { key, value } = change
                    && key.as_str().starts_with("gateway/")
                {
                    let document: Value = serde_json::from_slice(value).unwrap();
                    let name = document["name"].as_str().unwrap();
                    let (count, _) = name.split_once('-').unwrap();
                    *here.entry(count.parse::<usize>().unwrap()).or_insert(0) += 1;
                }
            }
            for (count, gateways) in here {
                assert_eq!(gateways, count, "a decision was split");
                assert_eq!(found.insert(count, gateways), None);
            }
        }
        assert!(found.keys().eq(&[1, 3, 5, 7, 8]), "{found:?}");
    });
}
