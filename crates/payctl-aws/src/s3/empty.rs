//! Emptying a bucket, of unfinished uploads, every version and every delete marker.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_s3::types::{Delete, EncodingType, Error, ObjectIdentifier};
use payctl_engine::{Failure, FailureKind};
use percent_encoding::percent_decode_str;

use super::lock;
use crate::{Absent as _, AwsError, Cx, Result};

/// How long one go takes at most, so that a run can be stopped between two.
const STRETCH: Duration = Duration::from_secs(3);

/// Deletes what is in the bucket, a few thousand objects at a time: pending while some are left.
pub(super) async fn empty(cx: &Cx<'_>, bucket: &str) -> Result<()> {
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
        // Whatever a key is made of, it arrives whole only where it is asked for encoded: XML has
        // no way to write most control characters.
        let request = own!(cx, list_multipart_uploads, bucket).encoding_type(EncodingType::Url);
        let page = request.send().await?;
        if page.uploads().is_empty() {
            break;
        }
        for upload in page.uploads() {
            let request = own!(cx, abort_multipart_upload, bucket);
            let key = upload.key.as_deref().map(|key| decoded(key, page.encoding_type()));
            let request = request.set_key(key).set_upload_id(upload.upload_id.clone());
            request.send().await.unless_absent("NoSuchUpload")?;
            deleted += 1;
            pause(deleted)?;
        }
    }
    let mut locks = None;
    let mut before: BTreeSet<Version> = BTreeSet::new();
    loop {
        let request = own!(cx, list_object_versions, bucket).encoding_type(EncodingType::Url);
        let page = request.send().await?;
        let versions = page.versions().iter().map(|version| (&version.key, &version.version_id));
        let markers = page.delete_markers().iter().map(|marker| (&marker.key, &marker.version_id));
        let listed: BTreeSet<Version> = versions
            .chain(markers)
            .filter_map(|(key, version)| {
                let key = decoded(key.as_deref()?, page.encoding_type());
                Some(Version { key, version: version.clone() })
            })
            .collect();
        if listed.is_empty() {
            return Ok(());
        }
        // Only who may do that may say so. What nothing was put into need not be asked.
        let bypass = match locks {
            Some(bypass) => bypass,
            None => lock::read(cx, bucket).await?.map(|_| true),
        };
        locks = Some(bypass);
        deleted += listed.len();
        // Those that were to be deleted by then and are listed all the same: S3's lists are of the
        // moment, and DeleteObjects was seen to answer success for keys that it did not understand
        // (aws-sdk-go#3592).
        let (one_by_one, together): (Vec<Version>, Vec<Version>) =
            listed.iter().cloned().partition(|one| before.contains(one) || !fits_xml(&one.key));
        for one in one_by_one {
            one.delete(cx, bucket, bypass).await?;
            pause(deleted)?;
        }
        if !together.is_empty() {
            delete(cx, bucket, together, bypass).await?;
        }
        before = listed;
        pause(deleted)?;
    }
}

/// A version of an object, or the marker that says that it was deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    key: String,
    version: Option<String>,
}

impl Version {
    /// Deletes it by a call of its own, which has the key in its path, where all can be written.
    async fn delete(self, cx: &Cx<'_>, bucket: &str, bypass: Option<bool>) -> Result<()> {
        let request = own!(cx, delete_object, bucket).key(self.key);
        let request = request.set_bypass_governance_retention(bypass);
        request.set_version_id(self.version).send().await.unless_absent("NoSuchVersion")?;
        Ok(())
    }
}

/// Deletes up to a thousand of them by one call.
async fn delete(cx: &Cx<'_>, bucket: &str, all: Vec<Version>, bypass: Option<bool>) -> Result<()> {
    let objects = all.into_iter().map(|Version { key, version }| {
        ObjectIdentifier::builder().key(key).set_version_id(version).build()
    });
    let objects = objects.collect::<Result<Vec<_>, _>>()?;
    let objects = Delete::builder().set_objects(Some(objects)).quiet(true).build()?;
    let request = own!(cx, delete_objects, bucket).delete(objects);
    let reply = request.set_bypass_governance_retention(bypass).send().await?;
    match reply.errors().first() {
        Some(error) => Err(kept(error)),
        None => Ok(()),
    }
}

/// The key that a list names; where it says that it is encoded, as forms are.
fn decoded(key: &str, encoding: Option<&EncodingType>) -> String {
    match encoding {
        Some(EncodingType::Url) => {
            let spaced = key.replace('+', " ");
            percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        }
        _ => key.to_owned(),
    }
}

/// Whether XML 1.0 has a way to write it (its production `Char`): DeleteObjects refuses a document
/// with anything else as a whole (MalformedXML; boto3#2005).
fn fits_xml(key: &str) -> bool {
    key.chars().all(|c| c >= ' ' && !"\u{fffe}\u{ffff}".contains(c) || "\t\n\r".contains(c))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_as_lists_write_them() {
        let url = Some(&EncodingType::Url);
        for (listed, encoding, key) in [
            ("payments/a+b%2Bc%25.json", url, "payments/a b+c%.json"),
            ("odd%10name%C3%A4", url, "odd\u{10}name\u{e4}"),
            ("as+it%20is", None, "as+it%20is"),
        ] {
            assert_eq!(decoded(listed, encoding), key);
        }
    }

    #[test]
    fn what_xml_cannot_write_goes_by_itself() {
        for (key, fits) in
            [("a\tb\r\n \u{e4}\u{1f600}", true), ("\u{10}", false), ("\u{ffff}", false)]
        {
            assert_eq!(fits_xml(key), fits, "{key:?}");
        }
    }
}
