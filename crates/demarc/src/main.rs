//! `demarc`: the service, its lab and its operator's commands in one program.

mod cli;
mod failure;
mod logging;
mod serve;
mod signals;
mod speaker;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Speaker(arguments) => speaker::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
