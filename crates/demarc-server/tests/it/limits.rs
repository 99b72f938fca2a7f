//! Size, time and number: what is too much is refused in the form of spec/protocol §3.3, and nothing breaks.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{CARRIER, Reply, Server, Signer, request_bytes, unsigned_lines};

/// Reads until the service closes.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("it closes");
    answer
}

#[tokio::test]
async fn bodies_above_the_limit_are_refused_however_they_are_sent() {
    let server = Server::with("[server]\nbody_limit = 1000\n").await;
    let signer = Signer::development(CARRIER);
    let body = |size: usize| format!("{{\"connectionId\":\"{}\"}}", "x".repeat(size - 19));
    let at = server
        .raw(&signer.request(server.address, "DescribeConnections", &body(1_000)))
        .await;
    assert_eq!(
        at.error(),
        "DirectConnectClientException",
        "the limit itself is allowed"
    );
    for size in [1_001, 100_000, 5_000_000] {
        let above = server
            .raw(&signer.request(server.address, "DescribeConnections", &body(size)))
            .await;
        assert_eq!(
            (above.status, above.error().as_str()),
            (413, "RequestEntityTooLargeException"),
            "{size}"
        );
    }
    let mut chunked = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}x-amz-target: OvertureService.DescribeConnections\r\ntransfer-encoding: chunked\r\n\r\n",
        unsigned_lines(CARRIER)
    )
    .into_bytes();
    for _ in 0..300 {
        chunked.extend_from_slice(format!("a\r\n{}\r\n", "x".repeat(10)).as_bytes());
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(server.raw(&chunked).await.status, 413);
    let operator = server
        .operator("POST", "/what-if", json!("x".repeat(1_000)))
        .await;
    assert_eq!(operator.status, 413);
    let message = json!({"message": "The request body is larger than 1000 bytes."});
    assert_eq!(operator.json(), message, "as all refusals of this API");
    server.is_alive().await;
}

#[tokio::test]
async fn a_client_that_asks_first_need_not_send_a_body_that_is_too_large() {
    let server = Server::with("[server]\nbody_limit = 1000\n").await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000\r\nexpect: 100-continue\r\n\
                connection: close\r\nx-amz-target: OvertureService.DescribeConnections\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let reply = Reply::parse(&rest(&mut stream).await);
    assert_eq!(reply.status, 413);
}

#[tokio::test]
async fn headers_that_are_too_many_or_too_long_are_refused() {
    let server = Server::open().await;
    let long = "x".repeat(200_000);
    let reply = server
        .raw(&request_bytes(
            server.address,
            "POST",
            "/",
            &[("x-long", &long)],
            b"{}",
        ))
        .await;
    assert_eq!(reply.status, 431);
    let names: Vec<String> = (0..5_000).map(|number| format!("x-{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let reply = server
        .raw(&request_bytes(server.address, "POST", "/", &many, b"{}"))
        .await;
    assert_eq!(reply.status, 431);
    let target = format!("/{}", "x".repeat(200_000));
    let reply = server
        .raw(&request_bytes(server.address, "GET", &target, &[], b""))
        .await;
    assert!([414, 431].contains(&reply.status), "{}", reply.status);
    server.is_alive().await;
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let server =
        Server::with("[server]\nheader_timeout = \"300ms\"\nrequest_timeout = \"600ms\"\n").await;
    // Nothing, the beginning of HTTP/2, half a request line, half the headers.
    for beginning in [
        "",
        "PRI * HTTP/2.0\r\n",
        "PO",
        "POST / HTTP/1.1\r\nhost: x\r\n",
    ] {
        let started = Instant::now();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        rest(&mut stream).await;
        assert!(started.elapsed() < Duration::from_secs(10), "{beginning:?}");
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let reply = Reply::parse(&rest(&mut stream).await);
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (408, "RequestTimeoutException")
    );
    server.is_alive().await;
}

#[tokio::test]
async fn connections_above_the_limit_are_turned_away_until_one_ends() {
    let server = Server::with("[server]\nconnections = 3\n").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    let reply = server
        .raw(&request_bytes(server.address, "GET", "/healthz", &[], b""))
        .await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["__type"], "ServiceUnavailableException");
    drop(held);
    for _ in 0..100 {
        let reply = server
            .raw(&request_bytes(server.address, "GET", "/healthz", &[], b""))
            .await;
        if reply.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("places are never free again");
}

#[tokio::test]
async fn requests_above_the_limit_are_told_to_try_again() {
    let server = Server::with("[server]\nconcurrency = 1\n").await;
    // One request takes the only place while its body is on the way.
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n{}x-amz-target: OvertureService.DescribeConnections\r\n\r\n{{",
        unsigned_lines(CARRIER)
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let reply = server
        .call(
            &Signer::development(CARRIER),
            "DescribeConnections",
            json!({}),
        )
        .await;
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (503, "ServiceUnavailableException")
    );
    server.is_alive().await;
    slow.write_all(b"}").await.unwrap();
    assert_eq!(
        Reply::parse(&rest(&mut slow).await).status,
        200,
        "the first one is answered"
    );
    let reply = server
        .call(
            &Signer::development(CARRIER),
            "DescribeConnections",
            json!({}),
        )
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn stopping_answers_what_is_under_way_and_ends_long_polls() {
    let server = Server::open().await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n{}x-amz-target: OvertureService.DescribeConnections\r\n\r\n{{",
        unsigned_lines(CARRIER)
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut poll = TcpStream::connect(server.address).await.unwrap();
    poll.write_all(
        b"GET /_demarc/v1/events?after=999999999999&wait=300 HTTP/1.1\r\nhost: x\r\n\r\n",
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    let stopped = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    slow.write_all(b"}").await.unwrap();
    assert_eq!(Reply::parse(&rest(&mut slow).await).status, 200);
    assert_eq!(Reply::parse(&rest(&mut poll).await).status, 200);
    stopped.await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "nobody had to be cut off"
    );
}
