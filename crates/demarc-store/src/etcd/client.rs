//! Calls to whichever member answers.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Response, StatusCode};
use prost::Message;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::config::{Credentials, EtcdConfig};
use super::grpc::{Messages, Refusal, code, frame};
use super::member::{Member, NoAnswer};
use super::wire::{AuthenticateRequest, AuthenticateResponse, StatusRequest, StatusResponse};
use crate::Cause;
use crate::error::Reason;

/// The first attempt waits this long for an answer, each later one half as long again. Short, because a
/// request that a member passed on to a dead leader is lost, and the next one finds the new leader; growing,
/// so that an overloaded cluster gets to answer.
pub(super) const FIRST_ATTEMPT: Duration = Duration::from_millis(500);
/// Pause once every member has been tried.
const PAUSE: Duration = Duration::from_millis(50);
/// We take no larger answers. Pages of entries are made smaller when they reach it.
const LONGEST_ANSWER: usize = 64 << 20;
/// An event stream waits this long for the first sign of life.
const STREAM_OPENS: Duration = Duration::from_secs(1);

const AUTHENTICATE: &str = "/etcdserverpb.Auth/Authenticate";
const STATUS: &str = "/etcdserverpb.Maintenance/Status";

/// A call that got no useful answer from any member.
#[derive(Debug, thiserror::Error)]
#[error("etcd at {members} did not do what was asked")]
pub(super) struct CallError {
    /// Who was asked.
    pub(super) members: String,
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

/// An answer to the last of some attempts.
#[derive(Debug)]
pub(super) struct Answered<A> {
    pub(super) answer: A,
    /// Whether one of the attempts before may have taken effect, or still may.
    pub(super) doubtful: bool,
}

/// Messages without end, until this is dropped.
#[derive(Debug)]
pub(super) struct Stream {
    body: Incoming,
    messages: Messages,
    _keep: oneshot::Sender<Infallible>,
}

impl Stream {
    /// The next message. Loses nothing when it is dropped while it waits.
    pub(super) async fn next<M: Message + Default>(&mut self) -> Result<M, Cause> {
        loop {
            if let Some(message) = self.messages.next()? {
                return Ok(message);
            }
            let frame = self.body.frame().await;
            let frame = frame.ok_or(Reason("etcd closed the stream"))??;
            match frame.into_data() {
                Ok(data) => self.messages.push(&data),
                Err(frame) => {
                    if let Some(Err(refusal)) = frame.trailers_ref().and_then(Refusal::in_headers) {
                        return Err(refusal.into());
                    }
                }
            }
        }
    }
}

/// The cluster.
#[derive(Debug)]
pub(super) struct Client {
    members: Vec<Member>,
    /// Counts up; the member in use is this number modulo the number of members.
    current: AtomicUsize,
    credentials: Option<Credentials>,
    token: RwLock<Option<HeaderValue>>,
    patience: Duration,
}

/// What can happen to one attempt.
enum Trouble {
    /// It never reached a member.
    NotSent(Cause),
    /// It may have taken effect, or still may.
    Lost(Cause),
    /// A member said no.
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

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        if refusal.is_transient() {
            Self::Lost(refusal.into())
        } else {
            Self::Refused(refusal)
        }
    }
}

impl Client {
    pub(super) fn new(config: &EtcdConfig) -> Self {
        let endpoints = config.endpoints.iter().cloned();
        let tls = config.tls.as_ref();
        Self {
            members: endpoints
                .map(|endpoint| Member::new(endpoint, tls))
                .collect(),
            current: AtomicUsize::new(0),
            credentials: config.credentials.clone(),
            token: RwLock::new(None),
            patience: config.patience,
        }
    }

    /// Calls one member after the other until one answers or the patience ends.
    pub(super) async fn call<Q, A>(&self, method: &'static str, request: &Q) -> Result<A, CallError>
    where
        Q: Message,
        A: Message + Default,
    {
        let answered = self.call_in_doubt(method, request, FIRST_ATTEMPT).await;
        answered.map(|answered| answered.answer)
    }

    /// The same, for answers that may take longer than usual.
    pub(super) async fn call_at_leisure<Q, A>(
        &self,
        method: &'static str,
        request: &Q,
        first_attempt: Duration,
    ) -> Result<A, CallError>
    where
        Q: Message,
        A: Message + Default,
    {
        let answered = self.call_in_doubt(method, request, first_attempt).await;
        answered.map(|answered| answered.answer)
    }

    /// The same, for whom it matters whether the answer is to the only attempt.
    pub(super) async fn call_in_doubt<Q, A>(
        &self,
        method: &'static str,
        request: &Q,
        first_attempt: Duration,
    ) -> Result<Answered<A>, CallError>
    where
        Q: Message,
        A: Message + Default,
    {
        let message = framed(request).map_err(|cause| self.failed(false, cause))?;
        let deadline = Instant::now() + self.patience;
        let mut doubtful = false;
        let mut wait = first_attempt;
        let mut attempt = 0_usize;
        loop {
            attempt += 1;
            let current = self.current.load(Ordering::Relaxed);
            let time = wait.min(deadline.saturating_duration_since(Instant::now()));
            let answered = timeout(time, self.attempt(current, method, message.clone())).await;
            let trouble = match answered {
                Ok(Ok(answer)) => return Ok(Answered { answer, doubtful }),
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
                    return Err(self.failed(doubtful, refusal.into()));
                }
            };
            tracing::debug!(method, attempt, %cause, "etcd did not answer");
            self.turn_from(current);
            wait = (wait * 3 / 2).min(self.patience);
            if attempt.is_multiple_of(self.members.len().max(1)) {
                sleep(PAUSE).await;
            }
            if Instant::now() >= deadline {
                return Err(self.failed(doubtful, cause));
            }
        }
    }

    /// Opens a stream of messages, on the member in use.
    pub(super) async fn stream(
        &self,
        method: &'static str,
        request: &impl Message,
    ) -> Result<Stream, CallError> {
        let message = framed(request).map_err(|cause| self.failed(false, cause))?;
        let current = self.current.load(Ordering::Relaxed);
        let opened = timeout(STREAM_OPENS, self.open(current, method, message)).await;
        let opened =
            opened.unwrap_or_else(|_| Err(Trouble::Lost(Reason("no answer in time").into())));
        opened.map_err(|trouble| {
            let cause = match trouble {
                Trouble::NotSent(cause) | Trouble::Lost(cause) => {
                    self.turn_from(current);
                    cause
                }
                Trouble::Refused(refusal) => refusal.into(),
            };
            self.failed(false, cause)
        })
    }

    fn failed(&self, doubtful: bool, cause: Cause) -> CallError {
        let members: Vec<&str> = self.members.iter().map(Member::origin).collect();
        CallError {
            members: members.join(", "),
            doubtful,
            cause,
        }
    }

    /// Uses another member from now on, for a stream that went silent.
    pub(super) fn turn(&self) {
        self.turn_from(self.current.load(Ordering::Relaxed));
    }

    /// Uses the member that leads from now on, if one says that it does.
    pub(super) async fn turn_to_leader(&self) {
        let current = self.current.load(Ordering::Relaxed);
        for ahead in 0..self.members.len() {
            let number = current.wrapping_add(ahead);
            if self.leads(number).await {
                // Unless somebody in trouble has turned meanwhile.
                let order = Ordering::Relaxed;
                let _turned = self.current.compare_exchange(current, number, order, order);
                return;
            }
        }
    }

    async fn leads(&self, member: usize) -> bool {
        let Ok(message) = framed(&StatusRequest {}) else {
            return false;
        };
        let answer = self.attempt(member, STATUS, message);
        let status: StatusResponse = match timeout(FIRST_ATTEMPT, answer).await {
            Ok(Ok(status)) => status,
            Ok(Err(_)) | Err(_) => return false,
        };
        let own = status.header.unwrap_or_default().member_id;
        own != 0 && own == status.leader
    }

    /// Where the member in use is, as `scheme://host:port`.
    pub(super) fn in_use(&self) -> &str {
        let current = self.current.load(Ordering::Relaxed);
        self.member(current).map_or("", |member| member.origin())
    }

    /// The next stream logs in again.
    pub(super) fn forget_token(&self) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn turn_from(&self, number: usize) {
        if let Ok(member) = self.member(number) {
            member.disconnect();
        }
        // Only one of many callers in trouble turns; the others find it done.
        let next = number.wrapping_add(1);
        let order = Ordering::Relaxed;
        let _turned = self.current.compare_exchange(number, next, order, order);
    }

    fn member(&self, number: usize) -> Result<&Member, Trouble> {
        let index = number.checked_rem(self.members.len());
        let member = index.and_then(|index| self.members.get(index));
        member.ok_or_else(|| Trouble::NotSent(Reason("no etcd member is configured").into()))
    }

    /// One call, and once more with a new token if the old one is no longer good.
    async fn attempt<A: Message + Default>(
        &self,
        member: usize,
        method: &'static str,
        message: Bytes,
    ) -> Result<A, Trouble> {
        let token = self.token(member).await?;
        match self.unary(member, method, message.clone(), token).await {
            Err(Trouble::Refused(refusal))
                if refusal.wants_token() && self.credentials.is_some() =>
            {
                let token = self.log_in(member).await?;
                self.unary(member, method, message, token).await
            }
            answer => answer,
        }
    }

    async fn open(
        &self,
        member: usize,
        method: &'static str,
        message: Bytes,
    ) -> Result<Stream, Trouble> {
        let token = self.token(member).await?;
        let (answer, keep) = self.member(member)?.open(method, message, token).await?;
        check_head(&answer)?;
        Ok(Stream {
            body: answer.into_body(),
            messages: Messages::new(LONGEST_ANSWER),
            _keep: keep,
        })
    }

    async fn unary<A: Message + Default>(
        &self,
        member: usize,
        method: &'static str,
        message: Bytes,
        token: Option<HeaderValue>,
    ) -> Result<A, Trouble> {
        let answer = self.member(member)?.post(method, message, token).await?;
        check_head(&answer)?;
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER)
            .collect()
            .await;
        let body = body.map_err(too_long_or_lost)?;
        let status = body.trailers().and_then(Refusal::in_headers);
        status.ok_or_else(|| Trouble::Lost(Reason("the answer has no status").into()))??;
        let mut messages = Messages::new(LONGEST_ANSWER);
        messages.push(&body.to_bytes());
        messages.only().map_err(|error| Trouble::Lost(error.into()))
    }

    async fn token(&self, member: usize) -> Result<Option<HeaderValue>, Trouble> {
        let token = self
            .token
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match token {
            Some(token) => Ok(Some(token)),
            None => self.log_in(member).await,
        }
    }

    async fn log_in(&self, member: usize) -> Result<Option<HeaderValue>, Trouble> {
        let Some(Credentials { user, password }) = &self.credentials else {
            return Ok(None);
        };
        let request = AuthenticateRequest {
            name: user.clone(),
            password: password.clone(),
        };
        let message = framed(&request).map_err(Trouble::NotSent)?;
        let answer = self.unary(member, AUTHENTICATE, message, None).await;
        // Whatever becomes of the login, the request that it is for has not been sent.
        let answer: AuthenticateResponse = answer.map_err(|trouble| match trouble {
            Trouble::Lost(cause) => Trouble::NotSent(cause),
            trouble => trouble,
        })?;
        let token = HeaderValue::from_str(&answer.token);
        let mut token = token.map_err(|error| Trouble::NotSent(error.into()))?;
        token.set_sensitive(true);
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(Some(token))
    }
}

fn framed(request: &impl Message) -> Result<Bytes, Cause> {
    frame(request).ok_or_else(|| Reason("the request is longer than a message can be").into())
}

/// An answer may consist of a refusal alone, or come from something that is not etcd.
fn check_head(answer: &Response<Incoming>) -> Result<(), Trouble> {
    if let Some(status) = Refusal::in_headers(answer.headers()) {
        return Ok(status?);
    }
    if answer.status() == StatusCode::OK {
        return Ok(());
    }
    let refusal = Refusal {
        code: code::UNKNOWN,
        message: format!("HTTP status {}", answer.status()),
    };
    Err(refusal.into())
}

fn too_long_or_lost(error: Cause) -> Trouble {
    if error.is::<LengthLimitError>() {
        return Trouble::Refused(Refusal {
            code: code::RESOURCE_EXHAUSTED,
            message: format!("the answer is larger than max {LONGEST_ANSWER}"),
        });
    }
    Trouble::Lost(error)
}
