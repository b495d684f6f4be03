//! `payctl stacks`: the systems that can be deployed.

use clap::Args;
use payctl_stack::SYSTEMS;

use crate::error::{CliError, Exit};
use crate::report;

/// List the systems that can be deployed
#[derive(Debug, Args)]
pub(crate) struct StacksArgs {}

pub(super) fn run() -> Result<Exit, CliError> {
    for system in SYSTEMS {
        report::data(&format!("{:<16}{}\n", system.name, system.description));
    }
    Ok(Exit::Done)
}
