//! One file per command.

mod completions;
mod destroy;
mod invoke;
mod output;
mod plan;
mod policy;
mod run;
mod sandbox;
mod stacks;
mod state;
mod up;

use crate::cli::{Cli, Command};
use crate::error::{CliError, Exit};

/// Runs a command.
pub(crate) async fn run(cli: Cli) -> Result<Exit, CliError> {
    let global = &cli.global;
    match cli.command {
        Command::Plan(args) => plan::run(global, &args).await,
        Command::Up(args) => up::run(global, &args).await,
        Command::Destroy(args) => destroy::run(global, &args).await,
        Command::Output(args) => output::run(global, &args),
        Command::Stacks => stacks::run(),
        Command::State(command) => state::run(global, &command).await,
        Command::Sandbox(command) => sandbox::run(&command).await,
        Command::Invoke(args) => invoke::run(global, &args).await,
        Command::Policy(args) => policy::run(global, &args).await,
        Command::Completions { shell } => completions::run(shell),
    }
}
