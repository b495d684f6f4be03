//! A system: what it is called, what it asks of an account, and how it is declared.

use std::fmt::Debug;

use payctl_aws::{Architecture, Lookup};
use payctl_engine::Stack;

use crate::Context;
use crate::config::{BadValue, Config};

/// How a system is declared.
pub trait Declares: Debug + Send + Sync {
    /// What is asked of the account and region before it is declared there.
    fn lookups(&self, config: &Config) -> Vec<Lookup>;

    /// The processors its functions run on.
    fn architecture(&self, config: &Config) -> Architecture;

    /// Declares it in one environment.
    fn declare(&self, context: &Context<'_>, config: &Config) -> Stack;

    /// Checks what of the configuration depends on the region; it is called `name`.
    ///
    /// # Errors
    /// The first value that cannot be there.
    fn check_place(&self, name: &str, config: &Config, region: &str) -> Result<(), BadValue> {
        config.check_place(name, region)
    }
}

/// How a system is declared that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// See [`Declares::lookups`].
    pub lookups: fn(&Config) -> Vec<Lookup>,
    /// See [`Declares::architecture`].
    pub architecture: fn(&Config) -> Architecture,
    /// See [`Declares::declare`].
    pub declare: fn(&Context<'_>, &Config) -> Stack,
}

impl Declares for BuiltIn {
    fn lookups(&self, config: &Config) -> Vec<Lookup> {
        (self.lookups)(config)
    }

    fn architecture(&self, config: &Config) -> Architecture {
        (self.architecture)(config)
    }

    fn declare(&self, context: &Context<'_>, config: &Config) -> Stack {
        (self.declare)(context, config)
    }
}

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
    /// Where the paths of its zips start from.
    pub folder: &'static str,
    /// How it is declared.
    pub declares: &'static dyn Declares,
}

/// The systems that a command line offers.
#[derive(Clone, Copy, Debug)]
pub struct Systems {
    listed: &'static [System],
    unlisted: &'static [System],
    /// A stack of the user's own, which is the one that is meant.
    own: Option<&'static System>,
}

impl System {
    /// What of the account it has to know.
    #[must_use]
    pub fn lookups(&self, config: &Config) -> Vec<Lookup> {
        self.declares.lookups(config)
    }

    /// The processors its functions run on.
    #[must_use]
    pub fn architecture(&self, config: &Config) -> Architecture {
        self.declares.architecture(config)
    }

    /// Declares the system in one environment.
    #[must_use]
    pub fn declare(&self, context: &Context<'_>, config: &Config) -> Stack {
        self.declares.declare(context, config)
    }

    /// Checks what of the configuration depends on the region.
    ///
    /// # Errors
    /// The first value that cannot be there.
    pub fn check_place(&self, config: &Config, region: &str) -> Result<(), BadValue> {
        self.declares.check_place(self.name, config, region)
    }
}

impl Systems {
    /// Those that are `listed`, the default one first, which has to be there; and those that are
    /// not told of.
    #[must_use]
    pub const fn new(listed: &'static [System], unlisted: &'static [System]) -> Self {
        assert!(!listed.is_empty(), "there is no system");
        Self { listed, unlisted, own: None }
    }

    /// The same with a stack of the user's own, which is meant where none is named.
    #[must_use]
    pub fn with_own(self, own: &'static System) -> Self {
        Self { own: Some(own), ..self }
    }

    /// The stack of the user's own.
    #[must_use]
    pub fn own(self) -> Option<&'static System> {
        self.own
    }

    /// The one that is meant where none is named.
    #[must_use]
    pub fn first(self) -> &'static System {
        self.own.unwrap_or(&self.listed[0])
    }

    /// Those that people are told of, the default one first.
    pub fn listed(self) -> impl Iterator<Item = &'static System> + Clone {
        self.own.into_iter().chain(self.listed)
    }

    /// The system of that name.
    #[must_use]
    pub fn named(self, name: &str) -> Option<&'static System> {
        self.listed().chain(self.unlisted).find(|system| system.name == name)
    }

    /// The first system that is listed and has that command.
    #[must_use]
    pub fn with_command(self, command: &str) -> Option<&'static System> {
        self.listed().find(|system| system.commands.contains(&command))
    }
}

impl From<&'static [System]> for Systems {
    fn from(listed: &'static [System]) -> Self {
        Self::new(listed, &[])
    }
}
