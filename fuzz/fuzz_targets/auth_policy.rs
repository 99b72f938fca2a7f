//! Policy documents: read or refused; what was read can be evaluated, and a deny of everything beside it
//! wins.
#![no_main]

use std::sync::Arc;

use demarc_auth::{
    Action, Identity, LayerKind, Permissions, PolicySet, Principal, Reason, Target, authorize,
};
use demarc_types::Timestamp;
use libfuzzer_sys::fuzz_target;

const DENY_ALL: &str = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut set = match PolicySet::from_json([text]) {
        Ok(set) => set,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let _ = ask(&set);
    set.push_json(DENY_ALL).expect("a good document");
    assert_eq!(ask(&set), Err(Reason::ExplicitDeny));
});

fn ask(set: &PolicySet) -> Result<(), Reason> {
    let permissions =
        Permissions::administrator().narrowed_by(LayerKind::Identity, Arc::new(set.clone()));
    let principal = Principal {
        account: "111122223333".parse().expect("12 digits"),
        identity: Identity::User {
            name: "alice".to_owned(),
        },
        permissions,
    };
    let target = Target {
        arn: "arn:aws:directconnect:us-east-1:111122223333:dxcon/dxcon-fgk145dr",
        tags: &[("team", "network")],
        required: true,
    };
    let action = Action {
        name: "directconnect:DeleteConnection",
        resources: &[target],
        request_tags: &[("env", "test")],
        request_tag_keys: &[],
        region: "us-east-1".parse().expect("a Region"),
        now: Timestamp::from_millis(1_769_860_800_000),
        source: Some([203, 0, 113, 7].into()),
    };
    authorize(&principal, &action).map_err(|denial| denial.reason)
}
