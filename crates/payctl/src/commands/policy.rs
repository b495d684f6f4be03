//! `payctl policy`: what an operator has to be allowed.

use payctl_aws::{Facts, Recorder, Task, Zone, kinds, policy};
use payctl_stack::Discovered;

use crate::cli::{Global, PolicyArgs, PolicyTask};
use crate::connection::connect;
use crate::environment::{Local, declare};
use crate::error::{CliError, Exit};
use crate::report;

/// What IAM takes as a managed policy, in characters without white space.
const LONGEST: usize = 6144;
/// What it takes of a role's own policies.
const LONGEST_INLINE: usize = 10_240;

pub(super) async fn run(global: &Global, args: &PolicyArgs) -> Result<Exit, CliError> {
    let local = Local::read(global)?;
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
        None => connection.facts().await.map_err(|error| {
            CliError::aws("could not verify the AWS credentials", &error.into())
                .hint("with --account ID nothing is asked")
        })?,
    };
    // Which zones they are does not matter here.
    let zones: Vec<Zone> =
        ["a", "b", "c"].map(|zone| Zone::from(format!("{}{zone}", facts.region))).into();
    let recorder = Recorder::Recording(String::new());
    let found = Discovered { zones, recorder, ..Discovered::default() };
    let stack = declare(&local, &facts, &found, &Default::default());
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
