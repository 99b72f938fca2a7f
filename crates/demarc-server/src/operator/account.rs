//! Who has an account here. Secrets are never shown.

use std::collections::BTreeSet;

use demarc_auth::{Directory, Identities, Partner};
use demarc_types::AccountId;
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, json};
use crate::front::Front;

/// Configured accounts; in the open development mode those that own something.
pub(super) fn list(front: &Front) -> Answer {
    let (mode, note, accounts) = match front.authenticator.identities() {
        Identities::Configured(directory) => (
            "configured",
            "Signatures are verified against these keys.",
            directory
                .accounts()
                .map(|(id, account)| configured(directory, id, &account.name, account.partner))
                .collect(),
        ),
        Identities::Development => (
            "development",
            "Any credentials are accepted: an access key id of 12 digits names the account, any other is account \
             000000000000. These accounts own something.",
            owners(front),
        ),
    };
    let body = json!({ "mode": mode, "note": note, "accounts": Value::Array(accounts) });
    json(StatusCode::OK, &body)
}

fn configured(directory: &Directory, id: AccountId, name: &str, partner: Partner) -> Value {
    let mut keys: Vec<(&str, Option<&str>)> = directory
        .access_keys(id)
        .map(|(key, found)| (key, found.principal.user_name()))
        .collect();
    keys.sort_unstable();
    let keys: Vec<Value> = keys
        .into_iter()
        .map(|(key, user)| match user {
            Some(user) => json!({ "accessKeyId": key, "user": user }),
            None => json!({ "accessKeyId": key }),
        })
        .collect();
    let roles: Vec<&str> = directory.roles(id).map(|(name, _)| name).collect();
    json!({
        "accountId": id.to_string(),
        "name": name,
        "partnerType": match partner {
            Partner::None => "nonPartner",
            Partner::V1 => "v1",
            Partner::V2 => "v2",
        },
        "accessKeys": keys,
        "roles": roles,
    })
}

fn owners(front: &Front) -> Vec<Value> {
    let snapshot = front.control.snapshot();
    let owners: BTreeSet<AccountId> = snapshot
        .world
        .entities()
        .filter_map(|entity| entity.owner())
        .collect();
    owners
        .into_iter()
        .map(|id| {
            json!({
                "accountId": id.to_string(),
                "name": front.control.settings().accounts.name(id),
                "partnerType": "v2",
                "accessKeys": [{ "accessKeyId": id.to_string() }],
                "roles": [],
            })
        })
        .collect()
}
