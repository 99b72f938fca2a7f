//! How the program says that it could not do what it was asked.

use std::io::Write;
use std::process::ExitCode;

/// A failure with the status that the program ends with.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for makes no sense, or cannot be done here: status 2.
    Usage(String),
    /// It was tried and did not work: status 1.
    Other(String),
    /// Nobody reads the output any more, as in `demarc events | head`: status 0, and not a word.
    Closed,
}

impl Failure {
    /// Prints one line and gives the status.
    pub(crate) fn report(self) -> ExitCode {
        let (text, status) = match self {
            Self::Usage(text) => (text, 2),
            Self::Other(text) => (text, 1),
            Self::Closed => return ExitCode::SUCCESS,
        };
        // Nothing is left to do if even this cannot be written.
        let _ = writeln!(std::io::stderr(), "demarc: {}", text.replace('\n', " "));
        ExitCode::from(status)
    }
}
