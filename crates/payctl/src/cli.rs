//! The command line: which commands there are. Each command's own arguments are in its file, what
//! all take in `global`; the doc comments are the help.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Id, Parser, Subcommand};

use crate::commands::completions::CompletionsArgs;
use crate::commands::destroy::DestroyArgs;
use crate::commands::history::HistoryArgs;
use crate::commands::invoke::InvokeArgs;
use crate::commands::list::ListArgs;
use crate::commands::man::ManArgs;
use crate::commands::output::OutputArgs;
use crate::commands::plan::PlanArgs;
use crate::commands::policy::PolicyArgs;
use crate::commands::preflight::PreflightArgs;
use crate::commands::sandbox::SandboxCommand;
use crate::commands::shift::ShiftArgs;
use crate::commands::stacks::StacksArgs;
use crate::commands::state::StateCommand;
use crate::commands::up::UpArgs;
use crate::global::Global;
use crate::{environments, help};

/// Provisions PCI-DSS payment infrastructure on AWS, directly through the AWS SDK
#[derive(Debug, Parser)]
#[command(name = "payctl", version, max_term_width = 80)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command line as it is parsed, helped with and completed.
pub(crate) fn command() -> clap::Command {
    help::complete(Cli::command())
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it, or the help that it asks for.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(words)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        let typed = matches.ids().map(Id::as_str);
        let typed = typed.filter(|id| {
            // Groups have no source.
            matches.try_contains_id(id).is_ok()
                && matches.value_source(id) == Some(ValueSource::CommandLine)
        });
        cli.global.typed = typed.map(str::to_owned).collect();
        let variable = std::env::var_os(environments::ORIGINS_VARIABLE);
        cli.global.origins_suffix = variable.map(|text| text.to_string_lossy().into_owned());
        Ok(cli)
    }
}

/// What to do. How each is described is said in its file.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Plan(PlanArgs),
    Up(UpArgs),
    Destroy(DestroyArgs),
    Output(OutputArgs),
    List(ListArgs),
    History(HistoryArgs),
    Stacks(StacksArgs),
    #[command(subcommand)]
    State(StateCommand),
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    Invoke(InvokeArgs),
    Shift(ShiftArgs),
    Policy(PolicyArgs),
    Preflight(PreflightArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn values_are_checked_before_anything_else() {
        let parse = |args: &[&str]| {
            Cli::try_parse_from(["payctl"].iter().chain(args)).map_err(|e| e.to_string())
        };
        assert!(parse(&["plan", "--suffix", "dev"]).is_ok());
        for (args, why) in [
            (["plan", "--suffix", "../x"], "lower-case letters"),
            (["plan", "--region", "useast"], "us-east-1"),
            (["plan", "--endpoint-url", "localhost"], "http://127.0.0.1:5000"),
            (["plan", "--parallelism", "0"], "1..=256"),
            (["shift", "--green", "101"], "0..=100"),
            (["shift", "--gradual", "50,25"], "10,25,50,100"),
            (["shift", "--gradual", "0,100"], "10,25,50,100"),
            (["shift", "--gradual", "10,,50"], "10,25,50,100"),
            (["shift", "--step", "5"], "90s or 5m"),
            (["shift", "--step", "0s"], "90s or 5m"),
        ] {
            let error = parse(&args).unwrap_err();
            assert!(error.contains(why), "{args:?}: {error}");
        }
    }
}
