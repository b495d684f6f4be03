//! A system: what it is called, what it asks of an account, and how it is declared.

use payctl_aws::{Architecture, Lookup};
use payctl_engine::Stack;

use crate::Context;
use crate::config::Config;

/// One system that payctl deploys.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// Its name, as `--stack` takes it.
    pub name: &'static str,
    /// What it is, in one line.
    pub description: &'static str,
    /// The handlers its functions run.
    pub handlers: &'static [&'static str],
    /// How many availability zones it is spread over.
    pub zones: usize,
    /// The commands that are there for its sake, by their names.
    pub commands: &'static [&'static str],
    /// What is asked of the account and region before it is declared there.
    pub lookups: fn(&Config) -> Vec<Lookup>,
    /// The processors its functions run on.
    pub architecture: fn(&Config) -> Architecture,
    /// Declares it in one environment.
    pub declare: fn(&Context<'_>, &Config) -> Stack,
}

/// The systems that a command line offers.
#[derive(Clone, Copy, Debug)]
pub struct Systems {
    listed: &'static [System],
    unlisted: &'static [System],
}

impl System {
    /// What of the account it has to know.
    #[must_use]
    pub fn lookups(&self, config: &Config) -> Vec<Lookup> {
        (self.lookups)(config)
    }

    /// The processors its functions run on.
    #[must_use]
    pub fn architecture(&self, config: &Config) -> Architecture {
        (self.architecture)(config)
    }

    /// Declares the system in one environment.
    #[must_use]
    pub fn declare(&self, context: &Context<'_>, config: &Config) -> Stack {
        (self.declare)(context, config)
    }
}

impl Systems {
    /// Those that are `listed`, the default one first, which has to be there; and those that are
    /// not told of.
    #[must_use]
    pub const fn new(listed: &'static [System], unlisted: &'static [System]) -> Self {
        assert!(!listed.is_empty(), "there is no system");
        Self { listed, unlisted }
    }

    /// The one that is meant where none is named.
    #[must_use]
    pub fn first(self) -> &'static System {
        &self.listed[0]
    }

    /// Those that people are told of, the default one first.
    pub fn listed(self) -> impl Iterator<Item = &'static System> + Clone {
        self.listed.iter()
    }

    /// The system of that name.
    #[must_use]
    pub fn named(self, name: &str) -> Option<&'static System> {
        self.listed.iter().chain(self.unlisted).find(|system| system.name == name)
    }

    /// The first system that is listed and has that command.
    #[must_use]
    pub fn with_command(self, command: &str) -> Option<&'static System> {
        self.listed.iter().find(|system| system.commands.contains(&command))
    }
}

impl From<&'static [System]> for Systems {
    fn from(listed: &'static [System]) -> Self {
        Self::new(listed, &[])
    }
}
