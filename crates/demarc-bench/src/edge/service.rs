//! The service with the edge of this machine, and what is asked of its API.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use demarc_types::Timestamp;
use serde_json::{Value, json};

use super::clock::until;
use super::customers::{ASN, KEY};
use super::wiring;
use crate::api::{Server, Wire};

const ACCOUNT: &str = "111122223333";
/// The only location, so that everything is on one device of it.
const LOCATION: &str = "EqDC2";
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
pub(super) const GATEWAY_ASN: u32 = 64_600;

/// The service and the directory that it lives in.
pub(super) struct Service {
    /// Ends before its directory goes.
    server: Option<Server>,
    program: PathBuf,
    directory: tempfile::TempDir,
    bindings: String,
}

/// What a virtual interface is made of.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) connection: &'a str,
    pub(super) gateway: &'a str,
    pub(super) vlan: u16,
    /// The address of the gateway; the customer's is the next one.
    pub(super) address: Ipv4Addr,
}

impl Service {
    pub(super) async fn start(program: &Path) -> anyhow::Result<Self> {
        let mut service = Self {
            program: program.to_owned(),
            directory: tempfile::tempdir()?,
            bindings: String::new(),
            server: None,
        };
        service.bind("")?;
        service.begin().await?;
        Ok(service)
    }

    /// Starts the process, on the state that an earlier one left.
    pub(super) async fn begin(&mut self) -> anyhow::Result<()> {
        let data = self.directory.path().join("data");
        let server = Server::linux(&self.program, &data, &self.bindings_file()).await?;
        self.server = Some(server);
        Ok(())
    }

    /// Kills the process; what it made in the kernel stays.
    pub(super) fn kill(&mut self) {
        self.server = None;
    }

    pub(super) fn server(&self) -> anyhow::Result<&Server> {
        self.server.as_ref().context("the service was killed")
    }

    fn bindings_file(&self) -> PathBuf {
        self.directory.path().join("bindings.toml")
    }

    /// Adds to the bindings of ports and gateways.
    fn bind(&mut self, more: &str) -> anyhow::Result<()> {
        self.bindings.push_str(more);
        let scratch = self.directory.path().join("bindings.new");
        std::fs::write(&scratch, &self.bindings)?;
        Ok(std::fs::rename(scratch, self.bindings_file())?)
    }

    /// A call of the Direct Connect API.
    pub(super) async fn call(&self, operation: &str, input: &Value) -> anyhow::Result<Value> {
        let kind = "application/x-amz-json-1.1";
        let target = format!("x-amz-target: OvertureService.{operation}\r\n");
        let body = input.to_string();
        let answer = self
            .send("directconnect", kind, &target, &body)
            .await
            .with_context(|| format!("{operation} {input}"))?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// A call of EC2's: the text of one element of the answer.
    async fn ec2(&self, action: &str, input: &str, element: &str) -> anyhow::Result<String> {
        let form = format!("Action={action}&Version=2016-11-15{input}");
        let kind = "application/x-www-form-urlencoded";
        let answer = self
            .send("ec2", kind, "", &form)
            .await
            .context(action.to_owned())?;
        let text = String::from_utf8(answer)?;
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let found = text
            .split_once(&open)
            .and_then(|(_, rest)| rest.split_once(&close));
        let (found, _) = found.with_context(|| format!("no {element} in {text}"))?;
        Ok(found.to_owned())
    }

    async fn send(
        &self,
        service: &str,
        kind: &str,
        more: &str,
        body: &str,
    ) -> anyhow::Result<Vec<u8>> {
        let address = self.server()?.address;
        let date = date()?;
        let (day, signature) = (&date[..8], "0".repeat(64));
        // The open development mode wants to know who calls, not whether that is true.
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: {kind}\r\nx-amz-date: {date}\r\n{more}\
             authorization: AWS4-HMAC-SHA256 Credential={ACCOUNT}/{day}/us-east-1/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = Vec::new();
        let mut wire = Wire::connect(address).await?;
        wire.ask(request.as_bytes(), &mut answer).await?;
        Ok(answer)
    }

    /// How many sessions have BFD, and it is up.
    pub(super) async fn bfd_sessions(&self) -> anyhow::Result<usize> {
        self.count_peers("bfd").await
    }

    /// How many sessions are up, by what the edge of this very process says.
    pub(super) async fn sessions(&self) -> anyhow::Result<usize> {
        self.count_peers("session").await
    }

    async fn count_peers(&self, member: &str) -> anyhow::Result<usize> {
        let address = self.server()?.address;
        let request = format!("GET /_demarc/v1/edges HTTP/1.1\r\nhost: {address}\r\n\r\n");
        let mut answer = Vec::new();
        let mut wire = Wire::connect(address).await?;
        wire.ask(request.as_bytes(), &mut answer).await?;
        let edges: Value = serde_json::from_slice(&answer)?;
        let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        let edges = list(&edges, "edges").into_iter();
        let interfaces = edges.flat_map(|edge| list(&edge, "virtualInterfaces"));
        let peers = interfaces.flat_map(|interface| list(&interface, "peers"));
        Ok(peers.filter(|peer| peer[member] == "up").count())
    }

    /// An available connection whose port is the interface of this number.
    pub(super) async fn connection(&mut self, number: u32) -> anyhow::Result<String> {
        let input = json!({
            "location": LOCATION, "bandwidth": "10Gbps", "connectionName": format!("cable {number}"),
        });
        let made = self.call("CreateConnection", &input).await?;
        let id = text(&made["connectionId"])?;
        let input = json!({ "connectionId": id });
        let this = &*self;
        let shown =
            async || Ok(this.call("DescribeConnections", &input).await?["connections"][0].clone());
        let device = until("a place for a port", PATIENCE, PAUSE, async || {
            let shown: anyhow::Result<Value> = shown().await;
            Ok(shown?["awsDeviceV2"].as_str().map(str::to_owned))
        })
        .await?;
        let interface = wiring::port(number);
        self.bind(&format!(
            "[[port]]\ndevice = \"{device}\"\ninterface = \"{interface}\"\nconnection = \"{id}\"\n"
        ))?;
        let this = &*self;
        until("an available connection", PATIENCE, PAUSE, async || {
            let answer = this.call("DescribeConnections", &input).await?;
            let state = &answer["connections"][0]["connectionState"];
            Ok((state == "available").then_some(()))
        })
        .await?;
        Ok(id)
    }

    /// A Direct Connect gateway with a VPC behind it, at the uplink of this number.
    pub(super) async fn gateway(&mut self, number: u32, cidr: &str) -> anyhow::Result<String> {
        let input = json!({
            "directConnectGatewayName": format!("gateway {number}"), "amazonSideAsn": GATEWAY_ASN,
        });
        let made = self.call("CreateDirectConnectGateway", &input).await?;
        let gateway = text(&made["directConnectGateway"]["directConnectGatewayId"])?;
        let block = cidr.replace('/', "%2F");
        let vpc = self
            .ec2("CreateVpc", &format!("&CidrBlock={block}"), "vpcId")
            .await?;
        let vgw = self
            .ec2("CreateVpnGateway", "&Type=ipsec.1", "vpnGatewayId")
            .await?;
        let both = format!("&VpcId={vpc}&VpnGatewayId={vgw}");
        self.ec2("AttachVpnGateway", &both, "vpcId").await?;
        let (interface, ours, theirs) = wiring::uplink(number);
        let mut text = String::new();
        write!(
            text,
            "[[uplink]]\ngateway = \"{vgw}\"\ninterface = \"{interface}\"\n\
             addresses = [\"{ours}/30\"]\nnext_hops = [\"{theirs}\"]\n"
        )?;
        self.bind(&text)?;
        let input = json!({ "directConnectGatewayId": gateway, "gatewayId": vgw });
        let this = &*self;
        until(
            "a gateway that can be associated",
            PATIENCE,
            PAUSE,
            async || {
                let made = this
                    .call("CreateDirectConnectGatewayAssociation", &input)
                    .await;
                Ok(made.ok().map(|_| ()))
            },
        )
        .await?;
        Ok(gateway)
    }

    /// Orders a private virtual interface; its id.
    pub(super) async fn interface(&self, order: Order<'_>) -> anyhow::Result<String> {
        let customer = Ipv4Addr::from(u32::from(order.address) + 1);
        let input = json!({
            "connectionId": order.connection,
            "newPrivateVirtualInterface": {
                "virtualInterfaceName": format!("VLAN {}", order.vlan),
                "vlan": order.vlan,
                "asn": ASN,
                "authKey": KEY,
                "amazonAddress": format!("{}/30", order.address),
                "customerAddress": format!("{customer}/30"),
                "directConnectGatewayId": order.gateway,
            },
        });
        let made = self.call("CreatePrivateVirtualInterface", &input).await?;
        text(&made["virtualInterfaceId"])
    }

    pub(super) async fn is_available(&self, interface: &str) -> anyhow::Result<bool> {
        let input = json!({ "virtualInterfaceId": interface });
        let answer = self.call("DescribeVirtualInterfaces", &input).await?;
        Ok(answer["virtualInterfaces"][0]["virtualInterfaceState"] == "available")
    }

    pub(super) async fn wait_available(&self, interface: &str) -> anyhow::Result<()> {
        until(
            "an available virtual interface",
            PATIENCE,
            PAUSE,
            async || Ok(self.is_available(interface).await?.then_some(())),
        )
        .await
    }

    /// How many virtual interfaces are available.
    pub(super) async fn available(&self) -> anyhow::Result<usize> {
        let answer = self.call("DescribeVirtualInterfaces", &json!({})).await?;
        let all = answer["virtualInterfaces"].as_array();
        let all = all.context("a list of virtual interfaces")?.iter();
        Ok(all
            .filter(|one| one["virtualInterfaceState"] == "available")
            .count())
    }

    /// Deletes a virtual interface, and waits until it is gone.
    pub(super) async fn delete(&self, interface: &str) -> anyhow::Result<()> {
        let input = json!({ "virtualInterfaceId": interface });
        self.call("DeleteVirtualInterface", &input).await?;
        until("a deleted virtual interface", PATIENCE, PAUSE, async || {
            let answer = self.call("DescribeVirtualInterfaces", &input).await?;
            let state = &answer["virtualInterfaces"][0]["virtualInterfaceState"];
            Ok((state.is_null() || state == "deleted").then_some(()))
        })
        .await
    }
}

fn text(value: &Value) -> anyhow::Result<String> {
    let text = value.as_str().map(str::to_owned);
    text.with_context(|| format!("an answer lacks a text: {value}"))
}

/// The present time in the form of `x-amz-date`.
fn date() -> anyhow::Result<String> {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let text = Timestamp::from_millis(i64::try_from(elapsed.as_millis())?).to_rfc3339();
    let digits: String = text
        .chars()
        .take(19)
        .filter(|it| !matches!(it, '-' | ':'))
        .collect();
    Ok(digits + "Z")
}
