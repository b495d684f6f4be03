//! What is left of a file that is refused: a record of why, and a count.

use handler_kit::aws::Unavailable;
use handler_kit::object::{self, Encryption};
use handler_kit::{log, milliseconds};
use payments_domain::Digest;
use serde_json::json;

use crate::Deps;
use crate::event::Object;

/// The longest key of an object, in bytes of UTF-8 (S3's guide, "Naming Amazon S3 objects").
const LONGEST_KEY: usize = 1024;
/// The namespace of the count, which the alarm names as well.
const NAMESPACE: &str = "Payments";

/// Writes down why a file, or some of its payments, were refused. It says nothing of a payment, and
/// the same each time, so that a repeat changes nothing.
pub(crate) async fn record(deps: &Deps, file: &Object, reason: &str) -> Result<(), Unavailable> {
    let record = json!({
        "bucket": file.bucket,
        "key": file.key,
        "versionId": file.version,
        "reason": reason,
    });
    let encryption = Encryption::with(Some(deps.config.key.clone()));
    let (bucket, key) = (&deps.config.bucket, place(file));
    object::put_once(&deps.s3, bucket, &key, &record.to_string(), &encryption).await
}

/// Counts the refused files of an event: CloudWatch makes a metric of a line in this format
/// (CloudWatch's guide, "Specification: Embedded metric format").
pub(crate) fn count(deps: &Deps, refused: usize) {
    let function = deps.config.function.as_deref().unwrap_or("payment-processor");
    log::info(
        "files were refused",
        json!({
            "_aws": {
                "Timestamp": milliseconds((deps.now)()),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [{ "Name": "rejected", "Unit": "Count" }],
                }],
            },
            "FunctionName": function,
            "rejected": refused,
        }),
    );
}

/// Where the record of a file is, below its own key.
fn place(file: &Object) -> String {
    let version = file.version.as_deref().unwrap_or("null");
    let place = format!("rejected/{}/{version}.json", file.key);
    match place.len() <= LONGEST_KEY {
        true => place,
        false => format!("rejected/{}/{version}.json", Digest::of_text(&file.key).as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_below_the_key_of_its_file_unless_that_is_too_long() {
        let file = |key: &str, version: Option<&str>| Object {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            version: version.map(str::to_owned),
        };
        assert_eq!(place(&file("payments/a.json", Some("v1"))), "rejected/payments/a.json/v1.json");
        assert_eq!(place(&file("payments/a.json", None)), "rejected/payments/a.json/null.json");
        let long = place(&file(&"p".repeat(1024), Some("v1")));
        assert!(long.len() < 100 && long.ends_with("/v1.json"), "{long}");
    }
}
