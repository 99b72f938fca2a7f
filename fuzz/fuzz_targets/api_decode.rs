//! Request bodies: any bytes are decoded or refused, and what was decoded can be written and
//! decoded again.
#![no_main]

use demarc_api::{Operation, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&selector, body)) = data.split_first() else {
        return;
    };
    let operation = Operation::ALL[usize::from(selector) % Operation::ALL.len()];
    match Request::decode(operation, body) {
        Ok(request) => {
            let written = serde_json::to_vec(&request).expect("requests can be written");
            assert_eq!(Request::decode(operation, &written), Ok(request));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
