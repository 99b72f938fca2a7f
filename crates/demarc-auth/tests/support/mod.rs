//! Requests signed by the AWS SDK's signer, for the tests and the benchmark.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign as sdk_sign,
};
use aws_sigv4::sign::v4::{self, calculate_signature, generate_signing_key};
use bytes::Bytes;
use demarc_auth::{HttpRequest, Payload, Secret};
use demarc_types::Timestamp;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS,
    SignatureOptions, service_for_signing_key_fn, sigv4_validate_request,
};
use tower::BoxError;

/// 2015-08-30T12:36:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_440_938_160_000);
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const REGION: &str = "us-east-1";
const SERVICE: &str = "directconnect";

/// The secret that everything here is signed with.
pub(crate) fn secret() -> Secret {
    Secret::new(SECRET)
}

/// A request with whatever signature it has by now.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    signer: Signer,
    presigned: bool,
}

/// What a request is signed with.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key_id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            key_id: "AKIDEXAMPLE".to_owned(),
            secret: SECRET.to_owned(),
            token: None,
        }
    }
}

impl Signed {
    /// `target` becomes the header `X-Amz-Target`.
    pub(crate) fn unsigned(
        method: &str,
        path: &str,
        query: Option<&str>,
        target: &str,
        body: &[u8],
    ) -> Self {
        let mut signed = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            headers: HeaderMap::new(),
            body: body.to_vec(),
            signer: Signer::default(),
            presigned: false,
        };
        signed.set_header("host", "localhost:4580");
        signed.set_header("content-type", "application/x-amz-json-1.1");
        signed.set_header("x-amz-date", "20150830T123600Z");
        signed.set_header("x-amz-target", target);
        signed
    }

    pub(crate) fn signed_with(mut self, signer: Signer) -> Self {
        self.signer = signer;
        self
    }

    /// The signature goes into the URL.
    pub(crate) fn presigned(mut self, presigned: bool) -> Self {
        self.presigned = presigned;
        self
    }

    pub(crate) fn request(&self) -> HttpRequest<'_> {
        HttpRequest {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            authority: None,
            headers: &self.headers,
            payload: Payload::Bytes(&self.body),
        }
    }

    pub(crate) fn uri(&self) -> String {
        let query = self.query.as_ref().map(|query| format!("?{query}"));
        format!(
            "http://localhost:4580{}{}",
            self.path,
            query.unwrap_or_default()
        )
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.set_header_bytes(name, value.as_bytes());
    }

    pub(crate) fn set_header_bytes(&mut self, name: &str, value: &[u8]) {
        let name: HeaderName = name.parse().unwrap();
        if let Ok(value) = HeaderValue::from_bytes(value) {
            self.headers.insert(name, value);
        }
    }

    pub(crate) fn remove_header(&mut self, name: &str) {
        self.headers.remove(name);
    }

    /// Changes the signature, wherever it stands.
    pub(crate) fn edit_signature(&mut self, edit: impl FnOnce(&mut String)) {
        let (name, end) = if self.presigned {
            ("X-Amz-Signature=", '&')
        } else {
            ("Signature=", ',')
        };
        self.edit_parameter(name, end, edit);
    }

    /// Changes one character of the credential.
    pub(crate) fn edit_credential(&mut self, place: usize) {
        let (name, end) = if self.presigned {
            ("X-Amz-Credential=", '&')
        } else {
            ("Credential=", ',')
        };
        self.edit_parameter(name, end, |credential| {
            let at = place % credential.len();
            let other = if &credential[at..=at] == "x" {
                "y"
            } else {
                "x"
            };
            credential.replace_range(at..=at, other);
        });
    }

    fn edit_parameter(&mut self, name: &str, end: char, edit: impl FnOnce(&mut String)) {
        let mut text = if self.presigned {
            self.query.clone().unwrap()
        } else {
            self.header("authorization")
        };
        let from = text.find(name).unwrap() + name.len();
        let to = text[from..].find(end).map_or(text.len(), |at| from + at);
        let mut value = text[from..to].to_owned();
        edit(&mut value);
        text.replace_range(from..to, &value);
        if self.presigned {
            self.query = Some(text);
        } else {
            self.set_header("authorization", &text);
        }
    }

    /// Signs in the header form with exactly these headers, in this order in `SignedHeaders`.
    pub(crate) fn sign_by_hand(&mut self, names: &[&str]) {
        let mut sorted = names.to_vec();
        sorted.sort_unstable();
        let headers: String = sorted
            .iter()
            .map(|name| format!("{name}:{}\n", self.header(name)))
            .collect();
        let canonical = format!(
            "{}\n{}\n\n{headers}\n{}\n{}",
            self.method,
            self.path,
            sorted.join(";"),
            sha256_hex(&self.body)
        );
        let string_to_sign = format!(
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/{REGION}/{SERVICE}/aws4_request\n{}",
            sha256_hex(canonical.as_bytes())
        );
        let key = generate_signing_key(SECRET, then(), REGION, SERVICE);
        let signature = calculate_signature(key, string_to_sign.as_bytes());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/{REGION}/{SERVICE}/aws4_request, \
             SignedHeaders={}, Signature={signature}",
            names.join(";")
        );
        self.set_header("authorization", &authorization);
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    use sha2::Digest as _;

    let mut text = String::new();
    for byte in sha2::Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.millis().unsigned_abs())
}

/// Signs as the AWS SDK for Rust does.
pub(crate) fn sign(mut request: Signed) -> Signed {
    let signer = request.signer.clone();
    let identity =
        Credentials::new(signer.key_id, signer.secret, signer.token, None, "test").into();
    let mut settings = SigningSettings::default();
    if request.presigned {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(900));
    }
    request.remove_header("x-amz-date");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(SERVICE)
        .time(then())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let uri = request.uri();
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(&request.method, uri.as_str(), headers, body).unwrap();
    let (instructions, _) = sdk_sign(signable, &parameters).unwrap().into_parts();
    let mut carrier = http::Request::builder().uri(uri).body(()).unwrap();
    instructions.apply_to_request_http1x(&mut carrier);
    for (name, value) in carrier.headers() {
        request.headers.insert(name.clone(), value.clone());
    }
    request.query = carrier.uri().query().map(str::to_owned);
    request
}

/// The verdict of scratchstack-aws-signature.
pub(crate) fn scratchstack_accepts(signed: &Signed) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(scratchstack(signed)).is_ok()
}

/// Verifies with scratchstack-aws-signature, the key derived anew each time as it wants it.
pub(crate) async fn scratchstack(signed: &Signed) -> Result<(), BoxError> {
    let mut request = http::Request::builder()
        .method(signed.method.as_str())
        .uri(signed.uri())
        .body(Bytes::copy_from_slice(&signed.body))?;
    *request.headers_mut() = signed.headers.clone();
    let mut keys = service_for_signing_key_fn(signing_key);
    let now = chrono::DateTime::from_timestamp_millis(NOW.millis()).unwrap();
    sigv4_validate_request(
        request,
        REGION,
        SERVICE,
        &mut keys,
        now,
        &NO_ADDITIONAL_SIGNED_HEADERS,
        SignatureOptions::default(),
    )
    .await
    .map(|_| ())
}

async fn signing_key(request: GetSigningKeyRequest) -> Result<GetSigningKeyResponse, BoxError> {
    let secret: KSecretKey = SECRET.parse()?;
    let key = secret.to_ksigning(request.request_date(), request.region(), request.service());
    Ok(GetSigningKeyResponse::builder().signing_key(key).build()?)
}
