//! The operator API: what AWS staff, the colocation site and simulated far ends do. Reference:
//! docs/operator-api.md and the OpenAPI document.

mod access;
mod account;
mod audit;
mod body;
mod clock;
mod connection;
mod edge;
mod events;
mod gateway;
mod location;
mod problem;
mod resiliency_group;
mod route;
mod router_type;
mod session;
mod summary;
mod virtual_interface;
mod what_if;
mod why;

use bytes::Bytes;
use demarc_domain::Order;
use http::StatusCode;
use http::header::{ALLOW, HeaderValue};
use http::request::Parts;

use crate::answer::{Answer, json, plain};
use crate::front::Front;

pub(crate) use access::{OperatorAccess, same_origin};
pub(crate) use body::{number, parameter, read};
pub(crate) use problem::Problem;
use route::{Endpoint, Found};

/// The OpenAPI document of these paths, checked in and served.
pub fn openapi() -> &'static str {
    include_str!("operator/openapi.json")
}

/// Answers a request of the operator's.
pub(crate) async fn handle(front: &Front, parts: &Parts, body: Bytes) -> Answer {
    if let Err(problem) = front.operator_access.admit(parts) {
        return problem.answer();
    }
    let result = match route::find(&parts.method, parts.uri.path()) {
        Found::Endpoint(endpoint, id) => {
            if parts.method == http::Method::GET
                && endpoint.is_of_state()
                && let Err(error) = front.control.read().await
            {
                return Problem::from(error).answer();
            }
            call(front, endpoint, id, parts.uri.query(), &body).await
        }
        Found::OtherMethods(allowed) => return wrong_method(parts, &allowed),
        Found::Nothing => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "There is nothing at this path; see /_demarc/v1/openapi.json.",
        )),
    };
    result.unwrap_or_else(|problem| problem.answer())
}

async fn call(
    front: &Front,
    endpoint: Endpoint,
    id: &str,
    query: Option<&str>,
    body: &[u8],
) -> Result<Answer, Problem> {
    match endpoint {
        Endpoint::OpenApi => Ok(plain(StatusCode::OK, "application/json", openapi())),
        Endpoint::Summary => Ok(summary::show(front)),
        Endpoint::Accounts => Ok(account::list(front)),
        Endpoint::SetLink => connection::set_link(front, id, body).await,
        Endpoint::ApproveConnection => connection::approve(front, id).await,
        Endpoint::ConnectionIntent => connection::intent(front, id),
        Endpoint::SetSession => session::set_session(front, id, body).await,
        Endpoint::AdvanceClock => clock::advance(front, body).await,
        Endpoint::ApproveVirtualInterface => virtual_interface::approve(front, id).await,
        Endpoint::RejectVirtualInterface => virtual_interface::reject(front, id).await,
        Endpoint::VirtualInterfaceIntent => virtual_interface::intent(front, id),
        Endpoint::SetRouteFilterPrefixes => {
            virtual_interface::set_route_filter_prefixes(front, id, body).await
        }
        Endpoint::SetHairpin => gateway::set_hairpin(front, id, body).await,
        Endpoint::Why => why::explain(front, id, query),
        Endpoint::WhatIf => what_if::what_if(front, body),
        Endpoint::Judgement => resiliency_group::judgement(front, id),
        Endpoint::RouterTypes => Ok(router_type::list()),
        Endpoint::Locations => location::list(front, query),
        Endpoint::PutLocation => location::put(front, id, body).await,
        Endpoint::Events => events::list(front, query).await,
        Endpoint::Audit => audit::list(front, query),
        Endpoint::Edges => Ok(edge::list(front)),
    }
}

fn wrong_method(parts: &Parts, allowed: &str) -> Answer {
    let text = format!(
        "{} is not served at this path: use {allowed}.",
        parts.method
    );
    let mut answer = Problem::new(StatusCode::METHOD_NOT_ALLOWED, text).answer();
    if let Ok(value) = HeaderValue::from_str(allowed) {
        answer.headers_mut().insert(ALLOW, value);
    }
    answer
}

/// Carries out an order and says what it did.
async fn carry_out(
    front: &Front,
    order: Order,
    done: serde_json::Value,
) -> Result<Answer, Problem> {
    front.control.command(order).await??;
    Ok(json(StatusCode::OK, &done))
}

#[cfg(test)]
mod tests;
