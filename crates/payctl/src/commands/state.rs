//! `payctl state`: what is recorded.

use std::path::Path;

use clap::Subcommand;
use payctl_engine::state::{Continues, Health, JournalCheck, Summary};
use payctl_engine::{Address, State, Status};

use super::typed;
use crate::cli::{Global, address};
use crate::environment::Local;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::{report, signals};

/// Look at the state, repair it, or take a resource out of it
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List what is recorded
    #[command(alias = "ls")]
    List,
    /// Show one resource as it is recorded
    Show {
        /// Its address, such as ec2.vpc:main
        #[arg(value_parser = address)]
        address: Address,
    },
    /// Tell whether state, journal and backups can be used, without asking AWS
    ///
    /// Exits with 1 when they cannot.
    Check {
        /// Print all as JSON
        #[arg(long)]
        json: bool,
    },
    /// Recover from a damaged or missing state or journal
    ///
    /// What is damaged is moved aside, the newest that can be read is used, and the next `up` or
    /// `destroy` finds by tag what was made after it. Nothing is deleted, and AWS is not asked.
    Recover {
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
    /// Take a resource out of the state and leave it alone in AWS
    Forget {
        /// Its address, such as ec2.vpc:main
        #[arg(value_parser = address)]
        address: Address,
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) async fn run(global: &Global, command: &StateCommand) -> Result<Exit, CliError> {
    let (global, local) = &Local::read(global, First::Named)?;
    local.say_guess();
    match command {
        StateCommand::List => list(local),
        StateCommand::Show { address } => show(local, address),
        StateCommand::Check { json } => check(global, local, *json),
        StateCommand::Recover { yes } => recover(global, local, *yes).await,
        StateCommand::Forget { address, yes } => forget(global, local, address, *yes).await,
    }
}

fn list(local: &Local) -> Result<Exit, CliError> {
    let Some(state) = local.load()?.state else {
        report::say(&format!("nothing is recorded of {} {}", local.system.name, local.suffix));
        return Ok(Exit::Done);
    };
    let width = state.resources.keys().map(|a| a.as_str().len()).max().unwrap_or_default();
    for (address, record) in &state.resources {
        let id = record.outputs.get("id").or_else(|| record.outputs.get("name"));
        let first = || record.outputs.as_object()?.values().next();
        let id = id.or_else(first).and_then(serde_json::Value::as_str).unwrap_or_default();
        let note = match record.status {
            Status::Complete => "",
            Status::Created => "  (not finished)",
            Status::Gone => "  (gone; what it replaced is left)",
        };
        report::data(&format!("{address:<width$}  {id}{note}\n"));
    }
    for (address, intent) in &state.pending {
        report::data(&format!("{address:<width$}  (its {:?} was interrupted)\n", intent.action));
    }
    Ok(Exit::Done)
}

fn show(local: &Local, address: &Address) -> Result<Exit, CliError> {
    let state = local.load()?.state;
    let record = state.as_ref().and_then(|state| state.resources.get(address));
    let record = record.ok_or_else(|| unknown(local, state.as_ref(), address))?;
    let mut value = serde_json::to_value(record)
        .map_err(|source| CliError::failed("failed to write the record down").because(&source))?;
    value.sort_all_objects();
    report::data(&format!("{value:#}\n"));
    Ok(Exit::Done)
}

async fn forget(
    global: &Global,
    local: &Local,
    address: &Address,
    yes: bool,
) -> Result<Exit, CliError> {
    let state = local.load()?.state;
    let known = state.as_ref().is_some_and(|state| {
        state.resources.contains_key(address) || state.pending.contains_key(address)
    });
    if !known {
        return Err(unknown(local, state.as_ref(), address));
    }
    let question = format!("{address} stays in AWS and payctl forgets it; type yes: ");
    approve(yes, &question, "add --yes if it is to be forgotten").await?;
    let session = local.lock("state forget", global).await?;
    signals::changing();
    let Some(mut state) = local.load()?.state else { return Err(unknown(local, None, address)) };
    state.resources.remove(address);
    state.pending.remove(address);
    session.save(&mut state)?;
    report::say(&format!(
        "{address} is forgotten; it is still in AWS, with its tags: as long as the stack declares it, \
         `payctl up` takes it up again and `payctl destroy` deletes it"
    ));
    Ok(Exit::Done)
}

fn check(global: &Global, local: &Local, json: bool) -> Result<Exit, CliError> {
    let check = local.store.check()?;
    if json {
        let value = serde_json::to_value(&check)
            .map_err(|source| CliError::failed("failed to write it down").because(&source))?;
        report::data(&format!("{value:#}\n"));
    } else {
        let mut files = vec![&check.state];
        files.extend(&check.backups);
        for file in files {
            let says = file.says.as_ref().map(|says| {
                let Summary { serial, resources, pending, .. } = says;
                format!(", serial {serial}, {resources} resources, {pending} begun")
            });
            tell_file(&file.path, &file.health, &says.unwrap_or_default());
            if file.path == check.state.path {
                tell_journal(&check.journal);
            }
        }
    }
    if check.is_sound() {
        return Ok(Exit::Done);
    }
    let usable = matches!(check.state.health, Health::Sound | Health::Missing)
        && matches!(check.journal.health, Health::Sound | Health::Missing);
    let message = match check.is_outdated() && usable {
        true => "a later state is kept as a backup than the one in use",
        false => "state and journal cannot be used as they are",
    };
    let mut error = CliError::failed(message).hint(format!(
        "`{}` uses the newest that can be read, and the next `up` finds the rest by its tags",
        global.command("state recover")
    ));
    if !usable {
        error.exit = Exit::StateError;
    }
    Err(error)
}

fn tell_file(path: &Path, health: &Health, says: &str) {
    let health = match health {
        Health::Missing => "not there".to_owned(),
        Health::Sound => format!("sound{says}"),
        Health::Damaged(why) => format!("damaged: {why}"),
        Health::Unreadable(why) => format!("cannot be read: {why}"),
    };
    report::data(&format!("{}\n  {health}\n", path.display()));
}

fn tell_journal(journal: &JournalCheck) {
    let continues = match journal.continues {
        Continues::Nothing => "",
        Continues::TheState => ", continues the state",
        Continues::AnEarlierOne => ", is in the state already",
        Continues::AMissingOne => ", continues a state that is missing",
        Continues::Another => ", continues another state",
    };
    let torn = if journal.torn { ", ends in the middle of a line" } else { "" };
    tell_file(
        &journal.path,
        &journal.health,
        &format!(", {} lines{torn}{continues}", journal.lines),
    );
}

async fn recover(global: &Global, local: &Local, yes: bool) -> Result<Exit, CliError> {
    let sound = local.store.check()?.is_sound();
    if sound {
        report::say(
            "state and journal look sound; what may stand beside what they say is looked for",
        );
    }
    let question = match sound {
        true => "the next run looks for everything again by its tags; type yes: ",
        false => "what is damaged is moved aside and the newest that can be read used; type yes: ",
    };
    approve(yes, question, "add --yes if that is to be done").await?;
    let session = local.lock("state recover", global).await?;
    signals::changing();
    let recovery = session.recover()?;
    for (from, to) in &recovery.moved {
        report::say(&format!("moved {}\n   to {}", from.display(), to.display()));
    }
    let from = recovery.from.as_ref().map(|path| format!(" from {}", path.display()));
    match &recovery.state {
        Some(state) => report::say(&format!(
            "recovered {} resources{}, with {} lines of the journal",
            state.resources.len(),
            from.unwrap_or_default(),
            recovery.lines
        )),
        None => report::say("nothing could be read: the next run looks for everything by its tags"),
    }
    let plan = global.command("plan");
    report::say(&format!("`{plan}` shows what it finds beyond that"));
    Ok(Exit::Done)
}

/// Asks for a `yes`, unless it was given.
async fn approve(yes: bool, question: &str, hint: &str) -> Result<(), CliError> {
    if yes { Ok(()) } else { typed(question, "yes", hint).await }
}

fn unknown(local: &Local, state: Option<&State>, address: &Address) -> CliError {
    let (stack, suffix) = (local.system.name, &local.suffix);
    let error = CliError::failed(format!("{address} is not in the state of {stack} {suffix}"));
    let known =
        state.into_iter().flat_map(|state| state.resources.keys().chain(state.pending.keys()));
    match report::nearest(address.as_str(), known.map(Address::as_str)) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("`payctl state list` shows what is"),
    }
}
