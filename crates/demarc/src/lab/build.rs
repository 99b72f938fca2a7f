//! Building a lab: from the topology to calls of the API, cables and routers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use demarc_types::{AccountId, PeerAddress};
use serde_json::{Value, json};

use super::api::Api;
use super::keeper::BINDINGS;
use super::order::{Daemon, Keeper, Order, RouterPlan, SessionPlan};
use super::place::Place;
use super::topology::{Connection, Topology, VirtualInterface};
use super::wiring;
use crate::failure::Failure;
use crate::operator::{list, print};

/// How long the service and the routers may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ids by name of the topology.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    pub(crate) gateways: BTreeMap<String, String>,
    pub(crate) connections: BTreeMap<String, String>,
    pub(crate) interfaces: BTreeMap<String, String>,
    vpn_gateways: BTreeMap<String, String>,
}

/// A lab under construction.
pub(crate) struct Builder<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) place: &'a Place,
    pub(crate) api: Api,
    pub(crate) keeper: Keeper,
    pub(crate) daemon: Daemon,
    pub(crate) ids: Ids,
}

pub(crate) fn text(value: &Value) -> Result<String, Failure> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| Failure::Other(format!("an answer of the service lacks a text: {value}")))
}

/// Waits for something to be as it should be.
pub(crate) fn until<T>(
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() > end {
            let seconds = PATIENCE.as_secs();
            return Err(Failure::Other(format!("not within {seconds} s: {what}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Builder<'_> {
    /// Everything, from nothing to established sessions.
    pub(crate) fn build(&mut self) -> Result<(), Failure> {
        print("Networks in the cloud:")?;
        self.vpcs()?;
        self.gateways()?;
        print("\nPorts and cables:")?;
        self.connections()?;
        print("\nVirtual interfaces:")?;
        for interface in &self.topology.virtual_interface {
            self.interface(interface)?;
        }
        print(&format!(
            "\nRouters ({}) of the customers:",
            self.daemon_name()
        ))?;
        self.routers()
    }

    pub(crate) fn daemon_name(&self) -> &'static str {
        match self.daemon {
            Daemon::Bird => "BIRD",
            Daemon::Frr => "FRR",
        }
    }

    pub(crate) fn account(&self, name: &str) -> Result<AccountId, Failure> {
        let found = self.topology.account(name).map(|account| account.id);
        found.ok_or_else(|| Failure::Other(format!("there is no account `{name}`")))
    }

    fn vpcs(&mut self) -> Result<(), Failure> {
        for (number, vpc) in self.topology.vpc.iter().enumerate() {
            let account = self.account(&vpc.account)?;
            let cidr = json!({ "CidrBlock": vpc.cidr.to_string() });
            let id = self.api.ec2(account, "CreateVpc", &cidr, "vpcId")?;
            let kind = json!({ "Type": "ipsec.1" });
            let gateway = self
                .api
                .ec2(account, "CreateVpnGateway", &kind, "vpnGatewayId")?;
            let both = json!({ "VpcId": id, "VpnGatewayId": gateway });
            self.api.ec2(account, "AttachVpnGateway", &both, "vpcId")?;
            self.keeper.give(&Order::Vpc {
                name: vpc.name.clone(),
                number,
                cidr: vpc.cidr,
            })?;
            self.ids.vpn_gateways.insert(vpc.name.clone(), gateway);
        }
        self.bind()
    }

    /// Tells the edge which interface is which port, and what lies behind which gateway.
    fn bind(&self) -> Result<(), Failure> {
        let mut text = String::new();
        for (number, vpc) in self.topology.vpc.iter().enumerate() {
            let Some(gateway) = self.ids.vpn_gateways.get(&vpc.name) else {
                continue;
            };
            let (interface, ours, theirs) = wiring::uplink(number);
            // Writing into a String does not fail.
            _ = write!(
                text,
                "[[uplink]]\ngateway = \"{gateway}\"\ninterface = \"{interface}\"\n\
                 addresses = [\"{ours}/30\"]\nnext_hops = [\"{theirs}\"]\n\n"
            );
        }
        for (number, connection) in self.topology.connection.iter().enumerate() {
            let Some(id) = self.ids.connections.get(&connection.name) else {
                continue;
            };
            let device = self.connection_shown(connection, id)?["awsDeviceV2"].clone();
            _ = write!(
                text,
                "[[port]]\ndevice = {device}\ninterface = \"{}\"\nconnection = \"{id}\"\n\n",
                wiring::port(number)
            );
        }
        let (path, new) = (self.place.file(BINDINGS), self.place.file("bindings.new"));
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|error| Failure::Other(format!("cannot write {}: {error}", path.display())))
    }

    fn connection_shown(&self, connection: &Connection, id: &str) -> Result<Value, Failure> {
        let account = self.account(&connection.account)?;
        let input = json!({ "connectionId": id });
        let answer = self.api.call(account, "DescribeConnections", &input)?;
        Ok(answer["connections"][0].clone())
    }

    fn gateways(&mut self) -> Result<(), Failure> {
        for gateway in &self.topology.gateway {
            let account = self.account(&gateway.account)?;
            let input = json!({
                "directConnectGatewayName": gateway.name,
                "amazonSideAsn": gateway.asn.get(),
            });
            let made = self
                .api
                .call(account, "CreateDirectConnectGateway", &input)?;
            let id = text(&made["directConnectGateway"]["directConnectGatewayId"])?;
            let named = json!({ "directConnectGatewayId": id });
            until(&format!("gateway {} is available", gateway.name), || {
                let answer = self
                    .api
                    .call(account, "DescribeDirectConnectGateways", &named)?;
                let state = &answer["directConnectGateways"][0]["directConnectGatewayState"];
                Ok((state == "available").then_some(()))
            })?;
            for vpc in &gateway.vpcs {
                self.associate(account, &id, vpc)?;
            }
            self.ids.gateways.insert(gateway.name.clone(), id);
        }
        Ok(())
    }

    fn associate(&self, account: AccountId, gateway: &str, vpc: &str) -> Result<(), Failure> {
        let vpn_gateway = self.ids.vpn_gateways.get(vpc);
        let input = json!({ "directConnectGatewayId": gateway, "gatewayId": vpn_gateway });
        let made = self
            .api
            .call(account, "CreateDirectConnectGatewayAssociation", &input)?;
        let made = &made["directConnectGatewayAssociation"]["associationId"];
        let named = json!({ "associationId": made });
        until(&format!("{vpc} is associated"), || {
            let operation = "DescribeDirectConnectGatewayAssociations";
            let answer = self.api.call(account, operation, &named)?;
            let state = &answer["directConnectGatewayAssociations"][0]["associationState"];
            Ok((state == "associated").then_some(()))
        })
    }

    fn connections(&mut self) -> Result<(), Failure> {
        for (number, connection) in self.topology.connection.iter().enumerate() {
            let account = self.account(&connection.account)?;
            let input = json!({
                "location": connection.location,
                "bandwidth": connection.bandwidth,
                "connectionName": connection.name,
            });
            let made = self.api.call(account, "CreateConnection", &input)?;
            let id = text(&made["connectionId"])?;
            self.keeper.give(&Order::Cable { number })?;
            until(&format!("{} has a place", connection.name), || {
                let shown = self.connection_shown(connection, &id)?;
                Ok(shown["awsDeviceV2"].is_string().then_some(()))
            })?;
            self.ids.connections.insert(connection.name.clone(), id);
        }
        self.bind()?;
        for connection in &self.topology.connection {
            let id = self
                .ids
                .connections
                .get(&connection.name)
                .cloned()
                .unwrap_or_default();
            let device = until(&format!("{} is available", connection.name), || {
                let shown = self.connection_shown(connection, &id)?;
                Ok((shown["connectionState"] == "available").then(|| shown["awsDeviceV2"].clone()))
            })?;
            print(&format!(
                "  {id}  {}  on {}  available",
                connection.name,
                text(&device)?
            ))?;
        }
        Ok(())
    }

    /// Who owns a virtual interface: the owner of its gateway.
    pub(crate) fn owner(&self, interface: &VirtualInterface) -> Result<AccountId, Failure> {
        let gateway = self.topology.gateway(&interface.gateway);
        self.account(gateway.map_or("", |gateway| &gateway.account))
    }

    fn interface(&mut self, interface: &VirtualInterface) -> Result<(), Failure> {
        let customer = self
            .topology
            .customer
            .iter()
            .find(|it| it.name == interface.customer);
        let asn = customer.map(|customer| customer.asn);
        let asn = asn.ok_or_else(|| {
            Failure::Other(format!("there is no customer `{}`", interface.customer))
        })?;
        let connection = self.topology.connection(&interface.connection);
        let host = self.account(connection.map_or("", |connection| &connection.account))?;
        let owner = self.owner(interface)?;
        let (connection, gateway) = (
            self.ids.connections.get(&interface.connection),
            self.ids.gateways.get(&interface.gateway),
        );
        let mut new = json!({
            "virtualInterfaceName": interface.name,
            "vlan": interface.vlan.get(),
        });
        // A number that the short member cannot hold has a long one.
        let member = if asn.short() == 0 { "asnLong" } else { "asn" };
        new[member] = json!(asn.get());
        let made = if owner == host {
            new["directConnectGatewayId"] = json!(gateway);
            if interface.site_link {
                new["enableSiteLink"] = json!(true);
            }
            let input = json!({ "connectionId": connection, "newPrivateVirtualInterface": new });
            self.api
                .call(host, "CreatePrivateVirtualInterface", &input)?
        } else {
            let input = json!({
                "connectionId": connection,
                "ownerAccount": owner.to_string(),
                "newPrivateVirtualInterfaceAllocation": new,
            });
            self.api
                .call(host, "AllocatePrivateVirtualInterface", &input)?
        };
        let id = text(&made["virtualInterfaceId"])?;
        if owner != host {
            let input = json!({ "virtualInterfaceId": id, "directConnectGatewayId": gateway });
            self.api
                .call(owner, "ConfirmPrivateVirtualInterface", &input)?;
            if interface.site_link {
                let input = json!({ "virtualInterfaceId": id, "enableSiteLink": true });
                self.api
                    .call(owner, "UpdateVirtualInterfaceAttributes", &input)?;
            }
        }
        self.ids.interfaces.insert(interface.name.clone(), id);
        Ok(())
    }

    /// Each from what the API says of the customer's virtual interfaces.
    fn routers(&mut self) -> Result<(), Failure> {
        for customer in &self.topology.customer {
            self.keeper.give(&Order::Customer {
                name: customer.name.clone(),
                network: customer.network,
            })?;
            let mut sessions = Vec::new();
            for interface in self.topology.interfaces_of(&customer.name) {
                let session = self.session(interface)?;
                let connections = &self.topology.connection;
                let cable = connections
                    .iter()
                    .position(|it| it.name == interface.connection);
                self.keeper.give(&Order::Vlan {
                    customer: customer.name.clone(),
                    cable: cable.unwrap_or_default(),
                    vlan: session.vlan,
                    address: session.customer_address.clone(),
                })?;
                sessions.push(session);
            }
            self.keeper.give(&Order::Router(RouterPlan {
                customer: customer.name.clone(),
                daemon: self.daemon,
                network: customer.network,
                sessions,
            }))?;
        }
        let start = Instant::now();
        for interface in &self.topology.virtual_interface {
            self.established(interface)?;
            print(&format!(
                "  {}  {}: BGP with {} is up after {:.1} s",
                self.ids
                    .interfaces
                    .get(&interface.name)
                    .map_or("", String::as_str),
                interface.name,
                interface.customer,
                start.elapsed().as_secs_f32()
            ))?;
        }
        // A router may announce its network some seconds after its session is up.
        for interface in &self.topology.virtual_interface {
            self.announced(interface)?;
        }
        Ok(())
    }

    /// Waits until the customer's network has come in by a virtual interface.
    fn announced(&self, interface: &VirtualInterface) -> Result<(), Failure> {
        let owner = self.owner(interface)?;
        let input = json!({
            "virtualInterfaceId": self.ids.interfaces.get(&interface.name),
            "filters": { "routeDirection": "accepted" },
        });
        let what = format!("a route of {} on {}", interface.customer, interface.name);
        until(&what, || {
            let routes = self.api.call(owner, "ListVirtualInterfaceRoutes", &input)?;
            Ok(list(&routes["routes"]).next().map(|_| ()))
        })
    }

    fn session(&self, interface: &VirtualInterface) -> Result<SessionPlan, Failure> {
        let shown = self.shown(interface)?;
        let peer = &shown["bgpPeers"][0];
        let address = |value: &Value| {
            PeerAddress::parse(&text(value)?).map_err(|error| Failure::Other(error.to_string()))
        };
        let number = |value: &Value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| Failure::Other(format!("`{value}` is not an AS number")))
        };
        // `asn` is 0 where only the long member can hold the number.
        let asn = number(&peer["asn"])?;
        Ok(SessionPlan {
            name: interface.name.clone(),
            vlan: interface.vlan.get(),
            asn: if asn == 0 {
                number(&peer["asnLong"])?
            } else {
                asn
            },
            amazon_side_asn: number(&shown["amazonSideAsn"])?,
            auth_key: text(&peer["authKey"])?,
            amazon_address: address(&peer["amazonAddress"])?,
            customer_address: address(&peer["customerAddress"])?,
            preference: interface.preference,
        })
    }

    /// As the owner sees it.
    pub(crate) fn shown(&self, interface: &VirtualInterface) -> Result<Value, Failure> {
        let id = self
            .ids
            .interfaces
            .get(&interface.name)
            .map_or("", String::as_str);
        self.api.interface(self.owner(interface)?, id)
    }

    /// Waits until a virtual interface is available and its session up.
    pub(crate) fn established(&self, interface: &VirtualInterface) -> Result<(), Failure> {
        until(&format!("BGP on {} is up", interface.name), || {
            let shown = self.shown(interface)?;
            let up = shown["virtualInterfaceState"] == "available"
                && shown["bgpPeers"][0]["bgpStatus"] == "up";
            Ok(up.then_some(()))
        })
    }
}
