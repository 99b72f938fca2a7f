//! Calls to whichever member answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout};

use super::config::{Credentials, EtcdConfig};
use super::http::{Loan, Member, NoAnswer};
use super::wire::{AuthenticateRequest, AuthenticateResponse, ErrorBody};
use crate::Cause;
use crate::error::Reason;

/// The first attempt waits this long for an answer, each later one half as long again. Short, because a
/// request that a member passed on to a dead leader is lost, and the next one finds the new leader; growing,
/// so that an overloaded cluster gets to answer.
const FIRST_ATTEMPT: Duration = Duration::from_millis(500);
/// Pause once every member has been tried.
const PAUSE: Duration = Duration::from_millis(50);
/// No answer is larger: pages are small, and a single value has etcd's limit.
const LONGEST_ANSWER: usize = 64 << 20;

/// gRPC status codes that mean something to us.
mod code {
    pub(super) const DEADLINE_EXCEEDED: u32 = 4;
    pub(super) const ABORTED: u32 = 10;
    pub(super) const INTERNAL: u32 = 13;
    pub(super) const UNAVAILABLE: u32 = 14;
    pub(super) const UNKNOWN: u32 = 2;
    pub(super) const RESOURCE_EXHAUSTED: u32 = 8;
    pub(super) const UNAUTHENTICATED: u32 = 16;
}

/// etcd said no.
#[derive(Debug, Clone, thiserror::Error)]
#[error("etcd answered: {message} (code {code})")]
pub struct Refusal {
    /// The gRPC status code.
    pub code: u32,
    /// etcd's words.
    pub message: String,
}

impl Refusal {
    pub(super) fn new(body: ErrorBody) -> Self {
        let ErrorBody { code, message } = body;
        Self { code, message }
    }

    /// The answer would be larger than the gateway passes on.
    pub(super) fn is_answer_too_large(&self) -> bool {
        self.code == code::RESOURCE_EXHAUSTED && self.message.contains("larger than max")
    }

    /// The request is larger than etcd takes.
    pub(super) fn is_request_too_large(&self) -> bool {
        self.message.contains("request is too large")
            || self.message.contains("too many operations")
    }

    /// Another token would help.
    fn wants_token(&self) -> bool {
        self.code == code::UNAUTHENTICATED
            || self.message.contains("auth token")
            || self.message.contains("user name is empty")
            || self.message.contains("auth store is old")
    }

    /// The member gave up on a request that may still take effect, so another attempt is in order.
    fn is_transient(&self) -> bool {
        use code::{ABORTED, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, UNKNOWN};
        [ABORTED, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, UNKNOWN].contains(&self.code)
    }
}

/// A call that got no useful answer from any member.
#[derive(Debug, thiserror::Error)]
#[error("no etcd member gave an answer")]
pub(super) struct CallError {
    /// Whether one of the attempts may have taken effect, or still may.
    pub(super) doubtful: bool,
    /// What went wrong last.
    #[source]
    pub(super) cause: Cause,
}

impl CallError {
    /// etcd's refusal, when that is what ended the call.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.cause.downcast_ref()
    }
}

/// An open answer that goes on and on, with the connection that it needs.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) body: Incoming,
    _loan: Loan,
}

/// The cluster.
#[derive(Debug)]
pub(super) struct Gateway {
    members: Vec<Member>,
    /// Counts up; the member in use is this number modulo the number of members.
    current: AtomicUsize,
    credentials: Option<Credentials>,
    token: RwLock<Option<HeaderValue>>,
    patience: Duration,
}

impl Gateway {
    pub(super) fn new(config: &EtcdConfig) -> Self {
        let endpoints = config.endpoints.iter().cloned();
        Self {
            members: endpoints
                .map(|endpoint| Member::new(endpoint, config.tls.clone()))
                .collect(),
            current: AtomicUsize::new(0),
            credentials: config.credentials.clone(),
            token: RwLock::new(None),
            patience: config.patience,
        }
    }

    /// Calls one member after the other until one answers or the patience ends.
    pub(super) async fn call<Q, A>(&self, path: &'static str, request: &Q) -> Result<A, CallError>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
    {
        let body = encode(request)?;
        let deadline = Instant::now() + self.patience;
        let mut doubtful = false;
        let mut wait = FIRST_ATTEMPT;
        let mut attempt = 0_usize;
        loop {
            attempt += 1;
            let current = self.current.load(Ordering::Relaxed);
            let time = wait.min(deadline.saturating_duration_since(Instant::now()));
            let answered = timeout(time, self.attempt(current, path, body.clone())).await;
            let trouble = match answered {
                Ok(Ok(answer)) => {
                    let answer = serde_json::from_slice(&answer);
                    return answer.map_err(|error| CallError {
                        doubtful: true,
                        cause: error.into(),
                    });
                }
                Ok(Err(trouble)) => trouble,
                Err(_) => Trouble::Lost(Reason("no answer in time").into()),
            };
            let cause = match trouble {
                Trouble::NotSent(cause) => cause,
                Trouble::Lost(cause) => {
                    doubtful = true;
                    cause
                }
                Trouble::Refused(refusal) => {
                    return Err(CallError {
                        doubtful,
                        cause: refusal.into(),
                    });
                }
            };
            tracing::debug!(path, attempt, %cause, "etcd did not answer");
            self.turn_from(current);
            wait = (wait * 3 / 2).min(self.patience);
            if attempt.is_multiple_of(self.members.len()) {
                sleep(PAUSE).await;
            }
            if Instant::now() >= deadline {
                return Err(CallError { doubtful, cause });
            }
        }
    }

    /// Opens an answer without end, on the member in use.
    pub(super) async fn stream<Q>(
        &self,
        path: &'static str,
        request: &Q,
    ) -> Result<Stream, CallError>
    where
        Q: Serialize + Sync,
    {
        let body = encode(request)?;
        let current = self.current.load(Ordering::Relaxed);
        let opened = timeout(FIRST_ATTEMPT, self.open(current, path, body)).await;
        let opened =
            opened.unwrap_or_else(|_| Err(Trouble::Lost(Reason("no answer in time").into())));
        let (answer, loan) = opened.map_err(|trouble| {
            let cause = match trouble {
                Trouble::NotSent(cause) | Trouble::Lost(cause) => {
                    self.turn_from(current);
                    cause
                }
                Trouble::Refused(refusal) => refusal.into(),
            };
            CallError {
                doubtful: false,
                cause,
            }
        })?;
        Ok(Stream {
            body: answer.into_body(),
            _loan: loan,
        })
    }

    /// Uses another member from now on, for a stream that went silent.
    pub(super) fn turn(&self) {
        self.turn_from(self.current.load(Ordering::Relaxed));
    }

    fn turn_from(&self, member: usize) {
        // Only one of many callers in trouble turns; the others find it done.
        let next = member.wrapping_add(1);
        let order = Ordering::Relaxed;
        let _turned = self.current.compare_exchange(member, next, order, order);
    }

    fn member(&self, number: usize) -> Result<&Member, Trouble> {
        let index = number.checked_rem(self.members.len());
        let member = index.and_then(|index| self.members.get(index));
        member.ok_or_else(|| Trouble::NotSent(Reason("no etcd member is configured").into()))
    }

    async fn attempt(
        &self,
        member: usize,
        path: &'static str,
        body: Bytes,
    ) -> Result<Bytes, Trouble> {
        let (answer, loan) = self.open(member, path, body).await?;
        let bytes = collect(answer).await?;
        self.member(member)?.give_back(loan);
        Ok(bytes)
    }

    /// Sends with a token, and once more with a new token if the old one is no longer good.
    async fn open(
        &self,
        member: usize,
        path: &'static str,
        body: Bytes,
    ) -> Result<(Response<Incoming>, Loan), Trouble> {
        let mut token = self.token();
        if token.is_none() && self.credentials.is_some() {
            token = self.authenticate(member).await?;
        }
        match self.send(member, path, body.clone(), token).await {
            Err(Trouble::Refused(refusal))
                if refusal.wants_token() && self.credentials.is_some() =>
            {
                let token = self.authenticate(member).await?;
                self.send(member, path, body, token).await
            }
            answer => answer,
        }
    }

    async fn send(
        &self,
        member: usize,
        path: &'static str,
        body: Bytes,
        token: Option<HeaderValue>,
    ) -> Result<(Response<Incoming>, Loan), Trouble> {
        let (answer, loan) = self.member(member)?.post(path, body, token).await?;
        if answer.status() == StatusCode::OK {
            return Ok((answer, loan));
        }
        let status = answer.status();
        let text = collect(answer).await?;
        let body = serde_json::from_slice::<ErrorBody>(&text);
        let refusal = body.map(Refusal::new).unwrap_or_else(|_| Refusal {
            code: code::UNKNOWN,
            message: format!("HTTP status {status}"),
        });
        if refusal.is_transient() {
            Err(Trouble::Lost(refusal.into()))
        } else {
            Err(Trouble::Refused(refusal))
        }
    }

    async fn authenticate(&self, member: usize) -> Result<Option<HeaderValue>, Trouble> {
        let Some(Credentials { user, password }) = &self.credentials else {
            return Ok(None);
        };
        let request = AuthenticateRequest {
            name: user,
            password,
        };
        let body = encode(&request).map_err(|error| Trouble::NotSent(error.cause))?;
        let sent = self.send(member, "/v3/auth/authenticate", body, None).await;
        // Whatever becomes of the login, the request that it is for has not been sent.
        let not_sent = |trouble| match trouble {
            Trouble::Lost(cause) => Trouble::NotSent(cause),
            trouble => trouble,
        };
        let (answer, loan) = sent.map_err(not_sent)?;
        let answer = collect(answer).await.map_err(not_sent)?;
        self.member(member)?.give_back(loan);
        let answer = serde_json::from_slice::<AuthenticateResponse>(&answer);
        let token = answer
            .map_err(|error| Trouble::NotSent(error.into()))?
            .token;
        let mut token =
            HeaderValue::from_str(&token).map_err(|error| Trouble::NotSent(error.into()))?;
        token.set_sensitive(true);
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(Some(token))
    }

    fn token(&self) -> Option<HeaderValue> {
        let token = self.token.read();
        token.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What can happen to one attempt.
enum Trouble {
    NotSent(Cause),
    Lost(Cause),
    Refused(Refusal),
}

impl From<NoAnswer> for Trouble {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::NotSent(cause) => Self::NotSent(cause),
            NoAnswer::Lost(cause) => Self::Lost(cause),
        }
    }
}

fn encode(request: &impl Serialize) -> Result<Bytes, CallError> {
    let body = serde_json::to_vec(request);
    body.map(Bytes::from).map_err(|error| CallError {
        doubtful: false,
        cause: error.into(),
    })
}

async fn collect(answer: Response<Incoming>) -> Result<Bytes, Trouble> {
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER)
        .collect()
        .await;
    Ok(body.map_err(Trouble::Lost)?.to_bytes())
}
