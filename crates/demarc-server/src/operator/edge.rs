//! The edges of devices, and what is wrong with them.

use std::collections::BTreeMap;
use std::time::Duration;

use demarc_control::Heard;
use demarc_domain::site_link;
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, json};
use crate::front::Front;

/// An edge that was not heard for longer is away: three signs of life.
const AWAY: Duration = Duration::from_secs(15);

/// Every device that has or had an edge. Statuses are what this process has heard: another replica may
/// have heard more.
pub(super) fn list(front: &Front) -> Answer {
    let snapshot = front.control.snapshot();
    let heard = front.edges.as_ref().map(|edges| edges.heard());
    let mut heard: BTreeMap<String, Heard> = heard
        .unwrap_or_default()
        .into_iter()
        .map(|heard| (heard.device.clone(), heard))
        .collect();
    let mut edges: BTreeMap<String, Value> = BTreeMap::new();
    for (device, session) in snapshot
        .world
        .service()
        .iter()
        .flat_map(|service| &service.edges)
    {
        let mut edge = show(device, heard.remove(device).as_ref());
        edge["host"] = session.host.clone().into();
        edge["session"] = session.session.clone().into();
        edge["since"] = session.since.to_rfc3339().into();
        edges.insert(device.clone(), edge);
    }
    // Those in this process have no session.
    for (device, heard) in heard.into_iter().filter(|(_, heard)| heard.local) {
        edges.insert(device.clone(), show(&device, Some(&heard)));
    }
    for apart in site_link::apart(&snapshot.world) {
        let Some(edge) = edges.get_mut(&apart.device) else {
            continue;
        };
        if let Some(faults) = edge["faults"].as_array_mut() {
            let message = format!(
                "SiteLink to {} of {} is not carried: another edge has that device",
                apart.other, apart.other_device
            );
            faults.push(json!({ "subject": apart.id.to_string(), "message": message }));
        }
        if edge["state"] == "up" {
            edge["state"] = "faulty".into();
        }
    }
    let edges: Vec<Value> = edges.into_values().collect();
    json(StatusCode::OK, &json!({ "edges": edges }))
}

fn show(device: &str, heard: Option<&Heard>) -> Value {
    let local = heard.is_some_and(|heard| heard.local);
    let ago = heard.and_then(|heard| heard.ago);
    let connected = local || ago.is_some_and(|ago| ago < AWAY);
    let status = heard.and_then(|heard| heard.status.as_deref());
    let wanted = heard.and_then(|heard| heard.wanted);
    let current = status
        .and_then(|status| status.followed)
        .is_some_and(|followed| Some(followed) >= wanted);
    let state = match status {
        _ if !connected => "away",
        None => "starting",
        Some(status) if !status.faults.is_empty() => "faulty",
        Some(_) if !current => "following",
        Some(_) => "up",
    };
    let mut edge = match status {
        Some(status) => json!(status),
        None => json!({ "faults": [], "foreign": [] }),
    };
    edge["device"] = device.into();
    edge["state"] = state.into();
    edge["local"] = local.into();
    edge["wanted"] = wanted.into();
    edge["secondsSinceHeard"] = ago.map(|ago| ago.as_secs()).into();
    edge
}
