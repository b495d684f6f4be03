//! Lookups: what is asked of the account and region before a system is declared there.

use payctl_aws::{Aws, Connection, Inquiry, Lookup, Unanswered, Zone};
use payctl_engine::{Address, State};
use payctl_stack::Discovered;

use crate::error::CliError;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::report;

/// What `local`'s system has to know of the account and region, and what was found of the
/// environment's own on the way. What is chosen among is kept in `state`, so that what AWS adds later
/// changes nothing.
pub(crate) async fn look_up(
    local: &Local,
    connection: &Connection,
    retrying: &Aws,
    state: &mut State,
    handlers: Handlers,
) -> Result<(Discovered, Vec<Address>), CliError> {
    let lookups = local.system.lookups(&local.config);
    let (stack, suffix) = (local.system.name, local.suffix.as_str());
    let inquiry = Inquiry { connection, aws: retrying, stack, suffix };
    let kept = |lookup: &Lookup| {
        let value = state.choices.get(lookup.choice()?)?;
        lookup.fits(value).then(|| (lookup.name(), value.clone()))
    };
    let known: Vec<_> = lookups.iter().filter_map(kept).collect();
    let is_open = |lookup: &&Lookup| {
        // What is deleted may be of a version that AWS offers no more.
        let matters = lookup.choice().is_none() || handlers == Handlers::Needed;
        matters && known.iter().all(|(name, _)| *name != lookup.name())
    };
    let open: Vec<&Lookup> = lookups.iter().filter(is_open).collect();
    let ask = async {
        let asked = Lookup::ask_all(&open, &inquiry).await;
        asked.map_err(|Unanswered { about, source }| {
            CliError::aws(format!("failed to ask for {about}"), &source.into())
        })
    };
    let (zones, answers) = tokio::try_join!(zones(local, connection, retrying, state), ask)?;
    let mut found = Discovered::new(zones);
    for (name, value) in known {
        found.insert(name, value);
    }
    let mut unlisted = Vec::new();
    for (lookup, answer) in open.into_iter().zip(answers) {
        if let Some(choice) = lookup.choice() {
            state.choices.insert(choice.to_owned(), answer.value.clone());
        }
        found.insert(lookup.name(), answer.value);
        unlisted.extend(answer.unlisted);
    }
    Ok((found, unlisted))
}

/// What a system is declared with where AWS is not asked. Which zones they are does not matter then, but
/// that there are enough.
pub(crate) fn assumed(local: &Local, region: &str) -> Discovered {
    let letters = ('a'..='z').take(local.system.zones.max(3));
    let zones = letters.map(|zone| Zone::from(format!("{region}{zone}"))).collect();
    Discovered::assumed(zones, &local.system.lookups(&local.config))
}

/// What an operator has to be allowed for the lookups of `local`'s system.
pub(crate) fn actions(local: &Local) -> Vec<&'static str> {
    let lookups = local.system.lookups(&local.config);
    lookups.iter().flat_map(|lookup| lookup.actions()).copied().collect()
}

/// The zones: those chosen when the environment was made, so that a zone AWS adds moves nothing. Where it
/// has come to need more, others are added behind them.
async fn zones(
    local: &Local,
    connection: &Connection,
    aws: &Aws,
    state: &mut State,
) -> Result<Vec<Zone>, CliError> {
    let chosen = state.choices.get("zones").cloned();
    let chosen = chosen.and_then(|zones| serde_json::from_value(zones).ok());
    let mut zones: Vec<Zone> = chosen.unwrap_or_default();
    let needed = local.system.zones;
    if !zones.is_empty() && zones.len() >= needed {
        return Ok(zones);
    }
    let all = connection
        .zones(aws)
        .await
        .map_err(|error| CliError::aws("failed to ask for the region's zones", &error.into()))?;
    let others: Vec<Zone> = all.into_iter().filter(|zone| !zones.contains(zone)).collect();
    zones.extend(others);
    if zones.len() < needed {
        let message = format!(
            "{} has {}, and {} needs {needed}",
            connection.region(),
            report::plural(zones.len(), "availability zone"),
            local.system.name
        );
        return Err(CliError::failed(message).hint("choose another region with --region"));
    }
    zones.truncate(needed);
    state.choices.insert("zones".to_owned(), serde_json::json!(zones));
    Ok(zones)
}
