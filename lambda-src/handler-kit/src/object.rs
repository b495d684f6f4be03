//! Objects of a bucket, and writing one that is written once.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;

use crate::aws::{self, Unavailable};

/// How an object asks to be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// As its bucket says.
    OfTheBucket,
    /// With this key of KMS, by id or ARN. Without one S3 takes the account's own key `aws/s3`, not
    /// the bucket's default key, which counts only for objects that ask for nothing (API reference
    /// of PutObject, `x-amz-server-side-encryption-aws-kms-key-id`).
    Kms(Option<String>),
}

impl Encryption {
    /// With the key, if there is one, and else as the bucket says.
    #[must_use]
    pub fn with(key: Option<String>) -> Self {
        key.map_or(Self::OfTheBucket, |key| Self::Kms(Some(key)))
    }
}

/// How often an upload that met another one is tried.
const ATTEMPTS: u32 = 3;

/// Writes a JSON object on the condition that there is none under its key (`If-None-Match: *`).
///
/// For text that is the same every time, so that one that is there needs no look: a repeat, or an
/// SDK's second try after a lost reply, makes no second version.
///
/// # Errors
/// [`Unavailable`], when it is not known to be there.
pub async fn put_once(
    client: &Client,
    bucket: &str,
    key: &str,
    json: &str,
    encryption: &Encryption,
) -> Result<(), Unavailable> {
    let (kms, key_id) = match encryption {
        Encryption::OfTheBucket => (None, None),
        Encryption::Kms(id) => (Some(ServerSideEncryption::AwsKms), id.clone()),
    };
    for attempt in 1.. {
        let sent = client
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type("application/json")
            .set_server_side_encryption(kms.clone())
            .set_ssekms_key_id(key_id.clone())
            .if_none_match("*")
            .body(ByteStream::from(json.as_bytes().to_vec()))
            .send()
            .await;
        let Err(error) = sent else { break };
        match error.code() {
            Some("PreconditionFailed") => break,
            // S3 decides between two uploads at once by turning one away, not by making it wait.
            Some("ConditionalRequestConflict") if attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            _ => return Err(aws::failed("PutObject", &error)),
        }
    }
    Ok(())
}
