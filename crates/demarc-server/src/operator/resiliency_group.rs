//! Resiliency groups against their intended models, with the reasons.

use demarc_domain::judge;
use demarc_types::ResiliencyGroupId;
use http::StatusCode;
use serde_json::{Value, json};

use super::Problem;
use super::body::id;
use crate::answer::{Answer, json};
use crate::front::Front;

pub(super) fn judgement(front: &Front, text: &str) -> Result<Answer, Problem> {
    let group: ResiliencyGroupId = id("Resiliency group ID", text)?;
    let snapshot = front.control.snapshot();
    let found = snapshot.world.resiliency_group(group).ok_or_else(|| {
        let message = format!("Resiliency group {group} does not exist.");
        Problem::new(StatusCode::NOT_FOUND, message)
    })?;
    let judgement = judge(&snapshot.world, found);
    let sites: Vec<Value> = judgement
        .sites
        .iter()
        .map(|site| json!({ "location": site.location, "devices": site.devices }))
        .collect();
    let body = json!({
        "resiliencyGroupId": text,
        "intendedModel": judgement.intended_model,
        "meets": judgement.meets,
        "sites": sites,
        "lacking": judgement.lacking,
    });
    Ok(json(StatusCode::OK, &body))
}
