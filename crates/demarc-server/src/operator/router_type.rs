//! The router types that `DescribeRouterConfiguration` writes for: the API has no call that lists them
//! (spec/observability §6, row 11).

use demarc_documents::router::{self, RouterType};
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, json};

pub(super) fn list() -> Answer {
    let types: Vec<Value> = router::types().iter().map(shown).collect();
    json(StatusCode::OK, &json!({ "routerTypes": types }))
}

/// In the words of the API's `router`.
fn shown(found: &RouterType) -> Value {
    json!({
        "routerTypeIdentifier": found.router_type_identifier,
        "vendor": found.vendor,
        "platform": found.platform,
        "software": found.software,
        "xsltTemplateName": found.xslt_template_name,
        "xsltTemplateNameForMacSec": found.xslt_template_name_for_mac_sec,
    })
}
