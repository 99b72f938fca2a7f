//! The decision on one call.

use std::fmt;
use std::net::IpAddr;

use chrono::DateTime;
use demarc_types::{Region, Timestamp};
use iam_rs::{Arn, Context, ContextValue, Decision, IAMRequest, PrincipalId};

use crate::error::WireError;
use crate::principal::{LayerKind, Principal};
use crate::service::Dialect;

/// What a caller wants to do.
#[derive(Clone, Debug)]
pub struct Action<'a> {
    /// Prefix and operation, such as `directconnect:CreateConnection`.
    pub name: &'a str,
    /// What it is to be done to; none for actions that IAM knows without a resource.
    pub resources: &'a [Target<'a>],
    /// The tags in the request: `aws:RequestTag/KEY` and `aws:TagKeys`.
    pub request_tags: &'a [(&'a str, &'a str)],
    /// The tag keys in a request that has no values for them, such as `UntagResource`.
    pub request_tag_keys: &'a [&'a str],
    pub region: Region,
    pub now: Timestamp,
    pub origin: Option<Origin>,
}

/// Where a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The other end of the connection: `aws:SourceIp`.
    pub address: IpAddr,
    /// It came over TLS that ends here: `aws:SecureTransport`.
    pub secure: bool,
}

/// A resource and its tags: `aws:ResourceTag/KEY`.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Ends in `/*` for any of a kind.
    pub arn: &'a str,
    pub tags: &'a [(&'a str, &'a str)],
    /// The action has to be allowed for it. Otherwise it is enough that it is not denied.
    pub required: bool,
}

/// The call is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Denial {
    /// The caller.
    pub principal: String,
    /// Prefix and operation.
    pub action: String,
    /// The first resource that is not allowed, or `*`.
    pub resource: String,
    pub reason: Reason,
}

/// Why a call is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing allows it.
    NotAllowed,
    /// A statement denies it.
    ExplicitDeny,
    /// The policy given to `AssumeRole` does not allow it.
    NotAllowedBySession,
}

impl fmt::Display for Denial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (principal, action, resource) = (&self.principal, &self.action, &self.resource);
        write!(
            out,
            "User: {principal} is not authorized to perform: {action} on resource: {resource} "
        )?;
        match self.reason {
            Reason::NotAllowed => write!(
                out,
                "because no identity-based policy allows the {action} action"
            ),
            Reason::ExplicitDeny => {
                write!(out, "with an explicit deny in an identity-based policy")
            }
            Reason::NotAllowedBySession => {
                write!(out, "because no session policy allows the {action} action")
            }
        }
    }
}

impl Denial {
    /// The name and status of this refusal in `dialect`.
    pub fn wire(&self, dialect: Dialect) -> WireError {
        let (code, status) = match dialect {
            Dialect::Json => ("AccessDeniedException", 400),
            Dialect::Query => ("AccessDenied", 403),
            Dialect::Ec2 => ("UnauthorizedOperation", 403),
        };
        WireError { code, status }
    }

    /// What to tell the client.
    pub fn message(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Json | Dialect::Query => self.to_string(),
            Dialect::Ec2 => {
                format!("You are not authorized to perform this operation. {self}")
            }
        }
    }
}

/// Whether `principal` may do `action`: an explicit deny in any layer refuses, otherwise every layer has
/// to allow it, for every resource that is required.
///
/// # Errors
/// The refusal for the first resource that is not allowed.
pub fn authorize(principal: &Principal, action: &Action<'_>) -> Result<(), Denial> {
    if principal.permissions.is_administrator() {
        return Ok(());
    }
    if action.resources.is_empty() {
        return authorize_target(principal, action, None);
    }
    action
        .resources
        .iter()
        .try_for_each(|target| authorize_target(principal, action, Some(target)))
}

fn authorize_target(
    principal: &Principal,
    action: &Action<'_>,
    target: Option<&Target<'_>>,
) -> Result<(), Denial> {
    let request = iam_request(principal, action, target);
    let mut reason = None;
    for layer in principal.permissions.layers() {
        match layer.policies.evaluate(&request) {
            Decision::Allow => {}
            Decision::Deny => {
                reason = Some(Reason::ExplicitDeny);
                break;
            }
            Decision::NotApplicable => {
                reason = reason.or(Some(match layer.kind {
                    LayerKind::Identity => Reason::NotAllowed,
                    LayerKind::Session => Reason::NotAllowedBySession,
                }));
            }
        }
    }
    let required = target.is_none_or(|target| target.required);
    let Some(reason) = reason.filter(|reason| required || *reason == Reason::ExplicitDeny) else {
        return Ok(());
    };
    let named = target.map(|target| target.arn);
    Err(Denial {
        principal: principal.arn(action.region.partition()),
        action: action.name.to_owned(),
        resource: named
            .filter(|arn| !arn.ends_with("/*"))
            .unwrap_or("*")
            .to_owned(),
        reason,
    })
}

fn iam_request(
    principal: &Principal,
    action: &Action<'_>,
    target: Option<&Target<'_>>,
) -> IAMRequest {
    // A call without a resource, or with something that is no ARN, is matched by `*` only: no checked
    // policy has a pattern for this service.
    let nothing = || Arn {
        partition: "none".to_owned(),
        service: "none".to_owned(),
        region: String::new(),
        account_id: String::new(),
        resource: "none".to_owned(),
    };
    let resource = target
        .and_then(|target| Arn::parse(target.arn).ok())
        .filter(Arn::is_valid)
        .unwrap_or_else(nothing);
    IAMRequest {
        principal: iam_rs::Principal::Aws(PrincipalId::String(principal.account.to_string())),
        action: action.name.to_owned(),
        resource,
        context: context(principal, action, target),
    }
}

fn context(principal: &Principal, action: &Action<'_>, target: Option<&Target<'_>>) -> Context {
    let text = |text: &str| ContextValue::String(text.to_owned());
    let mut context = Context::new()
        .with_string("aws:PrincipalArn", principal.arn(action.region.partition()))
        .with_string("aws:PrincipalAccount", principal.account.to_string())
        .with_string("aws:userid", principal.user_id())
        .with_string("aws:RequestedRegion", action.region.as_str());
    if let Some(name) = principal.user_name() {
        context.insert("aws:username".to_owned(), text(name));
    }
    if let Some(origin) = action.origin {
        let address = text(&origin.address.to_string());
        context.insert("aws:SourceIp".to_owned(), address);
        let secure = ContextValue::Boolean(origin.secure);
        context.insert("aws:SecureTransport".to_owned(), secure);
    }
    if let Some(now) = DateTime::from_timestamp_millis(action.now.millis()) {
        context.insert("aws:CurrentTime".to_owned(), ContextValue::DateTime(now));
        context.insert("aws:EpochTime".to_owned(), ContextValue::DateTime(now));
    }
    for (key, value) in action.request_tags {
        context.insert(format!("aws:RequestTag/{key}"), text(value));
    }
    for (key, value) in target.map_or(&[][..], |target| target.tags) {
        context.insert(format!("aws:ResourceTag/{key}"), text(value));
    }
    let tagged = action.request_tags.iter().map(|(key, _)| *key);
    let keys: Vec<String> = tagged
        .chain(action.request_tag_keys.iter().copied())
        .map(str::to_owned)
        .collect();
    if !keys.is_empty() {
        context.insert("aws:TagKeys".to_owned(), ContextValue::StringList(keys));
    }
    context
}
