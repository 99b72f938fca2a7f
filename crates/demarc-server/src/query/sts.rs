//! STS: who am I, and becoming a role.

use demarc_auth::{AssumeRole, Service};
use demarc_query::sts::{AssumedRoleView, Request, Response};

use super::{Call, Outcome, Parsed, refused};

pub(super) fn answer(call: &Call<'_>, node: Parsed) -> Outcome {
    let read = node
        .map_err(Into::into)
        .and_then(|node| Request::read(&node));
    let request = match read {
        Ok(request) => request,
        Err(error) => {
            return refused(
                Service::Sts,
                error.code(),
                &error.to_string(),
                400,
                &call.id,
            );
        }
    };
    match request {
        // Anyone may ask who they are, whatever their policies say.
        Request::GetCallerIdentity => {
            let principal = &call.caller.principal;
            let response = Response::GetCallerIdentity {
                user_id: principal.user_id(),
                account: principal.account.to_string(),
                arn: principal.arn(call.caller.region.partition()),
            };
            Outcome::new(200, response.to_xml(&call.id))
        }
        Request::AssumeRole(asked) => assume_role(call, &asked),
    }
}

fn assume_role(call: &Call<'_>, asked: &demarc_query::sts::AssumeRole) -> Outcome {
    let mut seed = [0; 16];
    if let Err(error) = getrandom::fill(&mut seed) {
        return refused(
            Service::Sts,
            "InternalFailure",
            &error.to_string(),
            500,
            &call.id,
        );
    }
    let parameters = AssumeRole {
        role_arn: &asked.role_arn,
        session_name: &asked.role_session_name,
        duration: asked.duration_seconds,
        policy: asked.policy.as_deref(),
        external_id: asked.external_id.as_deref(),
    };
    match call.front.authenticator.assume_role(
        &call.caller,
        &parameters,
        (Some(call.origin), call.front.wall_clock()),
        seed,
    ) {
        Ok(assumed) => {
            let credentials = assumed.credentials;
            let view = AssumedRoleView {
                access_key_id: credentials.access_key_id,
                secret_access_key: credentials.secret_access_key.expose().to_owned(),
                session_token: credentials.session_token,
                expiration: credentials.expires,
                assumed_role_id: assumed.assumed_role_id,
                arn: assumed.arn,
                packed_policy_size: assumed
                    .packed_policy_size
                    .and_then(|size| u32::try_from(size).ok()),
            };
            Outcome::new(200, Response::AssumeRole(view).to_xml(&call.id))
        }
        Err(error) => {
            let wire = error.wire();
            refused(
                Service::Sts,
                wire.code,
                &error.to_string(),
                wire.status,
                &call.id,
            )
        }
    }
}
