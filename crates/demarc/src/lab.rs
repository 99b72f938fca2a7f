//! `demarc lab`: a whole Direct Connect on one machine, with real routers and real packets.

mod api;
mod build;
mod down;
mod exec;
mod icmp;
mod isolation;
mod keeper;
mod order;
mod place;
mod router;
mod status;
mod topology;
mod tour;
mod up;
mod wiring;

use crate::cli::LabCommand;
use crate::failure::Failure;

pub(crate) use order::Daemon;

pub(crate) fn run(command: LabCommand) -> Result<(), Failure> {
    match command {
        LabCommand::Up(arguments) => up::run(arguments),
        LabCommand::Down(arguments) => down::run(&place::Place::new(arguments.dir)?),
        LabCommand::Status(arguments) => status::run(&arguments),
        LabCommand::Exec(arguments) => exec::run(&arguments),
        LabCommand::Topology => crate::operator::print(topology::DEFAULT.trim_end()),
        LabCommand::Keep(arguments) => keeper::run(&arguments),
    }
}
