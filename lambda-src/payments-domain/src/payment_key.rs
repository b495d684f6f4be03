//! Where a payment stands: what its queue message says, and what its audit objects are called.

use serde_json::{Value, json};
use thiserror::Error;

use crate::{PaymentId, PaymentStatus, Timestamp, json};

/// Where a payment stands: the key of its row.
///
/// A queue carries nothing else of a payment. Who takes the message reads the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentKey {
    /// Its name.
    pub id: PaymentId,
    /// When it was taken.
    pub timestamp: Timestamp,
}

/// The text is not a message of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a message must be a JSON object of version 1, paymentId and timestamp")]
pub struct MessageError;

/// Both sides of a queue may be of different age: a message says which form it has.
const VERSION: u64 = 1;

impl PaymentKey {
    /// The text that is sent for a payment.
    #[must_use]
    pub fn message(&self) -> String {
        let (id, timestamp) = (self.id.as_str(), self.timestamp.as_str());
        json!({"version": VERSION, "paymentId": id, "timestamp": timestamp}).to_string()
    }

    /// Reads such a text.
    ///
    /// # Errors
    /// A [`MessageError`], which repeats nothing of it.
    pub fn from_message(text: &str) -> Result<Self, MessageError> {
        let value = json::parse(text.as_bytes()).map_err(|_| MessageError)?;
        let fields = value.as_object().filter(|fields| fields.len() == 3).ok_or(MessageError)?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).ok_or(MessageError);
        if fields.get("version").and_then(Value::as_u64) != Some(VERSION) {
            return Err(MessageError);
        }
        Ok(Self {
            id: text("paymentId")?.parse().map_err(|_| MessageError)?,
            timestamp: text("timestamp")?.parse().map_err(|_| MessageError)?,
        })
    }

    /// The key of the object that says that the payment came to this status. A payment's objects
    /// stand together, under the day it was taken.
    #[must_use]
    pub fn audit_object(&self, status: PaymentStatus) -> String {
        format!("audit/{}/{}/{status}.json", self.timestamp.date(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> PaymentKey {
        let timestamp = Timestamp::from_milliseconds(1_795_311_498_250);
        PaymentKey { id: PaymentId::from_random([7; 16]), timestamp }
    }

    #[test]
    fn a_message_has_one_form() {
        // Messages wait in queues for days: a new version must still read them.
        let text = r#"{"paymentId":"07070707-0707-4707-8707-070707070707","timestamp":"2026-11-22T01:38:18.250Z","version":1}"#;
        assert_eq!(key().message(), text);
        assert_eq!(PaymentKey::from_message(text), Ok(key()));
        assert_eq!(
            key().audit_object(PaymentStatus::Completed),
            "audit/2026-11-22/07070707-0707-4707-8707-070707070707/completed.json"
        );
    }

    #[test]
    fn other_messages_are_refused() {
        let with = |name: &str, value: Value| {
            let mut message: Value = serde_json::from_str(&key().message()).unwrap();
            message[name] = value;
            PaymentKey::from_message(&message.to_string())
        };
        assert!(with("version", json!(1)).is_ok());
        for (name, value) in [
            ("version", json!(2)),
            ("version", json!("1")),
            ("paymentId", json!("tx-1")),
            ("paymentId", json!(7)),
            ("timestamp", json!("today")),
            ("timestamp", json!(null)),
            ("amount", json!("12.50")),
        ] {
            assert_eq!(with(name, value), Err(MessageError), "{name}");
        }
        let twice = key().message().replacen('{', r#"{"version":1,"#, 1);
        for text in ["", "{}", "[]", "null", &twice] {
            assert_eq!(PaymentKey::from_message(text), Err(MessageError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_message_reads_back(bytes: [u8; 16], since: u64) {
            let timestamp = Timestamp::from_milliseconds(since);
            let key = PaymentKey { id: PaymentId::from_random(bytes), timestamp };
            prop_assert_eq!(PaymentKey::from_message(&key.message()), Ok(key));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}|\\{[a-zA-Z\":,0-9]{0,60}\\}") {
            prop_assert_eq!(PaymentKey::from_message(&text), Err(MessageError));
        }
    }
}
