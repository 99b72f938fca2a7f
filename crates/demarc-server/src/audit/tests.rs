//! Records of sample calls: their shape, and that nothing secret is in them.

use bytes::Bytes;
use demarc_auth::{Caller, Identity, Permissions, Principal, Service};
use demarc_types::Timestamp;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{Audit, AuditFile};
use crate::answer::{Answer, json_1_1, json_error};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_123);
const SECRET: &str = "0xhunter2-bgp-key";

fn caller(identity: Identity) -> Caller {
    Caller {
        principal: std::sync::Arc::new(Principal {
            account: "111122223333".parse().unwrap(),
            identity,
            permissions: Permissions::administrator(),
        }),
        region: "us-east-1".parse().unwrap(),
        access_key_id: "AKIAEXAMPLE".to_owned(),
    }
}

fn call(audit: &Audit, name: &'static str, body: &Value, answer: &Answer) {
    shared_call(audit, name, (body, answer), &[]);
}

/// A call on something that these accounts have a part in, too.
fn shared_call(
    audit: &Audit,
    name: &'static str,
    (body, answer): (&Value, &Answer),
    others: &[&str],
) {
    let (parts, ()) = Request::post("/")
        .header("user-agent", "aws-cli/2")
        .body(())
        .unwrap()
        .into_parts();
    let body = Bytes::from(body.to_string());
    let origin = ("127.0.0.1".parse().unwrap(), NOW);
    let what = (Service::DirectConnect, name);
    let mut entry = audit.begin_json(what, &parts, &body, origin);
    entry.identified(&caller(Identity::Root));
    let others = others.iter().map(|account| account.parse().unwrap());
    entry.shared_with(others.collect());
    entry.answered(answer);
}

fn only_record(audit: &Audit) -> Value {
    let page = audit.ring().unwrap().after(0);
    assert_eq!(page.calls.len(), 1);
    page.calls[0].1.record()
}

fn ok(body: &Value) -> Answer {
    json_1_1(StatusCode::OK, body.to_string().into_bytes())
}

#[test]
fn a_change_is_recorded_with_request_and_answer_but_without_keys() {
    let audit = Audit::new(10, None).unwrap();
    let body = json!({ "virtualInterfaceId": "dxvif-ab", "newBGPPeer": { "asn": 65001, "authKey": SECRET } });
    let answer = ok(&json!({ "virtualInterface": {
        "authKey": SECRET, "bgpPeers": [{ "authKey": SECRET, "asn": 65001 }],
        "customerRouterConfig": format!("<key>{SECRET}</key>") } }));
    call(&audit, "CreateBGPPeer", &body, &answer);
    let record = only_record(&audit);
    assert!(!record.to_string().contains(SECRET), "{record}");
    assert_eq!(record["eventVersion"], "1.08");
    assert_eq!(record["eventSource"], "directconnect.amazonaws.com");
    assert_eq!(record["eventName"], "CreateBGPPeer");
    assert_eq!(record["eventTime"], "2026-09-21T14:13:20Z");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["recipientAccountId"], "111122223333");
    assert_eq!(record["userAgent"], "aws-cli/2");
    assert_eq!(
        record["requestParameters"]["newBGPPeer"],
        json!({ "asn": 65001, "authKey": "[PROTECTED]" })
    );
    let shown = &record["responseElements"]["virtualInterface"];
    assert_eq!(shown["bgpPeers"][0]["authKey"], "[PROTECTED]");
    assert_eq!(shown["bgpPeers"][0]["asn"], 65001);
    assert_eq!(record["requestID"].as_str().unwrap().len(), 36);
}

/// spec/operations §1.2: a partner does not see the tags of what its customer owns.
#[test]
fn a_copy_for_another_account_has_only_tags_of_its_own_objects() {
    const CALLER: &str = "111122223333";
    const OTHER: &str = "222222222222";
    let tags = json!([{ "key": "cost", "value": "secret" }]);
    for (owner, shown_to_other) in [(CALLER, false), (OTHER, true)] {
        let object = json!({ "ownerAccount": owner, "tags": tags });
        for answer in [object.clone(), json!({ "virtualInterface": object })] {
            let audit = Audit::new(10, None).unwrap();
            let said = (&json!({}), &ok(&answer));
            shared_call(&audit, "UpdateVirtualInterfaceAttributes", said, &[OTHER]);
            let page = audit.ring().unwrap().after(0);
            let records: Vec<Value> = page.calls.iter().map(|(_, call)| call.record()).collect();
            assert_eq!(records.len(), 2);
            for record in records {
                let elements = &record["responseElements"];
                let object = elements.get("virtualInterface").unwrap_or(elements);
                let is_shown = record["recipientAccountId"] == CALLER || shown_to_other;
                let expected = if is_shown { tags.clone() } else { json!([]) };
                assert_eq!(object["tags"], expected, "{record}");
            }
        }
    }
}

#[test]
fn a_read_is_recorded_without_its_answer() {
    let audit = Audit::new(10, None).unwrap();
    call(
        &audit,
        "DescribeLocations",
        &json!({}),
        &ok(&json!({ "locations": [] })),
    );
    let record = only_record(&audit);
    assert_eq!(record["requestParameters"], Value::Null);
    assert_eq!(record["responseElements"], Value::Null);
    assert_eq!(record["readOnly"], true);
    assert!(record.get("errorCode").is_none());
}

#[test]
fn a_refusal_does_not_repeat_the_secrets_of_its_request() {
    let audit = Audit::new(10, None).unwrap();
    let body = json!({ "connectionId": "dxcon-ab", "cak": SECRET, "ckn": "00" });
    let message = format!("CAK {SECRET} is not valid.");
    let refused = json_error(
        StatusCode::BAD_REQUEST,
        "DirectConnectClientException",
        Some(&message),
    );
    call(&audit, "AssociateMacSecKey", &body, &refused);
    let record = only_record(&audit);
    assert_eq!(record["errorCode"], "DirectConnectClientException");
    assert_eq!(record["errorMessage"], "CAK [PROTECTED] is not valid.");
    assert_eq!(record["requestParameters"]["cak"], "[PROTECTED]");
    assert_eq!(record["responseElements"], Value::Null);
}

#[test]
fn a_call_that_nobody_waited_for_is_recorded_all_the_same() {
    let audit = Audit::new(10, None).unwrap();
    let (parts, ()) = Request::post("/").body(()).unwrap().into_parts();
    let body = Bytes::from_static(b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16");
    let origin = ("::1".parse().unwrap(), NOW);
    let mut entry = audit.begin_query(Service::Ec2, &parts, &body, origin);
    let session = Identity::AssumedRole {
        role: "ops".to_owned(),
        session: "s".to_owned(),
    };
    entry.identified(&caller(session));
    drop(entry);
    let record = only_record(&audit);
    assert_eq!(record["eventSource"], "ec2.amazonaws.com");
    assert_eq!(record["eventName"], "CreateVpc");
    assert_eq!(
        record["requestParameters"],
        json!({ "CidrBlock": "10.0.0.0/16" })
    );
    assert_eq!(record["errorCode"], "ClientDisconnected");
    assert_eq!(record["userIdentity"]["type"], "AssumedRole");
    assert_eq!(
        record["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"],
        "ops"
    );
}

#[test]
fn a_ring_keeps_the_newest_and_says_what_is_missing() {
    let audit = Audit::new(3, None).unwrap();
    for _ in 0..5 {
        call(&audit, "DescribeLags", &json!({}), &ok(&json!({})));
    }
    let ring = audit.ring().unwrap();
    for (after, numbers, missed) in [
        (0, vec![3, 4, 5], true),
        (2, vec![3, 4, 5], false),
        (4, vec![5], false),
        (5, vec![], false),
        (9, vec![], false),
    ] {
        let page = ring.after(after);
        let found: Vec<u64> = page.calls.iter().map(|(number, _)| *number).collect();
        assert_eq!((found, page.missed), (numbers, missed), "after {after}");
        assert_eq!(page.last, after.max(5));
    }
}

#[test]
fn the_file_has_a_line_for_every_call() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    std::fs::write(&path, "{\"kept\":true}\n").unwrap();
    let audit = Audit::new(0, Some(AuditFile::open(&path).unwrap())).unwrap();
    for _ in 0..100 {
        call(&audit, "DescribeLags", &json!({}), &ok(&json!({})));
    }
    audit.close();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 101, "what was there is kept");
    for line in text.lines().skip(1) {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["eventName"], "DescribeLags");
    }
}

#[test]
fn only_a_file_that_was_made_is_discarded() {
    let directory = tempfile::tempdir().unwrap();
    let made = directory.path().join("made");
    AuditFile::open(&made).unwrap().discard();
    assert!(!made.exists());
    let found = directory.path().join("found");
    std::fs::write(&found, "x").unwrap();
    AuditFile::open(&found).unwrap().discard();
    assert!(found.exists());
    let error = AuditFile::open(&directory.path().join("no/such"))
        .err()
        .unwrap();
    assert!(error.to_string().contains("no/such"), "{error}");
}
