//! `payctl completions`: completions for a shell.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::error::{CliError, Exit};
use crate::report;

pub(super) fn run(shell: Shell) -> Result<Exit, CliError> {
    let mut text = Vec::new();
    generate(shell, &mut Cli::command(), "payctl", &mut text);
    report::data(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}
