//! Labs for testing the speaker against BIRD, FRR, GoBGP, ExaBGP and OpenBGPD.
//!
//! A [`Lab`] is two network namespaces with a wire between them: the speaker in one, routers in
//! the other. Everything is removed when the lab is dropped; every process is stopped by its id.
//! Tests begin with [`Lab::new`], which gives `None`, and says why, where it cannot run.

mod http;
mod lab;
mod process;
mod router;
mod speaker;

pub use lab::{Lab, Side};
pub use process::{Process, wait_for};
pub use router::{Router, RouterKind, RouterPlan};
pub use speaker::{NeighborPlan, Speaker};
