//! The operator's commands: a client of `/_demarc/v1`.

mod accounts;
mod audit;
mod client;
mod clock;
mod edges;
mod events;
mod hairpin;
mod insight;
mod inventory;
mod output;
mod review;
mod service_url;
mod state;
mod tls;
mod trust;
mod what_if;
mod why;

pub(crate) use accounts::accounts;
pub(crate) use audit::audit;
pub(crate) use client::{Client, agent, read as read_text};
pub(crate) use clock::advance;
pub(crate) use edges::edges;
pub(crate) use events::events;
pub(crate) use hairpin::hairpin;
pub(crate) use insight::{intent, judge, router_types, show};
pub(crate) use inventory::{locations, put_location};
pub(crate) use output::{Form, cell, list, print, print_json, remark, table};
pub(crate) use review::{approve, prefixes, reject};
pub(crate) use service_url::ServiceUrl;
pub(crate) use state::{link, session};
pub(crate) use what_if::what_if;
pub(crate) use why::why;
