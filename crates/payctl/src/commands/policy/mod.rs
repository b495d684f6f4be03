//! `payctl policy`: what an operator has to be allowed.

mod documents;

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Command};
use documents::{LONGEST, LONGEST_INLINE, MOST, PolicyFormat, file_name, length, split, write};
use payctl_aws::kms::Signer;
use payctl_aws::{Facts, Partition, StatePlace, Task, kinds, policy};
use payctl_engine::Stack;
use payctl_stack::Systems;
use serde_json::{Value, json};

use crate::commands::state::shared::no_bucket;
use crate::commands::systems::offered;
use crate::connection::{connect, facts};
use crate::environment::declare;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::local::Local;
use crate::{lookups, report};

/// Print the IAM policy that an operator needs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl policy --suffix dev                        for every command
  payctl policy --suffix dev --for plan             for whoever only looks
  payctl policy --suffix dev --account 123456789012 without credentials
  payctl policy --suffix dev --for state-init       for whoever makes the bucket of states
  payctl policy --suffix dev --split policies       in files, each of which IAM takes")]
pub(crate) struct PolicyArgs {
    /// What the operator is to do (repeatable) [default: all but check]
    #[arg(long = "for", value_name = "COMMAND")]
    pub(crate) tasks: Vec<String>,
    /// The key of AWS KMS that `check --evidence` signs with
    #[arg(long, value_name = "ARN", value_parser = key)]
    pub(crate) sign_kms: Option<String>,
    /// The account [default: that of the credentials]
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(crate) account: Option<String>,
    /// What it is written for
    #[arg(long, value_enum, default_value_t = PolicyFormat::Json)]
    pub(crate) format: PolicyFormat,
    /// Divide it into managed policies, each in a file of this folder, which has to be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) split: Option<PathBuf>,
}

/// All that an operator may do, by the commands that do it.
fn tasks(systems: Systems) -> Vec<(&'static str, Task)> {
    let first = [("plan", Task::Plan), ("up", Task::Up), ("destroy", Task::Destroy)];
    let of_systems = offered(systems).map(|command| (command.name, command.task));
    let last = [("invoke", Task::Invoke), ("check", Task::Check)];
    first.into_iter().chain(of_systems).chain(last).collect()
}

/// What is done with the bucket of states, which no stack declares.
const USE: &str = "state";
const INIT: &str = "state-init";

/// The command with what depends on which others there are.
pub(crate) fn complete(command: Command, systems: Systems) -> Command {
    let names: Vec<&str> = tasks(systems).into_iter().map(|(name, _)| name).collect();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let (last, first) = names.split_last().unwrap_or((&"plan", &[]));
    let long = format!(
        "{about}\n\nWhat {} and {last} call, on what the stack declares, and nothing more; and, where \
         the configuration names a bucket of states, what its use takes.",
        first.join(", ")
    );
    let value = |name: &&'static str| PossibleValue::new(*name).help(format!("payctl {name}"));
    let of_states = [
        PossibleValue::new(USE).help("every command, in the bucket of states"),
        PossibleValue::new(INIT).help("payctl state init and payctl state check, of that bucket"),
    ];
    let values: Vec<PossibleValue> = names.iter().map(value).chain(of_states).collect();
    let parser = PossibleValuesParser::new(values);
    command.long_about(long).mut_arg("tasks", |arg| arg.value_parser(parser))
}

/// The account that the sandbox has: moto's.
const SANDBOX_ACCOUNT: &str = "123456789012";

pub(super) async fn run(global: &Global, args: &PolicyArgs) -> Result<Exit, CliError> {
    // No state is needed, and the bucket of states may be what is still to be allowed.
    let global = Global { local_state: true, ..global.clone() };
    let (global, mut local) = Local::read(&global, First::Dev)?;
    local.check_document()?;
    let (global, local) = (&global, &local);
    local.say_guess();
    let connection = connect(global, &local.config).await?;
    let region = connection.region().to_owned();
    let facts = match &args.account {
        // Which partition a region is in, its name says.
        Some(account) => Facts {
            account: account.clone(),
            caller: String::new(),
            partition: Partition::of_region(&region).id.to_owned(),
            region,
        },
        None => facts(global, &connection)
            .await
            .map_err(|error| error.hint("with --account ID nothing is asked"))?,
    };
    // What is the account's is for whoever looks after it.
    let is_meant = |(name, task): &(&str, Task)| match args.tasks.is_empty() {
        true => *task != Task::Check,
        false => args.tasks.iter().any(|one| one == name),
    };
    let tasks = tasks(global.systems).into_iter().filter(is_meant);
    let tasks: Vec<Task> = tasks.map(|(_, task)| task).collect();
    let of_states = of_states(local, &facts, &args.tasks)?;
    let (mut document, stack) = match tasks.is_empty() {
        true => {
            let stack = Stack::new(local.system.name, local.suffix.as_str());
            (json!({ "Version": "2012-10-17", "Statement": [] }), stack)
        }
        false => needed(local, &facts, &tasks),
    };
    if let Some(statements) = document["Statement"].as_array_mut() {
        statements.extend(of_states);
    }
    if let (Some(key), Some(statements)) = (&args.sign_kms, document["Statement"].as_array_mut()) {
        statements.push(signs(key));
    }
    let name = format!("payctl-{}-{}", local.system.name, local.suffix);
    match &args.split {
        Some(folder) => write_files(&document, &name, folder, args.format)?,
        None => print(&document, &name, args.format),
    }
    if tasks.contains(&Task::Up) && gives_any_rights(&stack) {
        report::warn(
            "whoever has this policy can become an administrator: it lets roles be given any rights\n  \
             (iam:PutRolePolicy) and be handed on (iam:PassRole). Name a `permissions_boundary` in\n  \
             the configuration, and it is asked of every role",
        );
    }
    Ok(Exit::Done)
}

/// What the bucket of states takes: what is named, or its use, where who runs the commands uses it.
fn of_states(local: &Local, facts: &Facts, named: &[String]) -> Result<Vec<Value>, CliError> {
    let state = &local.config.state;
    let is_named = |name: &str| named.iter().any(|one| one == name);
    let own = state.profile.is_none() && state.role_arn.is_none();
    let uses = is_named(USE) || (named.is_empty() && state.bucket.is_some() && own);
    if !uses && !is_named(INIT) {
        return Ok(Vec::new());
    }
    let Some(bucket) = &state.bucket else { return Err(no_bucket()) };
    let place = StatePlace {
        bucket,
        prefix: state.prefix(),
        kms_key: state.kms_key.as_deref(),
        region: state.region.as_deref().unwrap_or(&facts.region),
    };
    let mut statements = if uses { place.to_use(facts) } else { Vec::new() };
    if is_named(INIT) {
        statements.extend(place.to_init(facts));
    }
    Ok(statements)
}

/// What an operator needs for these commands, and the stack that needs it.
fn needed(local: &Local, facts: &Facts, tasks: &[Task]) -> (Value, Stack) {
    let found = lookups::assumed(local, &facts.region);
    let stack = declare(local, facts, &found, &Default::default());
    let asks = lookups::actions(local);
    (policy(&stack, kinds().kinds(), facts, tasks, &asks), stack)
}

/// What an operator of the sandbox's account needs for every command.
pub(super) fn for_sandbox(global: &Global) -> Result<Value, CliError> {
    let (_, local) = Local::read(global, First::Dev)?;
    local.say_guess();
    let region = global.region.clone().or_else(|| local.config.region.clone());
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let facts = Facts {
        account: SANDBOX_ACCOUNT.to_owned(),
        caller: String::new(),
        partition: Partition::of_region(&region).id.to_owned(),
        region,
    };
    let tasks: Vec<Task> = tasks(global.systems).into_iter().map(|(_, task)| task).collect();
    Ok(needed(&local, &facts, &tasks).0)
}

/// What signs evidence with a key.
fn signs(key: &str) -> Value {
    json!({ "Sid": "Evidence", "Effect": "Allow", "Action": Signer::ACTIONS, "Resource": [key] })
}

fn print(document: &Value, name: &str, format: PolicyFormat) {
    if format != PolicyFormat::Json {
        let parts = numbered(split(document, LONGEST), name);
        report::data(&write(&parts, format));
        warn_of_many(parts.len());
        return;
    }
    report::data(&format!("{document:#}\n"));
    let length = length(document);
    if length > LONGEST_INLINE {
        report::warn(&format!(
            "it has {length} characters, and IAM takes {LONGEST} in a managed policy, {LONGEST_INLINE} \
             in\n  a role: --split DIR divides it among several managed policies"
        ));
    } else if length > LONGEST {
        report::warn(&format!(
            "it has {length} characters: too long for a managed policy ({LONGEST}),\n  not for \
             one that is inline in a role ({LONGEST_INLINE})"
        ));
    }
}

/// Writes each part into a file of its own, where nothing stands that might be taken for one.
fn write_files(
    document: &Value,
    name: &str,
    folder: &Path,
    format: PolicyFormat,
) -> Result<(), CliError> {
    let failed = |path: &Path| CliError::failed(format!("failed to write {}", path.display()));
    fs::create_dir_all(folder).map_err(|source| failed(folder).because(&source))?;
    let mut there = fs::read_dir(folder).map_err(|source| failed(folder).because(&source))?;
    if there.next().is_some() {
        let message = format!("{} is not empty", folder.display());
        return Err(CliError::failed(message).hint("name a folder that is empty or is not there"));
    }
    let parts = numbered(split(document, LONGEST), name);
    for part in &parts {
        let path = folder.join(file_name(&part.0, format));
        let text = write(std::slice::from_ref(part), format);
        fs::write(&path, text).map_err(|source| failed(&path).because(&source))?;
        report::data(&format!("{}\n", path.display()));
    }
    warn_of_many(parts.len());
    Ok(())
}

fn numbered(parts: Vec<Value>, name: &str) -> Vec<(String, Value)> {
    (1..).zip(parts).map(|(nth, part)| (format!("{name}-{nth}"), part)).collect()
}

fn warn_of_many(count: usize) {
    if count > MOST {
        report::warn(&format!(
            "these are {count} managed policies, and a role may have {MOST} unless its quota is raised"
        ));
    }
}

/// Whether there is a role that may be given any rights.
fn gives_any_rights(stack: &Stack) -> bool {
    let mut roles = stack.resources().iter().filter(|one| one.address.kind() == "iam.role");
    roles.any(|role| role.properties["permissions_boundary"].is_null())
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account id has 12 digits".to_owned()),
    }
}

fn key(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        ["arn", _, "kms", _, _, id] if id.starts_with("key/") => Ok(text.to_owned()),
        _ => Err("a key's ARN is arn:aws:kms:REGION:ACCOUNT:key/ID".to_owned()),
    }
}
