//! Logging in with the secret, also while it is rotated.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use handler_kit::{aws, log};
use serde_json::json;

use crate::connector::{Connector, Failed, Session};
use crate::credentials::Credentials;

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// How often both versions are looked at: a rotation may end between the look at the one and the
/// look at the other.
const LOOKS: usize = 3;
/// How long to wait before the next look.
const PAUSE: Duration = Duration::from_millis(100);

/// Logs in with what is known, if anything is, or else with the secret as it is by now; and returns
/// what the database took.
pub(crate) async fn log_in(
    secrets: &Client,
    secret: &str,
    connector: &Connector,
    known: Option<Credentials>,
) -> Result<(Session, Credentials), Failed> {
    let mut refused = Vec::new();
    if let Some(known) = known {
        if let Some(session) = connector.log_in(&known, &known.password).await? {
            return Ok((session, known));
        }
        refused.push(known.password);
    }
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let current = value(secrets, secret, CURRENT).await?.ok_or_else(|| {
            log::error("secret cannot be used", json!({"label": CURRENT, "reason": "no value"}));
            Failed
        })?;
        for label in [CURRENT, PENDING] {
            let version = match label {
                CURRENT => Some(current.clone()),
                _ => value(secrets, secret, label).await?,
            };
            // A version for somebody else is none of this one's.
            let Some(version) = version.filter(|version| version.same_login(&current)) else {
                continue;
            };
            if refused.contains(&version.password) {
                continue;
            }
            if let Some(session) = connector.log_in(&version, &version.password).await? {
                return Ok((session, version));
            }
            refused.push(version.password);
        }
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
                Some(error) if error.is_resource_not_found_exception() => Ok(None),
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
