//! Sends a payment file into a bucket and waits for its transaction in the table: what the demo
//! and the tests do as a user of the payment system would.

use std::time::{Duration, Instant, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;

type Error = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        let value = at.and_then(|at| arguments.get(at + 1));
        value.ok_or_else(|| format!("usage: send-payment --endpoint URL --bucket NAME --table NAME --key ARN ({name} is missing)"))
    };
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .endpoint_url(value("--endpoint")?)
        .region("us-east-1")
        .credentials_provider(aws_sdk_s3::config::Credentials::new(
            "sandbox", "sandbox", None, None, "sandbox",
        ))
        .load()
        .await;
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);

    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    let id = format!("demo-{now}");
    let payment = format!(
        r#"{{"transactionId": "{id}", "amount": 1249.99, "currency": "EUR", "cardLast4": "4242", "metadata": {{"shop": "demo"}}}}"#
    );
    let path = format!("payments/{id}.json");
    say(&format!("put {path}: {payment}"));
    s3.put_object()
        .bucket(value("--bucket")?)
        .key(&path)
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id(value("--key")?)
        .body(ByteStream::from(payment.into_bytes()))
        .send()
        .await?;

    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        let reply = dynamodb
            .query()
            .table_name(value("--table")?)
            // The claim on the id stands at timestamp 0; the transaction itself behind it.
            .key_condition_expression("transactionId = :id AND #time > :zero")
            .expression_attribute_names("#time", "timestamp")
            .expression_attribute_values(":id", AttributeValue::S(id.clone()))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .send()
            .await?;
        if let Some(item) = reply.items().first() {
            say(&format!("stored after {:.1} s:", began.elapsed().as_secs_f64()));
            let mut names: Vec<&String> = item.keys().collect();
            names.sort();
            for name in names {
                let value = &item[name];
                let text = value.as_s().or_else(|_| value.as_n());
                say(&format!("  {name:<14} {}", text.map_or("…", String::as_str)));
            }
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("no transaction was stored within 30 s".into())
}

#[allow(clippy::print_stdout, reason = "this is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
