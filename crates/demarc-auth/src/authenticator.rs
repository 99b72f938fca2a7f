//! From a request to a caller.

use std::sync::Arc;

use demarc_types::{AccountId, Region, Timestamp};

use crate::accounts::Directory;
use crate::error::AuthError;
use crate::policy::PolicySet;
use crate::principal::{Identity, LayerKind, Permissions, Principal};
use crate::secret::Secret;
use crate::service::Service;
use crate::session::{Claims, Sessions};
use crate::sigv4::{HttpRequest, RegionRule, Signature, SigningKeys, verify};

/// Whom a server knows.
#[derive(Clone, Debug)]
pub enum Identities {
    /// The accounts of the configuration; every signature is verified.
    Configured(Arc<Directory>),
    /// The open development mode: every credential is accepted unverified. An access key id of 12 digits
    /// names the account, any other key is account 000000000000. A request must still carry a readable
    /// credential, because its scope names the service and the Region; the time of signing, which nobody
    /// looks at, may be left out. Temporary credentials that
    /// `AssumeRole` gave out are recognised, so that work across accounts can be tried.
    Development,
}

/// An identified request.
#[derive(Clone, Debug)]
pub struct Caller {
    pub principal: Arc<Principal>,
    /// The Region in the credential scope.
    pub region: Region,
    pub access_key_id: String,
}

/// Identifies callers. Shared by all request handlers.
#[derive(Debug)]
pub struct Authenticator {
    pub(crate) identities: Identities,
    pub(crate) sessions: Sessions,
    /// Empty: every well-formed Region.
    regions: Vec<Region>,
    keys: SigningKeys,
}

impl Authenticator {
    /// `regions` are those that the server answers for; empty for any.
    pub fn new(identities: Identities, sessions: Sessions, regions: Vec<Region>) -> Self {
        Self {
            identities,
            sessions,
            regions,
            keys: SigningKeys::new(),
        }
    }

    /// Whom this server knows.
    pub fn identities(&self) -> &Identities {
        &self.identities
    }

    /// Says who sent `request`. `service` is the one that the request was routed to.
    ///
    /// # Errors
    /// The rows of spec/protocol §3.3.
    pub fn authenticate(
        &self,
        request: &HttpRequest<'_>,
        signature: &Signature<'_>,
        service: Service,
        now: Timestamp,
    ) -> Result<Caller, AuthError> {
        let (principal, region) = match &self.identities {
            Identities::Configured(directory) => {
                self.verified(directory, request, signature, service, now)?
            }
            Identities::Development => {
                let expected = service.scope_name();
                if signature.scope().service != expected {
                    return Err(AuthError::InvalidSignature(format!(
                        "Credential should be scoped to correct service: '{expected}'. "
                    )));
                }
                let region = signature.scope().region.parse().ok();
                let served = |region: &Region| self.served().admits(region, service);
                let region = region.filter(served).ok_or_else(|| {
                    AuthError::InvalidSignature(
                        "Credential should be scoped to a valid region. ".to_owned(),
                    )
                })?;
                (self.believed(signature, now)?, region)
            }
        };
        Ok(Caller {
            principal,
            region,
            access_key_id: signature.access_key_id().to_owned(),
        })
    }

    fn served(&self) -> RegionRule<'_> {
        match self.regions.as_slice() {
            [] => RegionRule::Any,
            served => RegionRule::OneOf(served),
        }
    }

    fn verified(
        &self,
        directory: &Directory,
        request: &HttpRequest<'_>,
        signature: &Signature<'_>,
        service: Service,
        now: Timestamp,
    ) -> Result<(Arc<Principal>, Region), AuthError> {
        let regions = self.served();
        let mut principal = None;
        let find = |signature: &Signature<'_>| {
            let (found, secret) = self.look_up(directory, signature, now)?;
            principal = Some(found);
            Ok(secret)
        };
        let region = verify(request, signature, service, regions, now, &self.keys, find)?;
        // `verify` has asked for the secret whenever it succeeds.
        principal
            .map(|principal| (principal, region))
            .ok_or(AuthError::UnrecognizedClient)
    }

    fn look_up(
        &self,
        directory: &Directory,
        signature: &Signature<'_>,
        now: Timestamp,
    ) -> Result<(Arc<Principal>, Secret), AuthError> {
        let key_id = signature.access_key_id();
        if let Some(token) = signature.session_token() {
            let (claims, secret) = self.sessions.open(key_id, token, now)?;
            let role = directory
                .role(claims.account, &claims.role)
                .ok_or(AuthError::UnrecognizedClient)?;
            let principal = session_principal(claims, role.permissions.clone())?;
            return Ok((Arc::new(principal), secret));
        }
        let key = directory
            .access_key(key_id)
            .ok_or(AuthError::UnrecognizedClient)?;
        Ok((Arc::clone(&key.principal), key.secret.clone()))
    }

    fn believed(
        &self,
        signature: &Signature<'_>,
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        let key_id = signature.access_key_id();
        if let Some(token) = signature.session_token() {
            match self.sessions.open(key_id, token, now) {
                Ok((claims, _)) => {
                    return session_principal(claims, Permissions::administrator()).map(Arc::new);
                }
                Err(AuthError::ExpiredToken) => return Err(AuthError::ExpiredToken),
                Err(_) => {}
            }
        }
        let account = key_id.parse().unwrap_or(AccountId::DEVELOPMENT);
        Ok(Arc::new(Principal::root(account)))
    }
}

/// The principal of a session: the role's permissions, narrowed by the session's policy.
fn session_principal(claims: Claims, mut permissions: Permissions) -> Result<Principal, AuthError> {
    if let Some(policy) = &claims.policy {
        // It was checked when the session began; a newer version of this program may be stricter.
        let policies =
            PolicySet::from_json([policy.as_str()]).map_err(|_| AuthError::UnrecognizedClient)?;
        permissions = permissions.narrowed_by(LayerKind::Session, Arc::new(policies));
    }
    Ok(Principal {
        account: claims.account,
        identity: Identity::AssumedRole {
            role: claims.role,
            session: claims.session,
        },
        permissions,
    })
}

/// A role's account and name, from `arn:aws:iam::111122223333:role/NAME`; a path before the name is
/// ignored.
pub(crate) fn parse_role_arn(arn: &str) -> Option<(AccountId, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [
        "arn",
        "aws" | "aws-cn" | "aws-us-gov",
        "iam",
        "",
        account,
        resource,
    ] = parts[..]
    else {
        return None;
    };
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    let good = (1..=64).contains(&name.len());
    Some((account.parse().ok()?, name)).filter(|_| good)
}

#[cfg(test)]
mod tests;
