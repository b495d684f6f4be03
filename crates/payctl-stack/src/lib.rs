//! The payment systems payctl deploys, and the parts they share. Does no IO.

mod check;
pub mod config;
mod context;
mod parts;
pub mod pci_core;
pub mod secure_api;
mod suffix;

pub use context::Context;
pub use suffix::{BadSuffix, Suffix};

use payctl_aws::Architecture;
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
    /// What of the account it has to know.
    pub looks_up: LooksUp,
    architecture: fn(&Config) -> Architecture,
    declare: fn(&Context<'_>, &Config) -> Stack,
}

/// What the role is called, but for the region, that API Gateway writes logs as where payctl made
/// it.
pub const API_LOGS_ROLE: &str = "payctl-apigateway-logs";

/// What is looked up in the account before a system is declared in it.
#[derive(Clone, Copy, Debug)]
pub struct LooksUp {
    /// The services whose addresses it names.
    pub prefix_lists: &'static [&'static str],
    /// Whether API Gateway may write logs.
    pub api_logs: bool,
}

/// Every system, the default one first.
pub const SYSTEMS: &[System] = &[
    System {
        name: pci_core::NAME,
        about: "file- and event-driven payment processor in an isolated network, all of it audited",
        handlers: &[pci_core::HANDLER],
        looks_up: LooksUp { prefix_lists: &[], api_logs: false },
        architecture: |config| config.pci_core.architecture,
        declare: |context, config| pci_core::declare(context, &config.pci_core),
    },
    System {
        name: secure_api::NAME,
        about: "payments posted to a REST API behind a firewall, with a key for each purpose",
        handlers: &[secure_api::HANDLER],
        looks_up: LooksUp { prefix_lists: &["s3", "dynamodb"], api_logs: true },
        architecture: |config| config.secure_api.architecture,
        declare: |context, config| secure_api::declare(context, &config.secure_api),
    },
];

impl LooksUp {
    /// What an operator has to be allowed for it, beyond what the resources ask for.
    #[must_use]
    pub fn actions(&self) -> &'static [&'static str] {
        match self.prefix_lists {
            [] => &[],
            _ => &["ec2:DescribeManagedPrefixLists"],
        }
    }
}

impl System {
    /// The system of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SYSTEMS.iter().find(|system| system.name == name)
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
