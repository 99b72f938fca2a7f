//! Calls that are tried on a copy of the World (`demarc what-if`).

use demarc_api::{DecodeError, Operation, Request};
use demarc_domain::Exception;
use demarc_domain::what_if::Trial;
use demarc_types::{AccountId, Region, Span};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Problem;
use super::body::read;
use crate::answer::{Answer, json};
use crate::front::Front;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhatIfBody {
    calls: Vec<CallBody>,
    /// How long provisioning may go on before the effects are looked at.
    #[serde(default = "ten")]
    seconds: u32,
}

fn ten() -> u32 {
    10
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallBody {
    operation: String,
    account: AccountId,
    region: Region,
    #[serde(default)]
    input: Value,
}

/// More would keep the service from its work.
const MOST_CALLS: usize = 100;
const MOST_SECONDS: u32 = 86_400;

/// Tries the calls one after the other, and tells what came of each and what all would touch.
pub(super) fn what_if(front: &Front, body: &[u8]) -> Result<Answer, Problem> {
    let WhatIfBody { calls, seconds } = read(body)?;
    if calls.is_empty() || calls.len() > MOST_CALLS {
        return Err(Problem::bad(format!(
            "There are {} calls, but 1 to {MOST_CALLS} are needed.",
            calls.len()
        )));
    }
    if seconds > MOST_SECONDS {
        return Err(Problem::bad(format!(
            "seconds is {seconds}, but at most {MOST_SECONDS} are allowed."
        )));
    }
    let snapshot = front.control.snapshot();
    let mut trial = Trial::new(&snapshot.world);
    let mut context = front.control.context(calls[0].account, calls[0].region);
    let mut answers: Vec<Value> = Vec::with_capacity(calls.len());
    let mut outcomes = Vec::with_capacity(calls.len());
    for CallBody {
        operation: name,
        account,
        region,
        mut input,
    } in calls
    {
        let operation = Operation::from_name(&name)
            .ok_or_else(|| Problem::bad(format!("There is no operation `{name}`.")))?;
        if input.is_null() {
            input = json!({});
        }
        fill_in(&mut input, &answers)?;
        (context.account, context.region) = (account, region);
        let outcome = match Request::decode(operation, input.to_string().as_bytes()) {
            Err(error) => Err(malformed(&error)),
            Ok(request) => trial.call(&mut context, &request).map_err(|refusal| {
                let exception = refusal.exception_of(operation).as_str();
                (exception, refusal.to_string())
            }),
        };
        let mut told = json!({ "operation": name, "account": account, "region": region });
        match outcome {
            Ok(response) => {
                let answer = serde_json::from_slice(&response.to_json()).unwrap_or_default();
                answers.push(answer);
                told["accepted"] = json!(true);
            }
            Err((exception, message)) => {
                answers.push(Value::Null);
                told["accepted"] = json!(false);
                told["exception"] = json!(exception);
                told["message"] = json!(message);
            }
        }
        outcomes.push(told);
    }
    let effects = trial.effects(&mut context, Span::from_secs(i64::from(seconds)));
    let body = json!({ "calls": outcomes, "effects": effects });
    Ok(json(StatusCode::OK, &body))
}

/// As the API would answer it.
fn malformed(error: &DecodeError) -> (&'static str, String) {
    let exception = match error {
        DecodeError::Serialization(_) => "SerializationException",
        DecodeError::Validation(_) => Exception::Client.as_str(),
    };
    (exception, error.to_string())
}

/// `$2.connectionId` stands for that member of the second call's answer: what a call makes has an id only
/// then.
fn fill_in(value: &mut Value, answers: &[Value]) -> Result<(), Problem> {
    match value {
        Value::String(text) => {
            if let Some(found) = text
                .strip_prefix('$')
                .and_then(|path| member(path, answers))
            {
                *value = found.ok_or_else(|| {
                    Problem::bad(format!("`{text}`: no call before has this in its answer."))
                })?;
            }
            Ok(())
        }
        Value::Array(elements) => elements.iter_mut().try_for_each(|it| fill_in(it, answers)),
        Value::Object(members) => members.values_mut().try_for_each(|it| fill_in(it, answers)),
        _ => Ok(()),
    }
}

/// The outer `None` when the text is no reference at all, such as a key that begins with a dollar sign.
fn member(path: &str, answers: &[Value]) -> Option<Option<Value>> {
    let (number, path) = path.split_once('.')?;
    let number: usize = number.parse().ok()?;
    let answer = number.checked_sub(1).and_then(|at| answers.get(at));
    let found = path
        .split('.')
        .try_fold(answer?, |value, name| value.get(name));
    Some(found.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_other_texts_are_not() {
        let answers = [json!({"a": {"b": "c"}})];
        let mut value = json!({"x": ["$1.a.b", "$ecret.key", "$1x.a"]});
        fill_in(&mut value, &answers).unwrap();
        assert_eq!(value, json!({"x": ["c", "$ecret.key", "$1x.a"]}));
        assert!(fill_in(&mut json!("$1.a.x"), &answers).is_err());
    }
}
