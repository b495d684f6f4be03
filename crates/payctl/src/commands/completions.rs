//! `payctl completions`: completions for a shell.

use clap::Args;
use clap_complete::{Shell, generate};

use crate::error::{CliError, Exit};
use crate::{help, report};

/// Print the completions of a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut text = Vec::new();
    generate(args.shell, &mut help::command(), "payctl", &mut text);
    report::data(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}
