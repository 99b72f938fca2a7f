//! What a decision may know beside the World and the request.

use std::sync::Arc;

use demarc_types::{AccountId, Region, Timestamp};

use crate::ids::IdSource;
use crate::route_source::RouteSource;
use crate::settings::Settings;

/// Who asks, from where, when, and where fresh ids come from. Nothing else enters from outside.
pub struct Context {
    pub account: AccountId,
    /// The Region that the request was signed for.
    pub region: Region,
    pub now: Timestamp,
    pub ids: IdSource,
    pub settings: Arc<Settings>,
    /// What the fabric says of routes.
    pub routes: Arc<dyn RouteSource>,
}
