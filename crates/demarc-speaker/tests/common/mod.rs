//! A speaker in the process of the test, and its control server.

#![allow(dead_code, reason = "not every test needs everything")]

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use demarc_speaker::{HostSockets, Reloads, SpeakerConfig, run, run_reloadable};
use serde_json::Value;

/// A port that is free on an address now.
pub(crate) fn free_port(address: IpAddr) -> u16 {
    TcpListener::bind((address, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A speaker and where its control server is.
pub(crate) struct Running {
    pub(crate) control: SocketAddr,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn start(text: &str, control: SocketAddr) -> Running {
    let config = SpeakerConfig::parse("test", text).unwrap();
    let task = tokio::spawn(async move { run(config).await.unwrap() });
    Running { control, task }
}

/// A speaker whose configuration is read again from `text`.
pub(crate) fn start_reloadable(text: &Arc<Mutex<String>>, control: SocketAddr) -> Running {
    let shared = Arc::clone(text);
    let read = move || SpeakerConfig::parse("test", &shared.lock().unwrap());
    let config = read().unwrap();
    let (_never, asked) = tokio::sync::mpsc::channel(1);
    let reloads = Reloads {
        read: Box::new(read),
        asked,
    };
    let sockets = Arc::new(HostSockets);
    let run = run_reloadable(config, sockets, Some(reloads), std::future::pending());
    let task = tokio::spawn(async move { run.await.unwrap() });
    Running { control, task }
}

/// One HTTP request without keeping the connection.
pub(crate) fn http(control: SocketAddr, method: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(control).ok()?;
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
}

pub(crate) async fn json(control: SocketAddr, method: &'static str, path: &'static str) -> Value {
    let text = tokio::task::spawn_blocking(move || http(control, method, path))
        .await
        .unwrap();
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or(Value::Null)
}

/// Asks until the answer is as wanted, for at most 20 s.
pub(crate) async fn eventually(
    control: SocketAddr,
    path: &'static str,
    what: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let start = Instant::now();
    loop {
        let value = json(control, "GET", path).await;
        if wanted(&value) {
            return value;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{what}: {value:#}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
