//! A call as a record (spec/observability §4).

use demarc_auth::{Caller, Identity, Principal, Service, role_id};
use demarc_types::{AccountId, Partition};
use http::HeaderValue;
use serde_json::{Map, Value, json};

use super::call::{Call, Parameters};
use super::mask::{mask, scrub};
use crate::answer::whole_seconds;

impl Call {
    /// The record. It is made from what was kept, without asking anybody.
    pub(crate) fn record(&self) -> Value {
        let (parameters, hidden) = self.parameters();
        let mut record = Map::new();
        let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
        put("eventVersion", json!("1.08"));
        put("eventID", json!(self.event));
        put("eventTime", json!(whole_seconds(self.time)));
        put("eventType", json!("AwsApiCall"));
        put("eventCategory", json!("Management"));
        put("managementEvent", json!(true));
        put("readOnly", json!(self.read_only));
        put("eventSource", json!(source(self.service)));
        put("eventName", json!(self.name));
        put("sourceIPAddress", json!(self.source.to_string()));
        put("userAgent", json!(self.user_agent.as_ref().map(text)));
        put("userIdentity", identity(self.caller.as_ref()));
        if let Some(caller) = &self.caller {
            put("awsRegion", json!(caller.region.to_string()));
            let sharing = self.sharing.as_ref();
            let account = sharing.map_or(caller.principal.account, |sharing| sharing.recipient);
            put("recipientAccountId", json!(account.to_string()));
            if let Some(sharing) = sharing {
                put("sharedEventID", json!(sharing.event));
            }
        }
        put("requestParameters", parameters);
        put("responseElements", Value::Null);
        match &self.ending {
            None => {
                put("errorCode", json!("ClientDisconnected"));
                let message =
                    "The client went away before it was answered; a change may have been made.";
                put("errorMessage", json!(message));
            }
            Some(ending) => {
                put("requestID", json!(ending.request_id.as_ref().map(text)));
                let body = ending.body.as_deref();
                if ending.succeeded {
                    let mut elements = elements(body);
                    if let Some(recipient) = self.copied_to() {
                        hide_tags(&mut elements, recipient);
                    }
                    put("responseElements", elements);
                } else {
                    let (code, message) = error(body.unwrap_or_default());
                    put("errorCode", json!(code));
                    put("errorMessage", json!(scrub(message, &hidden)));
                }
            }
        }
        Value::Object(record)
    }

    /// Whom the record is for, when that is not who called.
    fn copied_to(&self) -> Option<AccountId> {
        let caller = self.caller.as_ref()?.principal.account;
        let recipient = self.sharing.as_ref()?.recipient;
        (recipient != caller).then_some(recipient)
    }

    /// The parameters without their secrets, and the secrets.
    fn parameters(&self) -> (Value, Vec<String>) {
        let mut parameters = match &self.parameters {
            Parameters::Json(body) => serde_json::from_slice(body).unwrap_or_default(),
            Parameters::Form(form) => Value::Object(
                form_urlencoded::parse(form)
                    .filter(|(name, _)| !is_envelope(name))
                    .map(|(name, value)| (name.into_owned(), Value::from(value)))
                    .collect(),
            ),
            Parameters::Omitted(size) => json!({ "omitted": true, "originalSize": size }),
        };
        let hidden = mask(&mut parameters);
        let is_empty = parameters.as_object().is_none_or(Map::is_empty);
        let shown = if is_empty { Value::Null } else { parameters };
        (shown, hidden)
    }
}

/// Parameters that say how a Query call is made, not what it asks for.
fn is_envelope(name: &str) -> bool {
    name == "Action" || name == "Version" || name.starts_with("X-Amz-")
}

fn source(service: Service) -> String {
    format!("{}.amazonaws.com", service.scope_name())
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// What a successful change answered. XML of the Query services is not turned into JSON.
fn elements(body: Option<&[u8]>) -> Value {
    let mut elements = body
        .and_then(|body| serde_json::from_slice::<Value>(body).ok())
        .unwrap_or_default();
    mask(&mut elements);
    match elements.as_object().is_none_or(Map::is_empty) {
        true => Value::Null,
        false => elements,
    }
}

/// Leaves out the tags of what is not the reader's own: only its owner may see them (spec/identifiers §13).
fn hide_tags(elements: &mut Value, reader: AccountId) {
    let hide = |object: &mut Value| {
        let is_own = object["ownerAccount"].as_str() == Some(&reader.to_string());
        if let Some(tags) = object.get_mut("tags").filter(|_| !is_own) {
            *tags = json!([]);
        }
    };
    if elements.is_object() {
        hide(elements);
    }
    if let Some(interface) = elements.get_mut("virtualInterface") {
        hide(interface);
    }
}

/// Code and message of a refusal, in either protocol. Of a wrong signature the first line is enough: what
/// follows repeats the request's headers, session token included.
fn error(body: &[u8]) -> (String, String) {
    let (code, message) = match serde_json::from_slice::<Value>(body) {
        Ok(error) => {
            let member = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            (member("__type"), member("message"))
        }
        Err(_) => {
            let xml = String::from_utf8_lossy(body);
            (element(&xml, "Code"), element(&xml, "Message"))
        }
    };
    let first = message.lines().next().unwrap_or_default().to_owned();
    (code, first)
}

/// The text of the first element with this name. The XML is our own: no attributes, no CDATA.
fn element(xml: &str, name: &str) -> String {
    let inner = xml
        .split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")))
        .map(|(inner, _)| inner)
        .unwrap_or_default();
    let plain = inner.replace("&lt;", "<").replace("&gt;", ">");
    let plain = plain.replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&amp;", "&")
}

fn identity(caller: Option<&Caller>) -> Value {
    let Some(Caller {
        principal,
        region,
        access_key_id,
    }) = caller
    else {
        return json!({ "type": "Unknown" });
    };
    let partition = region.partition();
    let mut identity = json!({
        "type": match principal.identity {
            Identity::Root => "Root",
            Identity::User { .. } => "IAMUser",
            Identity::AssumedRole { .. } => "AssumedRole",
        },
        "principalId": principal.user_id(),
        "arn": principal.arn(partition),
        "accountId": principal.account.to_string(),
        "accessKeyId": access_key_id,
    });
    if let Some(name) = principal.user_name() {
        identity["userName"] = json!(name);
    }
    if let Identity::AssumedRole { role, .. } = &principal.identity {
        identity["sessionContext"] = session(principal, role, partition);
    }
    identity
}

fn session(principal: &Principal, role: &str, partition: Partition) -> Value {
    let account = principal.account;
    json!({
        "sessionIssuer": {
            "type": "Role",
            "principalId": role_id(account, role),
            "arn": format!("arn:{}:iam::{account}:role/{role}", partition.as_str()),
            "accountId": account.to_string(),
            "userName": role,
        },
        "attributes": { "mfaAuthenticated": "false" },
    })
}
