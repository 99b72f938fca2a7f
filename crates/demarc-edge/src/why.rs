//! Why a destination is reached over a virtual interface, or not: a function of the World and of the routes
//! that the fabric has.

use std::collections::BTreeSet;

use demarc_bgp::policy::{RegionMatch, ReturnPreference, local_preference};
use demarc_domain::entity::{BgpPeer, Entity, Session, VirtualInterface, VirtualInterfaceKind};
use demarc_domain::intent::{self, DomainIntent, RoutingDomain};
use demarc_domain::{
    ExplainedRoute, PathSegment, Rejected, Route, RouteDirection, RouteSource, World, state,
};
use demarc_types::{AddressFamily, BgpPeerId, GatewayRef, Prefix, Region, VirtualInterfaceId};
use serde::Serialize;

/// What there is to say about a destination.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub virtual_interface_id: VirtualInterfaceId,
    pub destination: Prefix,
    /// The sessions of its address family.
    pub sessions: Vec<SessionState>,
    /// What the customer announced that covers the destination, most specific first.
    pub received: Vec<ReceivedRoute>,
    /// What the customer is told that covers the destination, most specific first.
    pub announced: Vec<AnnouncedRoute>,
    /// The same in sentences.
    pub summary: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    pub bgp_peer_id: BgpPeerId,
    pub up: bool,
    pub prefixes_received: u32,
    /// Why it is not up, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedRoute {
    pub prefix: Prefix,
    pub as_path: String,
    pub communities: Vec<String>,
    pub med: u32,
    /// Import policy took it; else why not.
    pub accepted: bool,
    pub rejected: Option<Rejected>,
    /// What each Region that sends traffic makes of it (spec/routing §6).
    pub choices: Vec<Choice>,
    /// Virtual interfaces whose customers are told of it.
    pub announced_to: Vec<VirtualInterfaceId>,
}

/// How a route did against the others for the same destination.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    pub region: Region,
    /// 0 on public virtual interfaces, which have none.
    pub local_preference: u16,
    pub hops: usize,
    pub used: bool,
    pub decided_by: Step,
    /// The virtual interfaces that traffic takes.
    pub taken: Vec<VirtualInterfaceId>,
}

/// The steps of the choice, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// There is no other route.
    OnlyRoute,
    LongestPrefix,
    LocalPreference,
    AsPathLength,
    Med,
    /// All that counts is equal: the traffic is shared.
    Shared,
    /// It is of a VPC, whose own route always wins.
    LocalRoute,
}

impl Step {
    fn words(self) -> &'static str {
        match self {
            Self::OnlyRoute => "no other route is there",
            Self::LongestPrefix => "the longest prefix",
            Self::LocalPreference => "local preference",
            Self::AsPathLength => "the length of the AS path",
            Self::Med => "MED",
            Self::Shared => "all that counts is equal",
            Self::LocalRoute => "the VPC's own route",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncedRoute {
    pub prefix: Prefix,
    pub as_path: String,
    /// The gateways and virtual interfaces that it comes from.
    pub from: Vec<String>,
}

/// What decides between accepted routes; the smallest wins.
type Rank = (std::cmp::Reverse<u8>, std::cmp::Reverse<u16>, usize, u32);

/// An accepted route of some virtual interface of the routing domain.
struct Rival {
    interface: VirtualInterfaceId,
    rank: Rank,
}

/// Explains a destination: an address as a host prefix, or a network.
pub fn why(
    world: &World,
    routes: &dyn RouteSource,
    interface: &VirtualInterface,
    destination: Prefix,
) -> Explanation {
    let family = AddressFamily::of(&destination);
    let own = covering(routes.explained(world, interface), destination);
    let domain = domain_of(world, interface);
    let siblings: Vec<(VirtualInterface, Vec<ExplainedRoute>)> = siblings(world, interface)
        .into_iter()
        .map(|other| {
            let known = covering(routes.explained(world, &other), destination);
            (other, known)
        })
        .collect();
    let question = Question {
        interface,
        domain: domain.as_ref(),
        siblings: &siblings,
    };
    let of = |direction| own.iter().filter(move |it| it.route.direction == direction);
    let mut explanation = Explanation {
        virtual_interface_id: interface.id,
        destination,
        sessions: sessions(interface, family),
        received: of(RouteDirection::Accepted)
            .map(|it| question.received(it))
            .collect(),
        announced: of(RouteDirection::Advertised)
            .map(|it| question.announced(&it.route))
            .collect(),
        summary: Vec::new(),
    };
    explanation.summary = summary(&explanation, family, interface.site_link);
    if state::silence(world, interface.parent).is_some() {
        let text = format!(
            "The edge of {} is not heard: this is what it said last.",
            interface.id
        );
        explanation.summary.insert(0, text);
    }
    explanation
}

fn sessions(interface: &VirtualInterface, family: AddressFamily) -> Vec<SessionState> {
    let peers = interface.live_peers().filter(|peer| peer.family == family);
    let states = peers.map(|peer| SessionState {
        bgp_peer_id: peer.id,
        up: peer.session == Session::Up,
        prefixes_received: peer.prefixes_received,
        reason: down_reason(interface, peer),
    });
    states.collect()
}

/// What of a session's own keeps it down.
fn down_reason(interface: &VirtualInterface, peer: &BgpPeer) -> Option<String> {
    if peer.wrong_key {
        return Some(
            "TCP segments of the customer are dropped for their MD5 signature: its key seems to be another"
                .to_owned(),
        );
    }
    let limit = intent::prefix_limit(interface, peer.family);
    let exceeded = peer.session == Session::Down && peer.prefixes_received > limit;
    exceeded.then(|| format!("the customer announced more than {limit} prefixes, its limit"))
}

/// The routes that lead to the destination, most specific first.
fn covering(mut routes: Vec<ExplainedRoute>, destination: Prefix) -> Vec<ExplainedRoute> {
    routes.retain(|it| it.route.prefix.contains(&destination));
    routes.sort_by_key(|it| std::cmp::Reverse(it.route.prefix.prefix_len()));
    routes
}

fn domain_of(world: &World, interface: &VirtualInterface) -> Option<DomainIntent> {
    let intent = intent::virtual_interface(world, interface)?;
    intent::domain(world, intent.domain)
}

/// The virtual interfaces of the same routing domain, this one among them.
fn siblings(world: &World, interface: &VirtualInterface) -> Vec<VirtualInterface> {
    let domain = intent::virtual_interface(world, interface).map(|intent| intent.domain);
    let found: Vec<VirtualInterface> = match domain {
        Some(RoutingDomain::Gateway(id)) => world
            .virtual_interfaces_to(id)
            .map(|it| it.as_ref().clone())
            .collect(),
        Some(RoutingDomain::VpnGateway(id)) => {
            let found = world.virtual_interfaces_to_vpn_gateway(id);
            found.map(|it| it.as_ref().clone()).collect()
        }
        Some(RoutingDomain::Public) => {
            let found = world.entities().filter_map(|entity| match entity {
                Entity::VirtualInterface(found) => Some(found.as_ref().clone()),
                _ => None,
            });
            found
                .filter(|it| it.kind == VirtualInterfaceKind::Public)
                .collect()
        }
        None => Vec::new(),
    };
    found
        .into_iter()
        .filter(VirtualInterface::holds_resources)
        .collect()
}

struct Question<'a> {
    interface: &'a VirtualInterface,
    domain: Option<&'a DomainIntent>,
    siblings: &'a [(VirtualInterface, Vec<ExplainedRoute>)],
}

impl Question<'_> {
    fn received(&self, found: &ExplainedRoute) -> ReceivedRoute {
        let accepted = found.rejected.is_none();
        ReceivedRoute {
            prefix: found.route.prefix,
            as_path: path(&found.route.as_path),
            communities: found
                .route
                .communities
                .iter()
                .map(|(high, low)| format!("{high}:{low}"))
                .collect(),
            med: found.med,
            accepted,
            rejected: found.rejected.clone(),
            choices: if accepted {
                self.regions()
                    .into_iter()
                    .map(|region| self.choice(found, region))
                    .collect()
            } else {
                Vec::new()
            },
            announced_to: self.announced_to(&found.route),
        }
    }

    /// The Regions that send traffic to customers: those of the gateways behind, else the customer's own.
    fn regions(&self) -> BTreeSet<Region> {
        let uplinks = self.domain.into_iter().flat_map(|domain| &domain.uplinks);
        let regions: BTreeSet<Region> = uplinks.map(|uplink| uplink.region).collect();
        if regions.is_empty() {
            [self.interface.region].into()
        } else {
            regions
        }
    }

    /// Whether the prefix is a VPC's or a part of one.
    fn is_local(&self, prefix: Prefix) -> bool {
        let uplinks = self.domain.into_iter().flat_map(|domain| &domain.uplinks);
        let mut vpcs = uplinks.filter(|it| matches!(it.gateway, GatewayRef::VirtualPrivate(_)));
        vpcs.any(|vpc| vpc.prefixes.iter().any(|own| own.contains(&prefix)))
    }

    fn choice(&self, found: &ExplainedRoute, region: Region) -> Choice {
        let own = rank(self.interface, found, region);
        if self.is_local(found.route.prefix) {
            return Choice {
                region,
                local_preference: own.1.0,
                hops: own.2,
                used: false,
                decided_by: Step::LocalRoute,
                taken: Vec::new(),
            };
        }
        let mut rivals: Vec<Rival> = Vec::new();
        for (interface, routes) in self.siblings {
            let usable = |it: &&ExplainedRoute| {
                it.route.direction == RouteDirection::Accepted && it.rejected.is_none()
            };
            rivals.extend(routes.iter().filter(usable).map(|route| Rival {
                interface: interface.id,
                rank: rank(interface, route, region),
            }));
        }
        let best = rivals.iter().map(|rival| rival.rank).min().unwrap_or(own);
        let taken: BTreeSet<VirtualInterfaceId> = rivals
            .iter()
            .filter(|rival| rival.rank == best)
            .map(|rival| rival.interface)
            .collect();
        let used = own == best;
        // Against the winner, or, for a winner, against the best of the others.
        let others = rivals
            .iter()
            .map(|rival| rival.rank)
            .filter(|rank| *rank != own);
        let against = if used { others.min() } else { Some(best) };
        let decided_by = match against {
            _ if used && taken.len() > 1 => Step::Shared,
            None => Step::OnlyRoute,
            Some(other) if other.0 != own.0 => Step::LongestPrefix,
            Some(other) if other.1 != own.1 => Step::LocalPreference,
            Some(other) if other.2 != own.2 => Step::AsPathLength,
            Some(_) => Step::Med,
        };
        Choice {
            region,
            local_preference: own.1.0,
            hops: own.2,
            used,
            decided_by,
            taken: taken.into_iter().collect(),
        }
    }

    /// Customers hear of it as it is, behind the numbers of the devices on the way.
    fn announced_to(&self, route: &Route) -> Vec<VirtualInterfaceId> {
        let others = self
            .siblings
            .iter()
            .filter(|(other, _)| other.id != self.interface.id);
        let told = others.filter(|(_, routes)| routes.iter().any(|it| is_told(&it.route, route)));
        told.map(|(other, _)| other.id).collect()
    }

    fn announced(&self, route: &Route) -> AnnouncedRoute {
        let uplinks = self.domain.into_iter().flat_map(|domain| &domain.uplinks);
        let gateways = uplinks.filter(|uplink| uplink.announced.contains(&route.prefix));
        let gateways = gateways.map(|uplink| uplink.gateway.to_string());
        let customers = self.siblings.iter().filter(|(other, routes)| {
            let origin = |it: &ExplainedRoute| it.rejected.is_none() && is_told(route, &it.route);
            other.id != self.interface.id && routes.iter().any(origin)
        });
        let customers = customers.map(|(other, _)| other.id.to_string());
        AnnouncedRoute {
            prefix: route.prefix,
            as_path: path(&route.as_path),
            from: gateways.chain(customers).collect(),
        }
    }
}

/// `told` is what another customer hears of `origin`.
fn is_told(told: &Route, origin: &Route) -> bool {
    let numbers = |route: &Route| -> Vec<u32> {
        route
            .as_path
            .iter()
            .flat_map(|segment| segment.numbers.clone())
            .collect()
    };
    told.direction == RouteDirection::Advertised
        && origin.direction == RouteDirection::Accepted
        && told.prefix == origin.prefix
        && numbers(told).len() > numbers(origin).len()
        && numbers(told).ends_with(&numbers(origin))
}

fn rank(interface: &VirtualInterface, found: &ExplainedRoute, region: Region) -> Rank {
    let is_public = interface.kind == VirtualInterfaceKind::Public;
    let has = |low| found.route.communities.contains(&(7_224, low));
    // Several contradict each other: the highest wins (spec/routing §5).
    let tag = if has(7_300) {
        Some(ReturnPreference::High)
    } else if has(7_200) {
        Some(ReturnPreference::Medium)
    } else {
        has(7_100).then_some(ReturnPreference::Low)
    };
    let matches = if interface.region == region {
        RegionMatch::Same
    } else {
        RegionMatch::Other
    };
    let local = if is_public {
        0
    } else {
        local_preference(tag, interface.site_link, matches)
    };
    let hops = found.route.as_path.iter();
    let hops = hops
        .map(|it| if it.is_set { 1 } else { it.numbers.len() })
        .sum();
    let length = found.route.prefix.prefix_len();
    let med = if is_public { 0 } else { found.med };
    (
        std::cmp::Reverse(length),
        std::cmp::Reverse(local),
        hops,
        med,
    )
}

/// `64512 65001 {1 2}`.
fn path(segments: &[PathSegment]) -> String {
    let shown = segments.iter().map(|segment| {
        let numbers: Vec<String> = segment.numbers.iter().map(u32::to_string).collect();
        let numbers = numbers.join(" ");
        if segment.is_set {
            format!("{{{numbers}}}")
        } else {
            numbers
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn summary(explanation: &Explanation, family: AddressFamily, site_link: bool) -> Vec<String> {
    let (id, destination) = (explanation.virtual_interface_id, explanation.destination);
    let mut said = Vec::new();
    if !explanation.sessions.iter().any(|session| session.up) {
        said.push(match explanation.sessions.as_slice() {
            [] => format!("{id} has no session of {family}."),
            _ => format!("No session of {family} on {id} is up: nothing is received or announced."),
        });
        let sessions = explanation.sessions.iter();
        let reasons = sessions.filter_map(|session| {
            let reason = session.reason.as_ref()?;
            Some(format!("{} is down: {reason}.", session.bgp_peer_id))
        });
        said.extend(reasons);
        return said;
    }
    if explanation.received.is_empty() {
        said.push(format!(
            "The customer on {id} announced nothing that covers {destination}."
        ));
    }
    for route in &explanation.received {
        let prefix = route.prefix;
        if let Some(Rejected {
            reason,
            rule,
            source,
        }) = &route.rejected
        {
            said.push(format!(
                "The customer announced {prefix}, and it is rejected: {reason} ({rule}, {source})."
            ));
            continue;
        }
        said.push(format!(
            "The customer announced {prefix} with AS path {}, and it is accepted.",
            route.as_path
        ));
        said.extend(
            route
                .choices
                .iter()
                .map(|choice| chosen(id, prefix, choice)),
        );
        if !route.announced_to.is_empty() {
            let others: Vec<String> = route.announced_to.iter().map(ToString::to_string).collect();
            said.push(format!("{prefix} is announced to {}.", others.join(", ")));
        } else if let Some(name) = kept_by(&route.communities).filter(|_| site_link) {
            said.push(format!(
                "{prefix} is not announced over SiteLink: the customer sent {name} with it."
            ));
        }
    }
    if explanation.announced.is_empty() {
        said.push(format!(
            "The customer is told of nothing that covers {destination}."
        ));
    }
    for route in &explanation.announced {
        let from = if route.from.is_empty() {
            String::new()
        } else {
            format!(", which comes from {}", route.from.join(", "))
        };
        said.push(format!(
            "The customer is told of {} with AS path {}{from}.",
            route.prefix, route.as_path
        ));
    }
    said
}

/// The community of a route, if one is there, that keeps it from other customers (spec/routing §5).
fn kept_by(communities: &[String]) -> Option<&'static str> {
    let names = [
        ("65535:65281", "NO_EXPORT"),
        ("65535:65282", "NO_ADVERTISE"),
        ("65535:65283", "NO_EXPORT_SUBCONFED"),
    ];
    let mut there = names.iter();
    let found = there.find(|(value, _)| communities.iter().any(|it| it == value))?;
    Some(found.1)
}

fn chosen(id: VirtualInterfaceId, prefix: Prefix, choice: &Choice) -> String {
    let (region, step) = (choice.region, choice.decided_by.words());
    let taken: Vec<String> = choice.taken.iter().map(ToString::to_string).collect();
    let taken = taken.join(", ");
    match (choice.used, choice.decided_by) {
        (true, Step::Shared) => {
            format!("Traffic from {region} to {prefix} is shared by {taken}: {step}.")
        }
        (true, Step::OnlyRoute) => {
            format!("Traffic from {region} to {prefix} takes {id}: {step}.")
        }
        (true, _) => format!("Traffic from {region} to {prefix} takes {id}: {step} decides."),
        (false, Step::LocalRoute) => {
            format!("Traffic from {region} to {prefix} goes to the VPC: {step} always wins.")
        }
        (false, _) if choice.taken.contains(&id) => {
            format!(
                "Traffic from {region} does not take this route to {prefix}: {step} decides for another one by {taken}."
            )
        }
        (false, _) => {
            format!("Traffic from {region} does not take {id}: {step} decides for {taken}.")
        }
    }
}

#[cfg(test)]
mod tests;
