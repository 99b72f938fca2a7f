//! Waiting for intents, from whichever server answers.

use std::sync::Arc;
use std::time::Duration;

use demarc_edge::Intents;
use tokio::sync::watch;

use super::intent_file::IntentFile;
use super::line::{CallError, Line};
use super::only;

/// How long a server may wait for a change before it answers.
const WAIT: Duration = Duration::from_secs(30);
/// The first and the longest rest after a call that failed.
const REST: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Never returns, unless another edge has the device.
pub(super) fn run(mut line: Line, file: &IntentFile, intents: &watch::Sender<Intents>) {
    let mut begun = false;
    let mut after = 0;
    let mut rest = REST.0;
    loop {
        let outcome = if begun {
            line.intent(after, WAIT)
        } else {
            // A session that was asked for is ours, whoever had one before.
            line.begin().map(|()| {
                begun = true;
                None
            })
        };
        let problem = match outcome {
            Ok(None) => None,
            Ok(Some(intent)) => {
                after = intent.revision;
                tracing::debug!(revision = after, "an intent has come");
                if let Err(error) = file.keep(&intent) {
                    tracing::warn!(%error, "the intent is followed, but not kept for a restart");
                }
                intents.send_replace(only(line.device(), Some(Arc::new(intent))));
                None
            }
            Err(CallError::Superseded(why)) if begun => return line.end(why),
            Err(CallError::NoSession) => {
                begun = false;
                None
            }
            Err(CallError::Superseded(text) | CallError::Failed(text)) => Some(text),
        };
        line.remember(problem.as_deref());
        if problem.is_none() {
            rest = REST.0;
            continue;
        }
        line.turn();
        std::thread::sleep(rest);
        rest = (rest * 2).min(REST.1);
    }
}
