//! Audit records (spec/observability §4).

use http::StatusCode;
use serde_json::{Value, json};

use super::Problem;
use super::body::number;
use crate::answer::{Answer, json};
use crate::audit::Audit;
use crate::front::Front;

/// `?after=N`: the calls behind number N, as far as they are kept.
pub(super) fn list(front: &Front, query: Option<&str>) -> Result<Answer, Problem> {
    let after = number(query, "after")?;
    let Some(ring) = front.audit.as_ref().and_then(Audit::ring) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "No audit records are kept in memory: set server.audit_ring in the configuration.",
        ));
    };
    let page = ring.after(after);
    let records: Vec<Value> = page
        .calls
        .iter()
        .map(|(number, call)| {
            let mut record = call.record();
            record["number"] = json!(number);
            record
        })
        .collect();
    let body = json!({ "records": records, "last": page.last, "missed": page.missed });
    Ok(json(StatusCode::OK, &body))
}
