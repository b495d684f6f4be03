//! `payctl timeline`: what a run did when, what waited for what, and what took longer than predicted.

use std::path::PathBuf;

use clap::Args;
use payctl_engine::state::write_private;
use serde_json::{Value, json};

use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::local::{Local, running};
use crate::report;
use crate::report::timeline::View;
use crate::timeline::{Operation, Planned, Timeline, Unreadable, parse, path, runs, trace};

/// The format of `--json`.
const FORMAT: u32 = 1;

/// Show what a run did when, and what it waited for
///
/// The newest runs of an environment have a timeline, which is kept beside the state.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl timeline                    the last run of the environment
  payctl timeline 2026 -v            the run whose id begins so, with all it did
  payctl timeline --trace up.json    also for ui.perfetto.dev")]
pub(crate) struct TimelineArgs {
    /// The run's id, or its beginning; `payctl history` lists them [default: the last]
    run: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    /// Also write it for ui.perfetto.dev or chrome://tracing
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

pub(super) fn run(global: &Global, args: &TimelineArgs) -> Result<Exit, CliError> {
    let (global, local) = &Local::read(global, First::Named)?;
    local.say_guess();
    let folder = &local.records();
    // What is no folder of a state is told as such.
    local.store.history()?;
    let run = chosen(global, local, &runs(folder), args.run.as_deref())?;
    let path = path(folder, &run);
    let cannot = || CliError::failed(format!("cannot read the timeline {}", path.display()));
    let bytes = std::fs::read(&path).map_err(|source| cannot().because(&source))?;
    let timeline = parse(&bytes).map_err(|why| match why {
        Unreadable::Newer(format) => cannot()
            .because_of(format!("it has format {format}, which a newer version of payctl wrote"))
            .hint("use that version"),
        Unreadable::Damaged(why) => cannot().because_of(why),
    })?;
    if let Some(file) = &args.trace {
        let text = trace(&timeline).to_string();
        write_private(file, text.as_bytes()).map_err(|source| {
            CliError::failed(format!("failed to write {}", file.display())).because(&source)
        })?;
    }
    if args.json {
        report::json(&value(&timeline))?;
    } else {
        let (whole, width) = (global.verbose > 0, report::width());
        // The run that goes on is the last one.
        let last = runs(folder).last() == Some(&run);
        let goes_on = last && running(&local.store).is_some();
        report::data(&View { timeline: &timeline, goes_on, whole, width }.text());
    }
    if let Some(file) = &args.trace {
        report::say(&format!("written to {}: ui.perfetto.dev opens it", file.display()));
    }
    Ok(Exit::Done)
}

/// The run whose id begins so, else the last one.
fn chosen(
    global: &Global,
    local: &Local,
    runs: &[String],
    wanted: Option<&str>,
) -> Result<String, CliError> {
    let list = global.command("history");
    let Some(wanted) = wanted else {
        return runs.last().cloned().ok_or_else(|| {
            let name = format!("{} {}", local.system.name, local.suffix);
            let error = CliError::failed(format!("no run of {name} has a timeline"));
            let hints = local.meant(global).into_iter();
            hints.fold(error, CliError::hint).hint("`up` and `destroy` keep one")
        });
    };
    let fits: Vec<&String> = runs.iter().filter(|run| run.starts_with(wanted)).collect();
    match fits[..] {
        [one] => Ok(one.clone()),
        [] => {
            let message = format!("no timeline is of a run {}", report::quoted(wanted));
            let kept = report::plural(runs.len(), "run");
            let kept = format!("the last {kept} have one; `{list}` lists all runs");
            Err(CliError::failed(message).hint(kept))
        }
        _ => {
            let several = report::plural(fits.len(), "run");
            let message = format!("{several} begin with {}", report::quoted(wanted));
            Err(CliError::failed(message).hint(format!("`{list}` lists the runs")))
        }
    }
}

/// A timeline for programs.
fn value(timeline: &Timeline) -> Value {
    let path = timeline.critical_path();
    let head = &timeline.head;
    let name = |index: usize| {
        let Planned { address, phase, .. } = timeline.planned(index);
        json!({ "address": address, "phase": phase })
    };
    let operations = timeline.operations.iter().enumerate().map(|(index, operation)| {
        let Operation { began, created, ended, status, retries } = operation;
        let Planned { address, phase, action, predicted_seconds, measured_runs, .. } =
            timeline.planned(index);
        let awaited = timeline.awaited(index).map(&name).collect::<Vec<_>>();
        json!({
            "address": address,
            "phase": phase,
            "action": action,
            "status": status,
            "began_seconds": began,
            "created_seconds": created,
            "ended_seconds": ended,
            "predicted_seconds": predicted_seconds,
            "measured_runs": measured_runs,
            "longer_than_predicted": timeline.is_late(index),
            "critical": path.contains(&index),
            "after": awaited,
            "waited_for": timeline.waited_for(index).map(&name),
            "retries": retries,
        })
    });
    json!({
        "format": FORMAT,
        "run": head.run,
        "command": head.command,
        "began": head.began,
        "payctl": head.payctl,
        "outcome": timeline.end.map(|(_, outcome)| outcome),
        "seconds": timeline.took(),
        "predicted_seconds": head.predicted_seconds,
        "clock": head.clock,
        "critical_path": path.iter().copied().map(&name).collect::<Vec<_>>(),
        "operations": operations.collect::<Vec<_>>(),
    })
}
