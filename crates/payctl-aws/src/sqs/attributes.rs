//! A queue's properties as the attributes that SQS takes and answers: texts by name.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use payctl_engine::Input;
use serde_json::{Value, json};

use super::{Encryption, Queue, Redrive};
use crate::{Arn, AwsError, Policy, Present as _, Result, Set, Tags};

/// The attributes of a queue, by name.
pub(super) type Attributes = HashMap<Name, String>;

/// What SQS takes for data keys where nothing is said (SetQueueAttributes).
const REUSE_S: u32 = 300;

/// The properties that are attributes.
const PROPERTIES: [&str; 9] = [
    "visibility_timeout_s",
    "retention_s",
    "receive_wait_s",
    "delay_s",
    "max_message_bytes",
    "encryption",
    "policy",
    "redrive",
    "redrive_allow",
];

impl Queue {
    /// All attributes, for a new queue.
    pub(super) fn attributes(&self) -> Result<Attributes> {
        let mut all = self.attributes_of(PROPERTIES)?;
        all.retain(|_, value| !value.is_empty());
        Ok(all)
    }

    /// The attributes of `properties`. An empty one takes away what is there.
    pub(super) fn attributes_of<'p>(
        &self,
        properties: impl IntoIterator<Item = &'p str>,
    ) -> Result<Attributes> {
        let mut all = Attributes::new();
        for property in properties {
            let (name, value) = match property {
                "visibility_timeout_s" => {
                    (Name::VisibilityTimeout, self.visibility_timeout_s.to_string())
                }
                "retention_s" => (Name::MessageRetentionPeriod, self.retention_s.to_string()),
                "receive_wait_s" => {
                    (Name::ReceiveMessageWaitTimeSeconds, self.receive_wait_s.to_string())
                }
                "delay_s" => (Name::DelaySeconds, self.delay_s.to_string()),
                "max_message_bytes" => {
                    (Name::MaximumMessageSize, self.max_message_bytes.to_string())
                }
                "policy" => {
                    let policy = self.policy.as_ref().map(Policy::document).transpose()?;
                    (Name::Policy, policy.unwrap_or_default())
                }
                "redrive" => {
                    let redrive = self.redrive.as_ref().map(Redrive::written).transpose()?;
                    (Name::RedrivePolicy, redrive.unwrap_or_default())
                }
                "redrive_allow" => {
                    (Name::RedriveAllowPolicy, allowed(self.redrive_allow.as_ref())?)
                }
                "encryption" => {
                    all.extend(self.encryption.written()?);
                    continue;
                }
                _ => continue,
            };
            all.insert(name, value);
        }
        Ok(all)
    }

    /// The queue of that name that has these attributes.
    pub(super) fn of(name: &str, attributes: &Attributes, tags: Tags) -> Result<Self> {
        let text = |name: &Name| attributes.get(name).filter(|text| !text.is_empty());
        let number = |name: Name| parsed(&name, text(&name).present(name.as_str())?);
        let policy = text(&Name::Policy).map(|policy| Policy::parse(policy)).transpose()?;
        let redrive = text(&Name::RedrivePolicy).map(|redrive| Redrive::read(redrive));
        let allow = text(&Name::RedriveAllowPolicy).map(|allow| read_allowed(allow));
        let encryption = match text(&Name::KmsMasterKeyId) {
            Some(key) => {
                let name = Name::KmsDataKeyReusePeriodSeconds;
                let reuse_s = text(&name).map(|reuse| parsed(&name, reuse)).transpose()?;
                let key = Arn::from(key.as_str()).into();
                Encryption::Kms { key, reuse_s: reuse_s.unwrap_or(REUSE_S) }
            }
            None if text(&Name::SqsManagedSseEnabled).is_some_and(|on| on == "true") => {
                Encryption::Managed
            }
            None => Encryption::Off,
        };
        Ok(Self {
            name: name.to_owned(),
            visibility_timeout_s: number(Name::VisibilityTimeout)?,
            retention_s: number(Name::MessageRetentionPeriod)?,
            receive_wait_s: number(Name::ReceiveMessageWaitTimeSeconds)?,
            delay_s: number(Name::DelaySeconds)?,
            max_message_bytes: number(Name::MaximumMessageSize)?,
            encryption,
            policy,
            redrive: redrive.transpose()?,
            redrive_allow: allow.transpose()?.flatten(),
            tags,
        })
    }
}

impl Encryption {
    /// SQS has one sort or the other: what makes it the one puts an end to the other.
    fn written(&self) -> Result<Vec<(Name, String)>> {
        Ok(match self {
            Self::Managed => vec![
                (Name::KmsMasterKeyId, String::new()),
                (Name::SqsManagedSseEnabled, "true".to_owned()),
            ],
            Self::Kms { key, reuse_s } => vec![
                (Name::KmsMasterKeyId, key.get()?.into()),
                (Name::KmsDataKeyReusePeriodSeconds, reuse_s.to_string()),
                (Name::SqsManagedSseEnabled, "false".to_owned()),
            ],
            Self::Off => return Err(AwsError::invalid("a queue is declared with its encryption")),
        })
    }
}

impl Redrive {
    fn written(&self) -> Result<String> {
        let Self { dead_letter, max_receives } = self;
        let (target, count) = (dead_letter.get()?, max_receives);
        Ok(json!({ "deadLetterTargetArn": target, "maxReceiveCount": count }).to_string())
    }

    fn read(text: &str) -> Result<Self> {
        let seen = json(Name::RedrivePolicy, text)?;
        let target = seen["deadLetterTargetArn"].as_str().present("deadLetterTargetArn")?;
        // A number or a text, as it was given.
        let count = match &seen["maxReceiveCount"] {
            Value::String(count) => count.parse().ok(),
            count => count.as_u64().and_then(|count| u32::try_from(count).ok()),
        };
        let dead_letter = Arn::from(target).into();
        Ok(Self { dead_letter, max_receives: count.present("maxReceiveCount")? })
    }
}

fn allowed(sources: Option<&Set<Input<Arn>>>) -> Result<String> {
    let Some(sources) = sources else {
        return Ok(json!({ "redrivePermission": "allowAll" }).to_string());
    };
    if sources.is_empty() {
        return Ok(json!({ "redrivePermission": "denyAll" }).to_string());
    }
    let arns: Vec<&Arn> = sources.iter().map(Input::get).collect::<std::result::Result<_, _>>()?;
    Ok(json!({ "redrivePermission": "byQueue", "sourceQueueArns": arns }).to_string())
}

fn read_allowed(text: &str) -> Result<Option<Set<Input<Arn>>>> {
    let seen = json(Name::RedriveAllowPolicy, text)?;
    if seen["redrivePermission"] == "allowAll" {
        return Ok(None);
    }
    let arns = seen["sourceQueueArns"].as_array().into_iter().flatten();
    Ok(Some(arns.filter_map(Value::as_str).map(|arn| Arn::from(arn).into()).collect()))
}

fn json(name: Name, text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|source| AwsError::unexpected(name.as_str(), source))
}

fn parsed(name: &Name, text: &str) -> Result<u32> {
    text.parse().map_err(|source| AwsError::unexpected(name.as_str(), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        Queue {
            name: "payments".to_owned(),
            visibility_timeout_s: 300,
            retention_s: 345_600,
            receive_wait_s: 20,
            delay_s: 0,
            max_message_bytes: 262_144,
            encryption: Encryption::Managed,
            policy: None,
            redrive: None,
            redrive_allow: None,
            tags: Tags::new(),
        }
    }

    #[test]
    fn a_queue_reads_as_it_was_written() {
        let arn = |name: &str| Input::Known(Arn::from(name));
        let all = [
            queue(),
            Queue { redrive_allow: Some(Set::new()), ..queue() },
            Queue {
                encryption: Encryption::Kms { key: arn("key"), reuse_s: 600 },
                policy: Some(Policy::new([])),
                redrive: Some(Redrive { dead_letter: arn("dead"), max_receives: 3 }),
                redrive_allow: Some([arn("b"), arn("a")].into_iter().collect()),
                ..queue()
            },
        ];
        for queue in all {
            let attributes = queue.attributes().unwrap();
            assert_eq!(Queue::of("payments", &attributes, Tags::new()).unwrap(), queue);
        }
    }

    #[test]
    fn a_change_takes_away_what_is_declared_no_longer() {
        let attributes = queue().attributes_of(["encryption", "policy", "redrive"]).unwrap();
        for name in [Name::KmsMasterKeyId, Name::Policy, Name::RedrivePolicy] {
            assert_eq!(attributes[&name], "", "{name:?}");
        }
        assert_eq!(attributes[&Name::SqsManagedSseEnabled], "true");
    }

    #[test]
    fn what_is_not_encrypted_is_seen() {
        let mut attributes = queue().attributes().unwrap();
        attributes.insert(Name::SqsManagedSseEnabled, "false".to_owned());
        let seen = Queue::of("payments", &attributes, Tags::new()).unwrap();
        assert_eq!(seen.encryption, Encryption::Off);
        assert!(seen.attributes().is_err());
    }
}
