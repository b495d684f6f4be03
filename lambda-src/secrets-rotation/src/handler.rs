//! The four steps.

use handler_kit::log;
use payments_database::{Connector, Credentials, Failed, Session};
use postgres_protocol::password::scram_sha_256;
use serde_json::{Value, json};

use crate::error::LIMIT;
use crate::event::{Event, Step};
use crate::secret::{CURRENT, Description, PENDING, PREVIOUS, Secret};
use crate::{Deps, RotationError};

/// Does one step.
///
/// # Errors
/// Why it is not done, as a [`RotationError`]; it may be tried again.
pub async fn handle(event: &Value, deps: &Deps) -> Result<(), RotationError> {
    let event = Event::read(event).inspect_err(|error| {
        log::error("event refused", json!({"reason": error.to_string()}));
    })?;
    let done = tokio::time::timeout(LIMIT, do_step(event, deps)).await;
    let done = done.unwrap_or(Err(RotationError::Timeout));
    // The token comes from outside, but whoever may call the function may read its log.
    let mut fields = json!({"step": event.step.as_str(), "version": event.token});
    match done {
        Ok(how) => {
            fields["how"] = json!(how);
            log::info("step done", fields);
            Ok(())
        }
        Err(error) => {
            fields["reason"] = json!(error.to_string());
            log::error("step failed", fields);
            Err(error)
        }
    }
}

/// What a step turned out to be, for the log.
type How = &'static str;

async fn do_step(event: Event<'_>, deps: &Deps) -> Result<How, RotationError> {
    let secret = Secret { client: &deps.secrets, event };
    let seen = secret.describe().await?;
    if !seen.rotates() {
        return Err(RotationError::NotEnabled);
    }
    if seen.labels(event.token).is_empty() {
        return Err(RotationError::NotAVersion);
    }
    if seen.has(event.token, CURRENT) {
        return Ok("the version is current already");
    }
    if !seen.has(event.token, PENDING) {
        return Err(RotationError::NotPending);
    }
    match event.step {
        Step::Create => create(&secret, &seen).await,
        Step::Set => set(&secret, &seen, &deps.config.connector).await,
        Step::Test => test(&secret, &seen, &deps.config.connector).await,
        Step::Finish => finish(&secret, &seen, &deps.config.connector).await,
    }
}

/// Gives the version a value with a new password, unless it has one: that one may be the database's
/// already.
async fn create(secret: &Secret<'_>, seen: &Description) -> Result<How, RotationError> {
    const KEPT: How = "the version has its password already";
    if secret.value(secret.event.token).await?.is_some() {
        return Ok(KEPT);
    }
    let current = current(secret, seen).await?.1;
    let password = secret.random_password(current.next_length()).await?;
    let new = secret.put(current.with_password(&password)).await?;
    Ok(if new { "a new password" } else { KEPT })
}

/// Makes the new password the database's, with whatever version it lets in now.
async fn set(
    secret: &Secret<'_>,
    seen: &Description,
    connector: &Connector,
) -> Result<How, RotationError> {
    let (current_version, current) = current(secret, seen).await?;
    let pending = pending(secret, &current).await?;
    if let Some(session) = connector.log_in(&pending, &pending.password).await? {
        session.close().await;
        return Ok("the password was set already");
    }
    let (how, session) = match connector.log_in(&pending, &current.password).await? {
        Some(session) => ("logged in as AWSCURRENT", session),
        None => {
            let tried = [secret.event.token, current_version];
            (
                "logged in as an older version",
                older(secret, seen, connector, &pending, tried).await?,
            )
        }
    };
    let done = set_password(&session, &pending.password).await;
    session.close().await;
    done?;
    Ok(how)
}

/// Gives the user who is logged in another password.
///
/// The server gets what it stores of a password and never the password itself, which could end in its
/// log. `SESSION_USER` spares quoting the name.
async fn set_password(session: &Session, password: &str) -> Result<(), Failed> {
    let stored = scram_sha_256(password.as_bytes());
    let statement = format!("ALTER ROLE SESSION_USER PASSWORD '{stored}'");
    session.run("change the password", &statement).await
}

/// Logs in with `AWSPREVIOUS`, or else with the newest version that the database lets in: an earlier
/// rotation may have ended after its `setSecret`, and lost its label to this one.
async fn older(
    secret: &Secret<'_>,
    seen: &Description,
    connector: &Connector,
    place: &Credentials,
    tried: [&str; 2],
) -> Result<Session, RotationError> {
    let mut tried = tried.map(str::to_owned).to_vec();
    let previous = seen.version(PREVIOUS).map(str::to_owned);
    for version in previous.into_iter().chain(secret.versions().await?) {
        if tried.contains(&version) {
            continue;
        }
        tried.push(version.clone());
        // A version without a value, or with one that is not a login, never was the database's.
        let Some(value) = secret.value(&version).await? else { continue };
        let Ok(older) = Credentials::parse(&value) else { continue };
        if older.username != place.username {
            continue;
        }
        if let Some(session) = connector.log_in(place, &older.password).await? {
            return Ok(session);
        }
    }
    Err(RotationError::LockedOut)
}

/// Logs in with the new password and runs a query.
async fn test(
    secret: &Secret<'_>,
    seen: &Description,
    connector: &Connector,
) -> Result<How, RotationError> {
    let pending = pending(secret, &current(secret, seen).await?.1).await?;
    let session = connector.log_in(&pending, &pending.password).await?;
    let session = session.ok_or(RotationError::DoesNotLogIn)?;
    let done = session.run("run a query", "SELECT now()").await;
    session.close().await;
    done?;
    Ok("the version logs in")
}

/// Makes the version the current one, if it logs in now: then `AWSCURRENT` never moves to a version
/// that does not, in whatever order steps are asked for.
async fn finish(
    secret: &Secret<'_>,
    seen: &Description,
    connector: &Connector,
) -> Result<How, RotationError> {
    let before = seen.version(CURRENT).ok_or(RotationError::NoValue(CURRENT))?;
    test(secret, seen, connector).await?;
    secret.make_current(before).await?;
    Ok("the version is current")
}

async fn current<'seen>(
    secret: &Secret<'_>,
    seen: &'seen Description,
) -> Result<(&'seen str, Credentials), RotationError> {
    let version = seen.version(CURRENT).ok_or(RotationError::NoValue(CURRENT))?;
    Ok((version, secret.credentials(version, CURRENT).await?))
}

/// The new login, which differs from the current one in its password alone.
async fn pending(secret: &Secret<'_>, current: &Credentials) -> Result<Credentials, RotationError> {
    let pending = secret.credentials(secret.event.token, PENDING).await?;
    if pending.same_login(current) { Ok(pending) } else { Err(RotationError::OtherLogin) }
}
