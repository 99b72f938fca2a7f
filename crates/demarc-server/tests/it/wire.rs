//! HTTP itself: verbs, paths, protocols, and bytes that are none of it.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{
    CARRIER, Server, Signer, amz_date, request_bytes, unsigned_authorization, unsigned_lines,
};

#[tokio::test]
async fn only_post_is_served_at_the_root() {
    let server = Server::open().await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let reply = server
            .raw(&request_bytes(server.address, method, "/", &[], b""))
            .await;
        assert_eq!(reply.status, 405, "{method}");
        assert_eq!(reply.header("allow"), Some("POST"), "{method}");
        assert_eq!(reply.body.is_empty(), method == "HEAD", "{method}");
    }
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let server = Server::open().await;
    for path in [
        "/x",
        "//",
        "/index.html",
        "/_demarc",
        "/_demarc/v2/events",
        "/..",
        "/%2e%2e/",
    ] {
        let reply = server
            .raw(&request_bytes(server.address, "POST", path, &[], b"{}"))
            .await;
        assert_eq!(reply.status, 404, "{path}");
    }
}

#[tokio::test]
async fn health_and_metrics_are_there_for_get_and_head() {
    let server = Server::open().await;
    for path in ["/healthz", "/metrics"] {
        for (method, status) in [("GET", 200), ("HEAD", 200), ("POST", 405)] {
            let reply = server
                .raw(&request_bytes(server.address, method, path, &[], b""))
                .await;
            assert_eq!(reply.status, status, "{method} {path}");
        }
    }
    // Also what did not happen yet.
    let text = server
        .raw(&request_bytes(server.address, "GET", "/metrics", &[], b""))
        .await
        .text();
    for name in ["demarc_conflicts_total ", "demarc_batch_requests_count "] {
        assert!(text.contains(name), "{name}: {text}");
    }
    server.as_account(CARRIER, "DescribeLags", json!({})).await;
    let text = server
        .raw(&request_bytes(server.address, "GET", "/metrics", &[], b""))
        .await
        .text();
    let line = "demarc_requests_total{operation=\"DescribeLags\",outcome=\"ok\"}";
    assert!(text.contains(line), "{text}");
    let metrics = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for name in metrics.filter_map(|metric| metric.split(' ').next()) {
        assert!(text.contains(&format!("# HELP {name} ")), "{name}: {text}");
    }
}

#[tokio::test]
async fn with_accounts_only_the_operator_sees_metrics_of_objects() {
    for (server, sees) in [
        (Server::open().await, true),
        (Server::closed().await, false),
    ] {
        let order = json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "port"});
        let signer = if sees {
            Signer::development(CARRIER)
        } else {
            Signer::of("AKIACARRIER")
        };
        let made = server.call(&signer, "CreateConnection", order).await;
        let id = made.json()["connectionId"].as_str().unwrap().to_owned();
        let ask = request_bytes(server.address, "GET", "/metrics", &[], b"");
        for _ in 0..100 {
            let text = server.raw(&ask).await.text();
            assert!(text.contains("demarc_entities"), "{text}");
            assert!(sees || !text.contains(&id), "{text}");
            if text.contains(&id) == sees {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let text = server.raw(&ask).await.text();
        assert_eq!(text.contains(&id), sees, "{text}");
    }
}

#[tokio::test]
async fn the_content_type_does_not_decide() {
    // [choice] The target says what the body is; clients behind odd proxies are served.
    let server = Server::open().await;
    let (authorization, date) = (unsigned_authorization(CARRIER), amz_date());
    for content_type in [
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("\u{e4}"),
    ] {
        let mut headers = vec![
            ("authorization", authorization.as_str()),
            ("x-amz-date", date.as_str()),
            ("x-amz-target", "OvertureService.DescribeConnections"),
        ];
        headers.extend(content_type.map(|value| ("content-type", value)));
        let reply = server
            .raw(&request_bytes(server.address, "POST", "/", &headers, b"{}"))
            .await;
        assert_eq!(reply.status, 200, "{content_type:?}");
        assert_eq!(
            reply.header("content-type"),
            Some("application/x-amz-json-1.1")
        );
    }
}

#[tokio::test]
async fn garbage_is_refused_and_does_no_harm() {
    let server = Server::open().await;
    for garbage in [
        &b"\0\0\0\0\0\0\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nhost x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .expect("it ends");
        let good = answer.is_empty() || answer.starts_with(b"HTTP/1.1 400");
        assert!(good, "{}", String::from_utf8_lossy(&answer));
    }
    let mut both =
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec();
    both.extend_from_slice(b"\r\n\r\n");
    assert_eq!(
        server.raw(&both).await.status,
        400,
        "a chunk without a size"
    );
    server.is_alive().await;
}

#[tokio::test]
async fn requests_behind_each_other_are_answered_in_order() {
    let server = Server::open().await;
    let lines = unsigned_lines(CARRIER);
    let one = |operation: &str| {
        format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n{lines}x-amz-target: OvertureService.{operation}\r\n\r\n{{}}"
        )
    };
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let all = [
        one("DescribeLags"),
        one("DescribeConnections"),
        "garbage\r\n\r\n".to_owned(),
    ]
    .concat();
    stream.write_all(all.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    let (lags, connections) = (
        text.find(r#"{"lags":[]}"#),
        text.find(r#"{"connections":[]}"#),
    );
    assert!(lags.is_some() && lags < connections, "{text}");
    assert_eq!(text.matches("HTTP/1.1 200").count(), 2);
    assert!(text.contains("HTTP/1.1 400"), "{text}");
    server.is_alive().await;
}

#[tokio::test]
async fn http_2_without_tls_works_as_well() {
    let server = Server::open().await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    let driven = tokio::spawn(connection);
    for _ in 0..3 {
        let request = http::Request::post(format!("http://{}/", server.address))
            .header("x-amz-target", "OvertureService.DescribeConnections")
            .header("authorization", unsigned_authorization(CARRIER))
            .header("x-amz-date", amz_date())
            .body(Full::new(bytes::Bytes::from_static(b"{}")))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&body[..], br#"{"connections":[]}"#);
    }
    drop(sender);
    driven.await.unwrap().unwrap();
}

#[tokio::test]
async fn query_services_take_get_and_post_only() {
    let server = Server::open().await;
    let sts = Signer::development(CARRIER).for_service("sts");
    let signed = sts.query(
        server.address,
        "Action=GetCallerIdentity&Version=2011-06-15",
    );
    let reply = server.raw(&signed).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().contains(CARRIER));
    let put = String::from_utf8(signed)
        .unwrap()
        .replacen("POST", "PUT", 1);
    assert_eq!(server.raw(put.as_bytes()).await.status, 405);
}
