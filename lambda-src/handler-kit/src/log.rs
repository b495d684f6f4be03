//! One JSON object per line on standard output, which Lambda takes to CloudWatch Logs.
//!
//! Nothing the caller sent is logged before it is known to be valid, and never an event, a file,
//! an item, or a message of AWS (which may repeat an item).

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::SystemTime;

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde_json::{Value, json};

tokio::task_local! {
    /// The id of the invocation that runs, set by [`crate::runtime::serve`].
    pub static REQUEST_ID: String;
}

static SINK: OnceLock<fn(&str)> = OnceLock::new();

/// Sends the lines somewhere else than standard output, from now on; the first call counts.
pub fn to(sink: fn(&str)) {
    let _ = SINK.set(sink);
}

/// Logs what happened as it should.
pub fn info(message: &str, fields: Value) {
    write("INFO", message, fields);
}

/// Logs what the sender got wrong.
pub fn warn(message: &str, fields: Value) {
    write("WARN", message, fields);
}

/// Logs what failed for another reason than the sender.
pub fn error(message: &str, fields: Value) {
    write("ERROR", message, fields);
}

fn write(level: &str, message: &str, fields: Value) {
    let now = DateTime::from(SystemTime::now()).fmt(DateTimeFormat::DateTime).unwrap_or_default();
    let mut line = json!({"timestamp": now, "level": level, "message": message});
    if let Ok(id) = REQUEST_ID.try_with(Clone::clone) {
        line["requestId"] = Value::String(id);
    }
    if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
        line.extend(fields);
    }
    match SINK.get() {
        Some(sink) => sink(&line.to_string()),
        None => {
            // A log that cannot be written must not stop a payment.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    }
}
