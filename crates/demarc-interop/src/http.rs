//! A request to the speaker's control socket, from inside its namespace.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};
use serde_json::Value;

/// The JSON that `method path` answers; `None` when there is no answer.
pub(crate) fn request(namespace: &str, method: &str, path: &str) -> Option<Value> {
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: speaker\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    let namespace = format!("/run/netns/{namespace}");
    // A namespace belongs to a thread; this one ends right after.
    let answer = thread::spawn(move || -> std::io::Result<String> {
        setns(File::open(namespace)?, CloneFlags::CLONE_NEWNET)?;
        let mut stream = TcpStream::connect("127.0.0.1:1791")?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(text.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    let answer = answer.join().ok()?.ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}
