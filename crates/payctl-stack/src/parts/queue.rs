//! Encrypted queues, those of what functions fail at among them.

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::kms::KeyRef;
use payctl_aws::sqs::{Encryption, Queue, QueueRef};
use payctl_aws::{Arn, Policy, Set, Statement};
use payctl_engine::{Input, Stack};

use crate::Context;
use crate::parts::alarm::{self, Metric};

pub(crate) const DAY_S: u32 = 24 * 60 * 60;
/// How long SQS keeps a message at most (CreateQueue, `MessageRetentionPeriod`).
const LONGEST_DAYS: u32 = 14;
/// How long one who looks at what failed has it for himself.
const LOOK_S: u32 = 60;

/// An encrypted queue that nobody reaches without TLS, whose messages are kept for a day.
pub(crate) fn encrypted(
    context: &Context<'_>,
    name: &str,
    key: &KeyRef,
    visibility_timeout_s: u32,
) -> Queue {
    let name = context.name(name);
    let tls = Statement::deny("DenyWithoutTls", &["sqs:*"])
        .for_all()
        .on([Input::Known(context.arn("sqs", &name))])
        .when("Bool", "aws:SecureTransport", "false");
    Queue {
        visibility_timeout_s,
        retention_s: DAY_S,
        receive_wait_s: 20,
        delay_s: 0,
        max_message_bytes: 256 * 1024,
        encryption: Encryption::Kms { key: key.arn(), reuse_s: 300 },
        policy: Some(Policy::new([tls])),
        redrive: None,
        redrive_allow: None,
        tags: context.tags(&name),
        name,
    }
}

/// The queue of the events that functions failed at as often as they were tried, and the alarm that
/// says that there are some.
pub(crate) fn of_failed_events(
    stack: &mut Stack,
    context: &Context<'_>,
    key: &KeyRef,
    actions: Set<Input<Arn>>,
) -> QueueRef {
    const NAME: &str = "payment-failed-events";
    let queue =
        Queue { retention_s: LONGEST_DAYS * DAY_S, ..encrypted(context, NAME, key, LOOK_S) };
    let queue = stack.add("failed-events", queue);
    let description = "Functions gave up on events, which wait in a queue for somebody to look";
    let alarm = alarm::above(context, NAME, description, depth(&queue), 0.0);
    stack.add("failed-events", Alarm { statistic: "Maximum".to_owned(), actions, ..alarm });
    queue
}

/// How many messages wait in a queue.
pub(crate) fn depth(queue: &QueueRef) -> Metric {
    let name = queue.name().when_created().cast();
    Metric::new("AWS/SQS", "ApproximateNumberOfMessagesVisible", [("QueueName", name)])
}
