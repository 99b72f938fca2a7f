//! The program as people and scripts run it: arguments, output, exit status, signals, files.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

mod command;
mod crash;
mod signal;
mod start;
mod store;
mod support;
