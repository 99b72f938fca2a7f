//! Keys that customers hand over do not appear in what is printed, logged or published (architecture.md
//! section 9, invariant 8). Answers to their owners do hold them; those are not looked at here.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use demarc_api::{Operation, Request};
use demarc_control::{Control, Options};
use demarc_domain::Settings;
use demarc_edge::Simulated;
use demarc_store::MemoryStore;
use demarc_types::Span;
use serde_json::{Value, json};

const BGP_KEY: &str = "RecognizableBgpKey1234";
const PEER_KEY: &str = "RecognizablePeerKey567";
const CAK: &str = "5ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4";

/// Log lines, kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn assert_no_secret(text: &str, place: &str) {
    for secret in [BGP_KEY, PEER_KEY, CAK] {
        assert!(
            !text.contains(secret),
            "{secret} appears in {place}: {text}"
        );
    }
}

/// One call that succeeds; what it was asked and answered is printed as programs print it.
async fn call(control: &Control, operation: Operation, body: Value) -> Value {
    let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
    assert_no_secret(&format!("{request:?}"), "the request's Debug");
    let account = "111122223333".parse().unwrap();
    let region = "us-east-1".parse().unwrap();
    let response = control
        .decide(account, region, request)
        .await
        .unwrap()
        .unwrap();
    assert_no_secret(&format!("{response:?}"), "the response's Debug");
    serde_json::from_slice(&response.to_json()).unwrap()
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap().to_owned()
}

async fn use_secrets(control: &Control) {
    let port = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port", "requestMACSec": true});
    let port = call(control, Operation::CreateConnection, port).await;
    let gateway = json!({"directConnectGatewayName": "gateway"});
    let gateway = call(control, Operation::CreateDirectConnectGateway, gateway).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let key =
        json!({"connectionId": text(&port, "connectionId"), "ckn": "ab".repeat(32), "cak": CAK});
    call(control, Operation::AssociateMacSecKey, key).await;
    let interface = json!({"connectionId": text(&port, "connectionId"), "newPrivateVirtualInterface": {
        "virtualInterfaceName": "one", "vlan": 101, "asn": 65_000, "authKey": BGP_KEY,
        "directConnectGatewayId": text(&gateway["directConnectGateway"], "directConnectGatewayId")}});
    let made = call(control, Operation::CreatePrivateVirtualInterface, interface).await;
    assert_eq!(made["authKey"], BGP_KEY, "its owner may read the key");
    let peer = json!({"virtualInterfaceId": text(&made, "virtualInterfaceId"),
        "newBGPPeer": {"asn": 65_000, "addressFamily": "ipv6", "authKey": PEER_KEY}});
    call(control, Operation::CreateBGPPeer, peer).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let made = json!({"virtualInterfaceId": text(&made, "virtualInterfaceId")});
    call(control, Operation::DescribeVirtualInterfaces, made.clone()).await;
    call(
        control,
        Operation::DescribeRouterConfiguration,
        made.clone(),
    )
    .await;
    call(control, Operation::DeleteVirtualInterface, made).await;
}

#[tokio::test]
async fn keys_do_not_appear_in_debug_texts_events_or_logs() {
    let log = Log::default();
    let lines = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let settings = Settings {
        settle: Span::ZERO,
        ..Settings::default()
    };
    let fabric = Box::new(Simulated::new(Span::ZERO));
    let options = Options::new(Arc::new(settings), fabric);
    let control = Control::start(Arc::new(MemoryStore::new()), options)
        .await
        .unwrap();
    use_secrets(&control).await;
    let world = control.snapshot().world.clone();
    for entity in world.entities() {
        assert_no_secret(&format!("{entity:?}"), "an entity's Debug");
    }
    let page = control.events().after(0, Duration::ZERO).await;
    assert!(page.events.len() > 5, "the calls made events");
    for event in page.events {
        assert_no_secret(
            &format!(
                "{:?} {}",
                event.event,
                serde_json::to_string(&event.event.detail).unwrap()
            ),
            "an event",
        );
    }
    drop(control);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("the writer has ended"),
        "nothing was logged: {text}"
    );
    assert_no_secret(&text, "the log");
}
