//! `payctl sweep`: deletes the environments whose time is over.

mod choice;
mod doomed;
mod pattern;
mod selection;

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use payctl_engine::Plan;

use self::choice::{Place, choose};
use self::doomed::{Doomed, Prepared, prepare};
use self::selection::Selection;
use super::permissions::PermissionArgs;
use super::run::{Manner, Question, apply, stream};
use super::saved;
use crate::ask::typed;
use crate::error::{CliError, Exit};
use crate::global::{Global, shell_word};
use crate::local::Local;
use crate::report;

/// Delete the environments whose time is over
///
/// The account's environments are found by their tags, those of this folder by their state as well.
/// What is asked for has to be true all at once; what is `protected` in the configuration stays. All
/// deletions are shown before anything is deleted, then carried out one after the other.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("which").required(true).multiple(true)
        .args(["plan", "expired", "older_than", "pattern"]),
    after_help = "\
Examples:
  payctl sweep --expired                        those whose `up --ttl` is over
  payctl sweep --match 'pr-*' --older-than 14d  pull requests of long ago
  payctl sweep --expired --out sweep.plan       what `sweep sweep.plan` does"
)]
pub(crate) struct SweepArgs {
    /// Deletions saved by `payctl sweep --out`: done exactly, or not at all
    #[arg(conflicts_with_all = ["expired", "older_than", "pattern", "regions", "out"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// Save what would be deleted, for `payctl sweep FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    out: Option<PathBuf>,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Lift protection against deletion
    #[arg(long)]
    lift_protection: bool,
}

impl SweepArgs {
    fn permissions(&self) -> PermissionArgs {
        PermissionArgs { lift_protection: self.lift_protection, ..PermissionArgs::default() }
    }
}

pub(super) async fn run(global: &Global, args: &SweepArgs) -> Result<Exit, CliError> {
    if global.is_typed("suffix") {
        return Err(CliError::failed("sweep chooses among suffixes, and --suffix names one")
            .hint("use --match, or `payctl destroy --suffix SUFFIX`"));
    }
    let (places, saved) = match &args.plan {
        Some(path) => {
            let saved = saved::read_deletions(path)?;
            let places = saved.iter().map(Place::of_plan).collect::<Result<_, _>>()?;
            (places, Some(saved))
        }
        None => (choose(global, &args.selection).await?, None),
    };
    if places.is_empty() {
        report::say("no environment is to be swept");
        return Ok(Exit::Done);
    }
    let (mut doomed, mut failed) = (Vec::new(), Vec::new());
    for (nth, place) in places.iter().enumerate() {
        let wanted = saved.as_ref().and_then(|plans| plans.get(nth));
        match prepare(global, place, wanted, &args.permissions()).await {
            Ok(Prepared::Doomed(one)) => doomed.push(*one),
            Ok(Prepared::Left(why)) => report::say(&format!("{place}: {why}")),
            // A saved plan is carried out as a whole.
            Err(error) if saved.is_some() => return Err(error),
            Err(error) => {
                report::line("");
                report::error(&error);
                failed.push(error.exit);
            }
        }
    }
    let all = doomed.len() + failed.len();
    failed.extend(carry_out(global, args, doomed).await?);
    match failed[..] {
        [] => Ok(Exit::Done),
        // That was said.
        [.., Exit::Interrupted] => Ok(Exit::Interrupted),
        [exit, ..] => {
            let message = format!("{} of {} failed", failed.len(), environments(all));
            Err(CliError { exit, ..CliError::failed(message) })
        }
    }
}

/// Shows all deletions, and saves them, or asks and carries them out. Answers how those ended that
/// failed.
async fn carry_out(
    global: &Global,
    args: &SweepArgs,
    doomed: Vec<Doomed>,
) -> Result<Vec<Exit>, CliError> {
    let mut failed = Vec::new();
    if doomed.is_empty() {
        report::say("no environment is to be swept");
        return Ok(failed);
    }
    show(args, &doomed, global.verbose);
    if let Some(path) = &args.out {
        save(global, path, doomed)?;
        return Ok(failed);
    }
    ask(args, &doomed).await?;
    let mut left = doomed.into_iter();
    while let Some(one) = left.next() {
        match delete(args, one).await {
            Ok(Exit::Interrupted) => {
                report::line(&format!("{} not begun", environments(left.len())));
                failed.push(Exit::Interrupted);
                break;
            }
            Ok(_) => {}
            Err(error) => {
                report::error(&error);
                failed.push(error.exit);
            }
        }
    }
    Ok(failed)
}

/// Shows all deletions, and their sum.
fn show(args: &SweepArgs, doomed: &[Doomed], verbose: u8) {
    let mut text = String::new();
    for Doomed { environment, plan, why, .. } in doomed {
        text += &report::plan::text(environment, plan, verbose);
        text += &report::paint(report::DIM, format!("why: {why}"));
        text += "\n\n";
    }
    text += &format!("{} to delete", sum(doomed));
    match (&args.out, args.yes) {
        (Some(_), _) => report::data(&format!("{text}\n")),
        (None, true) => report::say(&text),
        // What is asked about is shown, however little is to be told.
        (None, false) => report::line(&text),
    }
}

/// How many environments and resources they are.
fn sum(doomed: &[Doomed]) -> String {
    let resources = doomed.iter().map(|one| one.plan.counts().delete).sum();
    format!("{} with {}", environments(doomed.len()), report::plural(resources, "resource"))
}

fn environments(count: usize) -> String {
    report::plural(count, "environment")
}

fn save(global: &Global, path: &std::path::Path, doomed: Vec<Doomed>) -> Result<(), CliError> {
    let plans: Vec<Plan> = doomed.into_iter().map(|one| one.plan).collect();
    saved::write_deletions(path, plans)?;
    let file = shell_word(&path.to_string_lossy());
    let command = global.command(&format!("sweep {file}"));
    report::say(&format!("saved; `{command}` deletes exactly this"));
    Ok(())
}

/// Asks once for all of them: of one for its suffix, of several for how many they are.
async fn ask(args: &SweepArgs, doomed: &[Doomed]) -> Result<(), CliError> {
    if args.yes {
        return Ok(());
    }
    let hint = "add --yes if the plan is right";
    report::line("");
    if let [one] = doomed {
        let question = report::plan::deletion_question(&one.plan, one.environment.sandbox);
        return typed(&question, &one.plan.owner.suffix, hint).await;
    }
    let account = doomed.first().map_or("", |one| one.plan.account.as_str());
    let wanted = format!("delete {}", doomed.len());
    let question =
        format!("Type \"{wanted}\" to delete these {} in account {account}: ", sum(doomed));
    typed(&question, &wanted, hint).await
}

async fn delete(args: &SweepArgs, doomed: Doomed) -> Result<Exit, CliError> {
    let Doomed { environment, session, plan, global, .. } = doomed;
    let Local { system, suffix, .. } = &environment.local;
    report::say(&format!("\n{} {suffix} · {}", system.name, plan.region));
    let mut stream = stream(false, "destroy", &environment);
    let (permissions, question) = (args.permissions(), Question::Destroy { yes: true });
    let manner = Manner { global: &global, permissions: &permissions, question, end: None };
    apply(manner, environment, &session, &plan, &mut stream).await
}
