//! Query requests: any form is read or refused by each service, and a refusal is a whole document.
#![no_main]

use demarc_query::{Node, ec2, iam, sts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let node = match Node::parse(data) {
        Ok(node) => node,
        Err(error) => {
            let document = ec2::Error::from(error).to_xml("r");
            return assert!(document.ends_with(b"</Response>"));
        }
    };
    match ec2::read(&node) {
        Ok(call) => assert_eq!(node.text("Action"), Some(call.request.name())),
        Err(error) => assert!(error.to_xml("r").ends_with(b"</Response>")),
    }
    if let Err(error) = sts::Request::read(&node) {
        let document = sts::error_document(error.code(), &error.to_string(), 400, "r");
        assert!(document.ends_with(b"</ErrorResponse>"));
    }
    if let Err(error) = iam::Request::read(&node) {
        let (code, status) = error.wire();
        let document = iam::error_document(code, &error.to_string(), status, "r");
        assert!(document.ends_with(b"</ErrorResponse>"));
    }
});
