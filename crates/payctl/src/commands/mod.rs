//! One file per command.

pub(crate) mod completions;
pub(crate) mod destroy;
pub(crate) mod history;
pub(crate) mod invoke;
pub(crate) mod kinds;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod output;
pub(crate) mod permissions;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod preflight;
mod run;
pub(crate) mod sandbox;
pub(crate) mod shift;
pub(crate) mod stacks;
pub(crate) mod state;
pub(crate) mod up;

use std::io::IsTerminal as _;

use tokio::sync::oneshot;

use crate::cli::{Cli, Command};
use crate::error::{CliError, Exit};
use crate::{report, signals};

/// Runs a command.
pub(crate) async fn run(cli: Cli) -> Result<Exit, CliError> {
    let global = &cli.global;
    match cli.command {
        Command::Plan(args) => plan::run(global, &args).await,
        Command::Up(args) => up::run(global, &args).await,
        Command::Destroy(args) => destroy::run(global, &args).await,
        Command::Output(args) => output::run(global, &args),
        Command::List(args) => list::run(global, &args).await,
        Command::History(args) => history::run(global, &args),
        Command::Stacks(args) => stacks::run(&args),
        Command::Kinds(args) => kinds::list(&args),
        Command::Explain(args) => kinds::explain(&args),
        Command::Schema(args) => kinds::schema(&args),
        Command::State(command) => state::run(global, &command).await,
        Command::Sandbox(command) => sandbox::run(global, &command).await,
        Command::Shift(args) => shift::run(global, &args).await,
        Command::Preflight(args) => preflight::run(global, &args).await,
        Command::Invoke(args) => invoke::run(global, &args).await,
        Command::Policy(args) => policy::run(global, &args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

/// Asks a question that is answered by typing `wanted`, on a terminal only.
async fn typed(question: &str, wanted: &str, hint: &str) -> Result<(), CliError> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(
            CliError::failed("there is no terminal to ask on, and nothing was changed").hint(hint)
        );
    }
    let _asking = signals::asking();
    report::ask(question);
    let (send, answer) = oneshot::channel();
    // It may read for ever: nobody waits for its end.
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = send.send(std::io::stdin().read_line(&mut line).map(|_| line));
    });
    let answer = answer.await.unwrap_or_else(|lost| Err(std::io::Error::other(lost)));
    let answer =
        answer.map_err(|source| CliError::failed("failed to read the answer").because(&source))?;
    if !answer.ends_with('\n') {
        report::say("");
    }
    match answer.trim() == wanted {
        true => Ok(()),
        false => Err(CliError::failed("not approved, and nothing was changed")),
    }
}
