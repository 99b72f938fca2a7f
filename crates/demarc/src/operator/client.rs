//! Calls to a running service.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use serde_json::Value;
use ureq::http::Response;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};
use ureq::{Agent, Body, Error};

use super::output::Form;
use super::service_url::ServiceUrl;
use super::tls::TlsConnector;
use super::trust;
use crate::cli::ServiceArguments;
use crate::failure::Failure;

/// The operator API of one service.
pub(crate) struct Client {
    agent: Agent,
    url: ServiceUrl,
    token: Option<String>,
    form: Form,
}

/// How long a call may take beyond the time that it waits for events.
const PATIENCE: Duration = Duration::from_secs(30);

impl Client {
    /// Reads the files that the arguments name; nothing is sent yet.
    pub(crate) fn new(arguments: ServiceArguments) -> Result<Self, Failure> {
        let token = match (arguments.token, arguments.token_file) {
            (Some(token), _) => Some(token),
            (None, Some(path)) => Some(read(&path)?),
            (None, None) => None,
        };
        Ok(Self {
            agent: agent(arguments.ca_cert.as_deref())?,
            url: arguments.url,
            token: token.map(|token| token.trim().to_owned()),
            form: if arguments.json {
                Form::Json
            } else {
                Form::Table
            },
        })
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// `GET` below `/_demarc/v1/`; the service may take `wait` to answer.
    pub(crate) fn get(&self, path: &str, wait: Duration) -> Result<Value, Failure> {
        Ok(self.ask(path, wait)?)
    }

    /// The same, for whom it matters whether another attempt may succeed.
    pub(crate) fn ask(&self, path: &str, wait: Duration) -> Result<Value, NoAnswer> {
        let mut request = self
            .agent
            .get(self.url(path))
            .config()
            .timeout_global(Some(PATIENCE + wait))
            .build();
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.understand(request.call())
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
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.send(body.to_string()))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_demarc/v1/{path}", self.url)
    }

    fn answer(&self, result: Result<Response<Body>, Error>) -> Result<Value, Failure> {
        Ok(self.understand(result)?)
    }

    fn understand(&self, result: Result<Response<Body>, Error>) -> Result<Value, NoAnswer> {
        let mut response = result.map_err(|error| unreached(&self.url, &error))?;
        let status = response.status();
        let text = response.body_mut().read_to_string().map_err(|error| {
            NoAnswer::ForNow(format!("the answer of {} broke off: {error}", self.url))
        })?;
        // Of the service or of what stands before it.
        let refused = |text| match status.is_server_error() {
            true => NoAnswer::ForNow(text),
            false => NoAnswer::Refused(text),
        };
        let body: Value = serde_json::from_str(&text).map_err(|_| {
            refused(format!(
                "{} answered {status} without JSON; is it a Demarc service?",
                self.url
            ))
        })?;
        if status.is_success() {
            return Ok(body);
        }
        let message = body["message"]
            .as_str()
            .unwrap_or("no reason was given")
            .to_owned();
        Err(refused(message))
    }
}

/// Why there is no answer, in words.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The service stops, starts or waits for its store: it may answer later.
    ForNow(String),
    Refused(String),
}

impl From<NoAnswer> for Failure {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::ForNow(text) | NoAnswer::Refused(text) => Self::Other(text),
        }
    }
}

/// What makes calls; it trusts the certificates in the file, or the public authorities.
pub(crate) fn agent(ca_cert: Option<&Path>) -> Result<Agent, Failure> {
    let config = Agent::config_builder().http_status_as_error(false).build();
    let Some(path) = ca_cert else {
        return Ok(config.into());
    };
    let tls = trust::client_config(certificates(path)?).map_err(|error| {
        Failure::Usage(format!(
            "the certificates in {} cannot be used: {error}",
            path.display()
        ))
    })?;
    let connector =
        ().chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(TlsConnector(Arc::new(tls)));
    let resolver = DefaultResolver::default();
    Ok(Agent::with_parts(config, connector, resolver))
}

/// A service that shows a certificate is running; what it needs is trust.
fn unreached(url: &ServiceUrl, error: &Error) -> NoAnswer {
    let tls = match error {
        Error::Rustls(error) => Some(error),
        Error::Io(error) => error
            .get_ref()
            .and_then(|cause| cause.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    match tls {
        Some(rustls::Error::InvalidCertificate(cause)) => NoAnswer::Refused(format!(
            "the certificate of {url} is not accepted: {}",
            trust::in_words(cause)
        )),
        Some(error) => NoAnswer::Refused(format!("{url} does not speak TLS as it should: {error}")),
        None => NoAnswer::ForNow(format!(
            "cannot reach {url}: {error}; is `demarc serve` running there? --url names another place"
        )),
    }
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = read(path)?;
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(text.as_bytes())
        .filter_map(Result::ok)
        .collect();
    if found.is_empty() {
        let text = format!("there is no PEM certificate in {}", path.display());
        return Err(Failure::Usage(text));
    }
    Ok(found)
}
