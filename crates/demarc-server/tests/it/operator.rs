//! The operator API end to end: every answer has the form that the OpenAPI document promises.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{CARRIER, Reply, Server, check_against, request_bytes};

/// A client that checks every answer, and remembers which paths it has been to.
struct Checked<'a> {
    server: &'a Server,
    document: Value,
    seen: BTreeSet<(String, String)>,
}

impl<'a> Checked<'a> {
    async fn new(server: &'a Server) -> Self {
        let document = server
            .operator("GET", "/openapi.json", Value::Null)
            .await
            .json();
        let seen = BTreeSet::from([("/openapi.json".to_owned(), "get".to_owned())]);
        Self {
            server,
            document,
            seen,
        }
    }

    /// `template` is the path in the document, `id` what stands for its `{...}`.
    async fn call(&mut self, method: &str, template: &str, id: &str, body: Value) -> Reply {
        let (template, query) = template.split_once('?').unwrap_or((template, ""));
        let start = template.find('{');
        let path = match (start, template.find('}')) {
            (Some(start), Some(end)) => {
                format!("{}{id}{}", &template[..start], &template[end + 1..])
            }
            _ => template.to_owned(),
        };
        let reply = self
            .server
            .operator(method, &format!("{path}?{query}"), body)
            .await;
        let operation = &self.document["paths"][template][method.to_lowercase()];
        let mut expected = &operation["responses"][reply.status.to_string()];
        if let Some(reference) = expected["$ref"].as_str() {
            expected = self.document.pointer(&reference[1..]).unwrap();
        }
        let schema = &expected["content"]["application/json"]["schema"];
        assert!(
            schema.is_object(),
            "{method} {path}: {} is not documented",
            reply.status
        );
        assert_eq!(reply.header("content-type"), Some("application/json"));
        if let Err(error) = check_against(&self.document, schema, &reply.json()) {
            panic!("{method} {path} {}: {error}", reply.status);
        }
        if reply.status == 200 {
            self.seen
                .insert((template.to_owned(), method.to_lowercase()));
        }
        reply
    }

    async fn ok(&mut self, method: &str, template: &str, id: &str, body: Value) -> Value {
        let reply = self.call(method, template, id, body).await;
        assert_eq!(reply.status, 200, "{method} {template}: {}", reply.text());
        reply.json()
    }
}

async fn public_interface(server: &Server, connection: &str, vlan: u16) -> Value {
    let second = vlan % 64 * 4;
    let body = json!({"connectionId": connection, "newPublicVirtualInterface": {
        "virtualInterfaceName": "public", "vlan": vlan, "asn": 65_001,
        "amazonAddress": format!("175.45.176.{}/30", second + 1),
        "customerAddress": format!("175.45.176.{}/30", second + 2),
        "routeFilterPrefixes": [{"cidr": "210.52.109.0/24"}]}});
    server
        .as_account(CARRIER, "CreatePublicVirtualInterface", body)
        .await
}

#[tokio::test]
async fn every_path_answers_as_documented() {
    let text = "[rules]\napprove_connections = false\napprove_public_virtual_interfaces = false\n";
    let server = Server::with(text).await;
    let mut operator = Checked::new(&server).await;
    let port = server.connection(CARRIER).await;
    let empty = operator
        .ok("GET", "/connections/{id}/intent", &port, Value::Null)
        .await;
    assert_eq!(empty["intent"], Value::Null, "it has no place yet");
    operator
        .ok("POST", "/connections/{id}/approve", &port, Value::Null)
        .await;
    operator
        .ok(
            "POST",
            "/connections/{id}/link",
            &port,
            json!({"state": "up"}),
        )
        .await;
    operator
        .ok("POST", "/clock/advance", "", json!({"seconds": 120}))
        .await;
    let intent = operator
        .ok("GET", "/connections/{id}/intent", &port, Value::Null)
        .await;
    assert_eq!(intent["intent"]["megabits"], 1_000);

    let first = public_interface(&server, &port, 101).await;
    let second = public_interface(&server, &port, 102).await;
    let id = |interface: &Value| interface["virtualInterfaceId"].as_str().unwrap().to_owned();
    let nothing = operator
        .ok(
            "GET",
            "/virtual-interfaces/{id}/intent",
            &id(&first),
            Value::Null,
        )
        .await;
    assert_eq!(nothing["intent"], Value::Null, "it is under review");
    operator
        .ok(
            "POST",
            "/virtual-interfaces/{id}/approve",
            &id(&first),
            Value::Null,
        )
        .await;
    operator
        .ok(
            "POST",
            "/virtual-interfaces/{id}/reject",
            &id(&second),
            Value::Null,
        )
        .await;
    let prefixes = json!({"routeFilterPrefixes": [{"cidr": "175.45.176.0/22"}]});
    let put = "/virtual-interfaces/{id}/route-filter-prefixes";
    operator.ok("PUT", put, &id(&first), prefixes.clone()).await;
    let shown = server
        .as_account(
            CARRIER,
            "DescribeVirtualInterfaces",
            json!({"virtualInterfaceId": id(&first)}),
        )
        .await;
    assert_eq!(
        shown["virtualInterfaces"][0]["routeFilterPrefixes"],
        prefixes["routeFilterPrefixes"]
    );
    let intent = operator
        .ok(
            "GET",
            "/virtual-interfaces/{id}/intent",
            &id(&first),
            Value::Null,
        )
        .await;
    assert_eq!(intent["intent"]["peers"][0]["auth_key"], "[PROTECTED]");
    assert_eq!(intent["intent"]["vlan"], 101);
    let peer = first["bgpPeers"][0]["bgpPeerId"].as_str().unwrap();
    operator
        .ok(
            "POST",
            "/bgp-peers/{id}/session",
            peer,
            json!({"state": "down"}),
        )
        .await;

    let path = "/virtual-interfaces/{id}/why?destination=175.45.176.9";
    let why = operator.ok("GET", path, &id(&first), Value::Null).await;
    assert_eq!(why["destination"], "175.45.176.9/32");
    assert!(!why["summary"].as_array().unwrap().is_empty(), "{why}");

    let delete = json!({"operation": "DeleteVirtualInterface", "account": CARRIER,
        "region": "us-east-1", "input": {"virtualInterfaceId": id(&first)}});
    let gateway = json!({"operation": "CreateDirectConnectGateway", "account": CARRIER, "region": "us-east-1",
        "input": {"directConnectGatewayName": "tried"}});
    let undo = json!({"operation": "DeleteDirectConnectGateway", "account": CARRIER, "region": "us-east-1",
        "input": {"directConnectGatewayId": "$2.directConnectGateway.directConnectGatewayId"}});
    let nobodys = json!({"operation": "DeleteConnection", "account": CARRIER, "region": "us-east-1",
        "input": {"connectionId": "dxcon-fgzzzzz0"}});
    let calls = json!({"calls": [delete, gateway, undo, nobodys]});
    let tried = operator.ok("POST", "/what-if", "", calls).await;
    let accepted = tried["calls"].as_array().unwrap().iter();
    let accepted: Vec<bool> = accepted.map(|call| call["accepted"] == true).collect();
    assert_eq!(accepted, [true, true, true, false], "{tried}");
    assert_eq!(tried["effects"]["virtualInterfaces"][0]["id"], id(&first));
    assert_eq!(tried["effects"]["sessions"][0]["effect"], "removed");
    let shown = server
        .as_account(CARRIER, "DescribeDirectConnectGateways", json!({}))
        .await;
    assert_eq!(
        shown["directConnectGateways"],
        json!([]),
        "nothing was written"
    );

    let group =
        json!({"resiliencyGroupName": "group", "intendedResiliencyModel": "maximum-resiliency"});
    let made = server
        .as_account(CARRIER, "CreateResiliencyGroup", group)
        .await;
    let group = made["resiliencyGroup"]["resiliencyGroupId"]
        .as_str()
        .unwrap();
    let judged = operator
        .ok(
            "GET",
            "/resiliency-groups/{id}/judgement",
            group,
            Value::Null,
        )
        .await;
    assert_eq!(judged["meets"], false);
    assert!(judged["lacking"].is_string());

    let location = json!({"locationName": "My site", "region": "us-east-1", "availablePortSpeeds": ["1G", "10G"],
        "devices": [{"name": "my-router-1", "ports": 4}]});
    operator
        .ok("PUT", "/locations/{code}", "MYDC1", location)
        .await;
    let listed = operator
        .ok("GET", "/locations?region=us-east-1", "", Value::Null)
        .await;
    let codes = listed["locations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| &found["locationCode"]);
    assert!(codes.into_iter().any(|code| code == "MYDC1"), "{listed}");
    let mut known = listed["locations"][0].clone();
    let code = known["locationCode"].take();
    known["locationName"] = json!("Renamed");
    let lower = code.as_str().unwrap().to_ascii_lowercase();
    let put = operator.ok("PUT", "/locations/{code}", &lower, known).await;
    assert_eq!(put["locationCode"], code, "codes keep their case");

    let made = server
        .as_account(
            CARRIER,
            "CreateDirectConnectGateway",
            json!({"directConnectGatewayName": "hairpin"}),
        )
        .await;
    let gateway = made["directConnectGateway"]["directConnectGatewayId"]
        .as_str()
        .unwrap();
    let allow = json!({"allowGatewayHairpin": true});
    let path = "/direct-connect-gateways/{id}/hairpin";
    let allowed = operator.ok("PUT", path, gateway, allow).await;
    assert_eq!(allowed["allowGatewayHairpin"], true);

    let types = operator.ok("GET", "/router-types", "", Value::Null).await;
    assert!(types["routerTypes"].as_array().unwrap().len() >= 14);
    let summary = operator.ok("GET", "/summary", "", Value::Null).await;
    assert_eq!(summary["counts"]["connections"], 1);
    assert_eq!(summary["clockAdvancedSeconds"], 120);
    let accounts = operator.ok("GET", "/accounts", "", Value::Null).await;
    assert_eq!(accounts["accounts"][0]["accountId"], CARRIER);
    let events = operator
        .ok("GET", "/events?after=0&wait=0", "", Value::Null)
        .await;
    assert!(!events["events"].as_array().unwrap().is_empty());
    operator.ok("GET", "/edges", "", Value::Null).await;
    let hosted = json!({"connectionId": port, "ownerAccount": "444455556666",
        "newPrivateVirtualInterfaceAllocation": {"virtualInterfaceName": "hosted", "vlan": 200, "asn": 65_000}});
    server
        .as_account(CARRIER, "AllocatePrivateVirtualInterface", hosted)
        .await;
    let audit = operator.ok("GET", "/audit?after=0", "", Value::Null).await;
    let records = audit["records"].as_array().unwrap();
    let is_shared = |record: &Value| record["sharedEventID"].is_string();
    assert!(records.iter().any(is_shared), "{audit}");

    let all: BTreeSet<(String, String)> = operator.document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(|method| (path.clone(), method.clone()))
        })
        .collect();
    assert_eq!(operator.seen, all, "every path was tried");
}

#[tokio::test]
async fn problems_are_documented_too() {
    let server = Server::open().await;
    let mut operator = Checked::new(&server).await;
    let missing = [
        (
            "POST",
            "/connections/{id}/link",
            "dxcon-fgzzzzz0",
            json!({"state": "down"}),
        ),
        (
            "POST",
            "/connections/{id}/approve",
            "dxcon-fgzzzzz0",
            Value::Null,
        ),
        (
            "GET",
            "/connections/{id}/intent",
            "dxcon-fgzzzzz0",
            Value::Null,
        ),
        (
            "POST",
            "/bgp-peers/{id}/session",
            "dxpeer-fgzzzzz0",
            json!({"state": "down"}),
        ),
        (
            "POST",
            "/virtual-interfaces/{id}/approve",
            "dxvif-fgzzzzz0",
            Value::Null,
        ),
        (
            "POST",
            "/virtual-interfaces/{id}/reject",
            "dxvif-fgzzzzz0",
            Value::Null,
        ),
        (
            "GET",
            "/virtual-interfaces/{id}/intent",
            "dxvif-fgzzzzz0",
            Value::Null,
        ),
        (
            "PUT",
            "/virtual-interfaces/{id}/route-filter-prefixes",
            "dxvif-fgzzzzz0",
            json!({"routeFilterPrefixes": [{"cidr": "175.45.176.0/22"}]}),
        ),
        (
            "PUT",
            "/direct-connect-gateways/{id}/hairpin",
            "00000000-0000-4000-8000-000000000000",
            json!({"allowGatewayHairpin": true}),
        ),
        (
            "GET",
            "/resiliency-groups/{id}/judgement",
            "dxrg-00000000000000000",
            Value::Null,
        ),
    ];
    for (method, path, id, body) in missing {
        let reply = operator.call(method, path, id, body).await;
        assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text());
    }
    let port = server.connection(CARRIER).await;
    let wrong = [
        (
            "POST",
            "/connections/{id}/link",
            "dxcon-",
            json!({"state": "down"}),
        ),
        (
            "POST",
            "/connections/{id}/link",
            "..",
            json!({"state": "down"}),
        ),
        (
            "POST",
            "/connections/{id}/link",
            &port,
            json!({"state": "sideways"}),
        ),
        (
            "POST",
            "/connections/{id}/link",
            &port,
            json!({"state": "up", "more": 1}),
        ),
        ("POST", "/connections/{id}/link", &port, Value::Null),
        (
            "POST",
            "/bgp-peers/{id}/session",
            &port,
            json!({"state": "up"}),
        ),
        (
            "PUT",
            "/direct-connect-gateways/{id}/hairpin",
            "vgw-0123456789abcdef0",
            json!({"allowGatewayHairpin": true}),
        ),
        (
            "PUT",
            "/direct-connect-gateways/{id}/hairpin",
            "00000000-0000-4000-8000-000000000000",
            json!({"allowGatewayHairpin": "yes"}),
        ),
        ("POST", "/clock/advance", "", json!({"seconds": -1})),
        ("POST", "/clock/advance", "", json!({"seconds": 1e18})),
        ("POST", "/clock/advance", "", json!({"seconds": "5"})),
        // The members in their order, but no object.
        ("POST", "/clock/advance", "", json!([5])),
        ("GET", "/events?after=x", "", Value::Null),
        ("GET", "/events?wait=-1", "", Value::Null),
        ("GET", "/events?wait=NaN", "", Value::Null),
        ("GET", "/events?wait=300.5", "", Value::Null),
        ("GET", "/audit?after=1.5", "", Value::Null),
        ("GET", "/locations?region=Mars%21", "", Value::Null),
        (
            "PUT",
            "/locations/{code}",
            "MYDC1",
            json!({"locationName": "x"}),
        ),
        (
            "PUT",
            "/locations/{code}",
            "MYDC1",
            json!({"locationName": "x", "region": "us-east-1", "availablePortSpeeds": ["3G"], "devices": [{"name": "d"}]}),
        ),
    ];
    for (method, path, id, body) in wrong {
        let reply = operator.call(method, path, id, body.clone()).await;
        assert_eq!(
            reply.status,
            400,
            "{method} {path} {body}: {}",
            reply.text()
        );
    }
    server.is_alive().await;
}

#[tokio::test]
async fn other_methods_are_named_in_the_answer() {
    let server = Server::open().await;
    let reply = server.operator("DELETE", "/events", Value::Null).await;
    assert_eq!(
        (reply.status, reply.header("allow")),
        (405, Some("GET, HEAD"))
    );
    assert!(reply.json()["message"].as_str().unwrap().contains("DELETE"));
    assert_eq!(
        server.operator("GET", "/nothing", Value::Null).await.status,
        404
    );
    let head = server.operator("HEAD", "/summary", Value::Null).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn with_accounts_the_operator_needs_a_token() {
    let server = Server::closed().await;
    assert_eq!(
        server
            .operator("GET", "/accounts", Value::Null)
            .await
            .status,
        200
    );
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "bearer let-me-in",
        "Bearer let-me-in2",
    ] {
        let headers = [("authorization", authorization)];
        let request = request_bytes(server.address, "GET", "/_demarc/v1/accounts", &headers, b"");
        assert_eq!(server.raw(&request).await.status, 401, "{authorization}");
    }
    let text = crate::support::ACCOUNTS.replace("operator_token = \"let-me-in\"", "");
    let server = Server::with(&text).await;
    assert_eq!(
        server
            .operator("GET", "/accounts", Value::Null)
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn accounts_are_listed_without_secrets() {
    let server = Server::closed().await;
    let reply = server.operator("GET", "/accounts", Value::Null).await;
    let text = reply.text();
    assert!(!text.contains("secret\""), "{text}");
    for secret in ["carrier-secret", "alice-secret", "let-me-in", "sealed"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let shown = reply.json();
    assert_eq!(shown["mode"], "configured");
    let carrier = &shown["accounts"][0];
    assert_eq!(carrier["partnerType"], "v2");
    assert_eq!(
        carrier["accessKeys"],
        json!([{"accessKeyId": "AKIAALICE", "user": "alice"}, {"accessKeyId": "AKIABOB", "user": "bob"},
               {"accessKeyId": "AKIACARRIER"}])
    );
    assert_eq!(carrier["roles"], json!(["deployer"]));
}

#[tokio::test]
async fn pages_of_other_origins_are_kept_out_of_the_open_mode() {
    let server = Server::open().await;
    let own = format!("http://{}", server.address);
    for (origin, status) in [
        (own.as_str(), 200),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let headers = [("origin", origin)];
        let request = request_bytes(
            server.address,
            "POST",
            "/_demarc/v1/clock/advance",
            &headers,
            br#"{"seconds":0}"#,
        );
        assert_eq!(server.raw(&request).await.status, status, "{origin}");
    }
}

#[tokio::test]
async fn events_wait_for_something_to_happen() {
    let server = Server::open().await;
    let last = server.operator("GET", "/events", Value::Null).await.json()["last"].clone();
    let path = format!("/events?after={last}&wait=20");
    let (events, _) = tokio::join!(server.operator("GET", &path, Value::Null), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        server.connection(CARRIER).await
    });
    let events = events.json();
    let first = &events["events"][0];
    assert_eq!(
        first["detail-type"],
        "Direct Connect Connection State Change"
    );
    assert_eq!(first["account"], CARRIER);
}

#[tokio::test]
async fn what_describe_locations_shows_can_be_sent_back_for_a_new_location() {
    let server = Server::open().await;
    let mut operator = Checked::new(&server).await;
    let shown = server
        .as_account(CARRIER, "DescribeLocations", json!({}))
        .await;
    let mut copied = shown["locations"][0].clone();
    copied["locationCode"] = json!("MYDC2");
    // It has no devices, so the new location gets some, and keeps them.
    let put = operator
        .ok("PUT", "/locations/{code}", "MYDC2", copied.clone())
        .await;
    assert!(!put["devices"].as_array().unwrap().is_empty(), "{put}");
    let again = operator
        .ok("PUT", "/locations/{code}", "MYDC2", copied)
        .await;
    assert_eq!(put["devices"], again["devices"]);
    let ordered = json!({"location": "MYDC2", "bandwidth": "10Gbps", "connectionName": "x"});
    server
        .as_account(CARRIER, "CreateConnection", ordered)
        .await;
}
