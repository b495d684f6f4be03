//! `payctl preflight`: what is known to stop `up` half-way. Writes nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use payctl_aws::Lacking;
use payctl_engine::Goal;
use serde_json::{Value, json};

use super::permissions::PermissionArgs;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::preflight::{Check, Rights, checks};
use crate::report;

/// The format of `--json`.
const FORMAT: u32 = 1;

/// Check what would stop `up` half-way
///
/// Quotas of the account and how much of them is used, for what the next `up` makes; service-linked
/// roles; and whether these credentials are allowed what `up` does, where they may ask IAM to
/// simulate it. `plan` and `up` refuse what the account has no room for. Ends with 1 where a check
/// says no.
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
    let checks = checks(&plan, &environment.asked.rooms);
    let rights = match &environment.asked.rights {
        Some(rights) => rights.clone(),
        None => environment.rights().await,
    };
    if args.json {
        let checks: Vec<Value> = checks.iter().map(value).collect();
        report::json(&json!({
            "format": FORMAT,
            "stack": plan.owner.stack,
            "suffix": plan.owner.suffix,
            "account": plan.account,
            "region": plan.region,
            "checks": checks,
            "service_linked_roles": rights.linked.as_ref().ok(),
            "permissions": as_json(&rights),
        }))?;
    } else {
        let sandbox = if environment.sandbox { " · sandbox" } else { "" };
        let place = format!("account {} · {}{sandbox}", plan.account, plan.region);
        report::say(&format!("{} · {place}", environment.local.title()));
        let lines: Vec<Line> = checks.iter().map(of_room).chain(of_rights(&rights)).collect();
        report::data(&table(&lines));
        if checks.is_empty() {
            report::say("the next `up` makes nothing that an account has a limited number of");
        }
    }
    let lacking = rights.lacking.as_ref().map_or(0, Lacking::len);
    let stops = checks.iter().filter(|check| check.stops()).count() + lacking;
    match stops {
        0 => Ok(Exit::Done),
        _ => Err(CliError::failed(format!(
            "`up` would stop half-way: {}",
            match stops {
                1 => "1 check says so".to_owned(),
                stops => format!("{stops} checks say so"),
            }
        ))
        .hint(match lacking {
            0 => format!("`{}` says what to do about each", global.command("plan")),
            _ => format!("`{}` prints what an operator needs", global.command("policy")),
        })),
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

fn as_json(rights: &Rights) -> Value {
    let (verdict, denied, why) = match &rights.lacking {
        Ok(lacking) if lacking.is_empty() => ("ok", Some(lacking), None),
        Ok(lacking) => ("stops", Some(lacking), None),
        Err(why) => ("unknown", None, Some(why)),
    };
    json!({ "verdict": verdict, "denied": denied, "why": why })
}

/// A verdict, what it is about, and what there is to say.
type Line = (&'static str, String, String);

fn of_rights(rights: &Rights) -> Vec<Line> {
    let unknown = |what: &str, why: &String| {
        ("unknown", what.to_owned(), format!("AWS could not be asked: {why}"))
    };
    let linked = |(service, there): (&String, &bool)| {
        let said = match there {
            true => "its service-linked role is there",
            false => "AWS makes its service-linked role at the first use",
        };
        ("ok", service.clone(), said.to_owned())
    };
    let lacking = |(action, resources): (&String, &BTreeSet<String>)| {
        let first = resources.first().map_or("*", String::as_str);
        let more = match resources.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        ("stops", action.clone(), format!("not allowed on {first}{more}"))
    };
    let mut lines: Vec<Line> = match &rights.linked {
        Ok(all) => all.iter().map(linked).collect(),
        Err(why) => vec![unknown("service-linked roles", why)],
    };
    match &rights.lacking {
        Ok(all) if all.is_empty() => {
            lines.push(("ok", "permissions".to_owned(), "as IAM simulates them".to_owned()));
        }
        Ok(all) => lines.extend(all.iter().map(lacking)),
        Err(why) => lines.push(unknown("permissions", why)),
    }
    lines
}

fn of_room(check: &Check) -> Line {
    let said = match &check.room {
        Ok(room) => format!("{} needed, {} of {} left", check.needed, room.left(), room.limit),
        Err(why) => format!("{} needed; AWS could not be asked: {why}", check.needed),
    };
    (verdict(check), check.limited.name().to_owned(), said)
}

fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|(_, what, _)| what.len()).max().unwrap_or_default();
    let mut out = String::new();
    for (verdict, what, said) in lines {
        let _ = writeln!(out, "{verdict:<8} {what:<width$} {said}");
    }
    out
}
