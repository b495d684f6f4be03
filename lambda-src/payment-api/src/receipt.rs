//! The receipt of a payment: an object in the bucket of documents.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use handler_kit::aws;
use payments_domain::TransactionId;

use crate::Deps;
use crate::store::StoreError;

/// How often an upload that met another one is tried.
const ATTEMPTS: u32 = 3;

/// Writes the receipt, unless it is there.
///
/// A receipt that is there has the same bytes: they come from the item of the table, which is
/// written once. A repeat, or an SDK's second try after a lost reply, makes no second version.
pub(crate) async fn write(deps: &Deps, id: &TransactionId, result: &str) -> Result<(), StoreError> {
    for attempt in 1..=ATTEMPTS {
        let sent = deps
            .s3
            .put_object()
            .bucket(&deps.config.bucket)
            .key(format!("receipts/{id}.json"))
            .content_type("application/json")
            .server_side_encryption(ServerSideEncryption::AwsKms)
            .set_ssekms_key_id(deps.config.key.clone())
            .if_none_match("*")
            .body(ByteStream::from(result.as_bytes().to_vec()))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        match error.code() {
            Some("PreconditionFailed") => return Ok(()),
            // S3 decides between two uploads at once by turning one away, not by making it wait.
            Some("ConditionalRequestConflict") if attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            _ => {
                aws::failed("PutObject", &error);
                break;
            }
        }
    }
    Err(StoreError::Unavailable)
}
