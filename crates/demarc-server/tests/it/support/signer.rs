//! Requests signed by the AWS SDK's own signer.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;

use super::{ACCOUNTS, request_bytes};

/// Who signs, for what, and how.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    key: String,
    secret: String,
    token: Option<String>,
    region: String,
    service: String,
    /// Added to the present time, in seconds.
    skew: i64,
    presigned: bool,
}

impl Signer {
    /// The owner of one of the keys in [`ACCOUNTS`].
    pub(crate) fn of(key: &str) -> Self {
        let table: toml::Table = ACCOUNTS.parse().unwrap();
        let accounts = table["account"].as_array().unwrap();
        let secret = accounts
            .iter()
            .flat_map(|account| account["access_key"].as_array().unwrap())
            .find(|found| found["id"].as_str() == Some(key))
            .map(|found| found["secret"].as_str().unwrap());
        Self::new(key, secret.unwrap_or("nobody's secret"))
    }

    /// Anybody: the open development mode believes who they say they are.
    pub(crate) fn development(account: &str) -> Self {
        Self::new(account, "anything")
    }

    pub(crate) fn new(key: &str, secret: &str) -> Self {
        Self {
            key: key.to_owned(),
            secret: secret.to_owned(),
            token: None,
            region: "us-east-1".to_owned(),
            service: "directconnect".to_owned(),
            skew: 0,
            presigned: false,
        }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn in_region(mut self, region: &str) -> Self {
        self.region = region.to_owned();
        self
    }

    pub(crate) fn for_service(mut self, service: &str) -> Self {
        self.service = service.to_owned();
        self
    }

    pub(crate) fn skewed_by(mut self, seconds: i64) -> Self {
        self.skew = seconds;
        self
    }

    pub(crate) fn with_secret(mut self, secret: &str) -> Self {
        self.secret = secret.to_owned();
        self
    }

    /// The signature goes into the URL.
    pub(crate) fn presigned(mut self) -> Self {
        self.presigned = true;
        self
    }

    fn time(&self) -> SystemTime {
        let shift = Duration::from_secs(self.skew.unsigned_abs());
        if self.skew < 0 {
            SystemTime::now() - shift
        } else {
            SystemTime::now() + shift
        }
    }

    /// A call of the Direct Connect API.
    pub(crate) fn request(&self, host: SocketAddr, operation: &str, body: &str) -> Vec<u8> {
        let target = format!("OvertureService.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        self.sign(host, "/", &headers, body)
    }

    /// A call in the Query protocol.
    pub(crate) fn query(&self, host: SocketAddr, form: &str) -> Vec<u8> {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.sign(host, "/", &headers, form)
    }

    fn sign(&self, host: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
        let credentials = Credentials::new(
            self.key.clone(),
            self.secret.clone(),
            self.token.clone(),
            None,
            "tests",
        );
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        if self.presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(300));
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(self.time())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!("http://{host}{path}");
        let host_header = host.to_string();
        let all = headers
            .iter()
            .copied()
            .chain([("host", host_header.as_str())]);
        let signable =
            SignableRequest::new("POST", &uri, all, SignableBody::Bytes(body.as_bytes())).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let mut request = http::Request::post(uri).body(()).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        let mut sent: Vec<(&str, &str)> = headers.to_vec();
        for (name, value) in request.headers() {
            sent.push((name.as_str(), value.to_str().unwrap()));
        }
        let target = request.uri().path_and_query().unwrap().as_str();
        request_bytes(host, "POST", target, &sent, body.as_bytes())
    }
}

/// `20261121T050000Z`, of now.
pub(crate) fn amz_date() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let millis = i64::try_from(now.as_millis()).unwrap();
    let text = demarc_types::Timestamp::from_millis(millis).to_rfc3339();
    let seconds = text.split('.').next().unwrap();
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

/// Date and authorization as lines of a raw request, for the open development mode.
pub(crate) fn unsigned_lines(account: &str) -> String {
    let (authorization, date) = (unsigned_authorization(account), amz_date());
    format!("authorization: {authorization}\r\nx-amz-date: {date}\r\n")
}

/// An `Authorization` header that nobody has signed: good enough for the open development mode.
pub(crate) fn unsigned_authorization(account: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={account}/{}/us-east-1/directconnect/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}",
        &amz_date()[..8],
        "0".repeat(64)
    )
}
