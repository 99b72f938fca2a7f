//! The operator's commands: a client of `/_demarc/v1`.

mod accounts;
mod client;
mod clock;
mod events;
mod inventory;
mod output;
mod review;
mod state;

pub(crate) use accounts::accounts;
pub(crate) use client::{Client, Target};
pub(crate) use clock::advance;
pub(crate) use events::events;
pub(crate) use inventory::{locations, put_location};
pub(crate) use output::Form;
pub(crate) use review::{approve, reject};
pub(crate) use state::{link, session};
