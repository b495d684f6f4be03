//! The payment systems payctl deploys, and the parts they share. Does no IO.

mod check;
pub mod config;
mod context;
pub mod cost_optimized;
pub mod migration;
mod parts;
pub mod pci_core;
mod prices;
pub mod secure_api;
mod settings;
mod suffix;
mod wide;

pub use context::{Context, Detector, Discovered};
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
    pub description: &'static str,
    /// The handlers its functions run.
    pub handlers: &'static [&'static str],
    /// How many availability zones it is spread over.
    pub zones: usize,
    prerequisites: fn(&Config) -> Prerequisites,
    architecture: fn(&Config) -> Architecture,
    declare: fn(&Context<'_>, &Config) -> Stack,
}

/// What the role is called, but for the region, that API Gateway writes logs as where payctl made
/// it.
pub const API_LOGS_ROLE: &str = "payctl-apigateway-logs";

/// What is looked up in the account before a system is declared in it.
#[derive(Clone, Debug, Default)]
pub struct Prerequisites {
    /// The services whose addresses it names.
    pub prefix_lists: &'static [&'static str],
    /// Whether API Gateway may write logs.
    pub api_logs: bool,
    /// The public parameter that holds the image of its instances.
    pub image: Option<String>,
    /// What AWS Config records with.
    pub recorder: bool,
    /// What GuardDuty detects with, and whether it has to be known.
    pub detector: Option<bool>,
    /// The engine of its database, and the version or its beginning that is wanted of it.
    pub database: Option<(&'static str, String)>,
}

/// Every system, the default one first.
pub const SYSTEMS: &[System] = &[
    System {
        name: pci_core::NAME,
        description: "file- and event-driven payment processor in an isolated network, all of it audited",
        handlers: &[pci_core::HANDLER],
        zones: 3,
        prerequisites: |_| Prerequisites::default(),
        architecture: |config| config.pci_core.architecture(),
        declare: |context, config| pci_core::declare(context, &config.pci_core),
    },
    System {
        name: secure_api::NAME,
        description: "payments posted to a REST API behind AWS WAF, with a key for each purpose",
        handlers: &[secure_api::HANDLER],
        zones: 3,
        prerequisites: |_| Prerequisites {
            prefix_lists: &["s3", "dynamodb"],
            api_logs: true,
            ..Prerequisites::default()
        },
        architecture: |config| config.secure_api.architecture(),
        declare: |context, config| secure_api::declare(context, &config.secure_api),
    },
    System {
        name: cost_optimized::NAME,
        description: "payments queued and completed one by one, beside instances, on a budget",
        handlers: &[cost_optimized::API_HANDLER, cost_optimized::EVENT_HANDLER],
        zones: 2,
        prerequisites: |config| Prerequisites {
            api_logs: true,
            image: cost_optimized::image_parameter(&config.cost_optimized),
            recorder: config.cost_optimized.config_rules,
            detector: Some(config.cost_optimized.create_detector),
            ..Prerequisites::default()
        },
        architecture: |config| config.cost_optimized.architecture(),
        declare: |context, config| cost_optimized::declare(context, &config.cost_optimized),
    },
    System {
        name: migration::NAME,
        description: "payments scored and kept behind an HTTP API, with a database and blue/green shifts",
        handlers: migration::HANDLERS,
        zones: 3,
        prerequisites: |config| Prerequisites {
            database: Some(migration::database(&config.migration)),
            ..Prerequisites::default()
        },
        architecture: |config| config.migration.architecture(),
        declare: |context, config| migration::declare(context, &config.migration),
    },
];

/// There to be measured, and not told of.
const MEASURED: &[System] = &[System {
    name: wide::NAME,
    description: "resources that have nothing to do with each other",
    handlers: &[],
    zones: 0,
    prerequisites: |_| Prerequisites::default(),
    architecture: |_| Architecture::X86_64,
    declare: |context, _| wide::declare(context),
}];

impl Prerequisites {
    /// What an operator has to be allowed for it, beyond what the resources ask for.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        let mut actions = Vec::new();
        if !self.prefix_lists.is_empty() {
            actions.push("ec2:DescribeManagedPrefixLists");
        }
        if self.image.is_some() {
            actions.push("ssm:GetParameter");
        }
        if self.recorder {
            actions.push("config:DescribeConfigurationRecorderStatus");
        }
        if self.detector.is_some() {
            actions.extend(["guardduty:GetDetector", "guardduty:ListDetectors"]);
        }
        if self.database.is_some() {
            actions.push("rds:DescribeDBEngineVersions");
        }
        actions
    }
}

impl System {
    /// The system of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SYSTEMS.iter().chain(MEASURED).find(|system| system.name == name)
    }

    /// What of the account it has to know.
    #[must_use]
    pub fn prerequisites(&self, config: &Config) -> Prerequisites {
        (self.prerequisites)(config)
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
