//! The service as clients see it: a listener in this process, real HTTP, real signatures.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]
#![expect(clippy::too_many_lines, reason = "tables of rows are long")]

mod audit;
mod authentication;
mod edge;
mod leniency;
mod limits;
mod operator;
mod permission;
mod stopping;
mod support;
mod throttling;
mod tls;
mod wire;
