//! The same seed and the same requests give the same ids, keys and answers, whatever happens in between.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::sync::Arc;
use std::time::Duration;

use demarc_api::{Operation, Request};
use demarc_control::{Clock, Control, Options};
use demarc_domain::Settings;
use demarc_edge::Simulated;
use demarc_store::MemoryStore;
use demarc_types::{AccountId, Span, Timestamp};
use serde_json::{Value, json};

/// A clock that stands still, so that times in answers are the same, too.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000)
    }
}

async fn control(seed: u8, settle: Span) -> Control {
    let settings = Settings {
        settle,
        ..Settings::default()
    };
    let fabric = Box::new(Simulated::new(settle));
    let mut options = Options::new(Arc::new(settings), fabric);
    options.clock = Arc::new(Still);
    options.seed = Some([seed; 32]);
    Control::start(Arc::new(MemoryStore::new()), options)
        .await
        .unwrap()
}

/// One call's answer; a refusal is its text.
async fn call(control: &Control, operation: Operation, body: Value) -> Value {
    let account: AccountId = "111122223333".parse().unwrap();
    let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
    let region = "us-east-1".parse().unwrap();
    match control.decide(account, region, request).await.unwrap() {
        Ok(response) => serde_json::from_slice(&response.to_json()).unwrap(),
        Err(refusal) => json!(refusal.to_string()),
    }
}

/// A history with generated ids of every kind, keys, addresses, and a refusal.
async fn history(control: &Control) -> Vec<Value> {
    let port = call(
        control,
        Operation::CreateConnection,
        json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port", "requestMACSec": true}),
    )
    .await;
    let gateway = call(
        control,
        Operation::CreateDirectConnectGateway,
        json!({"directConnectGatewayName": "gateway"}),
    )
    .await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let interface = call(
        control,
        Operation::CreatePrivateVirtualInterface,
        json!({"connectionId": port["connectionId"], "newPrivateVirtualInterface": {
            "virtualInterfaceName": "one", "vlan": 101, "asn": 65_010,
            "directConnectGatewayId": gateway["directConnectGateway"]["directConnectGatewayId"]}}),
    )
    .await;
    // Refused where nothing settles; what follows is refused with it.
    let id = interface["virtualInterfaceId"].as_str();
    let id = id.unwrap_or("dxvif-ffffffff").to_owned();
    let rest = [
        (
            Operation::CreateBGPPeer,
            json!({"virtualInterfaceId": id, "newBGPPeer": {"asn": 65_010, "addressFamily": "ipv6"}}),
        ),
        (
            Operation::CreateLag,
            json!({"location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
                "numberOfConnections": 2}),
        ),
        (
            Operation::CreateConnection,
            json!({"location": "nowhere", "bandwidth": "10Gbps", "connectionName": "port"}),
        ),
        (
            Operation::AssociateMacSecKey,
            json!({"connectionId": port["connectionId"], "ckn": "ab".repeat(32), "cak": "cd".repeat(32)}),
        ),
        (
            Operation::CreateResiliencyGroup,
            json!({"resiliencyGroupName": "group", "intendedResiliencyModel": "high-resiliency"}),
        ),
        (
            Operation::StartBgpFailoverTest,
            json!({"virtualInterfaceId": id}),
        ),
    ];
    let mut answers = vec![port, gateway, interface];
    for (operation, body) in rest {
        answers.push(call(control, operation, body).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    answers
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids_keys_and_answers() {
    let first = history(&control(7, Span::ZERO).await).await;
    assert!(first[2]["authKey"].is_string(), "{}", first[2]);
    assert_eq!(first, history(&control(7, Span::ZERO).await).await);
    let other = history(&control(8, Span::ZERO).await).await;
    assert_ne!(first[0]["connectionId"], other[0]["connectionId"]);
    assert_ne!(first[2]["authKey"], other[2]["authKey"]);
}

/// Where nothing settles, no timers fire and no reports come in; the ids are those of a lively service.
#[tokio::test]
async fn what_falls_due_in_between_does_not_change_what_callers_get() {
    let lively = history(&control(7, Span::ZERO).await).await;
    let frozen = history(&control(7, Span::from_days(1)).await).await;
    let ids = |answers: &[Value]| {
        let lag = &answers[4];
        [
            answers[0]["connectionId"].clone(),
            answers[1]["directConnectGateway"]["directConnectGatewayId"].clone(),
            lag["lagId"].clone(),
            lag["connections"][1]["connectionId"].clone(),
            answers[7]["resiliencyGroup"]["resiliencyGroupId"].clone(),
        ]
    };
    assert_eq!(ids(&lively), ids(&frozen));
}
