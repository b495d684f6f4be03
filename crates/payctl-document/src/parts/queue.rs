//! A queue with one for what nobody could work on, and the alarm that says that there is some.

use payctl_engine::Input;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::part::{Made, Part};

/// A queue with one for what nobody could work on, and the alarm that says that there is some.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Queue {
    /// How long a message that was received is hidden from all others: six times as long as who works
    /// on it may take.
    #[serde(default = "visibility_timeout_s")]
    visibility_timeout_s: u32,
    /// How long a message is kept that nobody deletes.
    #[serde(default = "retention_s")]
    retention_s: u32,
    /// After how many receives a message is put aside.
    #[serde(default = "max_receives")]
    max_receives: u32,
    /// What the alarm does, such as the ARNs of topics.
    #[serde(default)]
    alarm: Vec<Input<String>>,
}

fn visibility_timeout_s() -> u32 {
    180
}

fn retention_s() -> u32 {
    4 * 24 * 60 * 60
}

fn max_receives() -> u32 {
    5
}

/// How long SQS keeps a message at most (CreateQueue, `MessageRetentionPeriod`).
const LONGEST_S: u32 = 14 * 24 * 60 * 60;

impl Part for Queue {
    fn resources(self, own: &str) -> Result<Made, String> {
        let dead = format!("{own}-dead");
        Ok(vec![
            ("sqs.queue", dead.clone(), json!({ "retention_s": LONGEST_S })),
            (
                "sqs.queue",
                own.to_owned(),
                json!({
                    "visibility_timeout_s": self.visibility_timeout_s,
                    "retention_s": self.retention_s,
                    "redrive": {
                        "dead_letter": format!("${{sqs.queue:{dead}.arn}}"),
                        "max_receives": self.max_receives,
                    },
                }),
            ),
            (
                "cloudwatch.alarm",
                dead.clone(),
                json!({
                    "description": format!("Messages of {own} wait that nobody could work on"),
                    "namespace": "AWS/SQS",
                    "metric": "ApproximateNumberOfMessagesVisible",
                    "dimensions": { "QueueName": format!("${{sqs.queue:{dead}.name}}") },
                    "statistic": "Maximum",
                    "threshold": 0,
                    "actions": self.alarm,
                }),
            ),
        ])
    }
}
