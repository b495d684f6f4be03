//! What is declared in a life and all that happens in it, written down as a scenario of
//! `tests/scenarios`. What its commands cannot say stands in a comment.

use std::fmt::Write as _;

use payctl_engine::input::references;
use payctl_engine::{Address, Declared, Stack};
use serde_json::Value;

use crate::tell;
use crate::world::{stack, thing};

/// The kinds that a life is made of.
const KINDS: [&str; 5] = ["net.zone", "net.node", "data.store", "app.worker", "net.link"];

pub(crate) struct Script {
    pub(crate) seed: u64,
    rng: fastrand::Rng,
    text: String,
    /// What was ever declared; each refers to earlier ones only.
    all: Vec<Declared>,
    edits: Vec<(Address, &'static str, Value)>,
    undeclared: Vec<Address>,
}

impl Script {
    pub(crate) fn new(seed: u64) -> Self {
        let text = format!("# PAYCTL_SEED={seed}\n> load synthetic\n");
        let (all, edits, undeclared) = (Vec::new(), Vec::new(), Vec::new());
        Self { seed, rng: fastrand::Rng::with_seed(seed), text, all, edits, undeclared }
    }

    pub(crate) fn say(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    pub(crate) fn stack(&self) -> Stack {
        stack(&self.declared())
    }

    /// What is declared now.
    pub(crate) fn declared(&self) -> Vec<Declared> {
        let there = self.all.iter().filter(|d| !self.undeclared.contains(&d.address));
        let edited = there.cloned().map(|mut declared| {
            for (_, property, value) in self.edits.iter().filter(|e| e.0 == declared.address) {
                declared.properties[*property] = value.clone();
            }
            declared
        });
        edited.collect()
    }

    fn is_declared(&self, index: usize) -> bool {
        !self.undeclared.contains(&self.all[index].address)
    }

    /// Some of what stands before `index` in the list.
    fn parents(&mut self, index: usize) -> Vec<String> {
        let few = self.rng.u8(1..6);
        let before: Vec<usize> = (0..index).filter(|at| self.is_declared(*at)).collect();
        let chosen = before.into_iter().filter(|_| self.rng.u8(0..10) < few);
        chosen.map(|at| self.all[at].address.to_string()).collect()
    }

    fn declare(&mut self, index: usize, at: &str, size: u64, parents: &[String]) {
        let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
        let on = if parents.is_empty() { "" } else { " on " };
        self.say(&format!("> declare {at} {size}{on}{}", parents.join(" ")));
        let declared = thing(at, size, &parents);
        self.undeclared.retain(|address| *address != declared.address);
        match self.all.get_mut(index) {
            Some(known) => *known = declared,
            None => self.all.push(declared),
        }
    }

    fn declare_another(&mut self) {
        let index = self.all.len();
        let parents = self.parents(index);
        let at = format!("{}:n{index}", KINDS[self.rng.usize(..KINDS.len())]);
        let size = self.rng.u64(0..3);
        self.declare(index, &at, size, &parents);
    }

    /// A random graph.
    pub(crate) fn graph(&mut self) {
        for _ in 0..self.rng.usize(1..12) {
            self.declare_another();
        }
    }

    /// Declares something otherwise.
    pub(crate) fn edit(&mut self) {
        let index = self.rng.usize(..self.all.len());
        let Declared { address, properties, .. } = self.all[index].clone();
        let size = properties["size"].as_u64().unwrap_or_default();
        if !self.is_declared(index) {
            let parents = self.parents(index);
            return self.declare(index, address.as_str(), size, &parents);
        }
        match self.rng.u8(0..8) {
            0 | 1 => {
                let parents = parents_of(&properties);
                self.declare(index, address.as_str(), size + 1, &parents);
            }
            2 | 3 => {
                let parents = self.parents(index);
                self.declare(index, address.as_str(), size, &parents);
            }
            4 => {
                let name = format!("{}-{}", address.name(), self.rng.u8(0..3));
                self.set(address, "name", name.into());
            }
            5 if address.kind() != "net.link" => {
                let zone = format!("zone-{}", self.rng.u8(0..3));
                self.set(address, "zone", zone.into());
            }
            6 => {
                let mut used = self.declared().into_iter().flat_map(|d| references(&d.properties));
                if !used.any(|reference| reference.address == address) {
                    self.say(&format!("> undeclare {address}"));
                    self.undeclared.push(address);
                }
            }
            _ => self.declare_another(),
        }
    }

    fn set(&mut self, address: Address, property: &'static str, value: Value) {
        self.say(&format!("> edit {address} {property} {value}"));
        self.edits.push((address, property, value));
    }
}

fn parents_of(properties: &Value) -> Vec<String> {
    references(properties).into_iter().map(|reference| reference.address.to_string()).collect()
}

impl Drop for Script {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&format!("PAYCTL_SEED={} repeats this life:\n\n{}", self.seed, self.text));
        }
    }
}
