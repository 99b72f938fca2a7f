//! The control plane under load: the real program, over loopback, with signatures verified, beside a bare
//! server and the bare storage engine on the same machine in the same run.

mod bare;
mod load;
mod measure;
mod metrics;
mod moto;
mod paced;
mod reads;
mod recording;
mod report;
mod server;
mod sign;
mod writes;

pub use bare::serve as serve_bare;
pub use measure::{Options, Part, run};

pub(crate) use load::{Caller, Load, Outcome, Same, Wire};
pub(crate) use reads::{median, prepare as prepare_reads};
pub(crate) use report::Table;
pub(crate) use server::{ACCOUNT, Server, free_address};
pub(crate) use writes::MakeAndDelete;
