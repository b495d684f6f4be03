//! `payctl history`: who ran what in an environment, when, from where, and with which outcome.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use payctl_engine::plan::Counts;
use payctl_engine::state::history::{Ended, Past};
use serde_json::json;

use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::local::Local;
use crate::report;

/// The format of `--json`.
const FORMAT: u32 = 1;

/// Show who ran what, and with which outcome
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl history                     the runs of the environment, latest first
  payctl history show 2026           what the run changed whose id begins so
  payctl history --json --suffix dev all as JSON, of the environment dev")]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    command: Option<HistoryCommand>,
    /// Print all as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum HistoryCommand {
    /// Show what one run changed
    Show {
        /// The run's id, or its beginning; `payctl history` lists them
        run: String,
    },
}

pub(super) fn run(global: &Global, args: &HistoryArgs) -> Result<Exit, CliError> {
    let (global, local) = &Local::read(global, First::Named)?;
    local.say_guess();
    let past = local.store.history()?;
    match &args.command {
        None if args.json => {
            report::data(&format!("{:#}\n", json!({ "format": FORMAT, "runs": past })));
        }
        None if past.is_empty() => {
            let name = format!("{} {}", local.system.name, local.suffix);
            report::say(&format!("nothing was changed in {name} from this folder"));
            if let Some(hint) = local.meant(global) {
                report::say(&hint);
            }
        }
        None => report::data(&table(&past)),
        Some(HistoryCommand::Show { run }) => {
            let past = chosen(global, &past, run)?;
            match args.json {
                true => report::data(&format!("{:#}\n", json!({ "format": FORMAT, "run": past }))),
                false => report::data(&details(past)),
            }
        }
    }
    Ok(Exit::Done)
}

/// The run whose id begins so.
fn chosen<'a>(global: &Global, past: &'a [Past], wanted: &str) -> Result<&'a Past, CliError> {
    let fits: Vec<&Past> = past.iter().filter(|past| past.run.id.starts_with(wanted)).collect();
    let list = global.command("history");
    match fits[..] {
        [one] => Ok(one),
        [] => {
            let error = CliError::failed(format!("no run has the id {}", report::quoted(wanted)));
            Err(error.hint(format!("`{list}` lists the runs")))
        }
        _ => {
            let several = report::plural(fits.len(), "run");
            let message = format!("{several} begin with {}", report::quoted(wanted));
            Err(CliError::failed(message).hint(format!("`{list}` lists the runs")))
        }
    }
}

/// How it ended, in a word.
fn outcome(past: &Past) -> &'static str {
    match past.end.as_ref().map(|end| end.outcome) {
        Some(Ended::Done) => "done",
        Some(Ended::Failed) => "failed",
        Some(Ended::Interrupted) => "interrupted",
        // Killed, or going on.
        None => "not ended",
    }
}

/// What was planned, such as `+38` or `+1 ~2 -3`.
fn planned(counts: &Counts) -> String {
    let Counts { create, adopt, update, replace, delete, .. } = *counts;
    let all = [('+', create + adopt), ('~', update), ('±', replace), ('-', delete)];
    let all = all.into_iter().filter(|(_, count)| *count > 0);
    all.map(|(sign, count)| format!("{sign}{count}")).collect::<Vec<_>>().join(" ")
}

/// Who it was, without what all callers of an account have in common.
pub(super) fn short(caller: &str) -> &str {
    caller.rsplit_once(':').map_or(caller, |(_, name)| name)
}

fn table(past: &[Past]) -> String {
    let row = |past: &Past| {
        let run = &past.run;
        let began = run.began.replace('T', " ").replace('Z', "");
        let who = format!("{} from {}", short(&run.who), run.from);
        let (command, planned) = (run.command.clone(), planned(&run.planned));
        [run.id.clone(), began, command, planned, outcome(past).to_owned(), who]
    };
    let heads = ["RUN", "BEGAN (UTC)", "COMMAND", "PLANNED", "OUTCOME", "WHO"];
    report::table(&heads, past.iter().rev().map(row))
}

fn details(past: &Past) -> String {
    let run = &past.run;
    let mut out = String::new();
    let ended = past.end.as_ref().map(|end| end.ended.as_str());
    for (name, value) in [
        ("run", run.id.as_str()),
        ("command", &run.command),
        ("began", &run.began),
        ("ended", ended.unwrap_or("no end was recorded: it was killed, or goes on")),
        ("outcome", outcome(past)),
        ("who", &run.who),
        ("from", &run.from),
        ("payctl", &run.version),
        ("planned", &planned(&run.planned)),
    ] {
        let _ = writeln!(out, "{name:<8}  {value}");
    }
    let Some(end) = &past.end else { return out };
    if !end.changes.is_empty() {
        out.push('\n');
    }
    for change in &end.changes {
        let _ = writeln!(out, "{} {}", report::done(change.action, change.phase), change.address);
        for what in &change.removed {
            let _ = writeln!(out, "          - {what}");
        }
    }
    for (address, why) in &end.failures {
        let _ = writeln!(out, "failed    {address}: {why}");
    }
    out
}
