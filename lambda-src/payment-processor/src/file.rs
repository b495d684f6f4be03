//! Reading payment files from S3.

use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::types::ServerSideEncryption;
use handler_kit::{aws, log};
use payments_domain::{MAX_FILE_BYTES, Payment, PaymentFileError, parse_file};
use serde_json::json;
use thiserror::Error;

use crate::Deps;
use crate::event::Object;

/// Why a file was not read.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    /// Not from the bucket this function is for.
    #[error("the file is not in the payment bucket")]
    OtherBucket,
    /// No such object or version.
    #[error("the file does not exist")]
    Absent,
    /// In a storage class that must be restored first, or under a key the caller keeps.
    #[error("the file is archived or encrypted with a key of its sender")]
    Unreadable,
    /// Stored without server-side encryption.
    #[error("the file is stored without server-side encryption")]
    NotEncrypted,
    /// Read, and not acceptable.
    #[error(transparent)]
    Content(#[from] PaymentFileError),
    /// AWS did not deliver; it may later. Already logged.
    #[error("the file could not be read now")]
    Unavailable,
}

/// Reads the payments of a file, if it is one we take.
pub(crate) async fn read(deps: &Deps, object: &Object) -> Result<Vec<Payment>, FileError> {
    if object.bucket != deps.config.bucket {
        return Err(FileError::OtherBucket);
    }
    let request = deps.s3.get_object().bucket(&object.bucket).key(&object.key);
    let reply = match request.set_version_id(object.version.clone()).send().await {
        Ok(reply) => reply,
        Err(error) => return Err(explain(&error)),
    };
    check_encryption(deps, object, &reply)?;
    let bytes = body(reply).await?;
    Ok(parse_file(&bytes)?)
}

/// S3 encrypts every new object by now, but tells so per object: one without is not ours to trust.
fn check_encryption(
    deps: &Deps,
    object: &Object,
    reply: &GetObjectOutput,
) -> Result<(), FileError> {
    match reply.server_side_encryption() {
        Some(
            ServerSideEncryption::Aes256
            | ServerSideEncryption::AwsKms
            | ServerSideEncryption::AwsKmsDsse,
        ) => {}
        _ => return Err(FileError::NotEncrypted),
    }
    let id = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    let wanted = &deps.config.key;
    let other = reply.ssekms_key_id().is_none_or(|key| id(key) != id(wanted));
    if other && !wanted.contains("alias/") {
        log::warn("file is not encrypted with the payment key", json!({"key": object.key}));
    }
    Ok(())
}

/// Reads the object, and never more than a payment file may have.
async fn body(reply: GetObjectOutput) -> Result<Vec<u8>, FileError> {
    let too_large = || FileError::Content(PaymentFileError::TooLarge);
    let announced = usize::try_from(reply.content_length.unwrap_or_default()).unwrap_or(0);
    if announced > MAX_FILE_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(announced);
    let mut stream = reply.body;
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else {
            log::error("reading the object was interrupted", json!({}));
            return Err(FileError::Unavailable);
        };
        if bytes.len() + chunk.len() > MAX_FILE_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Sorts an error by its code: what will be the same next time, and what may pass.
fn explain(error: &SdkError<GetObjectError>) -> FileError {
    match error.code() {
        Some("NoSuchKey" | "NoSuchVersion" | "NotFound" | "MethodNotAllowed") => FileError::Absent,
        // An empty, malformed or unknown version id.
        Some("InvalidArgument") => FileError::Absent,
        // InvalidRequest is how S3 asks for the key of SSE-C.
        Some("InvalidObjectState" | "InvalidRequest") => FileError::Unreadable,
        _ => {
            aws::failed("GetObject", error);
            FileError::Unavailable
        }
    }
}
