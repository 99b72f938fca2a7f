//! Calls to a running service.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;
use ureq::{Body, Error};

use super::output::Form;
use crate::failure::Failure;

/// Which service, as whom, and how to print its answers.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    pub(crate) form: Form,
}

/// A connection to the operator API.
pub(crate) struct Client {
    agent: Agent,
    target: Target,
}

/// How long a call may take beyond the time that it waits for events.
const PATIENCE: Duration = Duration::from_secs(30);

impl Client {
    pub(crate) fn new(target: Target) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        Self { agent, target }
    }

    pub(crate) fn form(&self) -> Form {
        self.target.form
    }

    /// `GET` below `/_demarc/v1/`; the service may take `wait` to answer.
    pub(crate) fn get(&self, path: &str, wait: Duration) -> Result<Value, Failure> {
        let mut request = self
            .agent
            .get(self.url(path))
            .config()
            .timeout_global(Some(PATIENCE + wait))
            .build();
        if let Some(token) = &self.target.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.call())
    }

    /// `POST` with a JSON body, or none.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.agent.post(self.url(path)), body)
    }

    /// `PUT` with a JSON body.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.agent.put(self.url(path)), body)
    }

    fn send(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        body: &Value,
    ) -> Result<Value, Failure> {
        let mut request = request
            .config()
            .timeout_global(Some(PATIENCE))
            .build()
            .content_type("application/json");
        if let Some(token) = &self.target.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.send(body.to_string()))
    }

    fn url(&self, path: &str) -> String {
        format!(
            "{}/_demarc/v1/{path}",
            self.target.url.trim_end_matches('/')
        )
    }

    fn answer(&self, result: Result<Response<Body>, Error>) -> Result<Value, Failure> {
        let mut response = result.map_err(|error| {
            Failure::Other(format!(
                "cannot reach {}: {error}; is `demarc serve` running there? --url names another place",
                self.target.url
            ))
        })?;
        let status = response.status();
        let text = response.body_mut().read_to_string().map_err(|error| {
            Failure::Other(format!(
                "the answer of {} broke off: {error}",
                self.target.url
            ))
        })?;
        let body: Value = serde_json::from_str(&text).map_err(|_| {
            Failure::Other(format!(
                "{} answered {status} without JSON; is it a Demarc service?",
                self.target.url
            ))
        })?;
        if status.is_success() {
            return Ok(body);
        }
        let message = body["message"]
            .as_str()
            .unwrap_or("no reason was given")
            .to_owned();
        Err(Failure::Other(message))
    }
}
