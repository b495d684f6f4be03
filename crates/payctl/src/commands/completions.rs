//! `payctl completions`: what a shell asks payctl for completions with.

use clap::Args;
use clap_complete::Shell;

use crate::complete::{SHELLS, VARIABLE};
use crate::error::{CliError, Exit};
use crate::report;

/// Print the completions of a shell
///
/// The shell then asks payctl itself: commands, options, and the stacks, suffixes, addresses, outputs,
/// functions, regions and profiles that are known here. AWS is not asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl completions bash > ~/.local/share/bash-completion/completions/payctl
  payctl completions zsh > ~/.zfunc/_payctl
  payctl completions fish > ~/.config/fish/completions/payctl.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, CliError> {
    let failed = || CliError::failed("failed to write the completions");
    let name = args.shell.to_string();
    let shell = SHELLS.completer(&name).ok_or_else(failed)?;
    // As it was called: by its name where that is found, else by its path.
    let typed = std::env::args_os().next().unwrap_or_default();
    let path = std::env::current_exe().unwrap_or_default();
    let completer = match typed.to_string_lossy().contains('/') {
        true => path.to_string_lossy().into_owned(),
        false => "payctl".to_owned(),
    };
    let mut text = Vec::new();
    shell
        .write_registration(VARIABLE, "payctl", "payctl", &completer, &mut text)
        .map_err(|source| failed().because(&source))?;
    report::data(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}
