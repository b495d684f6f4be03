//! What the formats for other programs have in common: groups within groups, and the uses that no
//! others imply.

use std::collections::{BTreeMap, BTreeSet};

use crate::card::Line;
use crate::model::{Colour, Graph, Node};
use crate::reduce::direct;
use crate::scene::{Frame, Scene};

/// A group, from the outside in.
pub(crate) enum Part<'g> {
    /// A group begins.
    Open(String),
    /// A resource of the group that began last.
    Node(usize, &'g Node),
    /// That group ends.
    Close,
}

/// Groups and resources in order. Each resource has a number of its own.
pub(crate) fn parts<'g>(graph: &'g Graph, colour: Colour) -> Vec<Part<'g>> {
    let scene = Scene::new(graph, colour);
    let mut parts = Vec::new();
    let mut number = 0;
    for frame in &scene.frames {
        add(&mut parts, &mut number, &scene, frame);
    }
    parts
}

fn add<'g>(parts: &mut Vec<Part<'g>>, number: &mut usize, scene: &Scene<'g>, frame: &Frame) {
    parts.push(Part::Open(frame.title.clone()));
    for inner in &frame.frames {
        add(parts, number, scene, inner);
    }
    for card in &frame.cards {
        let card = &scene.cards[*card];
        parts.push(Part::Open(card.title.clone()));
        let lines = card.columns.iter().flat_map(|column| &column.lines);
        let nodes = lines.filter_map(|line| match line {
            Line::Kind(_) => None,
            Line::Row { nodes, .. } => Some(nodes.iter().copied()),
        });
        for node in nodes.flatten() {
            parts.push(Part::Node(*number, node));
            *number += 1;
        }
        parts.push(Part::Close);
    }
    parts.push(Part::Close);
}

/// The uses that no others imply, as numbers of `parts`, with the properties that say so.
pub(crate) fn uses<'g>(parts: &[Part<'g>]) -> BTreeMap<(usize, usize), &'g [String]> {
    let nodes = || {
        parts.iter().filter_map(|part| match part {
            Part::Node(number, node) => Some((*number, *node)),
            _ => None,
        })
    };
    let numbers: BTreeMap<&str, usize> =
        nodes().map(|(number, node)| (node.address.as_str(), number)).collect();
    let mut all: BTreeMap<(usize, usize), &'g [String]> = BTreeMap::new();
    for (from, node) in nodes() {
        for used in &node.uses {
            if let Some(to) = numbers.get(used.address.as_str()).filter(|to| **to != from) {
                all.insert((from, *to), &used.properties);
            }
        }
    }
    let direct: BTreeSet<(usize, usize)> = direct(&all.keys().copied().collect());
    all.retain(|pair, _| direct.contains(pair));
    all
}
