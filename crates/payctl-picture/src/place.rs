//! Where each resource stands: in which network and which tier of its subnets, or else with its
//! service. That follows from what it uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Graph, Node};
use crate::names::{self, Lane};

/// Where a resource stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// With those of its sort, in no network.
    Lane(Lane),
    /// In the network of that address, in the tier of that name; the empty one is all of it.
    Network(String, String),
}

const NETWORK: &str = "ec2.vpc";
const SUBNET: &str = "ec2.subnet";
const SECURITY_GROUP: &str = "ec2.security_group";

/// The place of each node.
pub(crate) fn places(graph: &Graph) -> BTreeMap<&str, Place> {
    let nodes: BTreeMap<&str, &Node> =
        graph.nodes.iter().map(|node| (node.address.as_str(), node)).collect();
    let mut users: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in nodes.values() {
        for used in &node.uses {
            users.entry(used.address.as_str()).or_default().push(node);
        }
    }
    let mut finder = Finder { nodes, users, found: BTreeMap::new() };
    finder.by_subnets();
    // Each round places what stands by what the round before placed.
    while finder.by_what_is_used() | finder.by_users() {}
    finder.by_network();
    finder.by_service();
    while finder.by_what_is_used() {}
    let Finder { nodes, found, .. } = finder;
    let lane = |node: &Node| Place::Lane(names::lane(node.service()));
    nodes
        .into_iter()
        .map(|(address, node)| (address, found.get(address).cloned().unwrap_or_else(|| lane(node))))
        .collect()
}

struct Finder<'g> {
    nodes: BTreeMap<&'g str, &'g Node>,
    users: BTreeMap<&'g str, Vec<&'g Node>>,
    found: BTreeMap<&'g str, Place>,
}

impl<'g> Finder<'g> {
    fn used(&self, node: &'g Node) -> impl Iterator<Item = &'g Node> {
        node.uses.iter().filter_map(|used| self.nodes.get(used.address.as_str()).copied())
    }

    fn missing(&self) -> Vec<&'g Node> {
        let missing = |node: &&&Node| !self.found.contains_key(node.address.as_str());
        self.nodes.values().filter(missing).copied().collect()
    }

    /// Subnets, and what is in subnets of one tier.
    fn by_subnets(&mut self) {
        for node in self.nodes.values().copied().filter(|node| node.kind() == SUBNET) {
            let network = self.used(node).find(|used| used.kind() == NETWORK);
            if let Some(network) = network {
                let place = Place::Network(network.address.clone(), tier(node.name()).to_owned());
                self.found.insert(&node.address, place);
            }
        }
        // The second time, what is in a group of subnets.
        for _ in 0..2 {
            for node in self.missing() {
                let subnets = self.used(node).filter(|used| is_of_subnets(used.kind()));
                let all: BTreeSet<&Place> =
                    subnets.filter_map(|subnet| self.found.get(subnet.address.as_str())).collect();
                if let Some(place) = common(&all) {
                    self.found.insert(&node.address, place);
                }
            }
        }
    }

    /// What uses others of its service, and all of them stand in one place: with them.
    fn by_what_is_used(&mut self) -> bool {
        let mut new = Vec::new();
        for node in self.missing() {
            let mates = self.used(node).filter(|used| {
                used.service() == node.service()
                    && ![NETWORK, SUBNET, SECURITY_GROUP].contains(&used.kind())
                    // A route stands by the table that it is in, wherever it leads.
                    && (node.kind() != "ec2.route" || used.kind() == "ec2.route_table")
            });
            let places: Vec<Option<&Place>> =
                mates.map(|mate| self.found.get(mate.address.as_str())).collect();
            new.extend(unanimous(&places).map(|place| (node.address.as_str(), place.clone())));
        }
        let is_new = !new.is_empty();
        self.found.extend(new);
        is_new
    }

    /// What others of its service use, and all of those stand in one place: with them. An address
    /// stands by its gateway, a table of routes by the subnets that it is for.
    fn by_users(&mut self) -> bool {
        let mut new = Vec::new();
        for node in self.missing() {
            if [NETWORK, SECURITY_GROUP].contains(&node.kind()) {
                continue;
            }
            let users = self.users.get(node.address.as_str()).into_iter().flatten();
            let mates = users.filter(|user| user.service() == node.service());
            let places: Vec<Option<&Place>> = mates
                .map(|mate| self.found.get(mate.address.as_str()))
                .filter(|place| node.service() != "ec2" || place.is_some())
                .collect();
            new.extend(unanimous(&places).map(|place| (node.address.as_str(), place.clone())));
        }
        let is_new = !new.is_empty();
        self.found.extend(new);
        is_new
    }

    /// What uses the network itself, what uses that, and what else EC2 has.
    fn by_network(&mut self) {
        let networks: Vec<&Node> =
            self.nodes.values().copied().filter(|node| node.kind() == NETWORK).collect();
        let whole = |network: &Node| Place::Network(network.address.clone(), String::new());
        for network in &networks {
            self.found.insert(&network.address, whole(network));
        }
        for node in self.missing() {
            let network = self.used(node).find(|used| used.kind() == NETWORK);
            if let Some(network) = network {
                self.found.insert(&node.address, whole(network));
            }
        }
        for node in self.missing().into_iter().filter(|node| node.service() == "ec2") {
            let mates = self.used(node).filter_map(|used| self.found.get(used.address.as_str()));
            let mates: BTreeSet<&Place> =
                mates.filter(|place| matches!(place, Place::Network(..))).collect();
            let place = common(&mates).or_else(|| match networks[..] {
                [network] => Some(whole(network)),
                _ => None,
            });
            if let Some(place) = place {
                self.found.insert(&node.address, place);
            }
        }
    }

    /// What of a service is in no tier, and all else of it in one: with that.
    fn by_service(&mut self) {
        let mut tiers: BTreeMap<(&str, &str), BTreeSet<&Place>> = BTreeMap::new();
        for (address, place) in &self.found {
            if let (Place::Network(network, tier), Some(node)) = (place, self.nodes.get(address))
                && !tier.is_empty()
            {
                tiers.entry((network, node.service())).or_default().insert(place);
            }
        }
        let mut new = Vec::new();
        for (address, place) in &self.found {
            if let (Place::Network(network, tier), Some(node)) = (place, self.nodes.get(address))
                && tier.is_empty()
                && node.service() != "ec2"
                && let Some(all) = tiers.get(&(network, node.service()))
                && let Some(place) = common(all)
            {
                new.push((*address, place));
            }
        }
        self.found.extend(new);
    }
}

/// Whether it is subnets, as a kind says.
fn is_of_subnets(kind: &str) -> bool {
    kind == SUBNET || kind.ends_with(".subnet_group")
}

/// The tier that a subnet belongs to: its name without the number.
fn tier(name: &str) -> &str {
    let without = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match without.strip_suffix('-') {
        Some(tier) if !tier.is_empty() && without.len() < name.len() => tier,
        _ => name,
    }
}

/// The place that all share: one tier, or else the whole of one network.
fn common(places: &BTreeSet<&Place>) -> Option<Place> {
    let mut all = places.iter();
    let first = (*all.next()?).clone();
    let Place::Network(network, _) = &first else { return None };
    if places.len() == 1 {
        return Some(first);
    }
    let same = |place: &&&Place| matches!(place, Place::Network(other, _) if other == network);
    all.all(|place| same(&place)).then(|| Place::Network(network.clone(), String::new()))
}

/// The place where all of them are, where all are somewhere and somewhere is one.
fn unanimous<'p>(places: &[Option<&'p Place>]) -> Option<&'p Place> {
    let first = (*places.first()?)?;
    places.iter().all(|place| *place == Some(first)).then_some(first)
}
