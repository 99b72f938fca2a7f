//! `demarc`: the service, its lab and its operator's commands in one program.

mod aws_cli;
mod cli;
mod edge;
mod failure;
mod lab;
mod logging;
mod operator;
mod serve;
mod signals;
mod speaker;
mod store;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use cli::{Cli, ClockCommand, Command, LocationsCommand};
use failure::Failure;
use operator::Client;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => run(cli.command),
        Err(error) => return misused(&error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Edge(arguments) => edge::run(arguments),
        Command::Edges(service) => operator::edges(&Client::new(service)?),
        Command::Speaker(arguments) => speaker::run(&arguments),
        Command::Store(command) => store::run(command),
        Command::Lab(command) => lab::run(command),
        Command::Link(it) => operator::link(&Client::new(it.service)?, it.state, it.connection),
        Command::Session(it) => operator::session(&Client::new(it.service)?, it.state, it.peer),
        Command::Clock(ClockCommand::Advance { duration, service }) => {
            operator::advance(&Client::new(service)?, duration.as_secs_f64())
        }
        Command::Approve(it) => operator::approve(&Client::new(it.service)?, it.id),
        Command::Reject(it) => operator::reject(&Client::new(it.service)?, it.id),
        Command::Prefixes(it) => operator::prefixes(&Client::new(it.service)?, it.id, &it.prefixes),
        Command::Hairpin(it) => operator::hairpin(&Client::new(it.service)?, it.choice, it.gateway),
        Command::Locations(it) => match it.command {
            None => operator::locations(&Client::new(it.service)?, it.region),
            Some(LocationsCommand::Put {
                code,
                file,
                service,
            }) => operator::put_location(&Client::new(service)?, code, &file),
        },
        Command::Events(it) => operator::events(&Client::new(it.service)?, it.after, it.follow),
        Command::Audit(it) => operator::audit(&Client::new(it.service)?, it.after),
        Command::Accounts(service) => operator::accounts(&Client::new(service)?),
        Command::Show(service) => operator::show(&Client::new(service)?),
        Command::Intent(it) => operator::intent(&Client::new(it.service)?, it.id),
        Command::Why(it) => operator::why(&Client::new(it.service)?, it.vif, &it.destination),
        Command::WhatIf(it) => operator::what_if(it),
        Command::Judge(it) => operator::judge(&Client::new(it.service)?, it.group),
        Command::RouterTypes(service) => operator::router_types(&Client::new(service)?),
    }
}

/// Help goes out as it is; anything else becomes one line.
fn misused(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        // Nothing is left to do if help cannot be printed.
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let text = error.to_string();
    let said: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .collect();
    let said = said
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    Failure::Usage(format!(
        "{}; see --help",
        said.trim_start_matches("error: ")
    ))
    .report()
}
