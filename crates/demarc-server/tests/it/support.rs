//! A running service, and clients for it.

mod http_client;
mod schema;
mod signer;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use demarc_server::{Config, Listener, Service, StoreChoice, tls_acceptor};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use http_client::{Reply, exchange, request_bytes};
pub(crate) use schema::check_against;
pub(crate) use signer::{Signer, amz_date, unsigned_authorization, unsigned_lines};

pub(crate) const CARRIER: &str = "111122223333";
pub(crate) const CUSTOMER: &str = "444455556666";

/// Two accounts; Alice may only read, Bob is kept to tags, the deployer role is for the customer.
pub(crate) const ACCOUNTS: &str = r#"
[server]
operator_token = "let-me-in"
session_key = "sealed with this in tests"

[throttle]
rate = 1000.0
burst = 1000.0

[[account]]
id = "111122223333"
name = "carrier"
partner = "v2"

[[account.access_key]]
id = "AKIACARRIER"
secret = "carrier-secret"

[[account.access_key]]
id = "AKIAALICE"
secret = "alice-secret"
user = "alice"

[[account.access_key]]
id = "AKIABOB"
secret = "bob-secret"
user = "bob"

[[account.user]]
name = "alice"
policies = ['{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["directconnect:Describe*","directconnect:List*"],"Resource":"*"}}']

[[account.user]]
name = "bob"
policies = ["""{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["directconnect:CreateConnection","directconnect:Describe*"],"Resource":"*"},
  {"Effect":"Allow","Action":"directconnect:TagResource","Resource":"*","Condition":{
    "StringEquals":{"aws:RequestTag/team":"network"},
    "ForAllValues:StringEquals":{"aws:TagKeys":["team","stage"]}}},
  {"Effect":"Allow","Action":"directconnect:DeleteConnection","Resource":"*","Condition":{
    "StringEquals":{"aws:ResourceTag/team":"network"}}},
  {"Effect":"Deny","Action":"directconnect:DeleteConnection","Resource":"*","Condition":{
    "StringEquals":{"aws:ResourceTag/stage":"production"}}}]}"""]

[[account.role]]
name = "deployer"
trust = ["444455556666"]
policies = ['{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"directconnect:Describe*","Resource":"*"}}']

[[account]]
id = "444455556666"
name = "customer"

[[account.access_key]]
id = "AKIACUSTOMER"
secret = "customer-secret"
"#;

/// A service in this process. It ends with the value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Server {
    /// The open development mode.
    pub(crate) async fn open() -> Self {
        Self::with("").await
    }

    /// With the accounts above.
    pub(crate) async fn closed() -> Self {
        Self::with(ACCOUNTS).await
    }

    /// With a configuration file of this text. Provisioning steps take no time.
    pub(crate) async fn with(text: &str) -> Self {
        Self::start(text, None, None).await
    }

    /// Where an edge may say nothing for no longer than that.
    pub(crate) async fn impatient(text: &str, silence: Duration) -> Self {
        Self::start(text, None, Some(silence)).await
    }

    /// With a certificate and its key in PEM.
    pub(crate) async fn with_tls(text: &str, pem: (&str, &str)) -> Self {
        Self::start(text, Some(pem), None).await
    }

    async fn start(text: &str, pem: Option<(&str, &str)>, silence: Option<Duration>) -> Self {
        let file = |text: &str| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file
        };
        let mut config = Config::read(file(text).path()).unwrap();
        if config.server.settle.is_none() {
            config.server.settle = Some("0".parse().unwrap());
        }
        config.fabric.silence = silence;
        let tls = pem.map(|(certificate, key)| {
            tls_acceptor(file(certificate).path(), file(key).path()).unwrap()
        });
        let listener = Listener::bind("127.0.0.1:0", tls).await.unwrap();
        let address = listener.address();
        let service = Service::start(config, StoreChoice::Ephemeral, &listener, Some([7; 32]))
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(service.serve(listener, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop: Some(stop),
            serving,
        }
    }

    /// Stops as SIGTERM does, and waits for the end.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.serving).await.unwrap();
    }

    /// The raw bytes of a request, and what comes back.
    pub(crate) async fn raw(&self, request: &[u8]) -> Reply {
        exchange(self.address, request).await
    }

    /// A call of the Direct Connect API.
    pub(crate) async fn call(&self, signer: &Signer, operation: &str, body: Value) -> Reply {
        let request = signer.request(self.address, operation, &body.to_string());
        self.raw(&request).await
    }

    /// A call that has to succeed.
    pub(crate) async fn ok(&self, signer: &Signer, operation: &str, body: Value) -> Value {
        let reply = self.call(signer, operation, body.clone()).await;
        assert_eq!(reply.status, 200, "{operation} {body}: {}", reply.text());
        reply.json()
    }

    /// A call by an account in the development mode.
    pub(crate) async fn as_account(&self, account: &str, operation: &str, body: Value) -> Value {
        self.ok(&Signer::development(account), operation, body)
            .await
    }

    /// A call of the operator API; the body is sent when it is not null.
    pub(crate) async fn operator(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [("authorization", "Bearer let-me-in")];
        let path = format!("/_demarc/v1{path}");
        self.raw(&request_bytes(
            self.address,
            method,
            &path,
            &headers,
            body.as_bytes(),
        ))
        .await
    }

    /// The service still answers.
    pub(crate) async fn is_alive(&self) {
        let request = request_bytes(self.address, "GET", "/healthz", &[], b"");
        assert_eq!(self.raw(&request).await.status, 200);
    }

    /// A port of an account, in the development mode.
    pub(crate) async fn connection(&self, account: &str) -> String {
        let body = json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "port"});
        let made = self.as_account(account, "CreateConnection", body).await;
        made["connectionId"].as_str().unwrap().to_owned()
    }

    /// A gateway of an account, in the development mode.
    pub(crate) async fn gateway(&self, account: &str) -> String {
        let body = json!({"directConnectGatewayName": "gateway"});
        let made = self
            .as_account(account, "CreateDirectConnectGateway", body)
            .await;
        made["directConnectGateway"]["directConnectGatewayId"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}
