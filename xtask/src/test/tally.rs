//! How many tests passed: read from the closing lines of the runners, whose output goes on to
//! the terminal as it comes.

use anyhow::{Context, Result};
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::ops::AddAssign;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Tally {
    /// A runner that failed as a whole, before or beside its tests.
    pub(super) const FAILURE: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };

    /// A suite that is skipped as a whole, with the reason on the terminal.
    pub(super) fn skipped(reason: &str) -> Self {
        println!("skipped: {reason}");
        Self {
            skipped: 1,
            ..Self::default()
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(
            formatter,
            "{passed} passed, {failed} failed, {skipped} skipped"
        )
    }
}

/// Whose closing lines count: nextest, for one, repeats those of the libtest runs it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    CargoTest,
    Nextest,
    Pytest,
}

/// Where the output of a runner goes.
pub(super) enum Terminal {
    Now,
    /// Once somebody says [`Terminal::flush`].
    Later(Mutex<Vec<String>>),
}

impl Terminal {
    fn print(&self, line: &str) {
        match self {
            Self::Now => println!("{line}"),
            Self::Later(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(line.to_owned());
            }
        }
    }

    /// Prints what was kept.
    pub(super) fn flush(&self) {
        if let Self::Later(lines) = self {
            for line in lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .drain(..)
            {
                println!("{line}");
            }
        }
    }
}

/// Runs a test runner, passes its output on and adds up its closing lines. A runner that reports
/// failure and counts none (a build error, say) counts as one failure.
pub(super) fn counted(runner: Runner, command: &mut Command, terminal: &Terminal) -> Result<Tally> {
    let program = command.get_program().display().to_string();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    let stdout = child.stdout.take().context("stdout is piped")?;
    let stderr = child.stderr.take().context("stderr is piped")?;
    let mut tally = std::thread::scope(|scope| {
        let errors = scope.spawn(|| pass_on(runner, stderr, terminal));
        let mut tally = pass_on(runner, stdout, terminal);
        tally += errors.join().unwrap_or(Tally::FAILURE);
        tally
    });
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        terminal.print(&format!("{program} ended with {status}"));
        tally += Tally::FAILURE;
    }
    Ok(tally)
}

fn pass_on(runner: Runner, output: impl Read, terminal: &Terminal) -> Tally {
    let mut tally = Tally::default();
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        terminal.print(text);
        tally += runner.closing_line(text).unwrap_or_default();
        line.clear();
    }
    tally
}

impl Runner {
    /// The counts of a line that closes a run.
    fn closing_line(self, line: &str) -> Option<Tally> {
        let line = line.trim();
        match self {
            Self::CargoTest => {
                let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
                Some(counts(rest, ';'))
            }
            Self::Nextest => {
                let rest = line.strip_prefix("Summary [")?;
                let (_, rest) = rest
                    .split_once(" tests run: ")
                    .or_else(|| rest.split_once(" test run: "))?;
                Some(counts(&without_parentheses(rest), ','))
            }
            Self::Pytest => {
                let (rest, seconds) = line.trim_matches('=').trim().rsplit_once(" in ")?;
                let seconds = seconds.split(' ').next()?.strip_suffix('s')?;
                seconds.parse::<f64>().ok()?;
                Some(counts(rest, ','))
            }
        }
    }
}

/// nextest breaks its numbers down in parentheses: `30 passed (1 slow, 1 flaky)`.
fn without_parentheses(text: &str) -> String {
    let pieces = text.split('(');
    let pieces = pieces.map(|piece| piece.rsplit(')').next().unwrap_or_default());
    pieces.collect()
}

fn counts(text: &str, separator: char) -> Tally {
    let mut tally = Tally::default();
    for part in text.split(separator) {
        let Some((number, kind)) = part.trim().split_once(' ') else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        match kind.trim() {
            "passed" | "xpassed" => tally.passed += number,
            "failed" | "error" | "errors" | "timed out" | "exec failed" => tally.failed += number,
            "skipped" | "ignored" | "xfailed" => tally.skipped += number,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::{Runner, Tally, Terminal, counted};
    use std::process::Command;
    use std::sync::Mutex;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn closing_lines_of_all_runners_are_read() {
        use Runner::{CargoTest, Nextest, Pytest};
        for (runner, line, expected) in [
            (
                Nextest,
                "     Summary [   0.261s] 32 tests run: 32 passed, 0 skipped",
                tally(32, 0, 0),
            ),
            (
                Nextest,
                "     Summary [  61.2s] 12/40 tests run: 8 passed (1 slow, 2 leaky), 3 failed, 1 timed out, 28 skipped",
                tally(8, 4, 28),
            ),
            (
                Nextest,
                "     Summary [   0.004s] 1 test run: 1 passed, 3 skipped",
                tally(1, 0, 3),
            ),
            (
                CargoTest,
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                tally(3, 0, 1),
            ),
            (
                CargoTest,
                "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.01s",
                tally(3, 2, 0),
            ),
            (
                Pytest,
                "===== 2 failed, 10 passed, 1 skipped, 3 warnings in 3.42s =====",
                tally(10, 2, 1),
            ),
            (
                Pytest,
                "======= 50 passed, 1 rerun in 265.64s (0:04:25) =======",
                tally(50, 0, 0),
            ),
            (
                Pytest,
                "== 1 passed, 1 error, 1 xfailed in 75.01s (0:01:15) ==",
                tally(1, 1, 1),
            ),
            (Pytest, "no tests ran in 0.01s", tally(0, 0, 0)),
        ] {
            assert_eq!(runner.closing_line(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn output_that_is_kept_is_complete_and_counted_at_once() {
        let later = Terminal::Later(Mutex::default());
        let script = "echo first; echo '== 3 passed in 0.10s =='";
        let mut command = Command::new("sh");
        let seen = counted(Runner::Pytest, command.args(["-c", script]), &later).unwrap();
        assert_eq!(seen, tally(3, 0, 0));
        let Terminal::Later(lines) = later else {
            unreachable!()
        };
        assert_eq!(
            lines.into_inner().unwrap(),
            ["first", "== 3 passed in 0.10s =="]
        );
    }

    #[test]
    fn other_lines_close_nothing() {
        for (runner, line) in [
            (Runner::Pytest, ""),
            (Runner::Pytest, "3 passed"),
            (
                Runner::Nextest,
                "        PASS [   0.003s] demarc-api tests::passed_in_time",
            ),
            (
                Runner::Nextest,
                "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 31 filtered out",
            ),
            (Runner::CargoTest, "test a_test ... ok"),
        ] {
            assert_eq!(runner.closing_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_runner_that_fails_without_counting_is_a_failure() {
        let run = |script: &str| {
            counted(
                Runner::Pytest,
                Command::new("sh").args(["-c", script]),
                &Terminal::Now,
            )
            .unwrap()
        };
        assert_eq!(run("echo '1 passed in 0.1s'; exit 0"), tally(1, 0, 0));
        assert_eq!(run("echo '1 passed in 0.1s'; exit 3"), tally(1, 1, 0));
        assert_eq!(run("echo '1 failed in 0.1s' >&2; exit 1"), tally(0, 1, 0));
    }
}
