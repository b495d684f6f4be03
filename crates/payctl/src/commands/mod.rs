//! One file per command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod destroy;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod invoke;
pub(crate) mod kinds;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod output;
pub(crate) mod permissions;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod preflight;
pub(crate) mod prices;
pub(crate) mod report;
mod run;
pub(crate) mod sandbox;
mod saved;
pub(crate) mod shift;
pub(crate) mod stacks;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod sweep;
pub(crate) mod system;
pub(crate) mod systems;
pub(crate) mod timeline;
pub(crate) mod up;

use crate::cli::{self, Chosen, Cli, Command};
use crate::error::{CliError, Exit};

/// Runs a command.
pub(crate) async fn run(cli: Cli) -> Result<Exit, CliError> {
    let global = &cli.global;
    let command = match cli.command {
        Chosen::OfSystem(command, given) => return (command.run)(global, &given).await,
        Chosen::Own(command) => command,
    };
    match command {
        Command::Plan(args) => plan::run(global, &args).await,
        Command::Up(args) => up::run(global, &args).await,
        Command::Destroy(args) => destroy::run(global, &args).await,
        Command::Sweep(args) => sweep::run(global, &args).await,
        Command::Check(args) => check::run(global, &args).await,
        Command::Cost(args) => cost::run(global, &args).await,
        Command::Output(args) => output::run(global, &args),
        Command::List(args) => list::run(global, &args).await,
        Command::Status(args) => status::run(global, &args).await,
        Command::History(args) => history::run(global, &args),
        Command::Timeline(args) => timeline::run(global, &args),
        Command::Graph(args) => graph::run(global, &args).await,
        Command::Report(args) => report::run(global, &args).await,
        Command::Stacks(args) => stacks::run(global, &args),
        Command::Kinds(args) => kinds::list(&args),
        Command::Explain(args) => kinds::explain(&args),
        Command::Schema(args) => kinds::schema(global, &args),
        Command::Init(args) => init::run(global, &args),
        Command::State(command) => state::run(global, &command).await,
        Command::Sandbox(command) => sandbox::run(global, &command).await,
        Command::Prices(command) => prices::run(global, &command).await,
        Command::Preflight(args) => preflight::run(global, &args).await,
        Command::Invoke(args) => invoke::run(global, &args).await,
        Command::Policy(args) => policy::run(global, &args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args, cli::command(global.systems)),
    }
}
