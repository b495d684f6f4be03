//! The topics that tell people, and the queue that payments wait in.

use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::{EventSourceMapping, FunctionRef};
use payctl_aws::sns::TopicRef;
use payctl_aws::sqs::{Encryption, Queue, QueueRef, Redrive};
use payctl_aws::{Policy, Statement};
use payctl_engine::{Input, Stack};

use super::System;
use crate::parts::topic;

const DAY_S: u32 = 24 * 60 * 60;

/// Who is told of what.
pub(super) struct Topics {
    pub(super) cost: TopicRef,
    pub(super) security: TopicRef,
    pub(super) ops: TopicRef,
}

/// The queue of payments, and the one of those nobody could complete.
pub(super) struct Queues {
    pub(super) payments: QueueRef,
    pub(super) dead_letters: QueueRef,
}

impl System<'_> {
    pub(super) fn topics(&self, stack: &mut Stack, key: &KeyRef) -> Topics {
        let alerts = self.parameters.alerts();
        alerts.note(stack);
        let publishers = [topic::ALARMS, topic::EVENTS];
        let mut topic = |name: &str, shown_as: &str| {
            alerts.topic(stack, self.context, name, shown_as, key, &publishers)
        };
        Topics {
            cost: topic("cost-alerts", "Payment costs"),
            security: topic("security-alerts", "Payment security"),
            ops: topic("ops-alerts", "Payment operations"),
        }
    }

    pub(super) fn queues(&self, stack: &mut Stack, key: &KeyRef) -> Queues {
        let parameters = self.parameters;
        let dead_letters = Queue {
            retention_s: parameters.dead_letter_retention_days * DAY_S,
            ..self.queue("payment-dlq", key)
        };
        let dead_letters = stack.add("dead-letters", dead_letters);
        let payments = Queue {
            retention_s: parameters.queue_retention_days * DAY_S,
            redrive: Some(Redrive {
                dead_letter: dead_letters.arn(),
                max_receives: parameters.max_receives,
            }),
            ..self.queue("payment-queue", key)
        };
        Queues { payments: stack.add("payments", payments), dead_letters }
    }

    /// An encrypted queue that nobody reaches without TLS.
    fn queue(&self, name: &str, key: &KeyRef) -> Queue {
        let context = self.context;
        let name = context.name(name);
        let tls = Statement::deny("DenyWithoutTls", &["sqs:*"])
            .for_all()
            .on([Input::Known(context.arn("sqs", &name))])
            .when("Bool", "aws:SecureTransport", "false");
        Queue {
            visibility_timeout_s: self.parameters.visibility_timeout_s,
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

    /// Gives the function what is in the queue.
    pub(super) fn feed(&self, stack: &mut Stack, queues: &Queues, function: &FunctionRef) {
        stack.add(
            "payments",
            EventSourceMapping {
                source: queues.payments.arn(),
                function: function.name(),
                batch_size: self.parameters.batch_size,
                batching_window_s: 0,
                partial_responses: true,
                // What Lambda takes from the queue and cannot run counts as received, and would
                // soon be given up (Lambda's guide, "Configuring scaling behavior for SQS event
                // source mappings").
                maximum_concurrency: self.queue_concurrency(),
                enabled: true,
                tags: self.context.tags(&self.context.name("payment-queue-to-event-handler")),
            },
        );
    }
}
