//! `cargo xtask history FILE`: whether what clients of several replicas were told can have happened, one
//! operation after the other, each between its call and its answer (linearizability).
//!
//! The search is that of the published checker `todc-utils` (Wing and Gong, with Lowe's memory of what was
//! tried); ours are only the model of the service and the reading of the file. The file has one JSON object a
//! line, see [`Operation`]. Objects of different stages have nothing in common, so each stage is checked by
//! itself.

mod doubts;
mod model;

use anyhow::{Context, Result, bail};
use clap::Args;
use model::{Service, Step};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What `tests/replicas` wrote
    file: PathBuf,
}

/// One line: who called what, when, and what became of it.
#[derive(Clone, Debug, Deserialize)]
struct Operation {
    /// The set of objects that it is about.
    stage: u64,
    begun: u64,
    ended: u64,
    outcome: Outcome,
    #[serde(flatten)]
    call: Call,
}

/// Whether a change was made. What was refused changed nothing and is not written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Yes,
    /// No answer, or one that leaves it open: it may happen at any time from the call on, or never.
    Perhaps,
    /// The object was said not to exist.
    Absent,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Call {
    /// A virtual interface named `name` on a port.
    Create {
        name: String,
        port: String,
        vlan: u16,
    },
    Move {
        name: String,
        port: String,
    },
    Delete {
        name: String,
    },
    /// All live virtual interfaces of a port, with their VLANs.
    List {
        port: String,
        found: BTreeMap<String, u16>,
    },
    /// Gives a register its value; values are never given twice.
    Write {
        register: String,
        value: String,
    },
    Read {
        register: String,
        value: String,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let stages = read(&arguments.file)?;
    let (mut operations, mut wrong) = (0, Vec::new());
    for (stage, calls) in stages {
        operations += calls.len();
        match check(actions(calls)) {
            Verdict::Linearizable => {}
            verdict => wrong.push(format!("stage {stage}: {verdict:?}")),
        }
    }
    println!("{operations} operations were checked");
    if !wrong.is_empty() {
        bail!("{}", wrong.join("; "));
    }
    Ok(())
}

fn read(path: &Path) -> Result<BTreeMap<u64, Vec<Operation>>> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut stages: BTreeMap<u64, Vec<Operation>> = BTreeMap::new();
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let operation: Operation =
            serde_json::from_str(&line?).with_context(|| format!("line {number}"))?;
        stages.entry(operation.stage).or_default().push(operation);
    }
    Ok(stages)
}

/// The operations as calls and answers in the order of time.
fn actions(operations: Vec<Operation>) -> Vec<(usize, Action<Step>)> {
    let operations = doubts::settled(operations);
    let mut moments = Vec::new();
    for (process, operation) in operations.into_iter().enumerate() {
        let ended = match operation.outcome {
            Outcome::Perhaps => u64::MAX,
            _ => operation.ended,
        };
        let step = Step {
            outcome: operation.outcome,
            call: operation.call,
        };
        // A call goes before an answer of the same moment: they overlapped.
        moments.push((operation.begun, 0, process, Action::Call(step.clone())));
        moments.push((ended, 1, process, Action::Response(step)));
    }
    moments.sort_by_key(|(at, kind, process, _)| (*at, *kind, *process));
    let actions = moments.into_iter();
    actions
        .map(|(_, _, process, action)| (process, action))
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Linearizable,
    NotLinearizable,
    /// The search took too long.
    Undecided,
}

/// The longest that the search for one order of one stage may take.
const LONGEST: Duration = Duration::from_secs(120);

fn check(actions: Vec<(usize, Action<Step>)>) -> Verdict {
    if actions.is_empty() {
        return Verdict::Linearizable;
    }
    let (sender, verdict) = mpsc::channel();
    // Not joined: a search that takes too long ends with this process.
    std::thread::spawn(move || {
        let history = History::from_actions(actions);
        // Nobody waits any more when it took too long.
        let _ = sender.send(WGLChecker::<Service>::is_linearizable(history));
    });
    match verdict.recv_timeout(LONGEST) {
        Ok(true) => Verdict::Linearizable,
        Ok(false) => Verdict::NotLinearizable,
        Err(_) => Verdict::Undecided,
    }
}

#[cfg(test)]
mod tests;
