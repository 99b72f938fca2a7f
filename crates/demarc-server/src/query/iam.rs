//! IAM: the two calls by which clients find out their account when they do not ask STS.

use demarc_auth::{Identities, Identity, Service, role_id, user_id};
use demarc_query::iam::{Error, Request, Response, RoleView, UserView};
use demarc_types::Timestamp;

use super::{Call, Outcome, Parsed, denied, refused};

pub(super) fn answer(call: &Call<'_>, node: Parsed) -> Outcome {
    let read = node
        .map_err(Error::from)
        .and_then(|node| Request::read(&node));
    let result = match read {
        Ok(Request::GetUser { user_name }) => {
            if let Err(denial) = call.authorize("iam:GetUser") {
                return denied(Service::Iam, &denial, &call.id);
            }
            user(call, user_name).map(Response::GetUser)
        }
        Ok(Request::ListRoles {
            max_items, marker, ..
        }) => {
            if let Err(denial) = call.authorize("iam:ListRoles") {
                return denied(Service::Iam, &denial, &call.id);
            }
            Ok(roles(call, max_items, marker.as_deref()))
        }
        Err(error) => Err(error),
    };
    match result {
        Ok(response) => Outcome::new(200, response.to_xml(&call.id)),
        Err(error) => {
            let (code, status) = error.wire();
            refused(Service::Iam, code, &error.to_string(), status, &call.id)
        }
    }
}

/// When a configured user or role was made is not known.
const CREATED: Timestamp = Timestamp::from_millis(0);

fn user(call: &Call<'_>, asked: Option<String>) -> Result<UserView, Error> {
    let principal = &call.caller.principal;
    let partition = call.caller.region.partition();
    let account = principal.account;
    if matches!(principal.identity, Identity::AssumedRole { .. }) && asked.is_none() {
        return Err(Error::NotAUser);
    }
    match (asked, principal.user_name()) {
        (Some(asked), Some(own)) if asked != own => Err(Error::NoSuchUser(asked)),
        (Some(asked), None) => Err(Error::NoSuchUser(asked)),
        (_, Some(own)) => Ok(UserView {
            user_name: own.to_owned(),
            user_id: user_id(account, own),
            arn: principal.arn(partition),
            create_date: CREATED,
        }),
        // The account's root has no name of its own.
        (None, None) => Ok(UserView {
            user_name: account.to_string(),
            user_id: account.to_string(),
            arn: principal.arn(partition),
            create_date: CREATED,
        }),
    }
}

fn roles(call: &Call<'_>, max_items: Option<u32>, marker: Option<&str>) -> Response {
    let account = call.caller.principal.account;
    let partition = call.caller.region.partition().as_str();
    let Identities::Configured(directory) = call.front.authenticator.identities() else {
        return Response::ListRoles {
            roles: Vec::new(),
            marker: None,
        };
    };
    let limit = usize::try_from(max_items.unwrap_or(100).clamp(1, 1_000)).unwrap_or(100);
    let mut names = directory
        .roles(account)
        .filter(|(name, _)| marker.is_none_or(|marker| *name > marker));
    let shown: Vec<RoleView> = names
        .by_ref()
        .take(limit)
        .map(|(name, role)| RoleView {
            role_name: name.to_owned(),
            role_id: role_id(account, name),
            arn: format!("arn:{partition}:iam::{account}:role/{name}"),
            create_date: CREATED,
            max_session_duration: role.max_session,
        })
        .collect();
    let more = names.next().is_some();
    let marker = shown
        .last()
        .filter(|_| more)
        .map(|role| role.role_name.clone());
    Response::ListRoles {
        roles: shown,
        marker,
    }
}
