//! Waiting for intents, from whichever server answers.

use std::sync::Arc;
use std::time::Duration;

use demarc_domain::intent::VersionedIntent;
use demarc_edge::Intents;
use tokio::sync::watch;

use super::intent_file::IntentFile;
use super::line::{CallError, Line};
use super::only;

/// How long a server may wait for a change before it answers.
const WAIT: Duration = Duration::from_secs(30);
/// The same while an intent waits to be kept.
const WAIT_TO_KEEP: Duration = Duration::from_secs(2);
/// The first and the longest rest after a call that failed.
const REST: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Keeps the intent for a start without servers; whether it could. An older one on disk would bring back what
/// is gone.
fn keep(file: &IntentFile, intent: &VersionedIntent, line: &Line) -> bool {
    let outcome = file.keep(intent);
    let problem = outcome.as_ref().err().map(|error| {
        format!("the last intent cannot be kept for a start without servers: {error}")
    });
    let place = file.directory().display().to_string();
    let is_new = line.note(&place, problem.as_deref());
    match &problem {
        Some(text) if is_new => tracing::warn!(directory = place, "{text}; it is followed"),
        None if is_new => tracing::info!(directory = place, "the last intent is kept again"),
        _ => {}
    }
    outcome.is_ok()
}

/// Never returns, unless another edge has the device.
pub(super) fn run(mut line: Line, file: &IntentFile, intents: &watch::Sender<Intents>) {
    let mut begun = false;
    let mut after = 0;
    let mut rest = REST.0;
    // Followed, but not on disk yet.
    let mut unkept: Option<Arc<VersionedIntent>> = None;
    loop {
        let wait = if unkept.is_some() { WAIT_TO_KEEP } else { WAIT };
        let outcome = if begun {
            line.intent(after, wait)
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
                let intent = Arc::new(intent);
                unkept = Some(Arc::clone(&intent));
                intents.send_replace(only(line.device(), Some(intent)));
                None
            }
            Err(CallError::Superseded(why)) if begun => return line.end(why),
            Err(CallError::NoSession) => {
                begun = false;
                None
            }
            Err(CallError::Superseded(text) | CallError::Failed(text)) => Some(text),
        };
        if let Some(intent) = &unkept
            && keep(file, intent, &line)
        {
            unkept = None;
        }
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
