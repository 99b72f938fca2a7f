//! Telling one server what the edge sees.

use std::sync::Arc;
use std::time::{Duration, Instant};

use demarc_domain::device_status::{SeenRoutes, StatusUpdate};
use demarc_edge::{EdgeView, Views};
use tokio::sync::watch;

use super::line::{CallError, Line};

/// How often is looked whether there is something to tell.
const LOOK: Duration = Duration::from_millis(20);
/// A sign of life at least this often.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The rest after a call that failed.
const REST: Duration = Duration::from_secs(1);

/// Never returns, unless another edge has the device.
pub(super) fn run(line: &Line, views: &watch::Receiver<Views>) {
    let mut views = views.clone();
    views.mark_changed();
    // What the server knows.
    let mut known: Option<Arc<SeenRoutes>> = None;
    let mut told: Option<Instant> = None;
    loop {
        let due = told.is_none_or(|at| at.elapsed() >= HEARTBEAT);
        let changed = views.has_changed().unwrap_or(false);
        if !due && !changed {
            std::thread::sleep(LOOK);
            continue;
        }
        let view = views.borrow_and_update().get(line.device()).cloned();
        let Some(view) = view else {
            std::thread::sleep(LOOK);
            continue;
        };
        match line.tell(&update(line, &view, known.as_deref())) {
            Ok(wants_all) => {
                known = (!wants_all).then_some(view.routes);
                told = (!wants_all).then(Instant::now);
                line.remember(None);
            }
            Err(CallError::Superseded(why)) => {
                // Before our own session has begun, another one is there.
                if told.is_some() {
                    return line.end(why);
                }
                std::thread::sleep(REST);
            }
            Err(error) => {
                if let CallError::Failed(text) = error {
                    line.remember(Some(&text));
                }
                known = None;
                views.mark_changed();
                std::thread::sleep(REST);
            }
        }
    }
}

/// The status, and the routes that the server does not have.
fn update(line: &Line, view: &EdgeView, known: Option<&SeenRoutes>) -> StatusUpdate {
    let mut status = view.status.as_ref().clone();
    status.faults.extend(line.faults());
    let routes = match known {
        None => view.routes.as_ref().clone(),
        Some(known) => difference(known, &view.routes),
    };
    StatusUpdate {
        status,
        number: view.number,
        routes,
        all_routes: known.is_none(),
    }
}

/// What makes `after` of `before`: sessions that have no routes any more have an empty list.
fn difference(before: &SeenRoutes, after: &SeenRoutes) -> SeenRoutes {
    let changed = after
        .iter()
        .filter(|(peer, routes)| before.get(*peer) != Some(*routes))
        .map(|(peer, routes)| (*peer, routes.clone()));
    let gone = before
        .keys()
        .filter(|peer| !after.contains_key(*peer))
        .map(|peer| (*peer, Vec::new()));
    changed.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_domain::RouteDirection;
    use demarc_domain::device_status::SeenRoute;

    #[test]
    fn only_sessions_with_other_routes_are_told() {
        let route = |prefix: &str| SeenRoute {
            direction: RouteDirection::Accepted,
            prefix: prefix.parse().unwrap(),
            as_path: Vec::new(),
            communities: Vec::new(),
            med: 0,
            rejected: None,
        };
        let peer = |number: u32| format!("dxpeer-{number:08x}").parse().unwrap();
        let (a, b) = (vec![route("10.0.0.0/8")], vec![route("10.1.0.0/16")]);
        let before = SeenRoutes::from([
            (peer(1), a.clone()),
            (peer(2), a.clone()),
            (peer(3), a.clone()),
        ]);
        let after = SeenRoutes::from([
            (peer(1), a.clone()),
            (peer(2), b.clone()),
            (peer(4), b.clone()),
        ]);
        let expected =
            SeenRoutes::from([(peer(2), b.clone()), (peer(3), Vec::new()), (peer(4), b)]);
        assert_eq!(difference(&before, &after), expected);
        assert_eq!(difference(&before, &before), SeenRoutes::new());
    }
}
