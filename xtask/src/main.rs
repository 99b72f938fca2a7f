//! Development tasks of Demarc. `cargo xtask --help` lists them.

mod codegen;
mod model;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development tasks of Demarc")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write crates/demarc-api/src/generated from the API model
    Codegen(codegen::Arguments),
    /// Extract the API model (names, shapes and constraints; no prose) from a botocore wheel
    Model(model::Arguments),
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Codegen(arguments) => codegen::run(&arguments),
        Task::Model(arguments) => model::run(&arguments),
    }
}
