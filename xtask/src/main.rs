//! Development tasks of Demarc. `cargo xtask --help` lists them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner reports to the person at the terminal"
)]

mod bench;
mod check;
mod codegen;
mod fuzz;
mod history;
mod layers;
mod model;
mod system;
mod test;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development tasks of Demarc")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run a benchmark of demarc-bench in a release build
    Bench(bench::Arguments),
    /// Check what the compiler does not: layers, links, generated files, leftovers
    Check,
    /// Write crates/demarc-api/src/generated from the API model
    Codegen(codegen::Arguments),
    /// Run the fuzz targets
    Fuzz(fuzz::Arguments),
    /// Check what clients of several replicas saw for linearizability
    History(history::Arguments),
    /// Extract the API model (names, shapes and constraints; no prose) from a botocore wheel
    Model(model::Arguments),
    /// Disturb three replicas and their etcd cluster, and check what clients saw
    Nemesis(test::Nemesis),
    /// Run every test: Rust, real clients, real routers, replicas
    Test(test::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Check => check::run(),
        Task::Codegen(arguments) => codegen::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::History(arguments) => history::run(&arguments),
        Task::Model(arguments) => model::run(&arguments),
        Task::Nemesis(arguments) => test::nemesis(&arguments),
        Task::Test(arguments) => test::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
