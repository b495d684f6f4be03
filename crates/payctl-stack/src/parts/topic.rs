//! Encrypted topics that AWS's own services tell people through.

use payctl_aws::kms::KeyRef;
use payctl_aws::sns::Topic;
use payctl_aws::{Policy, Statement};
use payctl_engine::Input;

use crate::Context;

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
pub(crate) fn encrypted(
    context: &Context<'_>,
    name: &str,
    shown_as: &str,
    key: &KeyRef,
    publishers: &[Publisher],
) -> Topic {
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
    Topic {
        display_name: shown_as.to_owned(),
        kms_key: Some(key.arn()),
        policy: Policy::new(publishers.iter().map(publish).chain([tls])),
        tags: context.tags(&name),
        name,
    }
}
