//! The payment systems payctl deploys, and the parts they share. Does no IO.

mod check;
pub mod config;
mod context;
mod parts;
pub mod pci_core;
mod suffix;

pub use context::Context;
pub use suffix::{BadSuffix, Suffix};

use payctl_engine::Stack;

use crate::config::Config;

/// One system that payctl deploys.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// Its name, as `--stack` takes it.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// The handlers its functions run.
    pub handlers: &'static [&'static str],
    declare: fn(&Context<'_>, &Config) -> Stack,
}

/// Every system, the default one first.
pub const SYSTEMS: &[System] = &[System {
    name: pci_core::NAME,
    about: "file- and event-driven payment processor in an isolated network, all of it audited",
    handlers: &[pci_core::HANDLER],
    declare: |context, config| pci_core::declare(context, &config.pci_core),
}];

impl System {
    /// The system of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SYSTEMS.iter().find(|system| system.name == name)
    }

    /// Declares the system in one environment.
    #[must_use]
    pub fn declare(&self, context: &Context<'_>, config: &Config) -> Stack {
        (self.declare)(context, config)
    }
}
