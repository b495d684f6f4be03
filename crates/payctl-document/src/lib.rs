//! Stack documents: stacks of one's own, in TOML or JSON.
//!
//! A [`Document`] is read with the place of everything in it, checked against what the kinds say of
//! themselves, and becomes a [`System`] like those that payctl brings. Does no IO.

mod assemble;
mod declare;
mod declaring;
mod document;
mod extend;
pub mod house;
mod item;
mod order;
mod parameter;
mod parts;
mod problem;
mod read;
pub mod schema;
mod scope;
mod secrets;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod values;

use std::sync::atomic::Ordering;

use payctl_aws::{Architecture, Lookup, Zone};
use payctl_engine::{Kinds, Stack};
use payctl_stack::config::{BadValue, Config};
use payctl_stack::{Context, Declares, Discovered, Suffix, System};

pub use document::{Document, LONGEST_NAME, Source, is_name};
pub use problem::{Problem, Problems, nearest};
pub use read::{Format, MOST_BYTES};
pub use tree::Span;

/// What a document of a stack of one's own begins a handler's name with that is a zip.
pub const ZIP: &str = "zip:";

/// A document as a system declares.
#[derive(Debug)]
struct OfDocument {
    document: Document,
    kinds: Kinds,
}

impl Document {
    /// One of which nothing is left but the stack's name: enough to look at what it made, and to delete
    /// it.
    #[must_use]
    pub fn lost(name: &str) -> Self {
        let source = Source {
            name: name.to_owned(),
            folder: Default::default(),
            format: Format::Toml,
            text: String::new(),
        };
        Self::empty(source, name)
    }

    /// All that is wrong with it, as far as that does not depend on account and region. The suffix is
    /// taken to be as long as one may be, so that no name turns out to be too long later.
    ///
    /// # Errors
    /// The mistakes.
    pub fn check(&self, kinds: &Kinds, config: &Config) -> Result<(), Problems> {
        // Without the system, or with too much of everything, all else would look wrong.
        if self.resources.is_empty() && !self.misread.is_empty() && self.parts.is_empty() {
            return Err(self.misread.clone());
        }
        if !self.misread.is_empty() && self.extends.is_none() && self.speaks_of_a_system() {
            return Err(self.misread.clone());
        }
        let suffix = Suffix::longest();
        let zones = 1..=self.zones().max(self.extends.map_or(0, |system| system.zones));
        let zones = zones.map(|nth| Zone::from(format!("us-east-1{nth}"))).collect();
        let lookups = self.lookups(self.extends.map(|system| (system, config)));
        let found = Discovered::assumed(zones, &lookups);
        let context = Context {
            suffix: &suffix,
            account: "123456789012",
            region: "us-east-1",
            partition: "aws",
            found: &found,
            handlers: &Default::default(),
            tags: &config.tags,
            permissions_boundary: config.permissions_boundary.as_ref(),
        };
        let (stack, found) = declare::declare(self, kinds, &context, config);
        let mut problems = self.misread.clone();
        problems.extend(found);
        problems.unless_empty(())?;
        // What nobody foresaw has no place.
        let sound = stack.check();
        self.checked.store(sound.is_ok(), Ordering::Relaxed);
        sound.map_err(|error| Problem::new(Span::default(), error.to_string()).into())
    }

    /// The system that it is, for as long as the process lives: a command line has one document.
    #[must_use]
    pub fn into_system(self, kinds: Kinds) -> &'static System {
        let handlers: Vec<&'static str> = self
            .handlers()
            .into_iter()
            .chain(
                self.extends
                    .iter()
                    .flat_map(|system| system.handlers.iter().map(|h| (*h).to_owned())),
            )
            .collect::<std::collections::BTreeSet<String>>()
            .into_iter()
            .map(|name| &*name.leak())
            .collect();
        let system = System {
            name: self.name.clone().leak(),
            description: self.description.clone().leak(),
            handlers: handlers.leak(),
            zones: self.zones().max(self.extends.map_or(0, |system| system.zones)),
            commands: self.extends.map_or(&[], |system| system.commands),
            folder: self.source.folder.to_string_lossy().into_owned().leak(),
            declares: Box::leak(Box::new(OfDocument { document: self, kinds })),
        };
        Box::leak(Box::new(system))
    }
}

impl Document {
    /// What is asked for its parts, and for the system that it extends.
    fn lookups(&self, base: Option<(&System, &Config)>) -> Vec<Lookup> {
        let mut all = base.map(|(system, config)| system.lookups(config)).unwrap_or_default();
        let of_parts = parts::lookups(&self.parts).into_iter();
        let more: Vec<_> =
            of_parts.filter(|one| all.iter().all(|other| other.name() != one.name())).collect();
        all.extend(more);
        all
    }
}

impl OfDocument {
    /// The configuration of the system that is extended.
    fn base(&self, config: &Config) -> Option<(&'static System, Config)> {
        let system = self.document.extends?;
        let mut problems = Problems::default();
        let given = values::of(&self.document, config, &mut problems).base;
        Some((system, values::of_base(&self.document, system, config, &given, &mut problems)))
    }
}

impl Declares for OfDocument {
    fn lookups(&self, config: &Config) -> Vec<Lookup> {
        let base = self.base(config);
        self.document.lookups(base.as_ref().map(|(system, config)| (*system, config)))
    }

    fn architecture(&self, config: &Config) -> Architecture {
        match self.base(config) {
            Some((system, config)) => system.architecture(&config),
            None => values::own_architecture(config),
        }
    }

    fn check_place(&self, name: &str, config: &Config, region: &str) -> Result<(), BadValue> {
        match self.base(config) {
            Some((system, config)) => system.check_place(&config, region),
            None => config.check_place(name, region),
        }
    }

    fn declare(&self, context: &Context<'_>, config: &Config) -> Stack {
        let (stack, problems) = declare::declare(&self.document, &self.kinds, context, config);
        let mut all = self.document.misread.clone();
        all.extend(problems);
        let Some(first) = all.sorted().into_iter().next() else { return stack };
        // Most mistakes were told before anybody was asked; others show only in the account. Nothing may
        // be made of a part of what was meant: what is left out would be deleted. What is to be deleted
        // is what state and tags know.
        let mut nothing = Stack::new(&self.document.name, context.suffix.as_str());
        nothing.refuse(first.message);
        nothing
    }
}
