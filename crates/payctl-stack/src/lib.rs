//! The payment systems payctl deploys, and the parts they share. Does no IO.

mod check;
#[cfg(test)]
mod compliance;
pub mod config;
mod context;
pub mod cost_optimized;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod declarations;
pub mod life;
pub mod migration;
pub mod parts;
pub mod pci_core;
pub mod secure_api;
mod settings;
mod shared;
mod suffix;
mod system;
mod wide;

pub use context::{Context, Discovered};
pub use suffix::{BadSuffix, Suffix};
pub use system::{BuiltIn, Declares, System, Systems};

/// Every system, the default one first.
pub const SYSTEMS: &[System] =
    &[pci_core::SYSTEM, secure_api::SYSTEM, cost_optimized::SYSTEM, migration::SYSTEM];

/// Those, and one that is there to be measured.
pub const ALL: Systems = Systems::new(SYSTEMS, &[wide::SYSTEM]);
