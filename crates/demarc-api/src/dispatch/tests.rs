use crate::{AddressFamily, BGPPeer, EpochSeconds, Operation, Request, Response, samples};
use crate::{TagResourceResponse, VirtualInterface, VirtualInterfaceState, VirtualInterfaces};
use serde::Serialize;
use serde_json::{Value, json, to_value};
use std::path::Path;

#[test]
fn a_request_with_every_member_decodes_and_writes_itself() {
    for &operation in Operation::ALL {
        let body = samples::input(operation);
        let request = Request::decode(operation, body.to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(request.operation(), operation);
        assert_eq!(to_value(&request).unwrap(), body, "{operation}");
    }
}

#[test]
fn a_response_with_every_member_writes_what_was_read() {
    for &operation in Operation::ALL {
        let body = samples::output(operation);
        let response = Response::from_value(operation, body.clone()).unwrap();
        assert_eq!(response.operation(), operation);
        let written: Value = serde_json::from_slice(&response.to_json()).unwrap();
        assert_eq!(written, body, "{operation}");
    }
}

#[derive(Serialize)]
struct Wire {
    request: Request,
    response: Response,
}

/// The exact bytes of both directions, member order included, one file an operation. They are
/// written anew when the variable `UPDATE_GOLDEN` is set, to be reviewed as a diff.
#[test]
fn the_wire_form_is_that_of_the_golden_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for &operation in Operation::ALL {
        let body = samples::input(operation).to_string();
        let request = Request::decode(operation, body.as_bytes()).unwrap();
        let response = Response::from_value(operation, samples::output(operation)).unwrap();
        let wire = Wire { request, response };
        let wire = serde_json::to_string_pretty(&wire).unwrap() + "\n";
        let path = folder.join(format!("{operation}.json"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &wire).unwrap();
        }
        let golden = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(wire, golden, "{operation}");
    }
}

#[test]
fn absent_members_are_omitted_and_empty_ones_written() {
    let response = Response::DescribeVirtualInterfaces(VirtualInterfaces {
        virtual_interfaces: Some(vec![VirtualInterface {
            virtual_interface_id: Some("dxvif-fg1".into()),
            virtual_gateway_id: Some(String::new()),
            vlan: Some(101),
            asn_long: Some(4_294_967_294),
            virtual_interface_state: Some(VirtualInterfaceState::Available),
            bgp_peers: Some(vec![BGPPeer {
                address_family: Some(AddressFamily::Ipv4),
                ..BGPPeer::default()
            }]),
            tags: Some(Vec::new()),
            ..VirtualInterface::default()
        }]),
        next_token: None,
    });
    let written = String::from_utf8(response.to_json()).unwrap();
    assert_eq!(
        written,
        r#"{"virtualInterfaces":[{"virtualInterfaceId":"dxvif-fg1","vlan":101,"asnLong":4294967294,"virtualInterfaceState":"available","virtualGatewayId":"","bgpPeers":[{"addressFamily":"ipv4"}],"tags":[]}]}"#
    );
}

#[test]
fn void_outputs_are_an_empty_object() {
    let response = Response::TagResource(TagResourceResponse::default());
    assert_eq!(response.to_json(), b"{}");
}

#[test]
fn timestamps_are_numbers() {
    let response = Response::CreateConnection(crate::Connection {
        loa_issue_time: Some(EpochSeconds::from_seconds(1_580_000_000)),
        ..crate::Connection::default()
    });
    assert_eq!(response.to_json(), br#"{"loaIssueTime":1580000000}"#);
}

/// `spec/protocol §9`, audit trail: keys are masked wherever a value is shown.
#[test]
fn debug_output_has_no_secrets() {
    const SECRET: &str = "oOy8Zr-do-not-show";
    let vif = json!({
        "virtualInterfaceName": "a", "vlan": 1, "authKey": SECRET,
    });
    let bodies = [
        (
            Operation::CreatePrivateVirtualInterface,
            json!({"connectionId": "dxcon-1", "newPrivateVirtualInterface": vif}),
        ),
        (
            Operation::AllocateTransitVirtualInterface,
            json!({"connectionId": "a", "ownerAccount": "b",
                   "newTransitVirtualInterfaceAllocation": vif}),
        ),
        (
            Operation::CreateBGPPeer,
            json!({"newBGPPeer": {"authKey": SECRET}}),
        ),
        (
            Operation::AssociateMacSecKey,
            json!({"connectionId": "dxcon-1", "cak": SECRET}),
        ),
    ];
    for (operation, body) in bodies {
        let request = Request::decode(operation, body.to_string().as_bytes()).unwrap();
        let shown = format!("{request:?} {request:#?}");
        assert!(!shown.contains(SECRET), "{shown}");
        assert!(shown.contains("[PROTECTED]"), "{shown}");
    }
    let response = Response::UpdateVirtualInterfaceAttributes(VirtualInterface {
        auth_key: Some(SECRET.into()),
        customer_router_config: Some(format!("<bgp_auth_key>{SECRET}</bgp_auth_key>")),
        bgp_peers: Some(vec![BGPPeer {
            auth_key: Some(SECRET.into()),
            ..BGPPeer::default()
        }]),
        ..VirtualInterface::default()
    });
    let shown = format!("{response:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    assert_eq!(shown.matches("[PROTECTED]").count(), 3);
}
