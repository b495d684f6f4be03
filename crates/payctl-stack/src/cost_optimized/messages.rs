//! The topics that tell people, and the queue that payments wait in.

use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::{EventSourceMapping, FunctionRef};
use payctl_aws::sns::TopicRef;
use payctl_aws::sqs::{Queue, QueueRef, Redrive};
use payctl_engine::Stack;

use super::system::System;
use crate::parts::queue::{self, DAY_S};
use crate::parts::topic;

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

    fn queue(&self, name: &str, key: &KeyRef) -> Queue {
        queue::encrypted(self.context, name, key.arn(), self.parameters.visibility_timeout_s)
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
