//! Answering questions for routes without keeping the neighbors waiting: a table may have a million.

use std::collections::VecDeque;

use demarc_bgp::rib::{Place, Verdict};
use tokio::sync::oneshot;

use super::RibTask;
use crate::message::{NeighborIndex, RouteDirection, ShownRoutes};

/// Routes looked at before messages are taken in again: about a millisecond.
const AT_ONCE: usize = 4_096;

/// A question, and the answer as far as it is there.
pub(super) struct Showing {
    direction: RouteDirection,
    /// Neighbors that nothing was read of yet.
    neighbors: VecDeque<NeighborIndex>,
    /// What is left to read of the last one in `shown`, from the back.
    places: Vec<Place>,
    reading: Option<NeighborIndex>,
    shown: Vec<ShownRoutes>,
    answer: oneshot::Sender<Vec<ShownRoutes>>,
}

impl RibTask {
    pub(super) fn show(
        &mut self,
        direction: RouteDirection,
        neighbors: Vec<NeighborIndex>,
        answer: oneshot::Sender<Vec<ShownRoutes>>,
    ) {
        self.showing.push_back(Showing {
            direction,
            shown: Vec::with_capacity(neighbors.len()),
            neighbors: neighbors.into(),
            places: Vec::new(),
            reading: None,
            answer,
        });
    }

    /// Goes on with the oldest question.
    pub(super) fn show_some(&mut self) {
        let Some(mut showing) = self.showing.pop_front() else {
            return;
        };
        let mut left = AT_ONCE;
        while left > 0 && !showing.answer.is_closed() {
            if showing.places.is_empty() && !self.begin_next(&mut showing) {
                // Who asked may have gone away; that is its business.
                _ = showing.answer.send(showing.shown);
                return;
            }
            let now = showing.places.len().min(left);
            left -= now.max(1);
            self.read(&mut showing, now);
        }
        if !showing.answer.is_closed() {
            self.showing.push_front(showing);
        }
    }

    /// Begins with the next neighbor; `false` when there is none.
    fn begin_next(&self, showing: &mut Showing) -> bool {
        let Some(neighbor) = showing.neighbors.pop_front() else {
            return false;
        };
        let entry = &self.neighbors[neighbor.0];
        showing.reading = Some(neighbor);
        showing.places = match showing.direction {
            // Gone since it was asked for.
            _ if !self.by_id.contains_key(&entry.id) => Vec::new(),
            RouteDirection::Out => self.domain.places_out(entry.id),
            _ => self.domain.places_in(entry.id),
        };
        showing.places.reverse();
        showing.shown.push(ShownRoutes {
            neighbor: entry.address,
            routes: Vec::new(),
        });
        true
    }

    fn read(&self, showing: &mut Showing, count: usize) {
        let (Some(neighbor), Some(shown)) = (showing.reading, showing.shown.last_mut()) else {
            return;
        };
        let id = self.neighbors[neighbor.0].id;
        let first = showing.places.len() - count;
        let places = showing.places.drain(first..).rev();
        if !self.by_id.contains_key(&id) {
            return;
        }
        let wanted = |verdict| match showing.direction {
            RouteDirection::In | RouteDirection::Out => true,
            RouteDirection::Accepted => !matches!(verdict, Verdict::Rejected(_)),
            RouteDirection::Rejected => matches!(verdict, Verdict::Rejected(_)),
        };
        let routes = places.filter_map(|place| match showing.direction {
            RouteDirection::Out => self.domain.route_out(id, place),
            _ => self.domain.route_in(id, place),
        });
        shown
            .routes
            .extend(routes.filter(|route| wanted(route.verdict)));
    }
}
