//! What an operator can set about the rules.

use std::collections::BTreeMap;

use demarc_types::{AccountId, Bandwidth, Region, Span};
use serde::Deserialize;

/// Numbers, switches and names that decisions depend on. The defaults are the values of AWS.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a provisioning step of the control plane takes. Set by `--settle`.
    #[serde(skip)]
    pub settle: Span,
    pub quotas: Quotas,
    /// Approve ordered ports without an operator.
    pub approve_connections: bool,
    /// Approve public virtual interfaces without an operator.
    pub approve_public_virtual_interfaces: bool,
    /// Days until an unconfirmed hosted virtual interface expires.
    pub hosted_virtual_interface_expiry_days: u32,
    /// Days until an unconfirmed hosted connection expires.
    pub hosted_connection_expiry_days: u32,
    /// Agreements that customers are asked to sign.
    pub agreements: Vec<String>,
    /// Take any well-formed virtual private or transit gateway id for an existing one of the caller.
    pub accept_unknown_gateways: bool,
    pub operator: Operator,
    #[serde(skip)]
    pub accounts: Accounts,
    /// The Regions that are served; any when empty. Set by `[server] regions`.
    #[serde(skip)]
    pub regions: Vec<Region>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Span::from_millis(500),
            quotas: Quotas::default(),
            approve_connections: true,
            approve_public_virtual_interfaces: true,
            hosted_virtual_interface_expiry_days: 7,
            hosted_connection_expiry_days: 90,
            agreements: Vec::new(),
            accept_unknown_gateways: false,
            operator: Operator::default(),
            accounts: Accounts::default(),
            regions: Vec::new(),
        }
    }
}

/// Limits. Source: spec/quotas §1 and §2; the comments give its rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Row 1: private and public virtual interfaces on a dedicated connection.
    pub private_and_public_per_connection: usize,
    /// Rows 2 and 5.
    pub transit_per_connection: usize,
    /// Rows 3 and 5: virtual interfaces on a dedicated connection or a LAG.
    pub virtual_interfaces_per_connection: usize,
    /// Row 4.
    pub virtual_interfaces_per_hosted_connection: usize,
    /// Row 6: per location, Region and account.
    pub connections_per_location: usize,
    /// Row 7: below 100 Gbit/s.
    pub members_per_lag: usize,
    /// Row 7: from 100 Gbit/s on.
    pub members_per_fast_lag: usize,
    /// Row 8: per Region and account.
    pub lags: usize,
    /// Row 9: per account.
    pub gateways: usize,
    /// Row 10.
    pub vpn_gateways_per_gateway: usize,
    /// Row 11.
    pub transit_gateways_per_gateway: usize,
    /// Row 12.
    pub gateways_per_transit_gateway: usize,
    /// Row 14: private or transit.
    pub virtual_interfaces_per_gateway: usize,
    /// Row 18.
    pub tags_per_resource: usize,
    /// Row 21: entries of a page; more are not given, whatever is asked for.
    pub page_size: usize,
    /// Row 22.
    pub mac_sec_keys: usize,
    /// Row 23.
    pub rate_limiters_per_connection: usize,
    /// Row 24: the longest failover test.
    pub failover_test_minutes: u32,
    /// Row 26.
    pub open_proposals_per_gateway: usize,
    /// Row 28: in a rolling six months.
    pub billing_mode_changes: usize,
    /// Row 30.
    pub prefix_allocation: u32,
    /// Row 32.
    pub route_filter_prefixes: usize,
    /// Row 33.
    pub prefixes_per_transit_gateway_association: usize,
    /// Row 37.
    pub prefixes_per_vpn_gateway_association: usize,
    /// Prefix pools: both families of all virtual interfaces of a gateway.
    pub prefixes_per_gateway: u32,
    pub resiliency_groups: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            private_and_public_per_connection: 50,
            transit_per_connection: 4,
            virtual_interfaces_per_connection: 51,
            virtual_interfaces_per_hosted_connection: 1,
            connections_per_location: 10,
            members_per_lag: 4,
            members_per_fast_lag: 2,
            lags: 10,
            gateways: 200,
            vpn_gateways_per_gateway: 20,
            transit_gateways_per_gateway: 6,
            gateways_per_transit_gateway: 20,
            virtual_interfaces_per_gateway: 30,
            tags_per_resource: 50,
            page_size: 100,
            mac_sec_keys: 3,
            rate_limiters_per_connection: 10,
            failover_test_minutes: 4_320,
            open_proposals_per_gateway: 100,
            billing_mode_changes: 3,
            prefix_allocation: 1_000,
            route_filter_prefixes: 1_000,
            prefixes_per_transit_gateway_association: 200,
            prefixes_per_vpn_gateway_association: 200,
            prefixes_per_gateway: 10_000,
            resiliency_groups: 100,
        }
    }
}

impl Quotas {
    /// The most members of a LAG of this speed.
    pub fn members(&self, bandwidth: Bandwidth) -> usize {
        if bandwidth.megabits() >= 100_000 {
            self.members_per_fast_lag
        } else {
            self.members_per_lag
        }
    }
}

/// Who runs the service, for letters of authorization.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operator {
    pub name: String,
    pub address: String,
    pub email: String,
    pub phone: String,
    /// Letters on US Letter instead of A4.
    pub us_letter: bool,
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            name: "Demarc Interconnect".to_owned(),
            address: String::new(),
            email: "noc@demarc.example".to_owned(),
            phone: String::new(),
            us_letter: false,
        }
    }
}

/// What the rules need to know of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Accounts {
    /// The open development mode: every account exists and may act as a partner of type v2.
    #[default]
    Anyone,
    Listed(BTreeMap<AccountId, Account>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub partner: PartnerType,
}

/// `nniPartnerType`: which hosted speeds an account may allocate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartnerType {
    #[default]
    NonPartner,
    /// Up to 500 Mbit/s.
    V1,
    /// From 1 Gbit/s.
    V2,
}

impl Accounts {
    pub fn partner_type(&self, account: AccountId) -> PartnerType {
        match self {
            Self::Anyone => PartnerType::V2,
            Self::Listed(accounts) => accounts
                .get(&account)
                .map_or(PartnerType::NonPartner, |account| account.partner),
        }
    }

    /// The name that letters and partner fields show.
    pub fn name(&self, account: AccountId) -> String {
        match self {
            Self::Anyone => None,
            Self::Listed(accounts) => accounts.get(&account).map(|account| account.name.clone()),
        }
        .unwrap_or_else(|| format!("Account {account}"))
    }

    /// Every account may act as a partner without being one (spec/operations §1.5).
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Anyone)
    }
}
