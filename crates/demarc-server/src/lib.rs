//! The service's face: HTTP, who is calling, which protocol, and what the operator may do.
//!
//! ```text
//!  connection ─► listener (TLS, limits) ─► front ─┬─ X-Amz-Target: OvertureService.* ─► direct_connect
//!                                                 ├─ other targets, of neighbours    ─► json
//!                                                 ├─ credential scope ec2, sts, iam  ─► query
//!                                                 ├─ /_demarc/v1/…                   ─► operator
//!                                                 └─ /healthz, /metrics
//! ```
//!
//! Nothing here decides anything about Direct Connect: requests go to `demarc-control` and come back as
//! answers or refusals, which are put into the form that the client expects.

mod answer;
mod audit;
mod config;
mod conversation;
mod direct_connect;
mod duration;
mod edge;
mod edge_metrics;
mod fabric;
mod front;
mod identity;
mod intake;
mod json;
mod listener;
mod object_metrics;
mod operator;
mod query;
mod recorder;
mod service;
mod store_choice;
mod throttle;
mod tls;

pub use demarc_auth::Secret;

pub use config::{Config, ConfigError, ServerConfig, ThrottleConfig};
pub use duration::{HumanDuration, InvalidDuration};
pub use listener::{ListenError, Listener};
pub use operator::openapi;
pub use service::{Service, ServiceError};
pub use store_choice::{EtcdAddress, OpenStoreError, StoreChoice, StoreChoiceError};
pub use tls::{TlsError, tls_acceptor};
