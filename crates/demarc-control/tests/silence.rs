//! Edges that fall silent and come back, in simulated time: what is shown of their devices meanwhile, and
//! whose fault a silence is (spec/states §0, §5.1, §11 and §13).

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

#[path = "replicas/shared.rs"]
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use demarc_api::{Operation, Request};
use demarc_control::{Clock, Control, EdgeFabric, Edges, Options, Role};
use demarc_domain::device_status::{
    DeviceStatus, DropCounters, PeerStatus, PortStatus, TrafficCounters, VirtualInterfaceStatus,
};
use demarc_domain::entity::{Link, Session};
use demarc_domain::fabric::Fabric;
use demarc_domain::intent::VersionedIntent;
use demarc_domain::{Order, Settings};
use demarc_edge::Simulated;
use demarc_store::{Faulty, MemoryStore, SharedStore};
use demarc_types::{AccountId, Span, Timestamp};
use serde_json::{Value, json};
use shared::SharedByAll;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

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

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

async fn control(store: SharedStore, fabric: Box<dyn Fabric>, seed: u8) -> Control {
    let settings = Settings {
        settle: Span::ZERO,
        ..Settings::default()
    };
    let mut options = Options::new(Arc::new(settings), fabric);
    options.seed = Some([seed; 32]);
    options.clock = Arc::new(TokioClock(Instant::now()));
    Control::start(store, options).await.unwrap()
}

/// A control plane, and what it hears of edges.
struct Process {
    control: Control,
    edges: Arc<Edges>,
    listening: JoinHandle<()>,
}

impl Process {
    async fn start(store: SharedStore, seed: u8) -> Self {
        let edges = Arc::new(Edges::default());
        let fabric = Box::new(EdgeFabric::new(Arc::clone(&edges)));
        let control = control(store, fabric, seed).await;
        let listening = tokio::spawn(Arc::clone(&edges).run(control.clone()));
        Self {
            control,
            edges,
            listening,
        }
    }

    async fn end(self) {
        self.listening.abort();
        drop(self.control);
        seconds(1).await;
    }

    async fn call(&self, operation: Operation, body: Value) -> Value {
        let account: AccountId = "111122223333".parse().unwrap();
        let region = "us-east-1".parse().unwrap();
        let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
        let answer = self.control.decide(account, region, request).await;
        let answer = answer.unwrap().unwrap();
        serde_json::from_slice(&answer.to_json()).unwrap()
    }

    fn ask(&self, operation: Operation, body: &Value) -> Value {
        let account: AccountId = "111122223333".parse().unwrap();
        let region = "us-east-1".parse().unwrap();
        let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
        let answer = self.control.query(account, region, &request).unwrap();
        serde_json::from_slice(&answer.to_json()).unwrap()
    }

    /// `connectionState`, `virtualInterfaceState` and `bgpStatus`.
    fn words(&self) -> [String; 3] {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ports = self.ask(Operation::DescribeConnections, &json!({}));
        let interfaces = self.ask(Operation::DescribeVirtualInterfaces, &json!({}));
        let interface = &interfaces["virtualInterfaces"][0];
        [
            text(&ports["connections"][0]["connectionState"]),
            text(&interface["virtualInterfaceState"]),
            text(&interface["bgpPeers"][0]["bgpStatus"]),
        ]
    }

    fn silences(&self) -> usize {
        self.control.snapshot().world.silences().count()
    }
}

const FINE: [&str; 3] = ["available", "available", "up"];
const UNKNOWN: [&str; 3] = ["unknown"; 3];
const LOST: [&str; 3] = ["down"; 3];

/// An edge that does what it is told and says so every five seconds, while it is `there`.
struct Edge {
    there: Arc<AtomicBool>,
}

impl Edge {
    fn start(device: &str, process: &Process) -> Self {
        let there = Arc::new(AtomicBool::new(true));
        let (edges, is_there) = (Arc::clone(&process.edges), Arc::clone(&there));
        let (control, device) = (process.control.clone(), device.to_owned());
        edges.attend(&device);
        tokio::spawn(async move {
            begin(&control, &device).await;
            loop {
                if is_there.load(Ordering::Relaxed)
                    && let Some(intent) = edges.intent(&device)
                {
                    edges.hear(&device, "session");
                    edges.take_status(carried_out(&intent), 0);
                }
                seconds(5).await;
            }
        });
        Self { there }
    }

    fn is_there(&self, there: bool) {
        self.there.store(there, Ordering::Relaxed);
    }
}

/// The edge that speaks for a device begins.
async fn begin(control: &Control, device: &str) {
    let order = Order::BeginEdgeSession {
        device: device.to_owned(),
        session: "session".to_owned(),
        host: "here".to_owned(),
    };
    control.command(order).await.unwrap().unwrap();
}

fn carried_out(of: &VersionedIntent) -> DeviceStatus {
    let ports = of.intent.ports.iter().map(|port| PortStatus {
        connection: port.connection,
        interface: Some("eth1".to_owned()),
        lacp: None,
        mac_sec: None,
        link: Link::Up,
        drops: DropCounters::default(),
    });
    let interfaces = of.intent.virtual_interfaces.iter();
    let interfaces = interfaces.map(|interface| VirtualInterfaceStatus {
        id: interface.id,
        generation: interface.generation,
        counters: TrafficCounters::default(),
        peers: interface
            .peers
            .iter()
            .map(|peer| PeerStatus {
                wrong_key: false,
                id: peer.id,
                session: if interface.in_service && !peer.shutdown {
                    Session::Up
                } else {
                    Session::Down
                },
                state: String::new(),
                reason: None,
                bfd: None,
                prefixes_received: 0,
                prefixes_accepted: 0,
                prefixes_advertised: 0,
            })
            .collect(),
    });
    DeviceStatus {
        device: of.intent.device.clone(),
        followed: Some(of.revision),
        ports: ports.collect(),
        virtual_interfaces: interfaces.map(Arc::new).collect(),
        ..DeviceStatus::default()
    }
}

/// Orders a port; gives its id and its device.
async fn order(process: &Process) -> (String, String) {
    let body = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"});
    let made = process.call(Operation::CreateConnection, body).await;
    seconds(1).await;
    let body = json!({"connectionId": made["connectionId"]});
    let shown = process.ask(Operation::DescribeConnections, &body);
    let port = &shown["connections"][0];
    let text = |member: &str| port[member].as_str().unwrap().to_owned();
    (text("connectionId"), text("awsDeviceV2"))
}

/// Puts a virtual interface on a port with an edge. All of it is up. Gives its id.
async fn put_interface(process: &Process, port: &str) -> String {
    seconds(10).await;
    let body = json!({"directConnectGatewayName": "gateway", "amazonSideAsn": 64_600});
    let gateway = process
        .call(Operation::CreateDirectConnectGateway, body)
        .await;
    seconds(1).await;
    let gateway = &gateway["directConnectGateway"]["directConnectGatewayId"];
    let body = json!({"connectionId": port, "newPrivateVirtualInterface": {
        "virtualInterfaceName": "test", "vlan": 101, "asn": 65_000,
        "directConnectGatewayId": gateway}});
    let made = process
        .call(Operation::CreatePrivateVirtualInterface, body)
        .await;
    seconds(10).await;
    assert_eq!(process.words(), FINE);
    made["virtualInterfaceId"].as_str().unwrap().to_owned()
}

async fn prepare(process: &Process) -> (Edge, String, String) {
    let (port, device) = order(process).await;
    let edge = Edge::start(&device, process);
    let interface = put_interface(process, &port).await;
    (edge, interface, device)
}

/// Two processes that share a store; one of them acts.
async fn two_processes() -> Vec<Process> {
    let base: SharedStore = Arc::new(MemoryStore::new());
    let mut processes = Vec::new();
    for seed in [1, 2] {
        let store = SharedByAll::new(Faulty::script(Arc::clone(&base), []));
        processes.push(Process::start(Arc::new(store), seed).await);
    }
    seconds(10).await;
    processes
}

fn alone() -> SharedStore {
    Arc::new(MemoryStore::new())
}

#[test]
fn a_silent_edge_is_unknown_then_down_and_back_at_once() {
    simulate(async {
        let process = Process::start(alone(), 1).await;
        let (edge, interface, _) = prepare(&process).await;
        let quiet = process.control.snapshot().revision;
        seconds(600).await;
        assert_eq!(process.words(), FINE);
        assert_eq!(
            process.control.snapshot().revision,
            quiet,
            "an edge that is heard costs no commit"
        );

        let test = json!({"virtualInterfaceId": interface});
        process.call(Operation::StartBgpFailoverTest, test).await;
        seconds(10).await;
        edge.is_there(false);
        seconds(80).await;
        assert_eq!(process.words()[0], "available");
        assert_eq!(process.words()[1], "testing");
        seconds(15).await;
        assert_eq!(process.words(), UNKNOWN);
        let tests = process.ask(Operation::ListVirtualInterfaceTestHistory, &json!({}));
        let test = &tests["virtualInterfaceTestHistory"][0];
        assert_eq!(test["status"], "failed");
        assert!(test["endTime"].is_number(), "{test}");

        seconds(75).await;
        assert_eq!(process.words(), UNKNOWN);
        seconds(20).await;
        assert_eq!(process.words(), LOST);
        seconds(3_600).await;
        assert_eq!(process.words(), LOST);

        edge.is_there(true);
        seconds(6).await;
        assert_eq!(process.words(), FINE);
        assert_eq!(process.silences(), 0);
    });
}

#[test]
fn an_edge_that_says_nothing_of_its_device_is_silent() {
    simulate(async {
        let process = Process::start(alone(), 1).await;
        let (edge, _, device) = prepare(&process).await;
        edge.is_there(false);
        for _ in 0..20 {
            process.edges.hear(&device, "session");
            let nothing = DeviceStatus {
                device: device.clone(),
                ..DeviceStatus::default()
            };
            process.edges.take_status(nothing, 0);
            seconds(5).await;
        }
        assert_eq!(process.words(), UNKNOWN);
    });
}

#[test]
fn a_process_that_was_away_itself_gives_edges_their_time() {
    simulate(async {
        let store = alone();
        let process = Process::start(Arc::clone(&store), 1).await;
        let (edge, _, device) = prepare(&process).await;

        // It stood still for ten minutes. It hears nothing for most of its patience after that.
        edge.is_there(false);
        tokio::time::advance(Duration::from_secs(600)).await;
        seconds(50).await;
        assert_eq!(
            (process.words(), process.silences()),
            (FINE.map(str::to_owned), 0)
        );
        edge.is_there(true);
        seconds(100).await;
        assert_eq!(
            (process.words(), process.silences()),
            (FINE.map(str::to_owned), 0)
        );
        edge.is_there(false);
        process.end().await;

        // It was not there at all.
        seconds(600).await;
        let process = Process::start(Arc::clone(&store), 2).await;
        seconds(85).await;
        assert_eq!(process.words(), FINE);
        seconds(10).await;
        assert_eq!(process.words(), UNKNOWN);
        process.end().await;

        // What was known to be silent is so after a restart, and no more than that.
        let process = Process::start(store, 3).await;
        seconds(170).await;
        assert_eq!(process.words(), UNKNOWN);
        seconds(15).await;
        assert_eq!(process.words(), LOST);
        let _edge = Edge::start(&device, &process);
        seconds(6).await;
        assert_eq!(process.words(), FINE);
    });
}

#[test]
fn the_simulated_fabric_is_never_silent() {
    simulate(async {
        let store = alone();
        let process = Process::start(Arc::clone(&store), 1).await;
        let (edge, ..) = prepare(&process).await;
        edge.is_there(false);
        seconds(120).await;
        assert_eq!(process.words(), UNKNOWN);
        process.end().await;
        let fabric = Box::new(Simulated::new(Span::ZERO));
        let control = control(store, fabric, 2).await;
        seconds(600).await;
        assert_eq!(control.snapshot().world.silences().count(), 0);
    });
}

/// An edge tells every process what it sees, and one hears it later than the other: what it heard before is
/// not what it knows better.
#[test]
fn who_hears_an_edge_late_does_not_contradict_who_heard_it_first() {
    simulate(async {
        let processes = two_processes().await;
        let (_, device) = order(&processes[0]).await;
        for process in &processes {
            process.edges.attend(&device);
        }
        begin(&processes[0].control, &device).await;
        seconds(5).await;
        let say = |process: &Process, link, number| {
            let intent = process.edges.intent(&device).unwrap();
            let mut status = carried_out(&intent);
            status.ports[0].link = link;
            process.edges.hear(&device, "session");
            process.edges.take_status(status, number);
        };
        let link = |process: &Process| {
            let ports = process.ask(Operation::DescribeConnections, &json!({}));
            ports["connections"][0]["connectionState"].clone()
        };
        for process in &processes {
            say(process, Link::Up, 1);
        }
        seconds(5).await;
        assert_eq!(link(&processes[0]), "available");
        let mut number = 1;
        for first in [0, 1] {
            for (state, shown) in [(Link::Down, "down"), (Link::Up, "available")] {
                let events = processes[0].control.events();
                let told = events.after(0, Duration::ZERO).await.last;
                number += 1;
                say(&processes[first], state, number);
                seconds(3).await;
                assert_eq!(link(&processes[0]), shown);
                say(&processes[1 - first], state, number);
                seconds(3).await;
                assert_eq!(link(&processes[0]), shown);
                let later = events.after(told, Duration::ZERO).await.events;
                assert_eq!(later.len(), 1, "first {first}, {state:?}: {later:?}");
            }
        }
    });
}

/// An edge that reaches one of two processes, and whether that is the one that acts. It goes away some
/// seconds later than it might.
fn heard_by_one(by_leader: bool, phase: u64) {
    simulate(async move {
        let mut processes = two_processes().await;
        let (port, device) = order(&processes[0]).await;
        if processes[0].control.health().await.role != Role::Leader {
            processes.reverse();
        }
        let (leader, follower) = (&processes[0], &processes[1]);
        assert_eq!(leader.control.health().await.role, Role::Leader);
        assert_eq!(follower.control.health().await.role, Role::Follower);
        let edge = Edge::start(&device, if by_leader { leader } else { follower });
        put_interface(leader, &port).await;
        let told = leader.control.events().after(0, Duration::ZERO).await.last;
        for _ in 0..200 + phase {
            seconds(1).await;
            assert_eq!(leader.words(), FINE);
            assert_eq!(follower.words(), FINE);
        }
        let later = leader.control.events().after(told, Duration::ZERO).await;
        assert_eq!(later.events, []);
        edge.is_there(false);
        // Whenever the other asks: that it hears the edge holds for as long as an edge may skip a word.
        seconds(84).await;
        assert_eq!(leader.words(), FINE);
        seconds(25).await;
        assert_eq!(leader.words(), UNKNOWN);
        assert_eq!(follower.words(), UNKNOWN);
        seconds(65).await;
        assert_eq!(leader.words(), UNKNOWN);
        seconds(25).await;
        assert_eq!(leader.words(), LOST);
        edge.is_there(true);
        seconds(6).await;
        assert_eq!(leader.words(), FINE);
    });
}

#[test]
fn an_edge_that_only_the_other_process_hears_is_not_silent() {
    for phase in [0, 17, 34, 51] {
        heard_by_one(false, phase);
    }
}

#[test]
fn an_edge_that_only_the_acting_process_hears_is_not_silent() {
    heard_by_one(true, 0);
}
