//! Calls of an edge to the servers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use demarc_domain::device_status::{Fault, StatusUpdate};
use demarc_domain::intent::VersionedIntent;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, Error};

use crate::cli::EdgeArguments;
use crate::failure::Failure;
use crate::operator::{ServiceUrl, agent, read_text};

/// How long a call may take beyond the time that it waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// The largest intent.
const LARGEST: u64 = 64 << 20;

/// All servers, and how to speak to them.
#[derive(Clone)]
pub(super) struct Lines {
    agent: Agent,
    servers: Vec<ServiceUrl>,
    token: Option<String>,
    device: String,
    /// A name of this process, made up at its start.
    session: String,
    host: String,
    /// What is wrong with whom, for the status.
    faults: Arc<Mutex<BTreeMap<String, String>>>,
}

/// One server at a time.
pub(super) struct Line {
    lines: Lines,
    number: usize,
    end: mpsc::UnboundedSender<String>,
}

/// Why a call did not do what it was for.
#[derive(Debug)]
pub(super) enum CallError {
    /// Another edge speaks for the device.
    Superseded(String),
    /// The server knows no session of the device.
    NoSession,
    /// In words: refused, or not reached.
    Failed(String),
}

impl Lines {
    pub(super) fn new(arguments: &EdgeArguments) -> Result<Self, Failure> {
        let token = arguments.token_file.as_deref().map(read_text).transpose()?;
        let mut session = [0; 8];
        getrandom::fill(&mut session).map_err(|error| {
            Failure::Other(format!("the system gave no random numbers: {error}"))
        })?;
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Ok(Self {
            agent: agent(arguments.ca_cert.as_deref())?,
            servers: arguments.server.clone(),
            token: token.map(|token| token.trim().to_owned()),
            device: arguments.device.clone(),
            session: format!("{:016x}", u64::from_be_bytes(session)),
            host: host.trim().to_owned(),
            faults: Arc::default(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.servers.len()
    }
}

impl Line {
    pub(super) fn new(lines: &Lines, number: usize, end: mpsc::UnboundedSender<String>) -> Self {
        Self {
            lines: lines.clone(),
            number,
            end,
        }
    }

    pub(super) fn device(&self) -> &str {
        &self.lines.device
    }

    /// Goes on with the next server.
    pub(super) fn turn(&mut self) {
        self.number = (self.number + 1) % self.lines.servers.len();
    }

    fn server(&self) -> &ServiceUrl {
        &self.lines.servers[self.number]
    }

    /// Ends this process: another edge has the device.
    pub(super) fn end(&self, why: String) {
        // Who would hear it has ended already.
        _ = self.end.send(why);
    }

    /// Remembers how the last call went, and says so when that is new.
    pub(super) fn remember(&self, problem: Option<&str>) {
        let server = self.server().to_string();
        match problem {
            Some(text) if self.note(&server, problem) => {
                tracing::warn!(server, "{text}; this edge goes on with what it knows");
            }
            None if self.note(&server, None) => tracing::info!(server, "the server answers"),
            _ => {}
        }
    }

    /// Remembers what is wrong with something, or that nothing is; whether that is new.
    pub(super) fn note(&self, subject: &str, problem: Option<&str>) -> bool {
        let faults = self.lines.faults.lock();
        let mut faults = faults.unwrap_or_else(PoisonError::into_inner);
        match problem {
            Some(text) => {
                faults
                    .insert(subject.to_owned(), text.to_owned())
                    .as_deref()
                    != problem
            }
            None => faults.remove(subject).is_some(),
        }
    }

    /// The servers that do not answer as they should, and what else is wrong on this side.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let faults = self.lines.faults.lock();
        let faults = faults.unwrap_or_else(PoisonError::into_inner);
        let faults = faults.iter();
        faults
            .map(|(server, text)| Fault::new(server, text))
            .collect()
    }

    /// Becomes the edge of the device.
    pub(super) fn begin(&self) -> Result<(), CallError> {
        let body = json!({ "session": self.lines.session, "host": self.lines.host });
        self.post("session", &body).map(|_| ())
    }

    /// The intent, once it is another than at revision `after`; `None`: it is not, for `wait`.
    pub(super) fn intent(
        &self,
        after: u64,
        wait: Duration,
    ) -> Result<Option<VersionedIntent>, CallError> {
        let what = format!(
            "intent?session={}&after={after}&wait={}",
            self.lines.session,
            wait.as_secs()
        );
        let request = self
            .lines
            .agent
            .get(self.url(&what))
            .config()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(wait + PATIENCE))
            .build();
        let request = match &self.lines.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let text = self.answer(request.call())?;
        if text.is_empty() {
            return Ok(None);
        }
        let intent: VersionedIntent = serde_json::from_str(&text)
            .map_err(|error| CallError::Failed(format!("its intent is not understood: {error}")))?;
        if intent.intent.device != self.lines.device {
            let text = format!("it sent an intent of {}", intent.intent.device);
            return Err(CallError::Failed(text));
        }
        Ok(Some(intent))
    }

    /// Says what is seen; whether the server wants all routes.
    pub(super) fn tell(&self, update: &StatusUpdate) -> Result<bool, CallError> {
        let what = format!("status?session={}", self.lines.session);
        let answer = self.post(&what, &json!(update))?;
        Ok(answer["wantsRoutes"].as_bool().unwrap_or(false))
    }

    fn post(&self, what: &str, body: &Value) -> Result<Value, CallError> {
        let request = self
            .lines
            .agent
            .post(self.url(what))
            .config()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(PATIENCE))
            .build()
            .content_type("application/json");
        let request = match &self.lines.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let text = self.answer(request.send(body.to_string()))?;
        serde_json::from_str(&text)
            .map_err(|_| CallError::Failed("it answered without JSON".to_owned()))
    }

    fn url(&self, what: &str) -> String {
        let device = escaped(&self.lines.device);
        format!("{}/_demarc/edge/v1/devices/{device}/{what}", self.server())
    }

    fn answer(&self, result: Result<Response<Body>, Error>) -> Result<String, CallError> {
        let failed = |error: &dyn std::fmt::Display| CallError::Failed(error.to_string());
        let mut response = result.map_err(|error| failed(&error))?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(LARGEST);
        let text = body.read_to_string().map_err(|error| failed(&error))?;
        if status.is_success() {
            return Ok(text);
        }
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let message = body["message"].as_str().unwrap_or("no reason was given");
        let message = message.trim_end_matches('.').to_owned();
        Err(match status {
            StatusCode::CONFLICT => CallError::Superseded(message),
            StatusCode::GONE => CallError::NoSession,
            _ => CallError::Failed(format!("{}: {message}", status.as_u16())),
        })
    }
}

/// A segment of a path.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_fit_into_a_path() {
        assert_eq!(escaped("EqDC2-370kou9loeqh0"), "EqDC2-370kou9loeqh0");
        assert_eq!(escaped("a b/c%"), "a%20b%2Fc%25");
    }
}
