//! `payctl preflight`: what is known to stop `up` half-way. Writes nothing.

use std::fmt::Write as _;

use clap::Args;
use payctl_engine::Goal;
use serde_json::{Value, json};

use super::permissions::PermissionArgs;
use crate::cli::Global;
use crate::environment::{Environment, Handlers, Local};
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::preflight::{Check, checks};
use crate::report;

/// The format of `--json`.
const FORMAT: u32 = 1;

/// Check what would stop `up` half-way
///
/// Quotas of the account and how much of them is used, for what the next `up` makes. `plan` and `up`
/// look at the same and refuse what the account has no room for. Ends with 1 where a check says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl preflight --suffix dev   what `up` needs, and what there is")]
pub(crate) struct PreflightArgs {
    /// Print the checks as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) async fn run(global: &Global, args: &PreflightArgs) -> Result<Exit, CliError> {
    let (global, local) = Local::read(global, First::Dev)?;
    let environment = Environment::open(&global, local, Handlers::Needed).await?;
    let permissions = PermissionArgs { allow_data_loss: Vec::new(), lift_protection: false };
    let (environment, plan) = environment.plan_unlocked(Goal::Up, &permissions).await?;
    let checks = checks(&plan, &environment.rooms);
    if args.json {
        let checks: Vec<Value> = checks.iter().map(value).collect();
        report::json(&json!({
            "format": FORMAT,
            "stack": plan.owner.stack,
            "suffix": plan.owner.suffix,
            "account": plan.account,
            "region": plan.region,
            "checks": checks,
        }))?;
    } else {
        let sandbox = if environment.sandbox { " · sandbox" } else { "" };
        let place = format!("account {} · {}{sandbox}", plan.account, plan.region);
        report::say(&format!("{} · {place}", environment.local.title()));
        report::data(&table(&checks));
        if checks.is_empty() {
            report::say("the next `up` makes nothing that an account has a limited number of");
        }
    }
    let stops = checks.iter().filter(|check| check.stops()).count();
    match stops {
        0 => Ok(Exit::Done),
        _ => Err(CliError::failed(format!(
            "`up` would stop half-way: {}",
            match stops {
                1 => "1 check says so".to_owned(),
                stops => format!("{stops} checks say so"),
            }
        ))
        .hint(format!("`{}` says what to do about each", global.command("plan")))),
    }
}

/// What it says, in a word.
fn verdict(check: &Check) -> &'static str {
    match (&check.room, check.stops()) {
        (Err(_), _) => "unknown",
        (Ok(_), true) => "stops",
        (Ok(_), false) => "ok",
    }
}

fn value(check: &Check) -> Value {
    let Check { limited, needed, first, room } = check;
    let (service, code) = limited.quota();
    let room_of = |of: fn(&payctl_aws::Room) -> u64| room.as_ref().ok().map(of);
    json!({
        "check": limited.name(),
        "verdict": verdict(check),
        "needed": needed,
        "limit": room_of(|room| room.limit),
        "used": room_of(|room| room.used),
        "service": service,
        "quota": code,
        "address": first,
        "why": room.as_ref().err(),
    })
}

fn table(checks: &[Check]) -> String {
    let mut out = String::new();
    for check in checks {
        let said = match &check.room {
            Ok(room) => format!("{} needed, {} of {} left", check.needed, room.left(), room.limit),
            Err(why) => format!("{} needed; AWS could not be asked: {why}", check.needed),
        };
        let _ = writeln!(out, "{:<8} {:<31} {said}", verdict(check), check.limited.name());
    }
    out
}
