//! `sts:AssumeRole`: who may become which role, and for how long.

use demarc_types::{Partition, Span, Timestamp};

use crate::accounts::{Role, is_external_id};
use crate::authenticator::{Authenticator, Caller, Identities, parse_role_arn};
use crate::policy::{Action, Denial, InvalidPolicy, Origin, PolicySet, Reason, Target, authorize};
use crate::principal::{Identity, Principal, role_id};
use crate::session::{Claims, TemporaryCredentials};

const DEFAULT_DURATION: i64 = 3600;
const MIN_DURATION: i64 = 900;
const MAX_DURATION: i64 = 43_200;
const MAX_POLICY: usize = 2048;

/// The parameters of the call.
#[derive(Clone, Copy, Debug)]
pub struct AssumeRole<'a> {
    pub role_arn: &'a str,
    pub session_name: &'a str,
    /// Seconds, 900 to the role's longest; an hour when absent.
    pub duration: Option<i64>,
    /// Narrows what the session may do.
    pub policy: Option<&'a str>,
    /// What the role's owner told the caller to show; ignored by roles that ask for none.
    pub external_id: Option<&'a str>,
}

/// A new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumedRole {
    pub credentials: TemporaryCredentials,
    /// `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// `AROA...:SESSION`.
    pub assumed_role_id: String,
    /// How much of the room for a policy is used, in per cent.
    pub packed_policy_size: Option<usize>,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssumeRoleError {
    /// `ValidationError`, 400.
    #[error("{0}")]
    Validation(String),
    /// `MalformedPolicyDocument`, 400.
    #[error("The session policy cannot be used")]
    MalformedPolicy(#[source] InvalidPolicy),
    /// `AccessDenied`, 403. The same for a role that does not exist.
    #[error("User: {user} is not authorized to perform: sts:AssumeRole on resource: {role}")]
    AccessDenied { user: String, role: String },
}

impl AssumeRoleError {
    /// The name and HTTP status of the STS error.
    pub fn wire(&self) -> crate::error::WireError {
        let (code, status) = match self {
            Self::Validation(_) => ("ValidationError", 400),
            Self::MalformedPolicy(_) => ("MalformedPolicyDocument", 400),
            Self::AccessDenied { .. } => ("AccessDenied", 403),
        };
        crate::error::WireError { code, status }
    }
}

impl Authenticator {
    /// Begins a session of a role for `caller`. `seed` has to differ from call to call.
    ///
    /// # Errors
    /// [`AssumeRoleError`], with the texts of STS where they are known.
    pub fn assume_role(
        &self,
        caller: &Caller,
        request: &AssumeRole<'_>,
        (origin, now): (Option<Origin>, Timestamp),
        seed: [u8; 16],
    ) -> Result<AssumedRole, AssumeRoleError> {
        let (account, role) = parse_role_arn(request.role_arn)
            .ok_or_else(|| validation(format!("{} is invalid", excerpt(request.role_arn))))?;
        check_session_name(request.session_name)?;
        let duration = check_duration(request.duration)?;
        if let Some(policy) = request.policy {
            check_policy(policy)?;
        }
        if let Some(external_id) = request.external_id {
            check_external_id(external_id)?;
        }
        if let Identities::Configured(directory) = &self.identities {
            let denied = || AssumeRoleError::AccessDenied {
                user: caller.principal.arn(caller.region.partition()),
                role: request.role_arn.to_owned(),
            };
            let configured = directory.role(account, role).ok_or_else(denied)?;
            let wanted = configured.external_id.as_deref();
            if (wanted.is_some() && wanted != request.external_id)
                || !may_assume(caller, configured, request.role_arn, (origin, now))
            {
                return Err(denied());
            }
            check_limits(duration, configured, &caller.principal)?;
        }
        let claims = Claims {
            account,
            role: role.to_owned(),
            session: request.session_name.to_owned(),
            expires: now + Span::from_secs(duration),
            policy: request.policy.map(str::to_owned),
        };
        let partition = caller.region.partition().as_str();
        let session = request.session_name;
        Ok(AssumedRole {
            credentials: self.sessions.issue(claims, seed),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}"),
            assumed_role_id: format!("{}:{session}", role_id(account, role)),
            packed_policy_size: request
                .policy
                .map(|policy| (policy.len() * 100).div_ceil(MAX_POLICY)),
        })
    }
}

/// The role has to trust the caller, and the caller's policies have to allow the call; within one account
/// it is enough that the role names the caller itself, unless a policy denies it.
fn may_assume(
    caller: &Caller,
    role: &Role,
    role_arn: &str,
    (origin, now): (Option<Origin>, Timestamp),
) -> bool {
    let principal = &caller.principal;
    let account_trusted = role
        .trust
        .iter()
        .any(|entry| names_account(entry, principal));
    let caller_trusted = role
        .trust
        .iter()
        .any(|entry| names_caller(entry, principal));
    if !account_trusted && !caller_trusted {
        return false;
    }
    let resource = Target {
        arn: role_arn,
        tags: &[],
        required: true,
    };
    let action = Action {
        name: "sts:AssumeRole",
        resources: &[resource],
        request_tags: &[],
        request_tag_keys: &[],
        region: caller.region,
        now,
        origin,
    };
    let own_account = parse_role_arn(role_arn).is_some_and(|(id, _)| id == principal.account);
    match authorize(principal, &action) {
        Ok(()) => true,
        Err(Denial { reason, .. }) => reason == Reason::NotAllowed && caller_trusted && own_account,
    }
}

/// `111122223333` or `arn:aws:iam::111122223333:root`: anybody in the account.
fn names_account(entry: &str, principal: &Principal) -> bool {
    let root = Principal::root(principal.account);
    entry == principal.account.to_string() || is_arn_of(entry, &root)
}

/// The caller's own ARN, or that of the role whose session it is.
fn names_caller(entry: &str, principal: &Principal) -> bool {
    if matches!(principal.identity, Identity::Root) {
        return false;
    }
    let role_matches = match &principal.identity {
        Identity::AssumedRole { role, .. } => {
            parse_role_arn(entry) == Some((principal.account, role.as_str()))
        }
        Identity::Root | Identity::User { .. } => false,
    };
    role_matches || is_arn_of(entry, principal)
}

fn is_arn_of(entry: &str, principal: &Principal) -> bool {
    [Partition::Aws, Partition::AwsCn, Partition::AwsUsGov]
        .into_iter()
        .any(|partition| principal.arn(partition) == entry)
}

fn check_session_name(name: &str) -> Result<(), AssumeRoleError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    let constraint = if name.len() < 2 {
        "Member must have length greater than or equal to 2"
    } else if name.len() > 64 {
        "Member must have length less than or equal to 64"
    } else if !name.bytes().all(allowed) {
        "Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    } else {
        return Ok(());
    };
    Err(constraint_error("roleSessionName", name, constraint))
}

fn check_duration(duration: Option<i64>) -> Result<i64, AssumeRoleError> {
    let seconds = duration.unwrap_or(DEFAULT_DURATION);
    let constraint = if seconds < MIN_DURATION {
        "Member must have value greater than or equal to 900"
    } else if seconds > MAX_DURATION {
        "Member must have value less than or equal to 43200"
    } else {
        return Ok(seconds);
    };
    Err(constraint_error(
        "durationSeconds",
        &seconds.to_string(),
        constraint,
    ))
}

fn check_limits(seconds: i64, role: &Role, principal: &Principal) -> Result<(), AssumeRoleError> {
    let chained = matches!(principal.identity, Identity::AssumedRole { .. });
    if chained && seconds > DEFAULT_DURATION {
        return Err(validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role \
             chaining"
                .to_owned(),
        ));
    }
    if seconds > role.max_session {
        return Err(validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                .to_owned(),
        ));
    }
    Ok(())
}

fn check_policy(policy: &str) -> Result<(), AssumeRoleError> {
    if policy.is_empty() || policy.len() > MAX_POLICY {
        return Err(constraint_error(
            "policy",
            &excerpt(policy),
            "Member must have length between 1 and 2048",
        ));
    }
    PolicySet::from_json([policy])
        .map(|_| ())
        .map_err(AssumeRoleError::MalformedPolicy)
}

fn check_external_id(text: &str) -> Result<(), AssumeRoleError> {
    if is_external_id(text) {
        return Ok(());
    }
    Err(constraint_error(
        "externalId",
        text,
        "Member must have length between 2 and 1224 and satisfy regular expression pattern: [\\w+=,.@:\\/-]*",
    ))
}

fn constraint_error(member: &str, value: &str, constraint: &str) -> AssumeRoleError {
    validation(format!(
        "1 validation error detected: Value '{}' at '{member}' failed to satisfy constraint: {constraint}",
        excerpt(value)
    ))
}

fn validation(text: String) -> AssumeRoleError {
    AssumeRoleError::Validation(text)
}

fn excerpt(text: &str) -> String {
    text.chars().take(128).collect()
}
