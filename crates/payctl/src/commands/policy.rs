//! `payctl policy`: what an operator has to be allowed.

use clap::{Args, ValueEnum};
use payctl_aws::{Facts, Recorder, Task, Zone, kinds, policy};
use payctl_stack::Discovered;

use crate::cli::Global;
use crate::connection::{connect, facts};
use crate::environment::{Local, declare};
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::report;

/// What IAM takes as a managed policy, in characters without white space.
const LONGEST: usize = 6144;
/// What it takes of a role's own policies.
const LONGEST_INLINE: usize = 10_240;

/// Print the IAM policy that an operator needs
///
/// What plan, up, destroy and shift call, on what the stack declares, and nothing more.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl policy --suffix dev                        for every command
  payctl policy --suffix dev --for plan             for whoever only looks
  payctl policy --suffix dev --account 123456789012 without credentials")]
pub(crate) struct PolicyArgs {
    /// What the operator is to do (repeatable) [default: all]
    #[arg(long = "for", value_enum, value_name = "COMMAND")]
    pub(crate) tasks: Vec<PolicyTask>,
    /// The account [default: that of the credentials]
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(crate) account: Option<String>,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyTask {
    /// payctl plan
    Plan,
    /// payctl up
    Up,
    /// payctl destroy
    Destroy,
    /// payctl shift
    Shift,
}

pub(super) async fn run(global: &Global, args: &PolicyArgs) -> Result<Exit, CliError> {
    let (global, local) = &Local::read(global, First::Dev)?;
    local.say_guess();
    let connection = connect(global, &local.config).await?;
    let region = connection.region().to_owned();
    let facts = match &args.account {
        // Which partition a region is in, its name says.
        Some(account) => Facts {
            account: account.clone(),
            caller: String::new(),
            partition: partition(&region).to_owned(),
            region,
        },
        None => facts(global, &connection)
            .await
            .map_err(|error| error.hint("with --account ID nothing is asked"))?,
    };
    // Which zones they are does not matter here.
    let zones: Vec<Zone> =
        ["a", "b", "c"].map(|zone| Zone::from(format!("{}{zone}", facts.region))).into();
    let recorder = Recorder::Recording(String::new());
    let found = Discovered { zones, recorder, ..Discovered::default() };
    let stack = declare(local, &facts, &found, &Default::default());
    let mut tasks: Vec<Task> = args.tasks.iter().map(|task| (*task).into()).collect();
    if tasks.is_empty() {
        tasks = vec![Task::Plan, Task::Up, Task::Destroy, Task::Shift];
    }
    let asks = local.system.prerequisites(&local.config).actions();
    let document = policy(&stack, kinds().kinds(), &facts, &tasks, &asks);
    report::data(&format!("{document:#}\n"));
    let length = document.to_string().chars().filter(|c| !c.is_whitespace()).count();
    if length > LONGEST_INLINE {
        report::warn(&format!(
            "it has {length} characters, and IAM takes {LONGEST} in a managed policy, {LONGEST_INLINE} \
             in\n  a role: divide its statements among several managed policies"
        ));
    } else if length > LONGEST {
        report::warn(&format!(
            "it has {length} characters: too long for a managed policy ({LONGEST}),\n  not for \
             one that is inline in a role ({LONGEST_INLINE})"
        ));
    }
    Ok(Exit::Done)
}

fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

impl From<PolicyTask> for Task {
    fn from(task: PolicyTask) -> Self {
        match task {
            PolicyTask::Plan => Self::Plan,
            PolicyTask::Up => Self::Up,
            PolicyTask::Destroy => Self::Destroy,
            PolicyTask::Shift => Self::Shift,
        }
    }
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account id has 12 digits".to_owned()),
    }
}
