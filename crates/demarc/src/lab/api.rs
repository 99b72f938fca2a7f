//! The lab as a client of the service: each call is shown as the AWS CLI's command, then made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use demarc_types::{AccountId, Region, Timestamp};
use serde_json::{Value, json};
use ureq::Agent;

use crate::aws_cli;
use crate::failure::Failure;

const PATIENCE: Duration = Duration::from_secs(30);

/// A way to the service.
pub(crate) struct Api {
    agent: Agent,
    url: String,
    region: Region,
    /// Calls that change something are shown before they are made.
    pub(crate) show: bool,
}

impl Api {
    pub(crate) fn new(url: &str, region: Region) -> Self {
        let config = Agent::config_builder().http_status_as_error(false);
        Self {
            agent: config.timeout_global(Some(PATIENCE)).build().into(),
            url: url.to_owned(),
            region,
            show: false,
        }
    }

    /// A call of the Direct Connect API.
    pub(crate) fn call(
        &self,
        account: AccountId,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Failure> {
        self.announce(account, "directconnect", operation, input)?;
        let request = self.request(account, "directconnect");
        let request = request.header("x-amz-target", format!("OvertureService.{operation}"));
        let (status, text) = self.send(request, input.to_string())?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if status == 200 {
            return Ok(body);
        }
        let message = body["message"].as_str().unwrap_or(&text);
        Err(Failure::Other(format!(
            "{operation} was refused: {message}"
        )))
    }

    /// A call of EC2's: the text of one element of the answer.
    pub(crate) fn ec2(
        &self,
        account: AccountId,
        action: &str,
        input: &Value,
        element: &str,
    ) -> Result<String, Failure> {
        self.announce(account, "ec2", action, input)?;
        let mut form = format!("Action={action}&Version=2016-11-15");
        for (name, value) in input.as_object().into_iter().flatten() {
            // What a lab sends needs no escaping but for the slash.
            let value = value.as_str().unwrap_or_default().replace('/', "%2F");
            form.push_str(&format!("&{name}={value}"));
        }
        let request = self.request(account, "ec2");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let (status, text) = self.send(request, form)?;
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let found = text
            .split_once(&open)
            .and_then(|(_, rest)| rest.split_once(&close));
        match found {
            Some((found, _)) if status == 200 => Ok(found.to_owned()),
            _ => {
                let message = text.split_once("<Message>");
                let message = message.and_then(|(_, rest)| rest.split_once("</Message>"));
                let why = message.map_or(&*text, |(message, _)| message);
                let why = why.replace("&apos;", "'").replace("&quot;", "\"");
                Err(Failure::Other(format!("{action} was refused: {why}")))
            }
        }
    }

    /// The virtual interface as its owner sees it.
    pub(crate) fn interface(&self, account: AccountId, id: &str) -> Result<Value, Failure> {
        let input = json!({ "virtualInterfaceId": id });
        let answer = self.call(account, "DescribeVirtualInterfaces", &input)?;
        Ok(answer["virtualInterfaces"][0].clone())
    }

    fn announce(
        &self,
        account: AccountId,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<(), Failure> {
        let reads = operation.starts_with("Describe") || operation.starts_with("List");
        if !self.show || reads {
            return Ok(());
        }
        let command = aws_cli::command(service, operation, input);
        crate::operator::print(&format!("  $ AWS_ACCESS_KEY_ID={account} {command}"))
    }

    fn request(
        &self,
        account: AccountId,
        service: &str,
    ) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        // The open development mode wants to know who calls, not whether that is true.
        let date = date();
        let (day, region) = (&date[..8], self.region);
        let signature = "0".repeat(64);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={account}/{day}/{region}/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        let request = self.agent.post(&self.url);
        request
            .header("authorization", authorization)
            .header("x-amz-date", date)
    }

    fn send(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        body: String,
    ) -> Result<(u16, String), Failure> {
        let broken = |error: ureq::Error| {
            Failure::Other(format!(
                "the service at {} does not answer: {error}",
                self.url
            ))
        };
        let mut answer = request.send(body).map_err(broken)?;
        let text = answer.body_mut().read_to_string().map_err(broken)?;
        Ok((answer.status().as_u16(), text))
    }
}

/// `20261121T050000Z`, of now.
fn date() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap_or_default());
    let text = now.to_rfc3339();
    let digits: String = text
        .chars()
        .take(19)
        .filter(|it| !matches!(it, '-' | ':'))
        .collect();
    digits + "Z"
}
