//! moto's server, which serves one comparable call: `DescribeConnections`.

use std::process::Command;

use serde_json::Value;

use super::load::Wire;
use super::measure::Options;
use super::report::Table;
use super::server::{Server, free_address};
use super::sign::Signer;

/// Adds a row, unless there is no moto.
pub(super) async fn measure(options: &Options, ours: f64, table: &mut Table) -> anyhow::Result<()> {
    let name = "the same against moto_server's `DescribeConnections`";
    let Some(program) = &options.moto else {
        table.row(name, "≥ 80 times", "skipped: no --moto");
        return Ok(());
    };
    let address = free_address()?;
    let mut command = Command::new(program);
    command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
    let server = Server::other(command, address).await?;
    let signer = Signer::new(address.to_string(), "AKIDEXAMPLE", "secret")?;
    let connection = r#"{"location":"EqDC2","bandwidth":"10Gbps","connectionName":"one"}"#;
    let mut answer = Vec::new();
    Wire::connect(address)
        .await?
        .ask(&signer.request("CreateConnection", connection), &mut answer)
        .await?;
    let made: Value = serde_json::from_slice(&answer)?;
    let body = serde_json::json!({"connectionId": made["connectionId"]}).to_string();
    let request = signer.request("DescribeConnections", &body);
    let theirs = moto_rate(options, &server, &request).await?;
    table.row(
        name,
        "≥ 80 times",
        format!("{ours:.0}/s to {theirs:.0}/s: {:.0} times", ours / theirs),
    );
    Ok(())
}

/// It closes each connection after its answer, so this is without the time to open them.
async fn moto_rate(options: &Options, server: &Server, request: &[u8]) -> anyhow::Result<f64> {
    let load = options.load(server.address);
    let end = std::time::Instant::now() + load.time;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (address, request) = (server.address, request.to_vec());
        tasks.push(tokio::spawn(async move {
            let (mut count, mut answer) = (0_u32, Vec::new());
            while std::time::Instant::now() < end {
                let mut wire = Wire::connect(address).await?;
                wire.ask(&request, &mut answer).await?;
                count += 1;
            }
            anyhow::Ok(count)
        }));
    }
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(f64::from(count) / load.time.as_secs_f64())
}
