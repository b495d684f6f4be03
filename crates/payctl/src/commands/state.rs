//! `payctl state`: what is recorded.

use std::io::IsTerminal as _;

use payctl_engine::{Address, Status};

use crate::cli::{Global, StateCommand};
use crate::environment::Local;
use crate::error::{CliError, Exit};
use crate::report;

pub(super) async fn run(global: &Global, command: &StateCommand) -> Result<Exit, CliError> {
    let local = Local::read(global)?;
    match command {
        StateCommand::List => list(&local),
        StateCommand::Show { address } => show(&local, address),
        StateCommand::Forget { address, yes } => forget(global, &local, address, *yes).await,
    }
}

fn list(local: &Local) -> Result<Exit, CliError> {
    let Some(state) = local.load()?.state else { return Ok(Exit::Done) };
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
    let record = record.ok_or_else(|| unknown(local, address))?;
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
    let known = local.load()?.state.is_some_and(|state| {
        state.resources.contains_key(address) || state.pending.contains_key(address)
    });
    if !known {
        return Err(unknown(local, address));
    }
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err(CliError::failed(
                "there is no terminal to ask on, and nothing was changed",
            )
            .hint("add --yes if it is to be forgotten"));
        }
        report::ask(&format!("{address} stays in AWS and payctl forgets it; type yes: "));
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.map_err(|source| CliError::failed("failed to read the answer").because(&source))?;
        if answer.trim() != "yes" {
            return Err(CliError::failed("not approved, and nothing was changed"));
        }
    }
    let session = local.lock("state forget", global).await?;
    let Some(mut state) = local.load()?.state else { return Err(unknown(local, address)) };
    state.resources.remove(address);
    state.pending.remove(address);
    session.save(&mut state)?;
    report::say(&format!(
        "{address} is forgotten; it is still in AWS, and `payctl up` takes it up again by its tags"
    ));
    Ok(Exit::Done)
}

fn unknown(local: &Local, address: &Address) -> CliError {
    CliError::failed(format!(
        "{address} is not in the state of {} {}",
        local.system.name, local.suffix
    ))
    .hint("`payctl state list` shows what is")
}
