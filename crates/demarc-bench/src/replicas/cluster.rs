//! Three etcd members as processes, with their data on the disk under the temporary folder, synced as etcd does.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use demarc_store::EtcdConfig;
use serde_json::Value;

use crate::api::free_address;

const MEMBERS: usize = 3;

/// A running cluster; its members are killed when it is dropped.
pub(super) struct Cluster {
    members: Vec<Member>,
}

struct Member {
    client: SocketAddr,
    process: Child,
}

impl Cluster {
    pub(super) async fn start(directory: &Path) -> anyhow::Result<Self> {
        let mut addresses = Vec::new();
        for _ in 0..MEMBERS {
            addresses.push((free_address()?, free_address()?));
        }
        let peers: Vec<String> = (0..)
            .zip(&addresses)
            .map(|(number, (_, peer)): (usize, _)| format!("m{number}=http://{peer}"))
            .collect();
        let mut members = Vec::new();
        for (number, (client, peer)) in addresses.iter().enumerate() {
            let name = format!("m{number}");
            let (client_url, peer_url) = (format!("http://{client}"), format!("http://{peer}"));
            let process = Command::new("etcd")
                .args(["--name", &name, "--data-dir"])
                .arg(directory.join(&name))
                .args(["--listen-client-urls", &client_url])
                .args(["--advertise-client-urls", &client_url])
                .args(["--listen-peer-urls", &peer_url])
                .args(["--initial-advertise-peer-urls", &peer_url])
                .args(["--initial-cluster", &peers.join(",")])
                .args(["--quota-backend-bytes", &(8_u64 << 30).to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .context("etcd does not start; it is in Debian's package etcd-server")?;
            let client = *client;
            members.push(Member { client, process });
        }
        let cluster = Self { members };
        let started = Instant::now();
        while cluster.leader().is_none() {
            if started.elapsed() > Duration::from_secs(30) {
                bail!("the etcd cluster finds no leader");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(cluster)
    }

    /// A store in it, for `demarc serve --store`.
    pub(super) fn url(&self, prefix: &str) -> String {
        let members = self.members.iter();
        let members: Vec<String> = members.map(|member| member.client.to_string()).collect();
        format!("etcd://{}/{prefix}", members.join(","))
    }

    pub(super) fn config(&self, prefix: &str) -> anyhow::Result<EtcdConfig> {
        Ok(self.url(prefix).parse()?)
    }

    /// Kills the leader of the members with SIGKILL.
    pub(super) fn kill_leader(&mut self) -> anyhow::Result<()> {
        let leader = self.leader().context("the etcd cluster has no leader")?;
        self.members[leader].process.kill()?;
        self.members[leader].process.wait()?;
        Ok(())
    }

    fn leader(&self) -> Option<usize> {
        (0..self.members.len()).find(|number| self.is_leader(*number) == Some(true))
    }

    fn is_leader(&self, number: usize) -> Option<bool> {
        let endpoint = self.members[number].client.to_string();
        let shown = Command::new("etcdctl")
            .args(["--endpoints", &endpoint, "--command-timeout", "2s"])
            .args(["endpoint", "status", "-w", "json"])
            .env("ETCDCTL_API", "3")
            .output()
            .ok()?;
        let shown: Value = serde_json::from_slice(&shown.stdout).ok()?;
        let status = &shown[0]["Status"];
        let leader = status["leader"].as_u64()?;
        Some(status["header"]["member_id"].as_u64()? == leader)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &mut self.members {
            // It may have been killed before.
            let _ = member.process.kill();
            let _ = member.process.wait();
        }
    }
}
