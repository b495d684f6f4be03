//! `payctl man`: the manual pages, from the same source as the help. For whoever packages payctl.

use std::path::PathBuf;

use clap::Args;

use crate::error::{CliError, Exit};
use crate::report;

/// Write the manual pages, one for each command
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct ManArgs {
    /// The folder they are written to, such as share/man/man1
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &ManArgs, command: clap::Command) -> Result<Exit, CliError> {
    let failed = |source: std::io::Error| {
        let message = format!("failed to write the manual pages to {}", args.out.display());
        CliError::failed(message).because(&source)
    };
    std::fs::create_dir_all(&args.out).map_err(failed)?;
    clap_mangen::generate_to(command, &args.out).map_err(failed)?;
    report::say(&format!("written to {}", args.out.display()));
    Ok(Exit::Done)
}
