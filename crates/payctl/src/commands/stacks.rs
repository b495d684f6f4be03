//! `payctl stacks`: the systems that can be deployed.

use payctl_stack::SYSTEMS;

use crate::error::{CliError, Exit};
use crate::report;

pub(super) fn run() -> Result<Exit, CliError> {
    for system in SYSTEMS {
        report::data(&format!("{:<16}{}\n", system.name, system.description));
    }
    Ok(Exit::Done)
}
