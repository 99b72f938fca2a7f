//! Time that is skipped: what was due in it happens as if it had passed.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::sync::Arc;

use demarc_api::{Operation, Request};
use demarc_control::{Clock, Control, Options};
use demarc_domain::{Order, Settings};
use demarc_edge::Simulated;
use demarc_store::MemoryStore;
use demarc_types::{AccountId, Region, Span, Timestamp};
use serde_json::{Value, json};

const SETTLE: Span = Span::from_secs(10);
const HOUR: Span = Span::from_secs(3_600);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000)
    }
}

struct Service(Control);

impl Service {
    async fn start() -> Self {
        let settings = Settings {
            settle: SETTLE,
            ..Settings::default()
        };
        let mut options = Options::new(Arc::new(settings), Box::new(Simulated::new(SETTLE)));
        options.clock = Arc::new(Still);
        let store = Arc::new(MemoryStore::new());
        Self(Control::start(store, options).await.unwrap())
    }

    async fn write(&self, operation: Operation, body: Value) -> Value {
        let (account, region) = caller();
        let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
        let answer = self.0.decide(account, region, request).await.unwrap();
        serde_json::from_slice(&answer.unwrap().to_json()).unwrap()
    }

    fn ports(&self) -> Value {
        let request = Request::decode(Operation::DescribeConnections, b"{}").unwrap();
        let (account, region) = caller();
        let shown = self.0.query(account, region, &request).unwrap();
        let shown: Value = serde_json::from_slice(&shown.to_json()).unwrap();
        shown["connections"].clone()
    }

    async fn advance(&self, span: Span) {
        let order = Order::AdvanceClock(span);
        self.0.command(order).await.unwrap().unwrap();
    }
}

fn caller() -> (AccountId, Region) {
    (
        "111122223333".parse().unwrap(),
        "us-east-1".parse().unwrap(),
    )
}

#[tokio::test]
async fn a_chain_of_steps_is_gone_through_in_the_time_that_is_skipped() {
    let service = Service::start().await;
    let body = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"});
    let port = service.write(Operation::CreateConnection, body).await;
    // Approved, then the light comes on: two steps.
    service.advance(SETTLE).await;
    assert_eq!(service.ports()[0]["connectionState"], "pending");
    service.advance(HOUR).await;
    assert_eq!(service.ports()[0]["connectionState"], "available");
    let body = json!({"connectionId": port["connectionId"]});
    service.write(Operation::DeleteConnection, body).await;
    assert_eq!(service.ports()[0]["connectionState"], "deleting");
    // Deleted, and no longer shown a quarter of an hour later.
    service.advance(HOUR).await;
    assert_eq!(service.ports(), json!([]));
}
