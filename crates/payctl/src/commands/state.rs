//! `payctl state`: what is recorded.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use payctl_engine::state::{Continues, Health, JournalCheck, Record, Summary};
use payctl_engine::{Address, State, Status};
use serde_json::{Value, json};

use self::shared::Place;
use crate::ask::approve;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::{Global, address};
use crate::local::Local;
use crate::{report, signals};

pub(super) mod shared;

/// Look at the state, repair it, or take a resource out of it
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List what is recorded: address, id and ARN
    #[command(alias = "ls")]
    List {
        /// Print all as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one resource as it is recorded
    Show {
        /// Its address, such as ec2.vpc:main
        #[arg(value_parser = address)]
        address: Address,
        /// Print the record as JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell whether state, journal and backups can be used
    ///
    /// AWS is not asked, but for the bucket of the states, where there is one. Exits with 1 when they
    /// cannot.
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
    /// Make the bucket of the states that the configuration names, or make it right
    ///
    /// Encrypted, with versions, closed to the public, over TLS only, old versions going after 90 days.
    Init {
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
    /// Print the state as it is kept, with what the journal says
    Pull,
    /// Put a state that was pulled in place of the one that is there
    ///
    /// An older one, and one of another lineage, are refused.
    Push {
        /// The state, as `pull` printed it
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
    /// Bring a state from this machine into the bucket, or back
    ///
    /// With its journal and its history. It can be interrupted anywhere and run again.
    Migrate {
        /// Where it is brought
        #[arg(long)]
        to: Place,
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
    let read = || -> Result<(Global, Local), CliError> {
        let read = Local::read(global, First::Named)?;
        read.1.say_guess();
        Ok(read)
    };
    match command {
        StateCommand::Init { yes } => shared::init(global, *yes).await,
        StateCommand::Migrate { to, yes } => shared::migrate(global, *to, *yes).await,
        StateCommand::List { json } => {
            let (global, local) = read()?;
            list(&global, &local, *json)
        }
        StateCommand::Show { address, json } => show(&read()?.1, address, *json),
        StateCommand::Pull => shared::pull(&read()?.1),
        StateCommand::Check { json } => {
            let (global, local) = read()?;
            check(&global, &local, *json).await
        }
        StateCommand::Recover { yes } => {
            let (global, local) = read()?;
            recover(&global, &local, *yes).await
        }
        StateCommand::Push { file, yes } => {
            let (global, local) = read()?;
            shared::push(&global, &local, file, *yes).await
        }
        StateCommand::Forget { address, yes } => {
            let (global, local) = read()?;
            forget(&global, &local, address, *yes).await
        }
    }
}

/// The format of `list --json`.
const FORMAT: u32 = 1;

fn list(global: &Global, local: &Local, json: bool) -> Result<Exit, CliError> {
    let (stack, suffix) = (local.system.name, local.suffix.as_str());
    let state = local.load()?.state;
    if json {
        let state = state.as_ref();
        let resources = state.into_iter().flat_map(|state| &state.resources);
        let resources: Vec<Value> =
            resources.map(|(address, record)| row(address, record)).collect();
        let pending = state.into_iter().flat_map(|state| &state.pending);
        let pending =
            pending.map(|(address, intent)| json!({ "address": address, "action": intent.action }));
        let pending: Vec<Value> = pending.collect();
        report::json(&json!({
            "format": FORMAT,
            "stack": stack,
            "suffix": suffix,
            "resources": resources,
            "pending": pending,
        }))?;
        return Ok(Exit::Done);
    }
    let Some(state) = state else {
        report::say(&format!("nothing is recorded of {stack} {suffix}"));
        if let Some(hint) = local.meant(global) {
            report::say(&hint);
        }
        return Ok(Exit::Done);
    };
    let rows: Vec<(&Address, String, &str, &str)> = state
        .resources
        .iter()
        .map(|(address, record)| {
            let note = match record.status {
                Status::Complete => "",
                Status::Created => "  (not finished)",
                Status::Gone => "  (gone; what it replaced is left)",
            };
            (address, id(record).unwrap_or_default().to_owned(), output(record, "arn"), note)
        })
        .map(|(address, id, arn, note)| (address, id, arn.unwrap_or_default(), note))
        .collect();
    let width = rows.iter().map(|(address, ..)| address.as_str().len()).max().unwrap_or_default();
    let of_ids = rows.iter().map(|(_, id, ..)| id.chars().count()).max().unwrap_or_default();
    for (address, id, arn, note) in rows {
        let line = format!("{address:<width$}  {id:<of_ids$}  {arn}");
        report::data(&format!("{}{note}\n", line.trim_end()));
    }
    for (address, intent) in &state.pending {
        report::data(&format!("{address:<width$}  (its {:?} was interrupted)\n", intent.action));
    }
    Ok(Exit::Done)
}

/// What `list --json` says of one.
fn row(address: &Address, record: &Record) -> Value {
    json!({
        "address": address,
        "status": record.status,
        "id": id(record),
        "name": name(record),
        "arn": output(record, "arn"),
    })
}

fn output<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    record.outputs.get(name).and_then(Value::as_str)
}

/// What AWS calls it by.
fn id(record: &Record) -> Option<&str> {
    let first = || record.outputs.as_object()?.values().find_map(Value::as_str);
    output(record, "id").or_else(|| output(record, "name")).or_else(first)
}

/// Its name in AWS, which for some is a tag.
fn name(record: &Record) -> Option<&str> {
    let property = |name: &str| record.properties.get(name);
    let tag = || property("tags")?.get("Name")?.as_str();
    let own = || property("name")?.as_str();
    output(record, "name").or_else(own).or_else(tag)
}

fn show(local: &Local, address: &Address, json: bool) -> Result<Exit, CliError> {
    let state = local.load()?.state;
    let record = state.as_ref().and_then(|state| state.resources.get(address));
    let record = record.ok_or_else(|| unknown(local, state.as_ref(), address))?;
    if json {
        report::json(record)?;
        return Ok(Exit::Done);
    }
    let said = |what: Option<&str>| what.unwrap_or("-").to_owned();
    let status = match record.status {
        Status::Complete => "complete",
        Status::Created => "created, not finished",
        Status::Gone => "gone; what it replaced is left",
    };
    let depends_on: Vec<&str> = record.depends_on.iter().map(Address::as_str).collect();
    for (what, is) in [
        ("address", address.to_string()),
        ("status", status.to_owned()),
        ("id", said(id(record))),
        ("name", said(name(record))),
        ("arn", said(output(record, "arn"))),
        ("depends on", said(Some(depends_on.join(", ").as_str()).filter(|all| !all.is_empty()))),
    ] {
        report::data(&format!("{what:<10}  {is}\n"));
    }
    let mut properties = record.properties.clone();
    properties.sort_all_objects();
    report::data(&format!("\nproperties  {properties:#}\n"));
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
    let question =
        format!("Remove {address} from the state, and leave it in AWS? Only \"yes\" is accepted: ");
    approve(yes, &question, "add --yes if it is to be forgotten").await?;
    let session = local.lock("state forget", global).await?;
    signals::changing();
    let Some(mut state) = local.load()?.state else { return Err(unknown(local, None, address)) };
    state.resources.remove(address);
    state.pending.remove(address);
    session.save(&mut state)?;
    report::say(&format!(
        "{address} was removed from the state; it is still in AWS, with its tags: as long as the stack \
         declares it, `payctl up` adopts it and `payctl destroy` deletes it"
    ));
    Ok(Exit::Done)
}

async fn check(global: &Global, local: &Local, json: bool) -> Result<Exit, CliError> {
    let check = local.store.check()?;
    let bucket = shared::look(global).await?;
    if json {
        let mut value = serde_json::to_value(&check)
            .map_err(|source| CliError::failed("failed to write it down").because(&source))?;
        if let Some(bucket) = &bucket {
            value["bucket"] = bucket.json();
        }
        report::data(&format!("{value:#}\n"));
    } else {
        let mut files = vec![&check.state];
        files.extend(&check.backups);
        for file in files {
            let says = file.says.as_ref().map(|says| {
                let Summary { serial, resources, pending, .. } = says;
                let resources = report::plural(*resources, "resource");
                format!(", serial {serial}, {resources}, {pending} begun")
            });
            tell_file(&file.path, &file.health, &says.unwrap_or_default());
            if file.path == check.state.path {
                tell_journal(&check.journal);
            }
        }
        if let Some(bucket) = &bucket {
            bucket.tell();
        }
    }
    if bucket.is_some_and(|bucket| !bucket.is_right()) {
        return Err(CliError::failed("the bucket of the states is not as it has to be")
            .hint("`payctl state init` makes it so"));
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
        &format!(", {}{torn}{continues}", lines(journal.lines)),
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
        true => "Look for everything again by its tags at the next run? Only \"yes\" is accepted: ",
        false => {
            "Move aside what is damaged, and use the newest that can be read? Only \"yes\" is \
             accepted: "
        }
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
            "recovered {}{}, with {} of the journal",
            report::plural(state.resources.len(), "resource"),
            from.unwrap_or_default(),
            lines(recovery.lines)
        )),
        None => report::say("nothing could be read: the next run looks for everything by its tags"),
    }
    let plan = global.command("plan");
    report::say(&format!("`{plan}` shows what it finds beyond that"));
    Ok(Exit::Done)
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

fn lines(count: u64) -> String {
    report::plural(usize::try_from(count).unwrap_or(usize::MAX), "line")
}
