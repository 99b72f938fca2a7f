//! The service as clients see it: a listener in this process, real HTTP, real signatures.

mod audit;
mod authentication;
mod leniency;
mod limits;
mod operator;
mod permission;
mod support;
mod throttling;
mod tls;
mod wire;
