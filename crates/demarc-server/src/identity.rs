//! Who is calling, and may they.

use bytes::Bytes;
use demarc_api::Operation;
use demarc_auth::{
    Action, AuthError, Authenticator, Caller, Denial, HttpRequest, Origin, Payload, Service,
    Signature, Target, authorize,
};
use demarc_control::Snapshot;
use demarc_domain::{Access, AccessResource, Context, access};
use demarc_types::Timestamp;
use http::request::Parts;

/// The request as its signature covers it.
pub(crate) fn signed<'a>(parts: &'a Parts, body: &'a Bytes) -> HttpRequest<'a> {
    HttpRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        authority: parts.uri.authority().map(http::uri::Authority::as_str),
        headers: &parts.headers,
        payload: Payload::Bytes(body),
    }
}

/// Reads the signature and verifies it for `service`.
pub(crate) fn authenticate(
    authenticator: &Authenticator,
    parts: &Parts,
    body: &Bytes,
    service: Service,
    now: Timestamp,
) -> Result<Caller, AuthError> {
    let request = signed(parts, body);
    let signature = Signature::read(&request)?;
    authenticator.authenticate(&request, &signature, service, now)
}

/// Asks the caller's policies about a call of the Direct Connect API. One that sets tags on what it makes
/// needs `TagResource`, too (spec/protocol §9).
pub(crate) fn authorize_direct_connect(
    caller: &Caller,
    snapshot: &Snapshot,
    context: &Context,
    operation: Operation,
    body: &[u8],
    origin: Origin,
) -> Result<(), Denial> {
    if caller.principal.permissions.is_administrator() {
        return Ok(());
    }
    let found = access(&snapshot.world, context, operation, body);
    let name = operation.name();
    ask(caller, context, (name, &found.resources), &found, origin)?;
    if !found.request_tags.is_empty() && operation != Operation::TagResource {
        ask(
            caller,
            context,
            ("TagResource", &found.made),
            &found,
            origin,
        )?;
    }
    Ok(())
}

fn ask(
    caller: &Caller,
    context: &Context,
    (action, resources): (&str, &[AccessResource]),
    found: &Access,
    origin: Origin,
) -> Result<(), Denial> {
    let borrowed: Vec<Vec<(&str, &str)>> = resources
        .iter()
        .map(|resource| borrow(&resource.tags))
        .collect();
    let resources: Vec<Target<'_>> = resources
        .iter()
        .zip(&borrowed)
        .map(|(resource, tags)| Target {
            arn: &resource.arn,
            tags,
            required: resource.required,
        })
        .collect();
    let request_tags = borrow(&found.request_tags);
    let keys: Vec<&str> = found.tag_keys.iter().map(String::as_str).collect();
    authorize(
        &caller.principal,
        &Action {
            name: &format!("directconnect:{action}"),
            resources: &resources,
            request_tags: &request_tags,
            request_tag_keys: &keys,
            region: context.region,
            now: context.now,
            origin: Some(origin),
        },
    )
}

fn borrow(tags: &[(String, String)]) -> Vec<(&str, &str)> {
    tags.iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}
