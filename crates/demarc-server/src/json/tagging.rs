//! The Resource Groups Tagging API.

use std::collections::BTreeMap;

use demarc_api::Operation;
use demarc_auth::{Denial, Dialect};
use demarc_control::Snapshot;
use demarc_domain::Context;
use demarc_domain::tagging::{
    self, Failure, Owner, TaggingError, TaggingOperation, TaggingRequest, TaggingResponse, owner_of,
};
use serde_json::{Value, json};

use super::{BAD, Call, Target, denied, done, not_done, unreadable};
use crate::answer::{Answer, json_error};
use crate::identity;

pub(super) async fn answer(call: &Call<'_>, operation: TaggingOperation, body: &[u8]) -> Answer {
    let mut request = match TaggingRequest::decode(operation, body) {
        Ok(request) => request,
        Err(error) => return unreadable(&error),
    };
    if let Err(denial) = call.authorize(&format!("tag:{}", operation.name()), None) {
        return denied(&denial);
    }
    let refused = |error: &TaggingError| json_error(BAD, error.code(), Some(&error.to_string()));
    if let Err(error) = tagging::check(&request) {
        return refused(&error);
    }
    let control = &call.front.control;
    let (account, region) = (call.caller.principal.account, call.caller.region);
    let context = control.context(account, region);
    let result = if operation.is_read_only() {
        tagging::query(&control.snapshot().world, &context, &request)
    } else {
        let barred = take_barred(call, &control.snapshot(), &context, &mut request);
        // With nothing left there is nothing to decide.
        if arns_of(&mut request).is_none_or(|arns| arns.is_empty()) {
            return done(&TaggingResponse::Changed {
                failed_resources_map: barred,
            });
        }
        let decided = control
            .submit(account, region, move |world, context| {
                tagging::decide(world, context, &request)
            })
            .await;
        match decided {
            Ok(result) => result.map(|response| with_failures(response, barred)),
            Err(error) => return not_done(Target::Tagging(operation), &error),
        }
    };
    match result {
        Ok(response) => done(&response),
        Err(error) => refused(&error),
    }
}

fn arns_of(request: &mut TaggingRequest) -> Option<&mut Vec<String>> {
    match request {
        TaggingRequest::TagResources(input) => input.resource_arn_list.as_mut(),
        TaggingRequest::UntagResources(input) => input.resource_arn_list.as_mut(),
        _ => None,
    }
}

/// Takes out of a change the resources that the caller may not change: beside the action of this API, each
/// service's own has to be allowed.
fn take_barred(
    call: &Call<'_>,
    snapshot: &Snapshot,
    context: &Context,
    request: &mut TaggingRequest,
) -> BTreeMap<String, Failure> {
    let mut barred = BTreeMap::new();
    if call.caller.principal.permissions.is_administrator() {
        return barred;
    }
    let asked = Asked::of(request);
    if let Some(arns) = arns_of(request) {
        arns.retain(|arn| match asked.permission(call, snapshot, context, arn) {
            Ok(()) => true,
            Err(denial) => {
                let failure = Failure::denied(denial.message(Dialect::Json));
                barred.insert(arn.clone(), failure);
                false
            }
        });
    }
    barred
}

/// The change, as the services would be asked for it.
struct Asked {
    operation: Operation,
    ec2_action: &'static str,
    member: &'static str,
    value: Value,
}

impl Asked {
    fn of(request: &TaggingRequest) -> Self {
        match request {
            TaggingRequest::UntagResources(input) => Self {
                operation: Operation::UntagResource,
                ec2_action: "ec2:DeleteTags",
                member: "tagKeys",
                value: json!(input.tag_keys),
            },
            TaggingRequest::TagResources(input) => {
                let tags: Vec<Value> = input
                    .tags
                    .iter()
                    .flatten()
                    .map(|(key, value)| json!({ "key": key, "value": value }))
                    .collect();
                Self::to_tag(json!(tags))
            }
            _ => Self::to_tag(Value::Null),
        }
    }

    fn to_tag(value: Value) -> Self {
        Self {
            operation: Operation::TagResource,
            ec2_action: "ec2:CreateTags",
            member: "tags",
            value,
        }
    }

    fn permission(
        &self,
        call: &Call<'_>,
        snapshot: &Snapshot,
        context: &Context,
        arn: &str,
    ) -> Result<(), Denial> {
        match owner_of(arn) {
            Some(Owner::Ec2) => call.authorize(self.ec2_action, None),
            Some(Owner::DirectConnect) => {
                let body = json!({ "resourceArn": arn, self.member: self.value }).to_string();
                identity::authorize_direct_connect(
                    call.caller,
                    snapshot,
                    context,
                    self.operation,
                    body.as_bytes(),
                    call.origin,
                )
            }
            // Of another service: it does not exist here, whoever asks.
            None => Ok(()),
        }
    }
}

fn with_failures(response: TaggingResponse, more: BTreeMap<String, Failure>) -> TaggingResponse {
    match response {
        TaggingResponse::Changed {
            mut failed_resources_map,
        } => {
            failed_resources_map.extend(more);
            TaggingResponse::Changed {
                failed_resources_map,
            }
        }
        other => other,
    }
}
