//! `payctl status`: how an environment is, in the time of one call. Writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use payctl_aws::{Artifacts, Condition, Facts, Health, Partition};
use payctl_engine::state::{Loaded, Status};
use payctl_engine::{Address, State};
use serde_json::{Value, json};

use crate::connection::{connect, facts};
use crate::environment::check_place;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::local::{Local, running};
use crate::looked::{self, Looked};
use crate::{cost, report};

/// The format of `--json`.
const FORMAT: u32 = 1;

/// Say how an environment is
///
/// What is deployed and what it costs, from the state; and what AWS says of its health: alarms that
/// fire, functions that fail, databases, targets, and what expires. All is asked for at once.
/// Whether it is as declared is not looked at: what the last plan on this machine saw is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl status                what is wrong with it
  payctl status -v             and what is not
  payctl status --json         for a program")]
pub(crate) struct StatusArgs {
    /// Print all of it as JSON: docs/schema/status.json
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) async fn run(global: &Global, args: &StatusArgs) -> Result<Exit, CliError> {
    let (global, local) = Local::read(global, First::Named)?;
    let loaded = local.load()?;
    let Some(state) = loaded.state.as_ref().filter(|state| !state.is_empty()) else {
        return not_deployed(&global, &local, args);
    };
    let conditions = ask(&global, &local, state).await?;
    let month = cost::recorded(state, &local.basis);
    let run = under_way(&local, &loaded, state);
    let looked = looked::last(&local, changed_at(state));
    if args.json {
        report::json(&json!({
            "format": FORMAT,
            "stack": state.stack,
            "suffix": state.suffix,
            "account": state.account,
            "region": state.region,
            "deployed": true,
            "resources": there(state).count(),
            "changed_at": changed_at(state),
            "run": run.as_ref().map(Run::word),
            "drift": looked.map(|looked| json!({ "looked_at": looked.at, "resources": looked.drifted })),
            "cost": {
                "currency": "USD",
                "idle": month.idle_total(),
                "total": month.total(),
                "unknown": month.unknown.len(),
            },
            "health": worst(&conditions),
            "conditions": conditions,
        }))?;
        return Ok(Exit::Done);
    }
    let sandbox = if global.sandbox { " · sandbox" } else { "" };
    report::say(&format!(
        "{} · account {} · {}{sandbox}",
        local.title(),
        state.account,
        state.region
    ));
    let changed =
        changed_at(state).map(|at| at.strftime(", changed %Y-%m-%d %H:%M UTC").to_string());
    let count = report::plural(there(state).count(), "resource");
    let mut lines = vec![("deployed", count + &changed.unwrap_or_default())];
    lines.extend(run.map(|run| ("run", run.line(&global))));
    lines.push(("drift", drift(looked.as_ref(), &global)));
    lines.push(("cost", payctl_cost::render::summary(&month, None)));
    lines.push(("health", summary(&conditions)));
    for (name, value) in lines {
        report::data(&format!("{name:<10}{value}\n"));
    }
    let shown = conditions.iter().filter(|one| one.health != Health::Healthy || global.verbose > 0);
    let shown: Vec<&Condition> = shown.collect();
    if !shown.is_empty() {
        report::data("\n");
    }
    for one in shown {
        let what = one.what.split_whitespace().collect::<Vec<_>>().join(" ");
        report::data(&format!("{:<10}{} {what}\n", word(one.health), one.address));
    }
    Ok(Exit::Done)
}

/// What the last plan saw of it.
fn drift(looked: Option<&Looked>, global: &Global) -> String {
    let plan = global.command("plan");
    let Some(Looked { at, drifted, .. }) = looked else {
        return format!("not looked: `{plan}` looks");
    };
    let at = at.strftime("%Y-%m-%d %H:%M UTC");
    match drifted.len() {
        0 => format!("none when last looked, {at}"),
        count => {
            let resources = report::plural(count, "resource");
            format!("{resources} when last looked, {at}: `{plan}` shows what")
        }
    }
}

/// A run that goes on, or did not end.
enum Run {
    /// What the lock says of it.
    UnderWay(String),
    Interrupted,
}

impl Run {
    fn word(&self) -> &'static str {
        match self {
            Self::UnderWay(_) => "running",
            Self::Interrupted => "interrupted",
        }
    }

    fn line(&self, global: &Global) -> String {
        match self {
            Self::UnderWay(run) => format!("{run}, is under way"),
            Self::Interrupted => {
                format!("the last one was interrupted: `{}` resumes it", global.command("up"))
            }
        }
    }
}

fn under_way(local: &Local, loaded: &Loaded, state: &State) -> Option<Run> {
    match running(&local.store) {
        Some(run) => Some(Run::UnderWay(run)),
        None if loaded.replayed > 0 || !state.pending.is_empty() => Some(Run::Interrupted),
        None => None,
    }
}

/// Says that it is not deployed, and where it may be.
fn not_deployed(global: &Global, local: &Local, args: &StatusArgs) -> Result<Exit, CliError> {
    if args.json {
        let (stack, suffix) = (local.system.name, &local.suffix);
        report::json(&json!({
            "format": FORMAT, "stack": stack, "suffix": suffix.as_str(), "deployed": false,
        }))?;
        return Ok(Exit::Done);
    }
    report::data(&format!(
        "{}: not deployed, as far as this folder's state tells\n",
        local.title()
    ));
    let hint = local.meant(global);
    let hint = hint.unwrap_or_else(|| format!("`{}` deploys it", global.command("up")));
    report::say(&hint);
    Ok(Exit::Done)
}

/// What AWS says. The state tells which account it is of, so that the resources are asked for
/// while it is made sure that it is this one.
async fn ask(global: &Global, local: &Local, state: &State) -> Result<Vec<Condition>, CliError> {
    let connection = connect(global, &local.config).await?;
    let region = connection.region().to_owned();
    let told = Facts {
        account: state.account.clone(),
        caller: String::new(),
        partition: Partition::of_region(&region).id.to_owned(),
        region,
    };
    // What is of another region is not asked for in this one.
    check_place(local, state, &told, global.sandbox)?;
    let aws = connection.retrying(&Arc::new(told), &Arc::new(Artifacts::default()));
    let conditions = payctl_aws::conditions(&aws, there(state));
    let (facts, conditions) = tokio::join!(facts(global, &connection), conditions);
    check_place(local, state, &facts?, global.sandbox)?;
    Ok(conditions)
}

/// The resources that the state records, and their outputs.
fn there(state: &State) -> impl Iterator<Item = (&Address, &Value)> {
    let there = state.resources.iter().filter(|(_, record)| record.status != Status::Gone);
    there.map(|(address, record)| (address, &record.outputs))
}

fn changed_at(state: &State) -> Option<Timestamp> {
    let seconds = i64::try_from(state.changed_at).ok().filter(|seconds| *seconds > 0)?;
    Timestamp::from_second(seconds).ok()
}

/// How it is as a whole: as the worst of it, but for what nobody could say.
fn worst(conditions: &[Condition]) -> Health {
    conditions.iter().map(|one| one.health).min().unwrap_or(Health::Healthy)
}

/// How many are how, the worst first.
fn summary(conditions: &[Condition]) -> String {
    let mut counts: BTreeMap<Health, usize> = BTreeMap::new();
    for one in conditions {
        *counts.entry(one.health).or_default() += 1;
    }
    match counts.is_empty() {
        true => "of no resource here AWS tells that".to_owned(),
        false => {
            let told =
                counts.into_iter().map(|(health, count)| format!("{count} {}", word(health)));
            told.collect::<Vec<_>>().join(", ")
        }
    }
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Unhealthy => "unhealthy",
        Health::Attention => "attention",
        Health::Unknown => "unknown",
        Health::Healthy => "healthy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(health: Health) -> Condition {
        Condition { address: Address::new("lambda.function", "work"), health, what: String::new() }
    }

    #[test]
    fn the_worst_of_it_is_how_it_is() {
        let all = [one(Health::Healthy), one(Health::Attention), one(Health::Healthy)];
        assert_eq!(worst(&all), Health::Attention);
        assert_eq!(worst(&[]), Health::Healthy);
        assert_eq!(summary(&all), "1 attention, 2 healthy");
        assert_eq!(worst(&[one(Health::Unknown), one(Health::Unhealthy)]), Health::Unhealthy);
    }
}
