//! Every call leaves a record (spec/observability §4).

use serde_json::{Value, json};

use crate::support::{ACCOUNTS, CARRIER, CUSTOMER, Server, Signer};

const KEY: &str = "0xdo-not-tell-anyone";

async fn records(server: &Server, after: u64) -> Vec<Value> {
    let page = server
        .operator("GET", &format!("/audit?after={after}"), Value::Null)
        .await
        .json();
    page["records"].as_array().unwrap().clone()
}

#[tokio::test]
async fn calls_are_recorded_in_order_and_without_keys() {
    let server = Server::open().await;
    let connection = server.connection(CARRIER).await;
    let gateway = server.gateway(CARRIER).await;
    let body = json!({"connectionId": connection, "newPrivateVirtualInterface": {
        "virtualInterfaceName": "v", "vlan": 101, "asn": 65_001, "authKey": KEY,
        "directConnectGatewayId": gateway}});
    let made = server
        .as_account(CARRIER, "CreatePrivateVirtualInterface", body)
        .await;
    let refused = server
        .call(
            &Signer::development(CARRIER),
            "DeleteConnection",
            json!({"connectionId": "dxcon-fgzzzzz0"}),
        )
        .await;
    server
        .as_account(CARRIER, "DescribeVirtualInterfaces", json!({}))
        .await;
    let form = "Action=DescribeVpcs&Version=2016-11-15&MaxResults=5";
    let ec2 = Signer::development(CARRIER)
        .for_service("ec2")
        .query(server.address, form);
    assert_eq!(server.raw(&ec2).await.status, 200);

    let found = records(&server, 0).await;
    let names: Vec<&str> = found
        .iter()
        .map(|record| record["eventName"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "CreateConnection",
            "CreateDirectConnectGateway",
            "CreatePrivateVirtualInterface",
            "DeleteConnection",
            "DescribeVirtualInterfaces",
            "DescribeVpcs"
        ]
    );
    assert!(!Value::from(found.clone()).to_string().contains(KEY));
    let create = &found[2];
    assert_eq!(
        create["responseElements"]["virtualInterfaceId"],
        made["virtualInterfaceId"]
    );
    assert_eq!(
        create["requestParameters"]["newPrivateVirtualInterface"]["authKey"],
        "[PROTECTED]"
    );
    assert_eq!(
        create["responseElements"]["customerRouterConfig"],
        "[PROTECTED]"
    );
    assert_eq!(create["userIdentity"]["accountId"], CARRIER);
    assert_eq!(create["userIdentity"]["type"], "Root");
    assert_eq!(create["sourceIPAddress"], "127.0.0.1");
    assert_eq!(found[3]["errorCode"], "DirectConnectClientException");
    assert_eq!(
        found[3]["requestID"],
        refused.header("x-amzn-requestid").unwrap()
    );
    assert_eq!(found[4]["responseElements"], Value::Null);
    assert_eq!(found[4]["readOnly"], true);
    assert_eq!(found[5]["eventSource"], "ec2.amazonaws.com");
    assert_eq!(found[5]["requestParameters"], json!({"MaxResults": "5"}));
    assert_eq!(records(&server, 4).await.len(), 2);
}

/// spec/observability §4: copies for both owners of what is shared.
#[tokio::test]
async fn calls_on_shared_objects_are_recorded_for_both_owners() {
    let server = Server::open().await;
    let connection = server.connection(CARRIER).await;
    let gateway = server.gateway(CUSTOMER).await;
    let allocate = json!({"connectionId": connection, "ownerAccount": CUSTOMER, "newPrivateVirtualInterfaceAllocation":
        {"virtualInterfaceName": "v", "vlan": 101, "asn": 65_001, "authKey": KEY}});
    let made = server
        .as_account(CARRIER, "AllocatePrivateVirtualInterface", allocate)
        .await;
    let id = &made["virtualInterfaceId"];
    let confirm = json!({"virtualInterfaceId": id, "directConnectGatewayId": gateway});
    server
        .as_account(CUSTOMER, "ConfirmPrivateVirtualInterface", confirm)
        .await;
    let list = json!({"virtualInterfaceId": id});
    server
        .as_account(CUSTOMER, "DescribeVirtualInterfaces", list)
        .await;
    let found = records(&server, 0).await;
    assert!(!Value::from(found.clone()).to_string().contains(KEY));
    let of = |name: &str| {
        let named = found.iter().filter(|record| record["eventName"] == name);
        named.cloned().collect::<Vec<_>>()
    };
    for (name, caller, other) in [
        ("AllocatePrivateVirtualInterface", CARRIER, CUSTOMER),
        ("ConfirmPrivateVirtualInterface", CUSTOMER, CARRIER),
    ] {
        let [own, copy] = &of(name)[..] else {
            panic!("{name}: {found:?}");
        };
        assert_eq!(own["recipientAccountId"], caller, "{name}");
        assert_eq!(copy["recipientAccountId"], other, "{name}");
        assert_eq!(copy["userIdentity"]["accountId"], caller, "{name}");
        assert_eq!(own["sharedEventID"], copy["sharedEventID"], "{name}");
        assert_ne!(own["eventID"], copy["eventID"], "{name}");
        assert_eq!(own["requestID"], copy["requestID"], "{name}");
    }
    for name in ["CreateConnection", "DescribeVirtualInterfaces"] {
        let [alone] = &of(name)[..] else {
            panic!("{name}: {found:?}");
        };
        assert!(alone.get("sharedEventID").is_none(), "{name}");
    }
}

#[tokio::test]
async fn denials_and_unknown_callers_are_recorded() {
    let text = ACCOUNTS.replace("[server]", "[server]\naudit_ring = 10");
    let server = Server::with(&text).await;
    let body = json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "x"});
    server
        .call(&Signer::of("AKIAALICE"), "CreateConnection", body.clone())
        .await;
    server
        .call(
            &Signer::of("AKIAALICE").with_secret("wrong"),
            "CreateConnection",
            body,
        )
        .await;
    let found = records(&server, 0).await;
    assert_eq!(found[0]["errorCode"], "AccessDeniedException");
    assert_eq!(found[0]["userIdentity"]["type"], "IAMUser");
    assert_eq!(found[0]["userIdentity"]["userName"], "alice");
    assert_eq!(found[0]["userIdentity"]["accessKeyId"], "AKIAALICE");
    assert_eq!(found[1]["errorCode"], "InvalidSignatureException");
    assert_eq!(found[1]["userIdentity"], json!({"type": "Unknown"}));
    assert!(found[1].get("recipientAccountId").is_none());
}

#[tokio::test]
async fn with_accounts_nothing_is_kept_unless_it_is_asked_for() {
    let server = Server::closed().await;
    let reply = server.operator("GET", "/audit", Value::Null).await;
    assert_eq!(reply.status, 404);
    assert!(
        reply.json()["message"]
            .as_str()
            .unwrap()
            .contains("server.audit_ring")
    );
}

#[tokio::test]
async fn the_file_is_complete_when_the_service_has_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let server = Server::with(&format!(
        "[server]\naudit_log = {:?}\n",
        path.display().to_string()
    ))
    .await;
    for _ in 0..20 {
        server.as_account(CARRIER, "DescribeLags", json!({})).await;
    }
    server.stop().await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 20);
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["eventName"], "DescribeLags");
    }
}

/// spec/observability §4: a letter is shown, and the record is of a read, without the letter.
#[tokio::test]
async fn letters_are_recorded_as_what_was_read() {
    let server = Server::open().await;
    let connection = server.connection(CARRIER).await;
    for (operation, member) in [
        ("DescribeLoa", "connectionId"),
        ("DescribeConnectionLoa", "connectionId"),
    ] {
        server
            .as_account(CARRIER, operation, json!({member: connection}))
            .await;
    }
    let found = records(&server, 1).await;
    assert_eq!(found.len(), 2);
    for record in found {
        assert_eq!(record["readOnly"], true, "{}", record["eventName"]);
        assert_eq!(record["responseElements"], Value::Null);
        assert_eq!(record["requestParameters"]["connectionId"], connection);
    }
}

/// Who had it before the change is told, too.
#[tokio::test]
async fn the_owner_of_the_port_hears_that_an_interface_leaves_it() {
    let server = Server::open().await;
    let (theirs, own) = (
        server.connection(CARRIER).await,
        server.connection(CUSTOMER).await,
    );
    let gateway = server.gateway(CUSTOMER).await;
    let allocate = json!({"connectionId": theirs, "ownerAccount": CUSTOMER, "newPrivateVirtualInterfaceAllocation":
        {"virtualInterfaceName": "v", "vlan": 101, "asn": 65_001}});
    let made = server
        .as_account(CARRIER, "AllocatePrivateVirtualInterface", allocate)
        .await;
    let id = &made["virtualInterfaceId"];
    let confirm = json!({"virtualInterfaceId": id, "directConnectGatewayId": gateway});
    server
        .as_account(CUSTOMER, "ConfirmPrivateVirtualInterface", confirm)
        .await;
    let take = json!({"virtualInterfaceId": id, "connectionId": own});
    server
        .as_account(CUSTOMER, "AssociateVirtualInterface", take)
        .await;
    let found = records(&server, 0).await;
    let recipients: Vec<&Value> = found
        .iter()
        .filter(|record| record["eventName"] == "AssociateVirtualInterface")
        .map(|record| &record["recipientAccountId"])
        .collect();
    assert_eq!(recipients, [CUSTOMER, CARRIER]);
}
