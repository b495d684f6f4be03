//! Emptying a bucket, of unfinished uploads, every version and every delete marker.

use std::time::{Duration, Instant};

use aws_sdk_s3::types::{Delete, Error, ObjectIdentifier};
use payctl_engine::{Failure, FailureKind};

use super::BucketName;
use crate::{Absent as _, AwsError, Cx, Result};

/// How long one go takes at most, so that a run can be stopped between two.
const STRETCH: Duration = Duration::from_secs(3);

/// Deletes what is in the bucket, a few thousand objects at a time: pending while some are left.
pub(super) async fn empty(cx: &Cx<'_>, bucket: &BucketName) -> Result<()> {
    let began = Instant::now();
    let pause = |deleted: usize| match began.elapsed() < STRETCH {
        true => Ok(()),
        false => {
            let what = format!("the bucket to be emptied: {deleted} more objects are deleted");
            Err(AwsError::pending(what))
        }
    };
    let mut deleted = 0;
    loop {
        let uploads = own!(cx, list_multipart_uploads, bucket).send().await?;
        if uploads.uploads().is_empty() {
            break;
        }
        for upload in uploads.uploads() {
            let request = own!(cx, abort_multipart_upload, bucket);
            let request = request.set_key(upload.key.clone());
            let request = request.set_upload_id(upload.upload_id.clone());
            request.send().await.unless_absent("NoSuchUpload")?;
            deleted += 1;
            pause(deleted)?;
        }
    }
    loop {
        let page = own!(cx, list_object_versions, bucket).send().await?;
        let versions = page.versions().iter().map(|version| (&version.key, &version.version_id));
        let markers = page.delete_markers().iter().map(|marker| (&marker.key, &marker.version_id));
        let objects = versions.chain(markers).map(|(key, version)| {
            let object = ObjectIdentifier::builder().set_key(key.clone());
            object.set_version_id(version.clone()).build()
        });
        let objects = objects.collect::<Result<Vec<_>, _>>()?;
        if objects.is_empty() {
            return Ok(());
        }
        deleted += objects.len();
        let objects = Delete::builder().set_objects(Some(objects)).quiet(true).build()?;
        let reply = own!(cx, delete_objects, bucket).delete(objects).send().await?;
        if let Some(error) = reply.errors().first() {
            return Err(kept(error));
        }
        pause(deleted)?;
    }
}

/// Why one object was not deleted, though the call as a whole succeeded.
fn kept(error: &Error) -> AwsError {
    let kind = match error.code() {
        Some("InternalError" | "ServiceUnavailable") => FailureKind::Unavailable,
        Some("SlowDown") => FailureKind::Throttled,
        _ => FailureKind::Denied,
    };
    let (key, why) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
    let message = format!("the object {key} cannot be deleted: {why}");
    let failure = Failure::new(kind, message).with_code(error.code().unwrap_or_default());
    Failure { operation: Some("DeleteObjects".to_owned()), ..failure }.into()
}
