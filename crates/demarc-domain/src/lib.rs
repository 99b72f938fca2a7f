//! The rules of Direct Connect, as functions of plain values.
//!
//! A [`World`] holds every entity and index in persistent maps; a snapshot is one cheap clone. Writes go
//! through [`decide`], reads through [`query`], time through [`fire`], what an edge saw through
//! [`observe`]. Nothing here touches a clock, a socket, a disk or randomness: the [`Context`] brings all.

mod address_pool;
mod authorize;
mod bulk;
mod context;
pub mod device_status;
mod dispatch;
pub mod entity;
pub mod event;
pub mod fabric;
mod gateway_rules;
mod ids;
mod index;
mod input;
pub mod intent;
mod invariant;
mod inventory;
pub mod neighbor;
mod observe;
mod operation;
mod operator;
mod paging;
mod parent;
mod refusal;
mod resiliency;
mod route_source;
mod secret;
pub mod settings;
mod sharing;
pub mod site_link;
pub mod state;
pub mod tagging;
#[cfg(test)]
mod testing;
mod timer;
mod transaction;
mod view;
pub mod what_if;
mod world;

pub use authorize::{Access, AccessResource, access};
pub use bulk::Job;
pub use context::Context;
pub use dispatch::{Decision, decide, query};
pub use ids::IdSource;
pub use invariant::violations;
pub use observe::{PeerReport, Report, observe};
pub use operator::{Order, command, devices_unasked, found, location_code, locations};
pub use refusal::{Exception, Refusal};
pub use resiliency::{Judgement, Site, judge};
pub use route_source::{
    ExplainedRoute, NoRoutes, PathSegment, Rejected, Route, RouteDirection, RouteSource,
};
pub use secret::{Secret, secret};
pub use settings::Settings;
pub use sharing::owners;
pub use timer::{fire, next_deadline};
pub use transaction::Transaction;
pub use world::World;
