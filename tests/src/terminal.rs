//! A terminal: what is asked there, what may be answered, and what one sees.

use std::process::Command;

use serde_json::json;

use crate::binary::{Ended, Payctl, Run};
use crate::emulator::root;

/// How many lines it has.
const ROWS: usize = 40;

/// A terminal to run payctl on.
#[derive(Clone, Copy, Debug)]
pub struct Terminal<'a> {
    columns: usize,
    answers: &'a [(&'a str, &'a str)],
    environment: &'a [(&'a str, &'a str)],
}

impl<'a> Terminal<'a> {
    /// A terminal of that width.
    pub fn of(columns: usize) -> Self {
        Self { columns, answers: &[], environment: &[] }
    }

    /// On which each answer is typed once its prompt is shown.
    pub fn answers(self, answers: &'a [(&'a str, &'a str)]) -> Self {
        Self { answers, ..self }
    }

    /// With these variables as well.
    pub fn with(self, environment: &'a [(&'a str, &'a str)]) -> Self {
        Self { environment, ..self }
    }

    /// Runs a command. What one sees in the end is the outcome's stdout.
    pub fn run(self, payctl: &Payctl, args: &[&str]) -> Ended {
        Run::start(self.command(payctl, args)).end()
    }

    /// Runs a command; all that the terminal gets is the outcome's stdout.
    pub fn raw(self, payctl: &Payctl, args: &[&str]) -> Ended {
        let mut command = self.command(payctl, args);
        command.env("TERMINAL_RAW", "1");
        Run::start(command).end()
    }

    /// What one sees when something is shown that matches the pattern. The command ends there.
    pub fn until(self, payctl: &Payctl, args: &[&str], pattern: &str) -> String {
        let mut command = self.command(payctl, args);
        command.env("TERMINAL_UNTIL", pattern);
        let ended = Run::start(command).end();
        ended.exits(0);
        ended.stdout
    }

    fn command(self, payctl: &Payctl, args: &[&str]) -> Command {
        let given = payctl.command(args);
        let mut command = Command::new("python3");
        command.arg(root().join("tests/terminal.py"));
        let answers = json!(self.answers).to_string();
        command.args([self.columns.to_string(), ROWS.to_string(), answers]);
        command.arg(given.get_program()).args(given.get_args());
        command.current_dir(payctl.folder()).env_clear().env("TERM", "xterm");
        command.envs(given.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.envs(self.environment.iter().copied());
        command
    }
}
