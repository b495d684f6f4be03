//! Encrypted topics that AWS's own services tell people through.

use payctl_aws::kms::KeyRef;
use payctl_aws::sns::Topic;
use payctl_aws::{Policy, Statement};
use payctl_engine::Input;

use crate::Context;

/// CloudWatch's alarms, as a publisher to [`encrypted`].
pub(crate) const ALARMS: (&str, &str) = ("CloudWatch", "cloudwatch.amazonaws.com");
/// EventBridge's rules, as one.
pub(crate) const EVENTS: (&str, &str) = ("EventBridge", "events.amazonaws.com");

/// The topic `name`, which nobody reaches without TLS, and which the `publishers` may publish to on
/// behalf of this account.
pub(crate) fn encrypted(
    context: &Context<'_>,
    name: &str,
    shown_as: &str,
    key: &KeyRef,
    publishers: &[(&str, &str)],
) -> Topic {
    let name = context.name(name);
    let arn = context.arn("sns", &name);
    let publish = |(sid, service): &(&str, &str)| {
        Statement::allow(sid, &["sns:Publish"])
            .for_service(service)
            .on([Input::Known(arn.clone())])
            .when("StringEquals", "aws:SourceAccount", context.account)
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
