//! Encrypted topics that AWS's own services tell people through.

use payctl_aws::sns::{self, Subscription, TopicRef};
use payctl_aws::{Arn, Policy, Statement};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{self, Part, PartContext};
use crate::Context;

/// A topic that is encrypted and for nobody without TLS, with those whom it writes to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Topic {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    pub name: Option<String>,
    /// From whom its mails say they are.
    pub display_name: String,
    /// Mail addresses that it writes to. Each is asked once whether that is wanted, and nothing arrives
    /// before (ConfirmSubscription).
    pub mail: Vec<String>,
    /// The services that may publish to it, on behalf of this account; `events` on behalf of any.
    pub publishers: Vec<PublisherName>,
    /// The ARN of the key that encrypts it, whose policy has to let the publishers use it; the stack's key
    /// where nothing is said.
    pub key: Option<Input<Arn>>,
}

/// A service that publishes to topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PublisherName {
    /// CloudWatch's alarms.
    Alarms,
    /// EventBridge's rules.
    Events,
    /// RDS, of databases.
    Databases,
}

impl Default for Topic {
    fn default() -> Self {
        Self {
            name: None,
            display_name: String::new(),
            mail: Vec::new(),
            publishers: vec![PublisherName::Alarms, PublisherName::Databases],
            key: None,
        }
    }
}

impl Part for Topic {
    const NAME: &'static str = "topic";
    const DECLARES: &'static [(&'static str, &'static str)] =
        &[("sns.topic", "NAME"), ("sns.subscription", "NAME, NAME-2 …, one for each address")];
    type Made = TopicRef;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<TopicRef, String> {
        let publishers: Vec<Publisher> = self.publishers.iter().map(|name| name.known()).collect();
        let name = part::base(self.name, logical);
        let key = part.key(self.key)?;
        let topic = encrypted(part.context, &name, &self.display_name, key, &publishers);
        let topic = stack.add(logical, topic);
        for (nth, address) in self.mail.into_iter().enumerate() {
            if !address.contains('@') || address.contains(char::is_whitespace) {
                return Err(format!("cannot write to `{address}`, which is no mail address"));
            }
            let logical = match nth {
                0 => logical.to_owned(),
                _ => format!("{logical}-{}", nth + 1),
            };
            mail(stack, &logical, &topic, &address);
        }
        Ok(topic)
    }
}

/// Has the topic write to the address, and says that this takes somebody's consent.
fn mail(stack: &mut Stack, logical: &str, topic: &TopicRef, address: &str) {
    stack.add(
        logical,
        Subscription { topic: topic.arn(), protocol: "email".to_owned(), endpoint: address.into() },
    );
    let note = asks(address);
    if !stack.notes().contains(&note) {
        stack.note(&note);
    }
}

/// What is to be said of a mail address.
pub(crate) fn asks(address: &str) -> String {
    format!("AWS mails {address} once for each topic: alarms arrive after that is confirmed")
}

impl PublisherName {
    fn known(self) -> Publisher {
        match self {
            Self::Alarms => ALARMS,
            Self::Events => EVENTS,
            Self::Databases => DATABASES,
        }
    }
}

/// What may publish to a topic.
pub(crate) struct Publisher {
    sid: &'static str,
    pub(crate) service: &'static str,
    /// Whether it says on behalf of which account: only then may a condition ask.
    says_for_whom: bool,
}

/// CloudWatch's alarms.
pub(crate) const ALARMS: Publisher =
    Publisher { sid: "CloudWatch", service: "cloudwatch.amazonaws.com", says_for_whom: true };
/// EventBridge's rules.
pub(crate) const EVENTS: Publisher =
    Publisher { sid: "EventBridge", service: "events.amazonaws.com", says_for_whom: false };

/// What RDS says of databases, on behalf of their account (AWS page "Granting permissions to publish
/// notifications to an Amazon SNS topic").
pub(crate) const DATABASES: Publisher =
    Publisher { sid: "Databases", service: "events.rds.amazonaws.com", says_for_whom: true };

/// SNS itself, which delivers to queues: what matters is whether it may use their key.
pub(crate) const TOPICS: Publisher =
    Publisher { sid: "Topics", service: "sns.amazonaws.com", says_for_whom: false };

impl Publisher {
    /// Lets it do that, on behalf of this account where it says so.
    fn allow(&self, context: &Context<'_>, sid: &str, actions: &[&str]) -> Statement {
        let statement = Statement::allow(sid, actions).for_service(self.service);
        match self.says_for_whom {
            true => statement.when("StringEquals", "aws:SourceAccount", context.account),
            false => statement,
        }
    }
}

/// The topic `name`, which nobody reaches without TLS, and which the `publishers` may publish to.
fn encrypted(
    context: &Context<'_>,
    name: &str,
    shown_as: &str,
    key: Input<Arn>,
    publishers: &[Publisher],
) -> sns::Topic {
    let name = context.name(name);
    let arn = context.arn("sns", &name);
    let publish = |publisher: &Publisher| {
        let statement = publisher.allow(context, publisher.sid, &["sns:Publish"]);
        statement.on([Input::Known(arn.clone())])
    };
    let tls = Statement::deny("DenyWithoutTls", &["sns:Publish"])
        .for_all()
        .on([Input::Known(arn.clone())])
        .when("Bool", "aws:SecureTransport", "false");
    sns::Topic {
        display_name: shown_as.to_owned(),
        kms_key: Some(key),
        policy: Policy::new(publishers.iter().map(publish).chain([tls])),
        tags: context.tags(&name),
        name,
    }
}
