//! Lookups: what is asked of the account and region before a system is declared there.

use std::collections::BTreeMap;

use payctl_aws::{Aws, AwsError, Connection, DetectorFound, Recorder, Zone};
use payctl_engine::{State, owner};
use payctl_stack::{API_LOGS_ROLE, Detector, Discovered, Prerequisites};

use crate::error::CliError;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::report;

/// What `local`'s system has to know of the account and region. What is chosen among is kept in
/// `state`, so that what AWS adds later changes nothing.
pub(crate) async fn look_up(
    local: &Local,
    connection: &Connection,
    retrying: &Aws,
    state: &mut State,
    handlers: Handlers,
) -> Result<Discovered, CliError> {
    let Prerequisites { prefix_lists: services, api_logs, image, recorder, detector, database } =
        local.system.prerequisites(&local.config);
    // As with the zones: a version that AWS adds changes nothing here.
    let choice = database.as_ref().map(|(engine, wanted)| format!("{engine} {wanted}"));
    let chosen = choice.as_ref().and_then(|choice| state.choices.get(choice)?.as_str());
    let chosen = chosen.map(str::to_owned);
    let failed = |what: &str, error: AwsError| {
        CliError::aws(format!("failed to ask for {what}"), &error.into())
    };
    let prefix_lists = async {
        match services {
            [] => Ok(BTreeMap::new()),
            _ => {
                let lists = connection.prefix_lists(retrying, services).await;
                lists.map_err(|error| failed("the region's prefix lists", error))
            }
        }
    };
    let api_logs = async {
        let role = match api_logs {
            true => connection.api_log_role(retrying).await,
            false => Ok(None),
        };
        let role = role.map_err(|error| failed("API Gateway's settings", error))?;
        Ok(role.is_some_and(|role| !role.as_str().contains(API_LOGS_ROLE)))
    };
    let image = async {
        let Some(parameter) = image else { return Ok(None) };
        let image = connection.image(retrying, &parameter).await;
        image.map(Some).map_err(|error| failed("the latest image", error))
    };
    let recorder = async {
        match recorder {
            true => {
                let recorder = connection.config_recorder(retrying).await;
                recorder.map_err(|error| failed("AWS Config's recorder", error))
            }
            false => Ok(Recorder::None),
        }
    };
    let detector = async {
        let Some(needed) = detector else { return Ok(Detector::None) };
        match connection.detector(retrying).await {
            Ok(found) => Ok(found.map_or(Detector::None, |found| whose(local, found))),
            // What is only looked at may be out of reach.
            Err(error) if !needed => Ok(Detector::Unknown(error.to_string())),
            Err(error) => Err(failed("GuardDuty's detector", error)),
        }
    };
    let database_version = async {
        match (database, chosen) {
            (_, Some(chosen)) => Ok(Some(chosen)),
            (Some((engine, wanted)), None) if handlers == Handlers::Needed => {
                let version = connection.engine_version(retrying, engine, &wanted).await;
                version.map(Some).map_err(|error| failed("the database's versions", error))
            }
            // What is deleted may be of a version that AWS offers no more.
            _ => Ok(None),
        }
    };
    let zones = zones(local, connection, retrying, state);
    let (zones, prefix_lists, api_logs, image, recorder, detector, database_version) = tokio::try_join!(
        zones,
        prefix_lists,
        api_logs,
        image,
        recorder,
        detector,
        database_version
    )?;
    if let (Some(choice), Some(version)) = (choice, &database_version) {
        state.choices.insert(choice, serde_json::json!(version));
    }
    Ok(Discovered { zones, prefix_lists, api_logs, image, recorder, detector, database_version })
}

/// Whether the detector is the environment's own.
fn whose(local: &Local, found: DetectorFound) -> Detector {
    let is = |tag: &str, value: &str| found.tags.get(tag).is_some_and(|tag| tag == value);
    match is("payctl:stack", local.system.name) && is("payctl:suffix", local.suffix.as_str()) {
        true => Detector::Ours(owner::address(&found.tags)),
        false => Detector::Other { id: found.id.to_string(), enabled: found.enabled },
    }
}

/// The zones: those chosen when the environment was made, so that a zone AWS adds moves nothing.
async fn zones(
    local: &Local,
    connection: &Connection,
    aws: &Aws,
    state: &mut State,
) -> Result<Vec<Zone>, CliError> {
    let chosen = state.choices.get("zones").cloned();
    if let Some(zones) = chosen.and_then(|zones| serde_json::from_value(zones).ok()) {
        return Ok(zones);
    }
    let mut zones = connection
        .zones(aws)
        .await
        .map_err(|error| CliError::aws("failed to ask for the region's zones", &error.into()))?;
    let needed = local.system.zones;
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
