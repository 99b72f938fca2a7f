//! Secrets Manager: whether the secret of a MACsec key is there. Terraform's data source asks before it
//! associates the secret with another port.

use demarc_domain::secret;
use serde::Deserialize;
use serde_json::json;

use super::{BAD, Call, denied, done, unreadable};
use crate::answer::{Answer, json_error};

/// A call that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretsOperation {
    DescribeSecret,
    GetResourcePolicy,
}

impl SecretsOperation {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "DescribeSecret" => Some(Self::DescribeSecret),
            "GetResourcePolicy" => Some(Self::GetResourcePolicy),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DescribeSecret => "DescribeSecret",
            Self::GetResourcePolicy => "GetResourcePolicy",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    /// An ARN or a name.
    secret_id: Option<String>,
}

pub(super) fn answer(call: &Call<'_>, operation: SecretsOperation, body: &[u8]) -> Answer {
    let body = if body.is_empty() { b"{}" } else { body };
    let input: Input = match serde_json::from_slice(body) {
        Ok(input) => input,
        Err(error) => return unreadable(&error),
    };
    let Some(id) = input.secret_id.filter(|id| !id.is_empty()) else {
        let text = "SecretId is needed: the ARN or the name of a secret.";
        return json_error(BAD, "InvalidParameterException", Some(text));
    };
    let control = &call.front.control;
    let context = control.context(call.caller.principal.account, call.caller.region);
    let found = secret(&control.snapshot().world, &context, &id);
    // Before it is told whether there is one, so that who may not know learns nothing.
    let arn = found.as_ref().map_or(id.as_str(), |found| &found.arn);
    let action = format!("secretsmanager:{}", operation.name());
    if let Err(denial) = call.authorize(&action, Some(arn)) {
        return denied(&denial);
    }
    let Some(found) = found else {
        let text = "Secrets Manager can't find the specified secret.";
        return json_error(BAD, "ResourceNotFoundException", Some(text));
    };
    match operation {
        SecretsOperation::DescribeSecret => {
            let seconds = found.created.millis() / 1_000;
            done(&json!({
                "ARN": found.arn,
                "Name": found.name,
                "OwningService": "directconnect",
                "CreatedDate": seconds,
                "LastChangedDate": seconds,
                "Tags": [],
            }))
        }
        // It has none: no other account may read it.
        SecretsOperation::GetResourcePolicy => {
            done(&json!({ "ARN": found.arn, "Name": found.name }))
        }
    }
}
