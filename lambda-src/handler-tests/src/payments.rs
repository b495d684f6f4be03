//! What `cost-optimized` keeps its payments in: a table, a queue and a bucket of their own for one
//! test.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::ScalarAttributeType;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use serde_json::{Value, json};

use crate::{Item, items, make_bucket, make_table, unique, versions};

/// A table, a queue and a bucket.
pub struct Payments {
    /// The name of the table.
    pub table: String,
    /// The URL of the queue.
    pub queue: String,
    /// The URL of its dead-letter queue.
    pub dead: String,
    /// The name of the bucket.
    pub bucket: String,
    /// Where they are.
    pub endpoint: String,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
}

impl Payments {
    /// Makes them as the system has them.
    pub async fn new() -> Self {
        let (name, endpoint) = (unique(), crate::endpoint());
        let shared = crate::config(endpoint);
        let sqs = aws_sdk_sqs::Client::new(&shared);
        let (queue, dead) = queues(&sqs, &name).await;
        let made = Self {
            table: format!("payments-{name}"),
            queue,
            dead,
            bucket: format!("payment-audit-logs-{name}"),
            endpoint: endpoint.to_owned(),
            dynamodb: aws_sdk_dynamodb::Client::new(&shared),
            s3: handler_kit::aws::s3(&shared),
            sqs,
        };
        let text = ScalarAttributeType::S;
        let key = [("payment_id", text.clone()), ("timestamp", text.clone())];
        let index = [("status", text.clone()), ("timestamp", text)];
        let index: (&str, crate::Key<'_>) = ("status-index", &index);
        make_table(&made.dynamodb, &made.table, &key, Some(index)).await;
        make_bucket(&made.s3, &made.bucket).await;
        made
    }

    /// What clients of the three share.
    pub fn shared(&self) -> SdkConfig {
        crate::config(&self.endpoint)
    }

    /// What a function's environment says of them.
    pub fn environment(&self) -> [(&str, &str); 3] {
        [("TABLE_NAME", &self.table), ("QUEUE_URL", &self.queue), ("BUCKET_NAME", &self.bucket)]
    }

    /// Every item of the table: guards and rows.
    pub async fn items(&self) -> Vec<Item> {
        items(&self.dynamodb, &self.table).await
    }

    /// The rows, without their guards.
    pub async fn rows(&self) -> Vec<Item> {
        let mut items = self.items().await;
        items.retain(|item| item.contains_key("status"));
        items
    }

    /// Puts an item, whatever is there.
    pub async fn put(&self, item: Item) {
        let request = self.dynamodb.put_item().table_name(&self.table);
        request.set_item(Some(item)).send().await.unwrap();
    }

    /// The keys of the bucket, each as often as it has versions.
    pub async fn versions(&self) -> Vec<String> {
        versions(&self.s3, &self.bucket).await
    }

    /// The text of an object.
    pub async fn object(&self, key: &str) -> String {
        crate::object(&self.s3, &self.bucket, key).await.0
    }

    /// The key of KMS that an object is encrypted with.
    pub async fn key_of(&self, key: &str) -> Option<String> {
        crate::object(&self.s3, &self.bucket, key).await.2
    }

    /// Nothing was stored or sent.
    pub async fn is_empty(&self) -> bool {
        let nothing = self.items().await.is_empty() && self.versions().await.is_empty();
        nothing && self.receive(&self.queue).await.is_empty()
    }

    /// Sends a message.
    pub async fn send(&self, body: &str) {
        let request = self.sqs.send_message().queue_url(&self.queue);
        request.message_body(body).send().await.unwrap();
    }

    /// Takes up to ten messages of a queue, which hides them.
    pub async fn receive(&self, queue: &str) -> Vec<Message> {
        let request = self.sqs.receive_message().queue_url(queue).max_number_of_messages(10);
        request.wait_time_seconds(0).send().await.unwrap().messages.unwrap_or_default()
    }

    /// The bodies of the messages that wait in a queue, which hides them.
    pub async fn bodies(&self, queue: &str) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let received = self.receive(queue).await;
            if received.is_empty() {
                return bodies;
            }
            bodies.extend(received.into_iter().map(|message| message.body.unwrap()));
        }
    }

    /// What an event source mapping does after an answer: deletes what is done, and lets the rest
    /// come again, here without waiting.
    pub async fn settle(&self, received: &[Message], answer: &Value) {
        let failures = answer["batchItemFailures"].as_array().unwrap();
        for message in received {
            let id = message.message_id.as_deref().unwrap();
            let receipt = message.receipt_handle.as_deref().unwrap();
            if failures.iter().any(|failure| failure["itemIdentifier"] == id) {
                let request = self.sqs.change_message_visibility().queue_url(&self.queue);
                let request = request.receipt_handle(receipt).visibility_timeout(0);
                request.send().await.unwrap();
            } else {
                let request = self.sqs.delete_message().queue_url(&self.queue);
                request.receipt_handle(receipt).send().await.unwrap();
            }
        }
    }
}

async fn queues(sqs: &aws_sdk_sqs::Client, name: &str) -> (String, String) {
    let request = sqs.create_queue().queue_name(format!("payment-dlq-{name}"));
    let dead = request.send().await.unwrap().queue_url.unwrap();
    let request = sqs.get_queue_attributes().queue_url(&dead);
    let reply = request.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
    let arn = &reply.attributes.unwrap()[&QueueAttributeName::QueueArn];
    let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 3}).to_string();
    let request = sqs.create_queue().queue_name(format!("payment-queue-{name}"));
    let request = request.attributes(QueueAttributeName::VisibilityTimeout, "300");
    let request = request.attributes(QueueAttributeName::RedrivePolicy, redrive);
    (request.send().await.unwrap().queue_url.unwrap(), dead)
}

/// The event that a mapping makes of messages, given as id and body.
pub fn batch<'text>(messages: impl IntoIterator<Item = (&'text str, &'text str)>) -> Value {
    let record = |(id, body): (&str, &str)| {
        json!({
            "messageId": id,
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795311498250",
                "SenderId": "AROAEXAMPLE:payment-processor",
                "ApproximateFirstReceiveTimestamp": "1795311498262",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:payment-queue",
            "awsRegion": "us-east-1",
        })
    };
    json!({"Records": messages.into_iter().map(record).collect::<Vec<_>>()})
}

/// The event of messages that were received.
pub fn batch_of(received: &[Message]) -> Value {
    batch(
        received.iter().map(|message| {
            (message.message_id.as_deref().unwrap(), message.body.as_deref().unwrap())
        }),
    )
}

/// The event that API Gateway makes of a request to `/payments` or below it.
pub fn asked(method: &str, path: &str) -> Value {
    let resource = if path == "/payments" { path } else { "/payments/{id}" };
    let id = path.rsplit('/').next().filter(|_| resource != path);
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"Accept": "*/*", "X-Forwarded-For": "203.0.113.7"},
        "multiValueHeaders": {"Accept": ["*/*"], "X-Forwarded-For": ["203.0.113.7"]},
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": id.map(|id| json!({"id": id})),
        "stageVariables": null,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": format!("/prod{path}"),
            "stage": "prod",
            "requestId": "0b4c1a52-5c7e-4b52-9a8a-7c2f0e1d3b4a",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "shop/1.0"},
        },
        "body": null,
        "isBase64Encoded": false,
    })
}

/// The event of a payment that is posted, under a key if there is one.
pub fn posted(key: Option<&str>, body: &str) -> Value {
    let mut event = asked("POST", "/payments");
    event["body"] = json!(body);
    if let Some(key) = key {
        event["headers"]["Idempotency-Key"] = json!(key);
    }
    event
}

/// The body of one valid payment of 12.50 euros.
pub fn order() -> Value {
    json!({"customerId": "c-1", "amount": "12.50", "currency": "EUR"})
}
