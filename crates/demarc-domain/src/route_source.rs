//! Where answers about routes come from: the fabric, not the World.

use demarc_types::{Prefix, Timestamp};
use serde::{Deserialize, Serialize};

use crate::entity::VirtualInterface;
use crate::world::World;

/// Which way a route went over a virtual interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteDirection {
    /// From the customer, after import policy.
    Accepted,
    /// To the customer.
    Advertised,
}

/// One route on a virtual interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub direction: RouteDirection,
    pub prefix: Prefix,
    /// One sequence; sets are kept apart by the flag of each segment.
    pub as_path: Vec<PathSegment>,
    /// High and low half of each community.
    pub communities: Vec<(u16, u16)>,
    pub installed: Timestamp,
}

/// A part of an AS path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathSegment {
    /// An AS_SET, else an AS_SEQUENCE.
    pub is_set: bool,
    pub numbers: Vec<u32>,
}

/// Why a route of a customer's is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// The rule's name, such as `not_approved`.
    pub rule: String,
    /// In words.
    pub reason: String,
    /// Where the rule stands.
    pub source: String,
}

/// A route with what decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedRoute {
    pub route: Route,
    /// 0 where there is none.
    pub med: u32,
    /// Import policy refused it: it came from the customer and is not used.
    pub rejected: Option<Rejected>,
}

/// A fabric that can be asked for the routes of a virtual interface.
pub trait RouteSource: Send + Sync {
    /// The routes in force, in any order.
    fn routes(&self, world: &World, interface: &VirtualInterface) -> Vec<Route>;

    /// The same with what decides about them, and those that were rejected.
    fn explained(&self, world: &World, interface: &VirtualInterface) -> Vec<ExplainedRoute> {
        let routes = self.routes(world, interface).into_iter();
        let explained = routes.map(|route| ExplainedRoute {
            route,
            med: 0,
            rejected: None,
        });
        explained.collect()
    }
}

/// A fabric without routes.
pub struct NoRoutes;

impl RouteSource for NoRoutes {
    fn routes(&self, _: &World, _: &VirtualInterface) -> Vec<Route> {
        Vec::new()
    }
}
