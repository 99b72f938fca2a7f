//! `DescribeVirtualInterfaces` by id, beside a bare server that answers the same bytes.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::load::Same;
use super::measure::Options;
use super::report::Table;
use super::server::{Server, answer_of};
use super::sign::Signer;
use super::{Load, Outcome, moto};

/// A virtual interface to ask for; gives its id.
pub(crate) async fn prepare(server: &Server, signer: &Signer) -> anyhow::Result<String> {
    let text = |value: &Value, name: &str| -> anyhow::Result<String> {
        let found = value[name].as_str();
        Ok(found.with_context(|| format!("no {name}"))?.to_owned())
    };
    let body = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "read"});
    let connection = answer_of(server, signer, "CreateConnection", &body).await?;
    let body = json!({"directConnectGatewayName": "read"});
    let gateway = answer_of(server, signer, "CreateDirectConnectGateway", &body).await?;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let body = json!({
        "connectionId": text(&connection, "connectionId")?,
        "newPrivateVirtualInterface": {
            "virtualInterfaceName": "read", "vlan": 101, "asn": 65_000,
            "directConnectGatewayId": text(&gateway["directConnectGateway"], "directConnectGatewayId")?,
        },
    });
    let made = answer_of(server, signer, "CreatePrivateVirtualInterface", &body).await?;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    text(&made, "virtualInterfaceId")
}

/// Measures reads and adds their rows.
pub(super) async fn measure(
    options: &Options,
    directory: &Path,
    table: &mut Table,
) -> anyhow::Result<()> {
    let server = &Server::demarc(&options.demarc, &directory.join("reads")).await?;
    let signer = server.signer()?;
    let id = prepare(server, &signer).await?;
    let body = json!({"virtualInterfaceId": id});
    let answer = answer_of(server, &signer, "DescribeVirtualInterfaces", &body).await?;
    let bytes = directory.join("answer.json");
    std::fs::write(&bytes, answer.to_string())?;
    let request = signer.request("DescribeVirtualInterfaces", &body.to_string());
    let same = |_| Ok(Same(request.clone()));

    let bare_server = Server::bare(&bytes)?;
    let load = options.load(server.address);
    let bare = Load {
        address: bare_server.address,
        ..load
    };
    // In turns, so that whatever else the machine does falls on both.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        ours.push(load.run(same).await?.rate);
        theirs.push(bare.run(same).await?.rate);
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    table.row(
        "`DescribeVirtualInterfaces` by id",
        "≥ 50 % of a bare axum server with the same bytes",
        format!(
            "{ours:.0}/s of {theirs:.0}/s: {:.0} %",
            100.0 * ours / theirs
        ),
    );
    let half = Some(ours / 2.0);
    let outcome = Load { rate: half, ..load }.run(same).await?;
    table.row(
        "the same at half that rate, p50 / p99",
        "p99 < 2 ms",
        calm(&outcome),
    );
    // What of it is the machine's: the generator and any server take turns.
    let outcome = Load { rate: half, ..bare }.run(same).await?;
    table.row("the bare server at that rate", "", calm(&outcome));
    moto::measure(options, ours, table).await
}

fn calm(outcome: &Outcome) -> String {
    format!(
        "{:.2?} / {:.2?} at {:.0}/s (the generator was late by {:.2?} / {:.2?})",
        outcome.percentile(0.5),
        outcome.percentile(0.99),
        outcome.rate,
        outcome.late(0.5),
        outcome.late(0.99),
    )
}

/// The middle one.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
