//! A command that is there for the sake of some systems, and offered where one of them is.

use std::fmt::{self, Debug, Formatter};
use std::pin::Pin;

use clap::ArgMatches;
use payctl_aws::Task;
use payctl_engine::State;

use crate::error::{CliError, Exit};
use crate::global::Global;

/// A command that is there for the sake of some systems, which name it.
pub(crate) struct SystemCommand {
    /// Its name, as it is typed and as systems name it.
    pub(crate) name: &'static str,
    /// Adds what it takes, and its help.
    pub(crate) augment: fn(clap::Command) -> clap::Command,
    /// Runs it.
    pub(crate) run: Run,
    /// What an operator of it does.
    pub(crate) task: Task,
    /// What is to be said, with any plan, of what it has under way.
    pub(crate) under_way: fn(&State) -> Option<String>,
    /// What other tools call it.
    pub(crate) words: &'static [&'static str],
    /// What to type instead of those.
    pub(crate) hint: &'static str,
}

/// Runs a command with what was typed.
type Run = for<'a> fn(&'a Global, &'a ArgMatches) -> Running<'a>;

/// A command that runs.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<Exit, CliError>> + 'a>>;

impl Debug for SystemCommand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemCommand").field("name", &self.name).finish_non_exhaustive()
    }
}
