//! The end of a service: nobody who has connected is left without an answer.

use demarc_server::{Config, Listener, Service, StoreChoice};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn who_connected_before_the_stop_is_answered_and_told_to_go() {
    let listener = Listener::bind("127.0.0.1:0", None).await.unwrap();
    let address = listener.address();
    let service = Service::start(Config::default(), StoreChoice::Ephemeral, &listener, None)
        .await
        .unwrap();
    // Nobody has accepted them when the service is told to stop.
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        waiting.push(stream);
    }
    service.serve(listener, async {}).await;
    for mut stream in waiting {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    let refused = TcpStream::connect(address).await;
    assert!(refused.is_err(), "the socket is still there");
}
