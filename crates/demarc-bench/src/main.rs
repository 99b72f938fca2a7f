//! `demarc-bench`: see `--help`.

use std::io::Write;

use clap::{Parser, Subcommand};

/// Measures Demarc, and other routers on the same machine for comparison.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The routing tables alone, in this process.
    Tables {
        #[arg(long, default_value_t = 800_000)]
        routes: u32,
    },
}

fn main() -> anyhow::Result<()> {
    let report = match Arguments::parse().command {
        Command::Tables { routes } => demarc_bench::tables::run(routes)?,
    };
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}
