//! Tables, buckets, queues, topics, events.

use serde_json::Value;

use crate::bill::Bill;
use crate::kind::{Kind, measure};
use crate::money::Quantity;

/// What a message takes: it is sent, received and deleted, one at a time.
const REQUESTS_OF_A_MESSAGE: u64 = 3;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "dynamodb.table",
        bill: table,
        measures: &[
            measure(
                "write_units",
                "writes of 1 KB, those of its indexes too; twice in transactions",
            ),
            measure("read_units", "reads of 4 KB; half, where they need not be consistent"),
            measure("gb", "GB in it and its indexes"),
            measure("stream_reads", "reads of its stream, but by Lambda"),
        ],
    },
    Kind {
        name: "eventbridge.rule",
        bill: |bill| bill.measured("events", "own_events"),
        measures: &[measure("own_events", "events that are not AWS's, each 64 KB one")],
    },
    Kind {
        name: "s3.bucket",
        bill: bucket,
        measures: &[
            measure("gb", "GB in S3 Standard, every version"),
            measure("writes", "PUT, COPY, POST and LIST requests"),
            measure("reads", "GET and other requests"),
            measure("gb_archived", "GB in Glacier"),
            measure("archived", "objects that move to Glacier"),
        ],
    },
    Kind {
        name: "sns.subscription",
        bill: subscription,
        measures: &[measure("messages", "messages that it gets")],
    },
    Kind {
        name: "sns.topic",
        bill: |bill| bill.measured("sns-messages", "messages"),
        measures: &[measure("messages", "messages published, each 64 KB one")],
    },
    Kind {
        name: "sqs.queue",
        bill: queue,
        measures: &[
            measure("messages", "messages that are sent, received and deleted, each 64 KB one"),
            measure("requests", "further requests, each 64 KB one"),
        ],
    },
];

fn table(bill: &mut Bill<'_, '_>) {
    if bill.one.text("billing") == "PROVISIONED" {
        bill.unknown("provisioned capacity of a table", "no price of it was found");
    } else {
        bill.measured("dynamodb-writes", "write_units");
        bill.measured("dynamodb-reads", "read_units");
    }
    bill.measured("dynamodb-storage", "gb");
    if bill.one.is("point_in_time_recovery") {
        bill.measured("dynamodb-recovery", "gb");
    }
    if bill.one.properties["stream"].is_string() {
        bill.measured("dynamodb-stream", "stream_reads");
    }
}

fn bucket(bill: &mut Bill<'_, '_>) {
    bill.measured("s3-storage", "gb");
    bill.measured("s3-writes", "writes");
    bill.measured("s3-reads", "reads");
    let rules = bill.one.properties["lifecycle"].as_array().map_or(&[][..], Vec::as_slice);
    let moves = |rule: &Value| {
        let classes =
            ["transition", "noncurrent_transition"].map(|when| rule[when]["class"].clone());
        classes
            .into_iter()
            .filter_map(|class| class.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let classes: std::collections::BTreeSet<String> = rules.iter().flat_map(moves).collect();
    for class in classes {
        match class.as_str() {
            "GLACIER" => {
                bill.measured("s3-glacier", "gb_archived");
                bill.measured("s3-archived", "archived");
            }
            other => bill.unknown_use(format!("objects in {other}"), "no price of it was found"),
        }
    }
}

fn subscription(bill: &mut Bill<'_, '_>) {
    match bill.one.text("protocol") {
        "email" | "email-json" => bill.measured("sns-mails", "messages"),
        "http" | "https" => bill.measured("sns-http", "messages"),
        // SNS delivers to these for nothing (infracost, sns_topic_test).
        "sqs" | "lambda" => {}
        other => bill.unknown_use(format!("messages to {other}"), "no price of it was found"),
    }
}

fn queue(bill: &mut Bill<'_, '_>) {
    let gets_dead_letters = bill.all.of_kind("sqs.queue").any(|queue| {
        let target = bill.all.referred(&queue.properties["redrive"]["dead_letter"]);
        target.is_some_and(|target| target.address == bill.one.address)
    });
    let messages = match gets_dead_letters {
        true => bill.measure("messages"),
        false => bill.measure_or_of_environment("messages"),
    };
    let requests =
        [messages.map(|all| all.scaled(REQUESTS_OF_A_MESSAGE, 1)), bill.measure("requests")];
    let requests = requests.into_iter().flatten().reduce(|sum: Quantity, more| sum + more);
    bill.used("sqs-requests", requests);
    let polled = bill.all.of_kind("lambda.event_source_mapping").any(|mapping| {
        let source = bill.all.referred(&mapping.properties["source"]);
        source.is_some_and(|source| source.address == bill.one.address)
    });
    if polled {
        bill.note("Lambda's polling of a queue is billed as requests to it, even when it is idle");
    }
}
