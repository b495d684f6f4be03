//! A terminal: what is asked there, what may be answered, and what one sees.

use std::process::Command;

use serde_json::json;

use crate::binary::{Ended, Payctl, Run};
use crate::emulator::root;

/// How many lines it has.
const ROWS: usize = 40;

/// Runs a command on a terminal of that width and types each answer once its prompt is shown. What
/// one sees there in the end is the outcome's stdout.
pub fn on_a_terminal(
    payctl: &Payctl,
    columns: usize,
    args: &[&str],
    answers: &[(&str, &str)],
) -> Ended {
    let given = payctl.command(args);
    let mut command = Command::new("python3");
    command.arg(root().join("tests/terminal.py"));
    command.args([columns.to_string(), ROWS.to_string(), json!(answers).to_string()]);
    command.arg(given.get_program()).args(given.get_args());
    command.current_dir(payctl.folder()).env_clear().env("TERM", "xterm");
    command.envs(given.get_envs().filter_map(|(key, value)| Some((key, value?))));
    Run::start(command).end()
}
