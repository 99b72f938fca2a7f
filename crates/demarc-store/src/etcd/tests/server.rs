//! Real etcd servers on loopback ports.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use super::super::*;

/// Why there is no etcd, if there is none.
pub(super) fn missing() -> Option<String> {
    static MISSING: OnceLock<bool> = OnceLock::new();
    let missing = MISSING.get_or_init(|| {
        let version = Command::new("etcd")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        !version.is_ok_and(|status| status.success())
    });
    missing.then(|| "the program etcd is not installed".to_owned())
}

/// One member that is its own cluster. It ends with this value, or with the process that started it.
pub(super) struct Server {
    /// A shell that waits for its input to end and then kills etcd, so that nothing outlives the tests.
    shell: Child,
    pub(super) port: u16,
}

impl Server {
    pub(super) fn start(more: &[&str]) -> Self {
        Self::start_with_scheme("http", more)
    }

    pub(super) fn start_with_scheme(scheme: &str, more: &[&str]) -> Self {
        // The shell removes it.
        let folder = TempDir::new().unwrap().keep();
        let (port, peer) = (free_port(), free_port());
        let shell = spawn(&folder, scheme, port, peer, more);
        Self { shell, port }
    }

    pub(super) fn config(&self, prefix: &str) -> EtcdConfig {
        format!("etcd://127.0.0.1:{}/{prefix}", self.port)
            .parse()
            .unwrap()
    }

    /// A store in it, as soon as it answers.
    pub(super) async fn store(&self, prefix: &str) -> EtcdStore {
        connect(&self.config(prefix)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ended = self.shell.wait();
    }
}

/// Connects, waiting for a server that has just been started.
pub(super) async fn connect(config: &EtcdConfig) -> EtcdStore {
    for _ in 0..20 {
        match EtcdStore::connect(config).await {
            Ok(store) => return store,
            Err(ReadError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("etcd does not start");
}

fn spawn(folder: &Path, scheme: &str, port: u16, peer: u16, more: &[&str]) -> Child {
    let client = format!("{scheme}://127.0.0.1:{port}");
    let peer = format!("http://127.0.0.1:{peer}");
    let script =
        "etcd \"$@\" & child=$!; cat >/dev/null; kill -9 $child; wait $child; rm -rf \"$2\"";
    Command::new("sh")
        .args(["-c", script, "sh", "--data-dir"])
        .arg(folder)
        .args([
            "--listen-client-urls",
            &client,
            "--advertise-client-urls",
            &client,
        ])
        .args([
            "--listen-peer-urls",
            &peer,
            "--initial-advertise-peer-urls",
            &peer,
        ])
        .args([
            "--initial-cluster",
            &format!("default={peer}"),
            "--unsafe-no-fsync",
        ])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The server that most tests share, each under a prefix of its own.
pub(super) fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(&[]))
}

/// A prefix that no other test uses.
pub(super) fn fresh_prefix() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("test/{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
