//! SIGTERM, SIGINT and SIGHUP: what is under way is answered, and the exit status is 0.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::Serving;

#[test]
fn an_idle_service_ends_at_once_with_status_0() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let serving = Serving::ephemeral();
        serving.connection("port");
        let started = Instant::now();
        serving.signal(signal);
        assert_eq!(serving.wait(), Some(0), "{signal}");
        assert!(started.elapsed() < Duration::from_secs(5), "{signal}");
    }
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let serving = Serving::on(&data);
    let made = serving.connection("port");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.wait(), Some(0));
    let again = Serving::on(&data);
    let shown = again.ok("DescribeConnections", &json!({}));
    assert_eq!(shown["connections"][0]["connectionId"], made);
}

#[test]
fn open_connections_and_long_polls_do_not_hold_it_up() {
    let serving = Serving::ephemeral();
    let mut idle = TcpStream::connect(serving.address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    let silent = TcpStream::connect(serving.address).unwrap();
    let mut poll = TcpStream::connect(serving.address).unwrap();
    poll.write_all(
        b"GET /_demarc/v1/events?after=999999999999&wait=300 HTTP/1.1\r\nhost: x\r\n\r\n",
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    serving.signal(Signal::SIGTERM);
    let mut answer = String::new();
    poll.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(serving.wait(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    drop(silent);
}

fn follow_events(serving: &Serving) -> std::process::Child {
    use std::process::Stdio;
    crate::support::program(&["events", "--follow"])
        .env("DEMARC_URL", &serving.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_follower_ends_when_its_reader_does() {
    use std::io::{BufRead, BufReader};
    let serving = Serving::ephemeral();
    serving.connection("port");
    let mut follower = follow_events(&serving);
    let mut stdout = BufReader::new(follower.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("dxcon-"), "{line}");
    drop(stdout);
    // The next event finds nobody reading.
    for _ in 0..100 {
        serving.gateway();
        if let Some(status) = follower.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            let mut said = String::new();
            follower
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut said)
                .unwrap();
            assert_eq!(said, "");
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = follower.kill();
    panic!("it follows for nobody");
}

#[test]
fn a_follower_waits_for_a_service_that_is_restarted() {
    use std::io::{BufRead, BufReader};
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let serving = Serving::on(&data);
    let address = serving.address.to_string();
    serving.connection("first");
    let mut follower = follow_events(&serving);
    let stdout = BufReader::new(follower.stdout.take().unwrap());
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines() {
            let _ = sender.send(line.unwrap());
        }
    });
    let patience = Duration::from_secs(20);
    let first = lines.recv_timeout(patience).unwrap();
    assert!(first.contains("dxcon-"), "{first}");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.wait(), Some(0));
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(follower.try_wait().unwrap().is_none(), "it gave up");
    let serving = Serving::start(&["--data", data.to_str().unwrap(), "--listen", &address]);
    let second = serving.connection("second");
    let deadline = Instant::now() + patience;
    while !lines
        .recv_timeout(deadline - Instant::now())
        .unwrap()
        .contains(&second)
    {}
    follower.kill().unwrap();
    let said = follower.wait_with_output().unwrap().stderr;
    let said = String::from_utf8(said).unwrap();
    assert_eq!(said.matches("trying again").count(), 1, "{said}");
}

#[test]
fn the_beginning_of_json_logs_is_a_log_line() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let arguments = [
        "serve",
        "--ephemeral",
        "--listen",
        "127.0.0.1:0",
        "--log-format",
        "json",
    ];
    let mut service = crate::support::program(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(service.stderr.take().unwrap());
    let mut lines = stderr.lines().map(|line| {
        let line = line.unwrap();
        serde_json::from_str::<serde_json::Value>(&line).unwrap_or_else(|_| panic!("{line}"))
    });
    let began = lines.find(|line| !line["fields"]["url"].is_null()).unwrap();
    let url = began["fields"]["url"].as_str().unwrap();
    assert_eq!(began["fields"]["message"], format!("listening on {url}"));
    service.kill().unwrap();
    let said = service.wait_with_output().unwrap().stdout;
    assert_eq!(String::from_utf8(said).unwrap(), "");
}
