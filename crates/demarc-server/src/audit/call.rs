//! What is kept of a call.

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;
use demarc_auth::{Caller, Dialect, Service};
use demarc_types::{AccountId, Timestamp};
use http::header::{HeaderValue, USER_AGENT};
use http::request::Parts;
use uuid::Uuid;

use super::Audit;
use crate::answer::{Answer, REQUEST_ID, request_id as fresh_id};

/// The largest part of a message that is kept, in bytes.
const KEPT: usize = 16 << 10;

/// The parameters of a call, as they came.
#[derive(Clone, Debug)]
pub(crate) enum Parameters {
    Json(Bytes),
    Form(Bytes),
    /// Too large to be kept: the size in bytes.
    Omitted(usize),
}

impl Parameters {
    fn kept(body: &[u8], form: fn(Bytes) -> Self) -> Self {
        // Copied: the bytes of a request hold on to the buffer that they were read into.
        match body.len() <= KEPT {
            true => form(Bytes::copy_from_slice(body)),
            false => Self::Omitted(body.len()),
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(super) succeeded: bool,
    /// Absent for reads that succeeded, whose answers are not recorded.
    pub(super) body: Option<Bytes>,
    pub(super) request_id: Option<HeaderValue>,
}

/// One call, recorded or about to be.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(super) event: Uuid,
    pub(super) time: Timestamp,
    pub(super) service: Service,
    pub(super) name: Cow<'static, str>,
    pub(super) read_only: bool,
    /// Unknown until the signature was verified.
    pub(super) caller: Option<Caller>,
    pub(super) source: IpAddr,
    pub(super) user_agent: Option<HeaderValue>,
    pub(super) parameters: Parameters,
    /// Absent when the client went away before it was answered.
    pub(super) ending: Option<Ending>,
    /// Of a call on a shared object, which has a record for each of its owners.
    pub(super) sharing: Option<Sharing>,
}

/// Whom a record of a call on a shared object is for.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    pub(super) recipient: AccountId,
    /// The same in all records of the call.
    pub(super) event: Uuid,
}

/// A call under way. It is recorded when it is answered, and also when it is given up: its change may have
/// been made.
pub(crate) struct Entry<'a> {
    audit: &'a Audit,
    call: Option<Call>,
    /// Other accounts that what was changed belongs to.
    others: Vec<AccountId>,
}

/// By its name, as CloudTrail has it (spec/observability §4): a call that shows a letter of authorization notes
/// that it was issued, and is a read all the same.
pub(crate) fn is_read(name: &str) -> bool {
    let verbs = ["Describe", "Get", "List"];
    verbs.iter().any(|verb| name.starts_with(verb))
}

impl Audit {
    /// A call of an awsJson1.1 service.
    pub(crate) fn begin_json(
        &self,
        (service, name): (Service, &'static str),
        parts: &Parts,
        body: &Bytes,
        (source, time): (IpAddr, Timestamp),
    ) -> Entry<'_> {
        let parameters = Parameters::kept(body, Parameters::Json);
        let call = Call {
            event: fresh_id(),
            time,
            service,
            name: Cow::Borrowed(name),
            read_only: is_read(name),
            caller: None,
            source,
            user_agent: parts.headers.get(USER_AGENT).cloned(),
            parameters,
            ending: None,
            sharing: None,
        };
        Entry::new(self, call)
    }

    /// A call of a Query service, whose action stands among its parameters.
    pub(crate) fn begin_query(
        &self,
        service: Service,
        parts: &Parts,
        form: &[u8],
        (source, time): (IpAddr, Timestamp),
    ) -> Entry<'_> {
        let action = form_urlencoded::parse(form).find(|(name, _)| name == "Action");
        let name = action.map_or_else(String::new, |(_, action)| {
            action.chars().take(128).collect()
        });
        let read_only = is_read(&name);
        let call = Call {
            event: fresh_id(),
            time,
            service,
            name: Cow::Owned(name),
            read_only,
            caller: None,
            source,
            user_agent: parts.headers.get(USER_AGENT).cloned(),
            parameters: Parameters::kept(form, Parameters::Form),
            ending: None,
            sharing: None,
        };
        Entry::new(self, call)
    }
}

impl<'a> Entry<'a> {
    fn new(audit: &'a Audit, call: Call) -> Self {
        Self {
            audit,
            call: Some(call),
            others: Vec::new(),
        }
    }

    /// Who is calling, once that is known.
    pub(crate) fn identified(&mut self, caller: &Caller) {
        if let Some(call) = &mut self.call {
            call.caller = Some(caller.clone());
        }
    }

    /// Whose what was changed is, apart from the caller: they get a record of their own, as CloudTrail does for
    /// some and spec/observability §4 wants for all shared objects.
    pub(crate) fn shared_with(&mut self, others: Vec<AccountId>) {
        self.others = others;
    }

    /// Records the call with its answer.
    pub(crate) fn answered(mut self, answer: &Answer) {
        let Some(mut call) = self.call.take() else {
            return;
        };
        let succeeded = answer.status().is_success();
        // The Query services answer XML, credentials among it: nothing of that is kept.
        let is_change = !call.read_only && call.service.dialect() == Dialect::Json;
        let is_told = !succeeded || is_change;
        let request_id = answer.headers().get(REQUEST_ID);
        call.ending = Some(Ending {
            succeeded,
            body: (is_told && answer.body().len() <= KEPT).then(|| answer.body().clone()),
            request_id: request_id.cloned(),
        });
        let caller = call.caller.as_ref();
        let caller = caller.map(|caller| caller.principal.account);
        let (Some(caller), false) = (caller, self.others.is_empty()) else {
            return self.audit.append(call);
        };
        let event = fresh_id();
        for recipient in std::iter::once(caller).chain(self.others.drain(..)) {
            let copy = Call {
                event: fresh_id(),
                sharing: Some(Sharing { recipient, event }),
                ..call.clone()
            };
            self.audit.append(copy);
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.audit.append(call);
        }
    }
}
