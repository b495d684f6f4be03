//! Encrypted topics that AWS's own services tell people through.

use payctl_aws::kms::KeyRef;
use payctl_aws::sns::Topic;
use payctl_aws::{Policy, Statement};
use payctl_engine::Input;

use crate::Context;

/// What may publish to a topic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publisher {
    /// CloudWatch's alarms, those of this account.
    Alarms,
    /// EventBridge's rules. Whose they are it does not say, so that no condition may ask.
    Events,
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
        let statement = |sid, service| {
            let statement = Statement::allow(sid, &["sns:Publish"]).for_service(service);
            statement.on([Input::Known(arn.clone())])
        };
        match publisher {
            Publisher::Alarms => statement("CloudWatch", "cloudwatch.amazonaws.com").when(
                "StringEquals",
                "aws:SourceAccount",
                context.account,
            ),
            Publisher::Events => statement("EventBridge", "events.amazonaws.com"),
        }
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
