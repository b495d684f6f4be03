//! What `migration` keeps its transactions in: a table, a topic and a bucket of their own for one
//! test.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::{Item, items, make_bucket, make_table, unique, versions};

/// A table, a bucket, and a topic with a queue that hears it.
pub struct Transactions {
    /// The name of the table.
    pub table: String,
    /// The ARN of the topic.
    pub topic: String,
    /// The name of the bucket.
    pub bucket: String,
    /// Where they are.
    pub endpoint: String,
    queue: String,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
}

/// What a payment is held against.
pub const LIMITS: [(&str, &str); 3] =
    [("MINIMUM_AMOUNT", "1.00"), ("MAXIMUM_AMOUNT", "5000"), ("CURRENCIES", "USD,EUR,JPY")];

/// What makes it suspicious.
pub const SCORING: [(&str, &str); 6] = [
    ("VELOCITY_WEIGHT", "40"),
    ("AMOUNT_WEIGHT", "30"),
    ("HISTORY_WEIGHT", "30"),
    ("REVIEW_SCORE", "50"),
    ("DECLINE_SCORE", "80"),
    ("VELOCITY_LIMIT", "10"),
];

impl Transactions {
    /// Makes them as the system has them.
    pub async fn new() -> Self {
        let (name, endpoint) = (unique(), crate::endpoint());
        let shared = crate::config(endpoint);
        let sqs = aws_sdk_sqs::Client::new(&shared);
        let (topic, queue) = heard(&aws_sdk_sns::Client::new(&shared), &sqs, &name).await;
        let made = Self {
            table: format!("transactions-{name}"),
            topic,
            bucket: format!("payment-audit-logs-{name}"),
            endpoint: endpoint.to_owned(),
            queue,
            dynamodb: aws_sdk_dynamodb::Client::new(&shared),
            s3: handler_kit::aws::s3(&shared),
            sqs,
        };
        let (text, number) = (ScalarAttributeType::S, ScalarAttributeType::N);
        let customer = [("customer_id", text.clone()), ("timestamp", number.clone())];
        let status = [("status", text.clone()), ("timestamp", number)];
        let indexes: [(&str, crate::Key<'_>); 2] =
            [("customer-id-timestamp-index", &customer), ("status-timestamp-index", &status)];
        make_table(&made.dynamodb, &made.table, &[("transaction_id", text)], indexes).await;
        make_bucket(&made.s3, &made.bucket).await;
        made
    }

    /// What clients of all share.
    pub fn shared(&self) -> SdkConfig {
        crate::config(&self.endpoint)
    }

    /// Every item of the table.
    pub async fn items(&self) -> Vec<Item> {
        items(&self.dynamodb, &self.table).await
    }

    /// Puts an item, whatever is there.
    pub async fn put(&self, item: Item) {
        let request = self.dynamodb.put_item().table_name(&self.table);
        request.set_item(Some(item)).send().await.unwrap();
    }

    /// The notices that were published since the last look.
    pub async fn notices(&self) -> Vec<Value> {
        let mut notices = Vec::new();
        loop {
            let request = self.sqs.receive_message().queue_url(&self.queue);
            let request = request.max_number_of_messages(10).wait_time_seconds(0);
            let received = request.send().await.unwrap().messages.unwrap_or_default();
            if received.is_empty() {
                return notices;
            }
            let bodies = received.iter().map(|message| message.body().unwrap());
            notices.extend(bodies.map(|body| serde_json::from_str::<Value>(body).unwrap()));
        }
    }

    /// The keys of the bucket, each as often as it has versions.
    pub async fn versions(&self) -> Vec<String> {
        versions(&self.s3, &self.bucket).await
    }

    /// The audit record of a transaction, whose bucket has it once, and the key of KMS that it is
    /// encrypted with.
    pub async fn record(&self, id: &str) -> (Value, Option<String>) {
        let versions = self.versions().await;
        let named: Vec<_> = versions.iter().filter(|key| key.contains(id)).collect();
        assert_eq!(named.len(), 1, "{id} in {versions:?}");
        let (text, _, key) = crate::object(&self.s3, &self.bucket, named[0]).await;
        (serde_json::from_str(&text).unwrap(), key)
    }

    /// Nothing was stored or published.
    pub async fn is_empty(&self) -> bool {
        let nothing = self.items().await.is_empty() && self.versions().await.is_empty();
        nothing && self.notices().await.is_empty()
    }
}

async fn heard(
    sns: &aws_sdk_sns::Client,
    sqs: &aws_sdk_sqs::Client,
    name: &str,
) -> (String, String) {
    let request = sns.create_topic().name(format!("failed-transactions-{name}"));
    let topic = request.send().await.unwrap().topic_arn.unwrap();
    let request = sqs.create_queue().queue_name(format!("notices-{name}"));
    let queue = request.send().await.unwrap().queue_url.unwrap();
    let request = sqs.get_queue_attributes().queue_url(&queue);
    let reply = request.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
    let arn = &reply.attributes.unwrap()[&QueueAttributeName::QueueArn];
    let request = sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(arn);
    request.attributes("RawMessageDelivery", "true").send().await.unwrap();
    (topic, queue)
}

/// The event that an HTTP API (payload 2.0) makes of a body posted to a path.
pub fn posted(path: &str, key: Option<&str>, body: &str) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("POST {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-type": "application/json",
            "host": "abcde12345.execute-api.us-east-1.amazonaws.com",
            "user-agent": "shop/1.0",
            "x-forwarded-for": "203.0.113.7",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcde12345",
            "domainName": "abcde12345.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abcde12345",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "shop/1.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("POST {path}"),
            "stage": "$default",
            "time": "22/Nov/2026:01:38:18 +0000",
            "timeEpoch": 1_795_311_498_000_u64,
        },
        "body": body,
        "isBase64Encoded": false,
    });
    if let Some(key) = key {
        event["headers"]["idempotency-key"] = json!(key);
    }
    event
}

/// The body of one valid payment of 12.50 euros.
pub fn payment() -> Value {
    json!({"customerId": "c-1", "amount": "12.50", "currency": "EUR", "cardLast4": "4242"})
}

/// The row of an earlier transaction of the customer `c-1`, of 12.50 euros.
pub fn row(id: &str, timestamp: u64, status: &str) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    Item::from([
        ("transaction_id".to_owned(), text(id)),
        ("customer_id".to_owned(), text("c-1")),
        ("timestamp".to_owned(), AttributeValue::N(timestamp.to_string())),
        ("status".to_owned(), text(status)),
        ("amount".to_owned(), AttributeValue::N("12.50".to_owned())),
        ("currency".to_owned(), text("EUR")),
    ])
}
