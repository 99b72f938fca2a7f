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

/// A fabric that can be asked for the routes of a virtual interface.
pub trait RouteSource: Send + Sync {
    /// The routes in force, in any order.
    fn routes(&self, world: &World, interface: &VirtualInterface) -> Vec<Route>;
}

/// A fabric without routes.
pub struct NoRoutes;

impl RouteSource for NoRoutes {
    fn routes(&self, _: &World, _: &VirtualInterface) -> Vec<Route> {
        Vec::new()
    }
}
