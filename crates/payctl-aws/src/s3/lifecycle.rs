//! Lifecycle rules: when objects move to a cheaper storage class, and when they go.

use aws_sdk_s3::types::{
    self, ExpirationStatus, TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Absent as _, AwsError, Cx, Result};

/// What happens to the objects under a prefix as they age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LifecycleRule {
    pub id: String,
    /// Which objects; all when it is empty.
    pub prefix: String,
    pub transition: Option<Transition>,
    /// After how many days they expire.
    pub expire_days: Option<u32>,
    /// Whether a delete marker goes once no version is left behind it. S3 takes this or
    /// `expire_days` in one rule, never both.
    pub expire_markers: bool,
    /// What happens to a version once a newer one has taken its place.
    pub noncurrent_transition: Option<Transition>,
    pub noncurrent_expire_days: Option<u32>,
    /// After how many days an upload that was never completed goes.
    pub abort_multipart_days: Option<u32>,
}

/// A move to another storage class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transition {
    pub days: u32,
    /// The storage class, such as `GLACIER`.
    pub class: String,
}

/// The rules, and whether objects under 128 KB stay where they are.
pub(super) async fn read(cx: &Cx<'_>, bucket: &str) -> Result<(Vec<LifecycleRule>, bool)> {
    let request = own!(cx, get_bucket_lifecycle_configuration, bucket);
    let reply = request.send().await.unless_absent("NoSuchLifecycleConfiguration")?;
    let least = reply.as_ref().and_then(|reply| reply.transition_default_minimum_object_size());
    let small_stay = least != Some(&TransitionDefaultMinimumObjectSize::VariesByStorageClass);
    let rules = reply.and_then(|reply| reply.rules).unwrap_or_default();
    Ok((rules.iter().map(LifecycleRule::from).collect(), small_stay))
}

pub(super) async fn put(
    cx: &Cx<'_>,
    bucket: &str,
    rules: &[LifecycleRule],
    small_stay: bool,
) -> Result<()> {
    if rules.is_empty() {
        own!(cx, delete_bucket_lifecycle, bucket).send().await?;
        return Ok(());
    }
    let rules = rules.iter().map(types::LifecycleRule::try_from).collect::<Result<_>>()?;
    let config = types::BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build()?;
    let request = own!(cx, put_bucket_lifecycle_configuration, bucket);
    let least = match small_stay {
        true => TransitionDefaultMinimumObjectSize::AllStorageClasses128K,
        false => TransitionDefaultMinimumObjectSize::VariesByStorageClass,
    };
    let request = request.transition_default_minimum_object_size(least);
    request.lifecycle_configuration(config).send().await?;
    Ok(())
}

impl TryFrom<&LifecycleRule> for types::LifecycleRule {
    type Error = AwsError;

    fn try_from(rule: &LifecycleRule) -> Result<Self> {
        let mut built = Self::builder()
            .id(&rule.id)
            .status(ExpirationStatus::Enabled)
            .filter(types::LifecycleRuleFilter::builder().prefix(&rule.prefix).build());
        if let Some(Transition { days, class }) = &rule.transition {
            let to = types::Transition::builder().days(signed(*days)?);
            built = built.transitions(to.storage_class(class.as_str().into()).build());
        }
        if let Some(days) = rule.expire_days {
            let expire = types::LifecycleExpiration::builder().days(signed(days)?);
            built = built.expiration(expire.build());
        } else if rule.expire_markers {
            let markers = types::LifecycleExpiration::builder().expired_object_delete_marker(true);
            built = built.expiration(markers.build());
        }
        if let Some(Transition { days, class }) = &rule.noncurrent_transition {
            let to = types::NoncurrentVersionTransition::builder().noncurrent_days(signed(*days)?);
            let to = to.storage_class(class.as_str().into()).build();
            built = built.noncurrent_version_transitions(to);
        }
        if let Some(days) = rule.noncurrent_expire_days {
            let expire = types::NoncurrentVersionExpiration::builder();
            let expire = expire.noncurrent_days(signed(days)?).build();
            built = built.noncurrent_version_expiration(expire);
        }
        if let Some(days) = rule.abort_multipart_days {
            let abort = types::AbortIncompleteMultipartUpload::builder();
            let abort = abort.days_after_initiation(signed(days)?).build();
            built = built.abort_incomplete_multipart_upload(abort);
        }
        Ok(built.build()?)
    }
}

impl From<&types::LifecycleRule> for LifecycleRule {
    fn from(seen: &types::LifecycleRule) -> Self {
        let mut id = seen.id().unwrap_or_default().to_owned();
        if goes_beyond(seen) {
            // It must not compare equal to what is declared, nor look like it.
            id.push_str(" (with settings payctl does not write)");
        }
        let transition = |days: Option<i32>, class: Option<&TransitionStorageClass>| {
            Some(Transition { days: days?.cast_unsigned(), class: class?.as_str().to_owned() })
        };
        let prefix = seen.filter().and_then(types::LifecycleRuleFilter::prefix);
        let expire = seen.expiration().and_then(types::LifecycleExpiration::days);
        let noncurrent_expire = seen
            .noncurrent_version_expiration()
            .and_then(types::NoncurrentVersionExpiration::noncurrent_days);
        let abort = seen
            .abort_incomplete_multipart_upload()
            .and_then(types::AbortIncompleteMultipartUpload::days_after_initiation);
        Self {
            id,
            prefix: prefix.unwrap_or_default().to_owned(),
            transition: seen
                .transitions()
                .first()
                .and_then(|to| transition(to.days(), to.storage_class())),
            expire_days: expire.map(i32::cast_unsigned),
            expire_markers: seen
                .expiration()
                .and_then(types::LifecycleExpiration::expired_object_delete_marker)
                .unwrap_or_default(),
            noncurrent_transition: seen
                .noncurrent_version_transitions()
                .first()
                .and_then(|to| transition(to.noncurrent_days(), to.storage_class())),
            noncurrent_expire_days: noncurrent_expire.map(i32::cast_unsigned),
            abort_multipart_days: abort.map(i32::cast_unsigned),
        }
    }
}

/// Whether a rule says something that [`LifecycleRule`] cannot.
fn goes_beyond(seen: &types::LifecycleRule) -> bool {
    let filter = seen.filter();
    let narrowed = filter.is_some_and(|filter| {
        filter.tag().is_some()
            || filter.and().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    });
    let otherwise = seen.expiration().is_some_and(|at| at.date().is_some());
    let kept = |versions: Option<i32>| versions.is_some_and(|versions| versions > 0);
    let keeps_some = seen
        .noncurrent_version_expiration()
        .is_some_and(|expire| kept(expire.newer_noncurrent_versions()))
        || seen
            .noncurrent_version_transitions()
            .iter()
            .any(|to| kept(to.newer_noncurrent_versions()));
    *seen.status() != ExpirationStatus::Enabled
        || narrowed
        || otherwise
        || keeps_some
        || seen.transitions().iter().any(|to| to.date().is_some())
        || seen.transitions().len() > 1
        || seen.noncurrent_version_transitions().len() > 1
}

fn signed(days: u32) -> Result<i32> {
    i32::try_from(days).map_err(|_| AwsError::invalid(format!("{days} days are too many")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_was_switched_off_is_not_the_one_declared() {
        let rule = LifecycleRule {
            id: "old".to_owned(),
            prefix: String::new(),
            transition: Some(Transition { days: 90, class: "GLACIER".to_owned() }),
            expire_days: None,
            expire_markers: true,
            noncurrent_transition: None,
            noncurrent_expire_days: Some(365),
            abort_multipart_days: Some(7),
        };
        let mut written = types::LifecycleRule::try_from(&rule).unwrap();
        assert_eq!(LifecycleRule::from(&written), rule);
        written.status = ExpirationStatus::Disabled;
        assert_ne!(LifecycleRule::from(&written), rule);
    }
}
