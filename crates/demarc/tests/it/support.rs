//! The program, run in every way that the tests need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

pub(crate) const ACCOUNT: &str = "111122223333";

/// The program, with nothing of the test's environment that it would heed.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demarc"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DEMARC_") {
            command.env_remove(&name);
        }
    }
    command
        .env_remove("RUST_LOG")
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Everything went well; gives what was printed.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.status, Some(0), "{self:?}");
        self.stdout
    }
}

/// Runs to the end. A run that does not end is a failed test.
pub(crate) fn run(command: &mut Command) -> Finished {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let ended = std::sync::Arc::new(AtomicBool::new(false));
    let watched = std::sync::Arc::clone(&ended);
    let watch = std::thread::spawn(move || {
        for _ in 0..600 {
            if watched.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = kill(pid, Signal::SIGKILL);
    });
    let output = child.wait_with_output().unwrap();
    ended.store(true, Ordering::Relaxed);
    watch.join().unwrap();
    Finished {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running `demarc serve`. It is killed with the value.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    _stdout: BufReader<ChildStdout>,
}

impl Serving {
    /// Starts on a free port and waits until it says where it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut all = vec!["serve", "--settle", "0"];
        if !arguments.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(arguments);
        let mut child = program(&all)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{arguments:?} printed `{line}`"))
            .to_owned();
        let (_, address) = url.split_once("://").unwrap();
        Self {
            child,
            address: address.parse().unwrap(),
            url,
            _stdout: stdout,
        }
    }

    pub(crate) fn ephemeral() -> Self {
        Self::start(&["--ephemeral"])
    }

    pub(crate) fn on(directory: &Path) -> Self {
        Self::start(&["--data", directory.to_str().unwrap()])
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(
            Pid::from_raw(i32::try_from(self.child.id()).unwrap()),
            signal,
        )
        .unwrap();
    }

    /// Waits for the end and gives the exit status; a process that was killed has none.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// An operator's command against this service.
    pub(crate) fn command(&self, arguments: &[&str]) -> Finished {
        run(program(arguments).env("DEMARC_URL", &self.url))
    }

    /// A call of the Direct Connect API that has to succeed.
    pub(crate) fn ok(&self, operation: &str, body: &Value) -> Value {
        let answer = call(self.address, operation, body).unwrap();
        assert_eq!(answer.status, 200, "{operation} {body}: {}", answer.body);
        answer.body
    }

    pub(crate) fn connection(&self, name: &str) -> String {
        let body =
            serde_json::json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": name});
        text(&self.ok("CreateConnection", &body)["connectionId"])
    }

    pub(crate) fn gateway(&self) -> String {
        let body = serde_json::json!({"directConnectGatewayName": "gateway"});
        let made = self.ok("CreateDirectConnectGateway", &body);
        text(&made["directConnectGateway"]["directConnectGatewayId"])
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not a text"))
        .to_owned()
}

/// An answer of the Direct Connect API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// One call on a connection of its own, unsigned as the open development mode allows. An error means that it is
/// not known whether the call was carried out.
pub(crate) fn call(address: SocketAddr, operation: &str, body: &Value) -> std::io::Result<Answer> {
    let (body, date) = (body.to_string(), amz_date());
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\
         x-amz-target: OvertureService.{operation}\r\nx-amz-date: {date}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential={ACCOUNT}/{}/us-east-1/directconnect/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}\r\n\r\n{body}",
        body.len(),
        &date[..8],
        "0".repeat(64),
    );
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let broken = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the answer broke off");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.ok_or_else(broken)?,
        // An answer that was cut is no answer.
        body: serde_json::from_str(body).map_err(|_| broken())?,
    })
}

/// `20261121T050000Z`, of now.
fn amz_date() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = demarc_types::Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap());
    let text = now.to_rfc3339();
    format!(
        "{}Z",
        text.split('.').next().unwrap().replace(['-', ':'], "")
    )
}
