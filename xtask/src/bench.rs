//! `cargo xtask bench`.

use crate::workspace;
use anyhow::Result;
use clap::Args;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The benchmark and its options, as demarc-bench takes them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    benchmark: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // The program that is measured.
    workspace::run(workspace::cargo().args(["build", "--release", "--package", "demarc"]))?;
    workspace::run(
        workspace::cargo()
            .args(["run", "--release", "--package", "demarc-bench", "--"])
            .args(&arguments.benchmark),
    )
}
