//! What Secrets Manager asks for.

use serde_json::Value;
use thiserror::Error;

/// The event is not a step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the event must have a Step, a SecretId and a ClientRequestToken")]
pub struct EventError;

/// One of the four steps, in the order in which Secrets Manager asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Create,
    Set,
    Test,
    Finish,
}

impl Step {
    const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }
}

/// One step of the rotation of one secret.
#[derive(Clone, Copy)]
pub(crate) struct Event<'event> {
    pub(crate) step: Step,
    /// The secret's ARN.
    pub(crate) secret: &'event str,
    /// The id of the version that is to become `AWSCURRENT`.
    pub(crate) token: &'event str,
    /// Says who asks, where Secrets Manager acts through another role. Not for the log.
    pub(crate) rotation_token: Option<&'event str>,
}

impl<'event> Event<'event> {
    pub(crate) fn read(event: &'event Value) -> Result<Self, EventError> {
        let text =
            |name: &str| event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let step = text("Step").ok_or(EventError)?;
        Ok(Self {
            step: Step::ALL.into_iter().find(|it| it.as_str() == step).ok_or(EventError)?,
            secret: text("SecretId").ok_or(EventError)?,
            token: text("ClientRequestToken").ok_or(EventError)?,
            rotation_token: text("RotationToken"),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_step_is_read_and_nothing_else() {
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            let event = json!({"Step": step, "SecretId": "s", "ClientRequestToken": "t"});
            let read = Event::read(&event).ok().unwrap();
            assert_eq!((read.step.as_str(), read.secret, read.token), (step, "s", "t"));
            assert_eq!(read.rotation_token, None);
        }
        for event in [
            json!(null),
            json!([]),
            json!({}),
            json!({"Step": "deleteSecret", "SecretId": "s", "ClientRequestToken": "t"}),
            json!({"Step": "setSecret", "SecretId": "", "ClientRequestToken": "t"}),
            json!({"Step": "setSecret", "SecretId": "s", "ClientRequestToken": 7}),
            json!({"SecretId": "s", "ClientRequestToken": "t"}),
        ] {
            assert!(Event::read(&event).is_err(), "{event}");
        }
    }
}
