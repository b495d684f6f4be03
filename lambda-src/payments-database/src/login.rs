//! Logging in with the secret, also while it is rotated.

use aws_sdk_secretsmanager::Client;
use handler_kit::{aws, log};
use serde_json::json;

use crate::connector::{Connector, Failed, Session};
use crate::credentials::Credentials;

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// Logs in with what is known, if anything is, or else with the secret as it is by now; and returns
/// what the database took.
///
/// A rotation may end between the look at the one version and the look at the other: then neither
/// logs in, and the next try succeeds.
pub(crate) async fn log_in(
    secrets: &Client,
    secret: &str,
    connector: &Connector,
    known: Option<Credentials>,
) -> Result<(Session, Credentials), Failed> {
    let mut refused = None;
    if let Some(known) = known {
        if let Some(session) = connector.log_in(&known, &known.password).await? {
            return Ok((session, known));
        }
        refused = Some(known.password);
    }
    let current = value(secrets, secret, CURRENT).await?.ok_or(Failed)?;
    if refused.as_ref() != Some(&current.password)
        && let Some(session) = connector.log_in(&current, &current.password).await?
    {
        return Ok((session, current));
    }
    // A version for somebody else is none of this one's.
    let pending = value(secrets, secret, PENDING).await?.filter(|it| it.same_login(&current));
    if let Some(pending) = pending.filter(|pending| pending.password != current.password)
        && let Some(session) = connector.log_in(&pending, &pending.password).await?
    {
        return Ok((session, pending));
    }
    log::error("secret cannot be used", json!({"reason": "no version of it logs in"}));
    Err(Failed)
}

/// The version with a label. There may be none, or one without a value yet, or one that is no login.
async fn value(
    secrets: &Client,
    secret: &str,
    label: &'static str,
) -> Result<Option<Credentials>, Failed> {
    let request = secrets.get_secret_value().secret_id(secret).version_stage(label);
    let reply = match request.send().await {
        Ok(reply) => reply,
        Err(error) => {
            return match error.as_service_error() {
                Some(error) if error.is_resource_not_found_exception() => {
                    log::warn("secret has no such version", json!({"label": label}));
                    Ok(None)
                }
                _ => {
                    aws::failed("GetSecretValue", &error);
                    Err(Failed)
                }
            };
        }
    };
    match Credentials::parse(&reply.secret_string.unwrap_or_default()) {
        Ok(credentials) => Ok(Some(credentials)),
        Err(error) => {
            let reason = error.to_string();
            log::error("secret cannot be used", json!({"label": label, "reason": reason}));
            Ok(None)
        }
    }
}
