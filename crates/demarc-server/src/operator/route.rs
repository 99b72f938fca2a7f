//! The paths of the operator API, as a table.

use http::Method;

/// What a path and method lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    OpenApi,
    Summary,
    Accounts,
    SetLink,
    ApproveConnection,
    ConnectionIntent,
    SetSession,
    AdvanceClock,
    ApproveVirtualInterface,
    RejectVirtualInterface,
    VirtualInterfaceIntent,
    SetRouteFilterPrefixes,
    SetHairpin,
    Why,
    WhatIf,
    Judgement,
    RouterTypes,
    Locations,
    PutLocation,
    Events,
    Audit,
    Edges,
}

impl Endpoint {
    /// Whether what it shows can change: the rest is served without a store.
    pub(super) fn is_of_state(self) -> bool {
        !matches!(self, Self::OpenApi | Self::RouterTypes)
    }
}

/// What all paths begin with.
const PREFIX: &str = "/_demarc/v1";

/// Method, path behind the prefix, endpoint; `{...}` stands for one segment. The OpenAPI document has the same
/// rows, which a test makes sure of.
pub(super) const ROUTES: [(Method, &str, Endpoint); 22] = [
    (Method::GET, "/openapi.json", Endpoint::OpenApi),
    (Method::GET, "/summary", Endpoint::Summary),
    (Method::GET, "/accounts", Endpoint::Accounts),
    (Method::POST, "/connections/{id}/link", Endpoint::SetLink),
    (
        Method::POST,
        "/connections/{id}/approve",
        Endpoint::ApproveConnection,
    ),
    (
        Method::GET,
        "/connections/{id}/intent",
        Endpoint::ConnectionIntent,
    ),
    (
        Method::POST,
        "/bgp-peers/{id}/session",
        Endpoint::SetSession,
    ),
    (Method::POST, "/clock/advance", Endpoint::AdvanceClock),
    (
        Method::POST,
        "/virtual-interfaces/{id}/approve",
        Endpoint::ApproveVirtualInterface,
    ),
    (
        Method::POST,
        "/virtual-interfaces/{id}/reject",
        Endpoint::RejectVirtualInterface,
    ),
    (
        Method::GET,
        "/virtual-interfaces/{id}/intent",
        Endpoint::VirtualInterfaceIntent,
    ),
    (
        Method::PUT,
        "/virtual-interfaces/{id}/route-filter-prefixes",
        Endpoint::SetRouteFilterPrefixes,
    ),
    (
        Method::PUT,
        "/direct-connect-gateways/{id}/hairpin",
        Endpoint::SetHairpin,
    ),
    (Method::GET, "/virtual-interfaces/{id}/why", Endpoint::Why),
    (Method::POST, "/what-if", Endpoint::WhatIf),
    (
        Method::GET,
        "/resiliency-groups/{id}/judgement",
        Endpoint::Judgement,
    ),
    (Method::GET, "/router-types", Endpoint::RouterTypes),
    (Method::GET, "/locations", Endpoint::Locations),
    (Method::PUT, "/locations/{code}", Endpoint::PutLocation),
    (Method::GET, "/events", Endpoint::Events),
    (Method::GET, "/audit", Endpoint::Audit),
    (Method::GET, "/edges", Endpoint::Edges),
];

/// What was found at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// With the segment that stands for `{...}`, or nothing.
    Endpoint(Endpoint, &'a str),
    /// The path is right, but not for this method: those that it is right for.
    OtherMethods(String),
    Nothing,
}

/// Looks a request up.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let Some(rest) = path.strip_prefix(PREFIX) else {
        return Found::Nothing;
    };
    // What can be got can also be asked for its headers.
    let wanted = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let mut allowed: Vec<&str> = Vec::new();
    for (method, template, endpoint) in &ROUTES {
        let Some(id) = matching(template, rest) else {
            continue;
        };
        if method == wanted {
            return Found::Endpoint(*endpoint, id);
        }
        allowed.push(method.as_str());
        if method == Method::GET {
            allowed.push("HEAD");
        }
    }
    if allowed.is_empty() {
        Found::Nothing
    } else {
        Found::OtherMethods(allowed.join(", "))
    }
}

/// The segment of `path` that stands at the template's `{...}`; empty when the template has none.
fn matching<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let mut id = "";
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            id = segment;
        } else if segment != expected {
            return None;
        }
    }
    segments.next().is_none().then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_endpoints() {
        for (method, path, found) in [
            (
                Method::GET,
                "/_demarc/v1/events",
                Found::Endpoint(Endpoint::Events, ""),
            ),
            (
                Method::HEAD,
                "/_demarc/v1/events",
                Found::Endpoint(Endpoint::Events, ""),
            ),
            (
                Method::POST,
                "/_demarc/v1/connections/dxcon-abc/link",
                Found::Endpoint(Endpoint::SetLink, "dxcon-abc"),
            ),
            (
                Method::POST,
                "/_demarc/v1/events",
                Found::OtherMethods("GET, HEAD".to_owned()),
            ),
            (
                Method::GET,
                "/_demarc/v1/locations/X",
                Found::OtherMethods("PUT".to_owned()),
            ),
            (Method::GET, "/_demarc/v1/events/", Found::Nothing),
            (Method::GET, "/_demarc/v1/", Found::Nothing),
            (
                Method::GET,
                "/_demarc/v1/connections/a/b/link",
                Found::Nothing,
            ),
            (Method::GET, "/_demarc/v2/events", Found::Nothing),
        ] {
            assert_eq!(find(&method, path), found, "{method} {path}");
        }
    }
}
