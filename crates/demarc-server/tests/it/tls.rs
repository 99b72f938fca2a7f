//! HTTPS with a certificate made for the test.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{ACCOUNTS, Reply, Server, Signer};

fn certificate() -> (rcgen::CertifiedKey<rcgen::KeyPair>, String, String) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    (made, certificate, key)
}

async fn connect(
    address: SocketAddr,
    made: &rcgen::CertifiedKey<rcgen::KeyPair>,
    protocol: &[u8],
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

#[tokio::test]
async fn signed_calls_go_through_tls() {
    let (made, certificate, key) = certificate();
    let server = Server::with_tls(ACCOUNTS, (&certificate, &key)).await;
    let mut stream = connect(server.address, &made, b"http/1.1").await;
    let signer = Signer::of("AKIACARRIER");
    let request = signer.request(server.address, "DescribeConnections", "{}");
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let reply = Reply::parse(&answer);
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (200, r#"{"connections":[]}"#)
    );
}

#[tokio::test]
async fn http_2_is_offered_and_served() {
    let (made, certificate, key) = certificate();
    let server = Server::with_tls("", (&certificate, &key)).await;
    let stream = connect(server.address, &made, b"h2").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, http_body_util::Empty<bytes::Bytes>>(
            executor, io,
        )
        .await
        .unwrap();
    let driven = tokio::spawn(connection);
    let url = format!("https://localhost:{}/healthz", server.address.port());
    let request = http::Request::get(url)
        .body(http_body_util::Empty::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.version(), http::Version::HTTP_2);
    drop(sender);
    driven.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_speak_tls_is_dropped() {
    let (_, certificate, key) = certificate();
    let server = Server::with_tls("", (&certificate, &key)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

/// Denied over plain HTTP, allowed over TLS, by one and the same policy.
#[tokio::test]
async fn policies_know_whether_a_call_came_over_tls() {
    let accounts = r#"
[[account]]
id = "111122223333"
[[account.user]]
name = "alice"
policies = ['{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}']
[[account.access_key]]
id = "AKIAALICE"
secret = "alice-secret"
user = "alice"
"#;
    let signer = Signer::of("AKIAALICE");
    let plain_http = Server::with(accounts).await;
    let denied = plain_http
        .call(&signer, "DescribeConnections", serde_json::json!({}))
        .await;
    assert_eq!(denied.error(), "AccessDeniedException");

    let (made, certificate, key) = certificate();
    let server = Server::with_tls(accounts, (&certificate, &key)).await;
    let mut stream = connect(server.address, &made, b"http/1.1").await;
    let request = signer.request(server.address, "DescribeConnections", "{}");
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(Reply::parse(&answer).status, 200);
}
