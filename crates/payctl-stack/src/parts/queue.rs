//! Encrypted queues, those of what functions fail at among them.

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::kms::KeyRef;
use payctl_aws::sqs::{self, Encryption, QueueRef, Redrive};
use payctl_aws::{Arn, Policy, Set, Statement};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{self, Part, PartContext};
use crate::Context;
use crate::parts::alarm::{self, Metric};

/// A queue with one for what nobody could work on, and the alarm that says that there is some. Both are
/// encrypted and for nobody without TLS.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Queue {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    pub name: Option<String>,
    /// How long a message that was received is hidden from all others: six times as long as who works
    /// on it may take.
    #[schemars(range(min = 0, max = 43_200))]
    pub visibility_timeout_s: u32,
    /// How long a message is kept that nobody deletes.
    #[schemars(range(min = 60, max = 1_209_600))]
    pub retention_s: u32,
    /// After how many receives a message is put aside.
    #[schemars(range(min = 1, max = 1000))]
    pub max_receives: u32,
    /// What the alarm does, such as the ARNs of topics.
    pub alarm: Vec<Input<Arn>>,
    /// The queue of what was put aside, and its alarm.
    pub dead_letters: DeadLetters,
    /// The ARN of the key that encrypts both; the stack's key where nothing is said.
    pub key: Option<Input<Arn>>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            name: None,
            visibility_timeout_s: 180,
            retention_s: 4 * DAY_S,
            max_receives: 5,
            alarm: Vec::new(),
            dead_letters: DeadLetters::default(),
            key: None,
        }
    }
}

/// The queue of what nobody could work on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeadLetters {
    /// What it is called in AWS, without the suffix; `NAME-dead` where nothing is said.
    pub name: Option<String>,
    /// How long a message that was received is hidden from all others.
    #[schemars(range(min = 0, max = 43_200))]
    pub visibility_timeout_s: u32,
    /// How long a message is kept.
    #[schemars(range(min = 60, max = 1_209_600))]
    pub retention_s: u32,
    /// What the alarm is called in AWS, without the suffix; as the queue where nothing is said.
    pub alarm_name: Option<String>,
    /// What is wrong when it fires.
    pub alarm_description: Option<String>,
}

impl Default for DeadLetters {
    fn default() -> Self {
        Self {
            name: None,
            visibility_timeout_s: LOOK_S,
            retention_s: LONGEST_DAYS * DAY_S,
            alarm_name: None,
            alarm_description: None,
        }
    }
}

/// What a queue is made of.
#[derive(Debug)]
pub struct QueueMade {
    /// The queue.
    pub queue: QueueRef,
    /// What was put aside.
    pub dead_letters: QueueRef,
}

impl Part for Queue {
    const NAME: &'static str = "queue";
    const DECLARES: &'static [(&'static str, &'static str)] =
        &[("sqs.queue", "NAME, NAME-dead"), ("cloudwatch.alarm", "NAME-dead")];
    type Made = QueueMade;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<QueueMade, String> {
        let context = part.context;
        let name = part::base(self.name, logical);
        let aside = self.dead_letters;
        let (dead, dead_name) = (format!("{logical}-dead"), format!("{name}-dead"));
        let dead_name = aside.name.unwrap_or(dead_name);
        let key = part.key(self.key)?;
        let dead_letters = sqs::Queue {
            retention_s: aside.retention_s,
            ..encrypted(context, &dead_name, key.clone(), aside.visibility_timeout_s)
        };
        let dead_letters = stack.add(&dead, dead_letters);
        let queue = sqs::Queue {
            retention_s: self.retention_s,
            redrive: Some(Redrive {
                dead_letter: dead_letters.arn(),
                max_receives: self.max_receives,
            }),
            ..encrypted(context, &name, key, self.visibility_timeout_s)
        };
        let queue = stack.add(logical, queue);
        let description = aside.alarm_description;
        let description = description
            .unwrap_or_else(|| format!("Messages of {name} wait that nobody could work on"));
        let alarm_name = aside.alarm_name.unwrap_or(dead_name);
        let alarm = alarm::above(context, &alarm_name, &description, depth(&dead_letters), 0.0);
        let actions = self.alarm.into_iter().collect();
        stack.add(&dead, Alarm { statistic: "Maximum".to_owned(), actions, ..alarm });
        Ok(QueueMade { queue, dead_letters })
    }
}

const DAY_S: u32 = 24 * 60 * 60;
/// How long SQS keeps a message at most (CreateQueue, `MessageRetentionPeriod`).
const LONGEST_DAYS: u32 = 14;
/// How long one who looks at what failed has it for himself.
const LOOK_S: u32 = 60;

/// An encrypted queue that nobody reaches without TLS, whose messages are kept for a day.
fn encrypted(
    context: &Context<'_>,
    name: &str,
    key: Input<Arn>,
    visibility_timeout_s: u32,
) -> sqs::Queue {
    let name = context.name(name);
    let tls = Statement::deny("DenyWithoutTls", &["sqs:*"])
        .for_all()
        .on([Input::Known(context.arn("sqs", &name))])
        .when("Bool", "aws:SecureTransport", "false");
    sqs::Queue {
        visibility_timeout_s,
        retention_s: DAY_S,
        receive_wait_s: 20,
        delay_s: 0,
        max_message_bytes: 256 * 1024,
        encryption: Encryption::Kms { key, reuse_s: 300 },
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
    let queue = sqs::Queue {
        retention_s: LONGEST_DAYS * DAY_S,
        ..encrypted(context, NAME, key.arn(), LOOK_S)
    };
    let queue = stack.add("failed-events", queue);
    let description = "Functions gave up on events, which wait in a queue for somebody to look";
    let alarm = alarm::above(context, NAME, description, depth(&queue), 0.0);
    stack.add("failed-events", Alarm { statistic: "Maximum".to_owned(), actions, ..alarm });
    queue
}

/// How many messages wait in a queue.
fn depth(queue: &QueueRef) -> Metric {
    let name = queue.name().when_created().cast();
    Metric::new("AWS/SQS", "ApproximateNumberOfMessagesVisible", [("QueueName", name)])
}
