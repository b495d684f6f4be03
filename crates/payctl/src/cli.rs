//! The command line: which commands there are. Each command's own arguments are in its file, what
//! all take in `global`; the doc comments are the help.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Id, Parser, Subcommand};
use payctl_stack::Systems;

use crate::commands::check::CheckArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::cost::CostArgs;
use crate::commands::destroy::DestroyArgs;
use crate::commands::graph::GraphArgs;
use crate::commands::history::HistoryArgs;
use crate::commands::init::InitArgs;
use crate::commands::invoke::InvokeArgs;
use crate::commands::kinds::{ExplainArgs, KindsArgs, SchemaArgs};
use crate::commands::list::ListArgs;
use crate::commands::man::ManArgs;
use crate::commands::output::OutputArgs;
use crate::commands::plan::PlanArgs;
use crate::commands::policy::{self, PolicyArgs};
use crate::commands::preflight::PreflightArgs;
use crate::commands::prices::PricesCommand;
use crate::commands::report::ReportArgs;
use crate::commands::sandbox::SandboxCommand;
use crate::commands::stacks::StacksArgs;
use crate::commands::state::StateCommand;
use crate::commands::status::StatusArgs;
use crate::commands::sweep::SweepArgs;
use crate::commands::system::SystemCommand;
use crate::commands::systems::offered;
use crate::commands::timeline::TimelineArgs;
use crate::commands::up::UpArgs;
use crate::global::Global;
use crate::{environments, help};

/// Provisions PCI-DSS payment infrastructure on AWS, directly through the AWS SDK
#[derive(Debug, Parser)]
#[command(name = "payctl", version, max_term_width = 80)]
struct Top {
    #[command(flatten)]
    global: Global,
}

/// What was typed.
#[derive(Debug)]
pub(crate) struct Cli {
    pub(crate) global: Global,
    pub(crate) command: Chosen,
}

/// The command that was typed.
#[derive(Debug)]
pub(crate) enum Chosen {
    /// One that is there whatever systems there are.
    Own(Command),
    /// One that is there for the sake of a system, and what it was given.
    OfSystem(&'static SystemCommand, ArgMatches),
}

/// Those of systems stand before it.
const AFTER_THOSE_OF_SYSTEMS: &str = "policy";

/// The command line for `systems` as it is parsed, helped with and completed.
pub(crate) fn command(systems: Systems) -> clap::Command {
    let own = Command::augment_subcommands(clap::Command::new("payctl"));
    let mut commands = Vec::new();
    for command in own.get_subcommands() {
        if command.get_name() == AFTER_THOSE_OF_SYSTEMS {
            let of_systems = offered(systems);
            commands.extend(of_systems.map(|one| (one.augment)(clap::Command::new(one.name))));
        }
        commands.push(command.clone());
    }
    // Their places among the own ones alone were others.
    let placed = commands.into_iter().enumerate();
    let commands = placed.map(|(place, command)| command.display_order(place));
    let first = systems.first().name;
    let command = Top::command()
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(commands)
        .mut_arg("stack", |stack| {
            let short = format!("Which system [default: {first}]");
            let long = format!(
                "{short}\n\n`payctl stacks` lists them. Where it is left out: `stack` of the \
                 configuration, else that of the environment where this folder's state knows one, \
                 else {first}."
            );
            stack.help(short).long_help(long)
        })
        .mut_subcommand("policy", |command| policy::complete(command, systems));
    help::complete(command, &offered(systems).map(|one| one.name).collect::<Vec<_>>())
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it, or the help that it asks for.
    pub(crate) fn read(
        words: impl IntoIterator<Item = OsString>,
        systems: Systems,
    ) -> Result<Self, clap::Error> {
        let matches = command(systems).try_get_matches_from(words)?;
        let mut global = Global::from_arg_matches(&matches)?;
        let typed = matches.ids().map(Id::as_str);
        let typed = typed.filter(|id| {
            // Groups have no source.
            matches.try_contains_id(id).is_ok()
                && matches.value_source(id) == Some(ValueSource::CommandLine)
        });
        global.typed = typed.map(str::to_owned).collect();
        global.systems = systems;
        let variable = std::env::var_os(environments::ORIGINS_VARIABLE);
        global.origins_suffix = variable.map(|text| text.to_string_lossy().into_owned());
        let of_system = matches.subcommand().and_then(|(name, given)| {
            Some((offered(systems).find(|command| command.name == name)?, given.clone()))
        });
        let command = match of_system {
            Some((command, given)) => Chosen::OfSystem(command, given),
            None => Chosen::Own(Command::from_arg_matches(&matches)?),
        };
        Ok(Self { global, command })
    }
}

/// What to do. How each is described is said in its file.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Plan(PlanArgs),
    Up(UpArgs),
    Destroy(DestroyArgs),
    Sweep(SweepArgs),
    Output(OutputArgs),
    List(ListArgs),
    Status(StatusArgs),
    History(HistoryArgs),
    Timeline(TimelineArgs),
    Graph(GraphArgs),
    Report(ReportArgs),
    Stacks(StacksArgs),
    Kinds(KindsArgs),
    Explain(ExplainArgs),
    Schema(SchemaArgs),
    Init(InitArgs),
    #[command(subcommand)]
    State(StateCommand),
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    Invoke(InvokeArgs),
    Policy(PolicyArgs),
    Preflight(PreflightArgs),
    Cost(CostArgs),
    #[command(subcommand)]
    Prices(PricesCommand),
    Check(CheckArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command(payctl_stack::ALL).debug_assert();
    }

    #[test]
    fn values_are_checked_before_anything_else() {
        let parse = |args: &[&str]| {
            let words = ["payctl"].iter().chain(args).map(OsString::from);
            Cli::read(words, payctl_stack::ALL).map_err(|e| e.to_string())
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
