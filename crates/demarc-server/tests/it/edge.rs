//! Edges of devices over HTTP: sessions, intents by revision, statuses and what becomes of them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{CUSTOMER, Reply, Server, check_against, request_bytes};

const FABRIC: &str = "[fabric]\nedge = true\n";
/// The SHA-256 of `token-a`.
const TOKENS: &str = r#"
[[edge]]
device = "EqDC2-a"
token_sha256 = "a70bf50e531ce1a817561f2f5d5b6645d4e806becf58ccc5e8cf6b8045a090a8"
"#;

async fn call(server: &Server, method: &str, path: &str, token: &str, body: Value) -> Reply {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let token = format!("Bearer {token}");
    let headers = [("authorization", token.as_str())];
    let path = format!("/_demarc/edge/v1/devices/{path}");
    let request = request_bytes(server.address, method, &path, &headers, body.as_bytes());
    server.raw(&request).await
}

async fn get(server: &Server, path: &str) -> Reply {
    call(server, "GET", path, "", Value::Null).await
}

async fn post(server: &Server, path: &str, body: Value) -> Reply {
    call(server, "POST", path, "", body).await
}

async fn begin(server: &Server, device: &str, session: &str) -> Reply {
    let body = json!({"session": session, "host": format!("host of {session}")});
    post(server, &format!("{device}/session"), body).await
}

/// A port that waits for its link, and its device.
async fn port(server: &Server) -> (String, String) {
    let connection = server.connection(CUSTOMER).await;
    for _ in 0..200 {
        let body = json!({"connectionId": connection});
        let found = server
            .as_account(CUSTOMER, "DescribeConnections", body)
            .await;
        if let Some(device) = found["connections"][0]["awsDeviceV2"].as_str() {
            return (connection, device.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no device was found for {connection}");
}

async fn connection_state(server: &Server, connection: &str) -> String {
    let body = json!({"connectionId": connection});
    let found = server
        .as_account(CUSTOMER, "DescribeConnections", body)
        .await;
    let state = &found["connections"][0]["connectionState"];
    state.as_str().unwrap().to_owned()
}

fn status(device: &str, followed: u64, connection: &str, link: &str) -> Value {
    json!({
        "status": {
            "device": device,
            "followed": followed,
            "ports": [{"connection": connection, "interface": "eth1", "link": link}],
            "virtualInterfaces": [],
            "faults": [{"subject": "eth9", "message": "it is not there"}],
        },
        "allRoutes": true,
    })
}

/// All that an edge may say of a port is what the document says of it.
#[tokio::test(flavor = "multi_thread")]
async fn ports_of_lags_and_with_mac_sec_are_shown_as_documented() {
    let server = Server::with(FABRIC).await;
    let (connection, device) = port(&server).await;
    begin(&server, &device, "s1").await;
    let mut told = status(&device, 1, &connection, "up");
    told["status"]["ports"][0]["lacp"] = json!({
        "lag": "dxlag-fg000001", "state": "collecting", "partner": "p", "reason": "r",
    });
    told["status"]["ports"][0]["macSec"] = json!({
        "encrypted": false, "reason": "r", "secrets": ["arn"], "ckn": "ab", "cipher": "GCM-AES-256",
        "keyServer": "k", "peers": ["p"], "discarded": {"icv": 1},
        "counters": {"outEncrypted": 1, "inAccepted": 2, "inLate": 3, "inInvalid": 4, "inUnknown": 5},
    });
    let reply = post(
        &server,
        &format!("{device}/status?session=s1"),
        told.clone(),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let shown = server.operator("GET", "/edges", Value::Null).await.json();
    let document = server.operator("GET", "/openapi.json", Value::Null).await;
    let schema = json!({"$ref": "#/components/schemas/Edges"});
    check_against(&document.json(), &schema, &shown).unwrap();
    let seen = &shown["edges"][0]["ports"][0];
    for member in ["lacp", "macSec"] {
        assert_eq!(seen[member], told["status"]["ports"][0][member]);
    }
    server.stop().await;
}

/// Nothing carries packets from one edge to another.
#[tokio::test(flavor = "multi_thread")]
async fn site_link_to_the_device_of_another_edge_is_a_fault_of_both() {
    let server = Server::with(FABRIC).await;
    let gateway = server.gateway(CUSTOMER).await;
    let mut devices = Vec::new();
    for vlan in [101, 102] {
        // Each on a device of its own.
        let (connection, device) = loop {
            let found = port(&server).await;
            if !devices.iter().any(|(_, device)| *device == found.1) {
                break found;
            }
        };
        begin(&server, &device, &format!("s{vlan}")).await;
        let path = format!("{device}/status?session=s{vlan}");
        post(&server, &path, status(&device, u64::MAX, &connection, "up")).await;
        for _ in 0..200 {
            if connection_state(&server, &connection).await == "available" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let body = json!({"connectionId": connection, "newPrivateVirtualInterface": {
            "virtualInterfaceName": "v", "vlan": vlan, "asn": 65_001, "directConnectGatewayId": gateway,
            "enableSiteLink": true}});
        let made = server
            .as_account(CUSTOMER, "CreatePrivateVirtualInterface", body)
            .await;
        let id = made["virtualInterfaceId"].as_str().unwrap().to_owned();
        devices.push((id, device));
    }
    let shown = server.operator("GET", "/edges", Value::Null).await.json();
    for ((id, device), (other, other_device)) in devices.iter().zip(devices.iter().rev()) {
        let mut edges = shown["edges"].as_array().unwrap().iter();
        let edge = edges.find(|edge| edge["device"] == **device).unwrap();
        let mut faults = edge["faults"].as_array().unwrap().iter();
        let fault = faults.find(|fault| fault["subject"] == **id).unwrap();
        let said = format!(
            "SiteLink to {other} of {other_device} is not carried: another edge has that device"
        );
        assert_eq!(fault["message"], said);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_makes_what_it_sees_true_of_the_api() {
    let server = Server::with(FABRIC).await;
    let (connection, device) = port(&server).await;
    assert_eq!(begin(&server, &device, "s1").await.status, 200);
    let reply = get(&server, &format!("{device}/intent?session=s1&wait=5")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let intent = reply.json();
    assert_eq!(intent["intent"]["ports"][0]["connection"], connection);
    let revision = intent["revision"].as_u64().unwrap();

    let path = format!("{device}/status?session=s1");
    let told = post(&server, &path, status(&device, revision, &connection, "up")).await;
    assert_eq!(told.status, 200, "{}", told.text());
    for _ in 0..200 {
        if connection_state(&server, &connection).await == "available" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(connection_state(&server, &connection).await, "available");

    let shown = server.operator("GET", "/edges", Value::Null).await;
    let document = server.operator("GET", "/openapi.json", Value::Null).await;
    let schema = json!({"$ref": "#/components/schemas/Edges"});
    check_against(&document.json(), &schema, &shown.json()).unwrap();
    let edge = &shown.json()["edges"][0];
    assert_eq!(edge["state"], "faulty");
    assert_eq!(edge["host"], "host of s1");
    assert_eq!(edge["faults"][0]["subject"], "eth9");
    server.stop().await;
}

/// Spec/states §13, with less patience than there.
#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_falls_silent_takes_the_words_with_it() {
    let server = Server::impatient(FABRIC, Duration::from_millis(600)).await;
    let (connection, device) = port(&server).await;
    begin(&server, &device, "s1").await;
    let reply = get(&server, &format!("{device}/intent?session=s1&wait=5")).await;
    let revision = reply.json()["revision"].as_u64().unwrap();
    let path = format!("{device}/status?session=s1");
    let working = status(&device, revision, &connection, "up");
    post(&server, &path, working.clone()).await;
    let mut expected = vec![
        ("available".to_owned(), None),
        ("unknown".to_owned(), Some("edge-lost".to_owned())),
        ("down".to_owned(), Some("edge-lost".to_owned())),
    ];
    assert_eq!(lived(&server, expected.len()).await, expected);
    assert_eq!(connection_state(&server, &connection).await, "down");

    // What an edge says that does not work is no sign of the device.
    let mut nothing = working.clone();
    nothing["status"]["followed"] = Value::Null;
    assert_eq!(post(&server, &path, nothing).await.status, 200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(connection_state(&server, &connection).await, "down");
    post(&server, &path, working).await;
    expected.push(("available".to_owned(), None));
    assert_eq!(lived(&server, expected.len()).await, expected);
    server.stop().await;
}

/// The first states of the one connection since it was in service, with their reasons.
async fn lived(server: &Server, count: usize) -> Vec<(String, Option<String>)> {
    let mut lived = Vec::new();
    for _ in 0..1_000 {
        let page = server.operator("GET", "/events", Value::Null).await.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        lived = page["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["detail-type"] == "Direct Connect Connection State Change")
            .map(|event| &event["detail"])
            .map(|detail| (text(&detail["state"]).unwrap(), text(&detail["reason"])))
            .skip_while(|(state, _)| state != "available")
            .take(count)
            .collect();
        if lived.len() == count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    lived
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_waited_for_by_revision() {
    let server = Server::with(FABRIC).await;
    let (connection, device) = port(&server).await;
    begin(&server, &device, "s1").await;
    let first = get(&server, &format!("{device}/intent?session=s1&wait=5")).await;
    let revision = first.json()["revision"].as_u64().unwrap();

    let path = format!("{device}/intent?session=s1&after={revision}&wait=1");
    let begun = Instant::now();
    let nothing = get(&server, &path).await;
    assert_eq!((nothing.status, nothing.text()), (204, String::new()));
    assert!(begun.elapsed() >= Duration::from_secs(1), "it did not wait");

    // Another revision of the World with the same intent for the device is none for the edge.
    let path = format!("{device}/intent?session=s1&after={revision}&wait=20");
    let waiting = get(&server, &path);
    let change = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.gateway(CUSTOMER).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let body = json!({"connectionId": connection});
        server.as_account(CUSTOMER, "DeleteConnection", body).await;
        Instant::now()
    };
    let (changed, at) = tokio::join!(waiting, change);
    assert!(at.elapsed() < Duration::from_secs(5), "it was not woken");
    assert_eq!(changed.json()["intent"]["ports"], json!([]));

    // A revision from another store's future is answered at once.
    let path = format!("{device}/intent?session=s1&after=999999&wait=20");
    assert_eq!(get(&server, &path).await.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_edge_of_a_device_is_the_one() {
    let server = Server::with(FABRIC).await;
    let (connection, device) = port(&server).await;
    let intent = |session: &str| format!("{device}/intent?session={session}&after=0&wait=0");
    assert_eq!(get(&server, &intent("s1")).await.status, 410);
    begin(&server, &device, "s1").await;
    let first = get(&server, &format!("{device}/intent?session=s1&wait=5")).await;
    let revision = first.json()["revision"].as_u64().unwrap();

    let path = format!("{device}/intent?session=s1&after={revision}&wait=30");
    let waiting = get(&server, &path);
    let takeover = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        begin(&server, &device, "s2").await
    };
    let (told, _) = tokio::join!(waiting, takeover);
    assert_eq!(told.status, 409, "{}", told.text());
    assert!(told.message().contains("host of s2"), "{}", told.message());
    let late = status(&device, revision, &connection, "up");
    let told = post(&server, &format!("{device}/status?session=s1"), late).await;
    assert_eq!(told.status, 409);
    assert_eq!(connection_state(&server, &connection).await, "pending");
    assert_eq!(get(&server, &intent("s2")).await.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_make_no_sense_are_refused() {
    let server = Server::with(FABRIC).await;
    let (connection, device) = port(&server).await;
    let unknown = begin(&server, "nowhere-1", "s1").await;
    assert_eq!(unknown.status, 400);
    assert!(
        unknown.message().contains("nowhere-1"),
        "{}",
        unknown.message()
    );
    begin(&server, &device, "s1").await;
    let foreign = status("another", 1, &connection, "up");
    for (method, path, body, expected) in [
        ("POST", "status?session=s1", foreign, 403),
        ("POST", "status?session=s1", json!({"status": 1}), 400),
        ("POST", "status", status(&device, 1, &connection, "up"), 400),
        ("POST", "session", json!({"session": ""}), 400),
        ("GET", "intent?session=s1&after=x", Value::Null, 400),
        ("PUT", "intent?session=s1", Value::Null, 405),
        ("GET", "nothing", Value::Null, 404),
    ] {
        let reply = call(&server, method, &format!("{device}/{path}"), "", body).await;
        assert_eq!(reply.status, expected, "{method} {path}: {}", reply.text());
    }
    server.is_alive().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_sees_the_intent_of_its_own_device_only() {
    let server = Server::with(&format!("{FABRIC}{TOKENS}")).await;
    let session = json!({"session": "s1"});
    for (device, token, expected) in [
        ("EqDC2-a", "", 401),
        ("EqDC2-a", "wrong", 401),
        ("EqDC2-b", "token-a", 403),
        // The token is right; there is no such device.
        ("EqDC2-a", "token-a", 400),
    ] {
        let path = format!("{device}/session");
        let reply = call(&server, "POST", &path, token, session.clone()).await;
        assert_eq!(reply.status, expected, "{device} {token}: {}", reply.text());
        let path = format!("{device}/intent?session=s1");
        let reply = call(&server, "GET", &path, token, Value::Null).await;
        let expected = if expected == 400 { 410 } else { expected };
        assert_eq!(reply.status, expected, "{device} {token}: {}", reply.text());
    }
    server.stop().await;
    // With accounts and without tokens nobody is let in.
    let server = Server::with(&format!("{}\n{FABRIC}", crate::support::ACCOUNTS)).await;
    let reply = call(&server, "POST", "EqDC2-a/session", "let-me-in", session).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_edges_says_so() {
    let server = Server::open().await;
    let reply = begin(&server, "EqDC2-a", "s1").await;
    assert_eq!(reply.status, 404);
    assert!(
        reply.message().contains("--fabric edge"),
        "{}",
        reply.message()
    );
    let shown = server.operator("GET", "/edges", Value::Null).await;
    assert_eq!(shown.json(), json!({"edges": []}));
    server.stop().await;
}
