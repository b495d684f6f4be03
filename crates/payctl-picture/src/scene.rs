//! What a picture consists of, before anything has its place on paper: frames, cards, and which
//! card a line goes to from which.

use std::collections::{BTreeMap, BTreeSet};

use crate::card::Card;
use crate::model::{Colour, Graph, Node};
use crate::names::{self, Lane};
use crate::place::{Place, places};

/// More lines than that are reduced to those that no others imply.
const MOST_LINES: usize = 30;

/// A picture's contents.
pub(crate) struct Scene<'g> {
    pub(crate) cards: Vec<Card<'g>>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) lines: Vec<Link<'g>>,
}

/// What stands around cards, or around other frames.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) class: &'static str,
    /// Whether lines lead to what is in it.
    pub(crate) has_lines: bool,
    pub(crate) frames: Vec<Frame>,
    /// Which cards, by their number.
    pub(crate) cards: Vec<usize>,
}

/// That what is on a card uses what is on another.
pub(crate) struct Link<'g> {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether what is on the other uses what is on this one, too.
    pub(crate) both: bool,
    /// Who uses whom.
    pub(crate) pairs: Vec<(&'g Node, &'g Node)>,
}

type Key<'g> = (Place, &'g str);

impl<'g> Scene<'g> {
    pub(crate) fn new(graph: &'g Graph, colour: Colour) -> Self {
        let places = places(graph);
        let mut groups: BTreeMap<Key<'g>, Vec<&'g Node>> = BTreeMap::new();
        let mut nodes: BTreeMap<&str, &'g Node> = BTreeMap::new();
        for node in &graph.nodes {
            nodes.insert(&node.address, node);
        }
        let key = |node: &'g Node| (places[node.address.as_str()].clone(), node.service());
        // In the order in which they are declared, which begins with what all others are in.
        for node in &graph.nodes {
            if std::ptr::eq(nodes[node.address.as_str()], node) {
                groups.entry(key(node)).or_default().push(node);
            }
        }
        let keys: Vec<Key<'g>> = groups.keys().cloned().collect();
        let number = |node: &'g Node| keys.binary_search(&key(node)).unwrap_or_default();
        let mut links: BTreeMap<(usize, usize), Vec<(&'g Node, &'g Node)>> = BTreeMap::new();
        for node in nodes.values().copied() {
            let used =
                node.uses.iter().filter_map(|used| nodes.get(used.address.as_str()).copied());
            for used in used {
                let (from, to) = (number(node), number(used));
                // What lets another call a function is no call, but stands for one.
                let reversed = node.kind() == "lambda.permission";
                let link = if reversed { (to, from) } else { (from, to) };
                if from != to {
                    links.entry(link).or_default().push((node, used));
                }
            }
        }
        let cards = keys.iter().zip(groups.values()).enumerate().map(|(nth, (key, members))| {
            let sentences = sentences(nth, &keys, &links);
            Card::new(&title(key), members, &sentences, colour)
        });
        let cards = cards.collect();
        Self { cards, frames: frames(&keys, &nodes), lines: lines(&keys, links) }
    }
}

/// What stands above a card.
fn title((place, service): &Key<'_>) -> String {
    match place {
        Place::Network(..) if *service == "ec2" => "Network".to_owned(),
        _ => names::plain(names::service(service)),
    }
}

fn is_everywhere((_, service): &Key<'_>) -> bool {
    names::lane(service).is_everywhere()
}

/// What no lines say of a card that has to do with nearly all others.
fn sentences(
    nth: usize,
    keys: &[Key<'_>],
    links: &BTreeMap<(usize, usize), Vec<(&Node, &Node)>>,
) -> Vec<String> {
    let key = &keys[nth];
    if !is_everywhere(key) {
        return Vec::new();
    }
    let tells = |other: usize| key.1 == "cloudwatch" && keys[other].1 == "sns";
    let name = |other: usize| title(&keys[other]);
    let users: BTreeSet<String> =
        links.keys().filter(|(_, to)| *to == nth).map(|(from, _)| name(*from)).collect();
    let used: BTreeSet<String> = links
        .keys()
        .filter(|(from, to)| *from == nth && !is_everywhere(&keys[*to]) && !tells(*to))
        .map(|(_, to)| name(*to))
        .collect();
    let tells_somebody = links.keys().any(|(from, to)| *from == nth && tells(*to));
    let (by, of) = match key.1 {
        "kms" => ("encrypts", ""),
        "logs" => ("written by", ""),
        "iam" => ("used by", "allows the use of"),
        "cloudwatch" => ("used by", "watches"),
        _ => ("used by", "uses"),
    };
    let mut all = Vec::new();
    for (words, names) in [(of, used), (by, users)] {
        if !names.is_empty() && !words.is_empty() {
            all.push(format!("{words} {}", Vec::from_iter(names).join(", ")));
        }
    }
    all.extend(tells_somebody.then(|| "tells SNS".to_owned()));
    all
}

/// The lines: not to what has to do with nearly all, and not to the network that cards stand in.
fn lines<'g>(
    keys: &[Key<'g>],
    mut links: BTreeMap<(usize, usize), Vec<(&'g Node, &'g Node)>>,
) -> Vec<Link<'g>> {
    links.retain(|(from, to), _| {
        let into_network = keys[*to].1 == "ec2" && matches!(keys[*to].0, Place::Network(..));
        !into_network && !is_everywhere(&keys[*from]) && !is_everywhere(&keys[*to])
    });
    if links.len() > MOST_LINES {
        let direct = crate::reduce::direct(&links.keys().copied().collect());
        links.retain(|link, _| direct.contains(link));
    }
    let mut lines = Vec::new();
    while let Some(((from, to), mut pairs)) = links.pop_first() {
        let back = links.remove(&(to, from));
        let both = back.is_some();
        pairs.extend(back.into_iter().flatten());
        pairs.sort_by_key(|(one, other)| (&one.address, &other.address));
        lines.push(Link { from, to, both, pairs });
    }
    lines
}

/// The frames from top to bottom.
fn frames(keys: &[Key<'_>], nodes: &BTreeMap<&str, &Node>) -> Vec<Frame> {
    let mut lanes: BTreeMap<(Lane, &str), Vec<usize>> = BTreeMap::new();
    for (nth, (place, _)) in keys.iter().enumerate() {
        let at = match place {
            Place::Lane(lane) => (*lane, ""),
            Place::Network(network, _) => (Lane::Network, network.as_str()),
        };
        lanes.entry(at).or_default().push(nth);
    }
    let framed = lanes.into_iter().map(|((lane, network), cards)| match lane {
        Lane::Network => {
            let name = nodes.get(network).map_or(network, |node| node.name());
            let title = names::plain(&format!("VPC {name}"));
            Frame {
                title,
                class: "network",
                has_lines: true,
                frames: tiers(keys, cards),
                cards: Vec::new(),
            }
        }
        _ => Frame {
            title: lane.words().to_owned(),
            class: "lane",
            has_lines: !lane.is_everywhere(),
            frames: Vec::new(),
            cards,
        },
    });
    framed.collect()
}

/// The tiers of a network: what faces the outside first, and what is for all of them.
fn tiers(keys: &[Key<'_>], cards: Vec<usize>) -> Vec<Frame> {
    let mut tiers: BTreeMap<(u8, &str), Vec<usize>> = BTreeMap::new();
    for nth in cards {
        let Place::Network(_, tier) = &keys[nth].0 else { continue };
        let rank = match tier.as_str() {
            "public" => 0,
            "" => 1,
            "database" => 3,
            _ => 2,
        };
        tiers.entry((rank, tier)).or_default().push(nth);
    }
    let framed = tiers.into_iter().map(|((_, tier), cards)| {
        let title = match tier {
            "" => "All subnets".to_owned(),
            _ => names::plain(&format!("Subnets {tier}")),
        };
        Frame { title, class: "tier", has_lines: true, frames: Vec::new(), cards }
    });
    framed.collect()
}
