//! `demarc`: the service, its lab and its operator's commands in one program.

mod cli;
mod failure;
mod logging;
mod operator;
mod serve;
mod signals;
mod speaker;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use cli::{Cli, ClockCommand, Command, LocationsArguments, LocationsCommand, ServiceArguments};
use failure::Failure;
use operator::{Client, Form, Target};

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
        Command::Speaker(arguments) => speaker::run(&arguments),
        Command::Link(link) => operator::link(&client(link.service)?, link.state, &link.id),
        Command::Session(session) => {
            operator::session(&client(session.service)?, session.state, &session.id)
        }
        Command::Clock(ClockCommand::Advance { duration, service }) => {
            operator::advance(&client(service)?, duration.as_secs_f64())
        }
        Command::Approve(decision) => operator::approve(&client(decision.service)?, &decision.id),
        Command::Reject(decision) => operator::reject(&client(decision.service)?, &decision.id),
        Command::Locations(arguments) => locations(arguments),
        Command::Events(arguments) => operator::events(
            &client(arguments.service)?,
            arguments.after,
            arguments.follow,
        ),
        Command::Accounts(service) => operator::accounts(&client(service)?),
    }
}

fn locations(arguments: LocationsArguments) -> Result<(), Failure> {
    match arguments.command {
        None => operator::locations(&client(arguments.service)?, &arguments.region),
        Some(LocationsCommand::Put {
            code,
            file,
            service,
        }) => operator::put_location(&client(service)?, &code, &file),
    }
}

fn client(service: ServiceArguments) -> Result<Client, Failure> {
    let token = match (service.token, service.token_file) {
        (Some(token), _) => Some(token),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Failure::Usage(format!("cannot read {}: {error}", path.display()))
            })?;
            Some(text.trim().to_owned())
        }
        (None, None) => None,
    };
    let form = if service.json {
        Form::Json
    } else {
        Form::Table
    };
    Ok(Client::new(Target {
        url: service.url,
        token,
        form,
    }))
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
