//! `payctl stacks`: the systems that can be deployed.

use clap::Args;
use serde_json::json;

use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::report;

/// The format of `--json`.
const FORMAT: u32 = 1;

/// List the systems that can be deployed
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl stacks                      the systems, the default one first
  payctl up --stack secure-api       deploy another one")]
pub(crate) struct StacksArgs {
    /// Print all as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, args: &StacksArgs) -> Result<Exit, CliError> {
    if args.json {
        let stacks = global.systems.listed().enumerate().map(|(nth, system)| {
            json!({
                "name": system.name,
                "description": system.description,
                "default": nth == 0,
            })
        });
        let stacks: Vec<_> = stacks.collect();
        report::json(&json!({ "format": FORMAT, "stacks": stacks }))?;
        return Ok(Exit::Done);
    }
    for system in global.systems.listed() {
        report::data(&format!("{:<16}{}\n", system.name, system.description));
    }
    Ok(Exit::Done)
}
