//! Object lock: how long what is in a bucket can be neither changed nor deleted.

use aws_sdk_s3::types::{
    DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode,
    ObjectLockRule,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Absent as _, Cx, Result};

/// What it takes to delete before its time what is locked in governance mode (DeleteObjects,
/// `BypassGovernanceRetention`).
pub(crate) const BYPASS: &str = "s3:BypassGovernanceRetention";

/// The lock that everything gets which comes into a bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectLock {
    /// `GOVERNANCE`, or `COMPLIANCE`, which nobody lifts.
    pub mode: String,
    pub days: u32,
}

/// A bucket that can lock, and what it locks by itself.
pub(super) struct Locking {
    pub(super) retention: Option<ObjectLock>,
}

/// None: the bucket cannot lock anything.
pub(super) async fn read(cx: &Cx<'_>, bucket: &str) -> Result<Option<Locking>> {
    let request = own!(cx, get_object_lock_configuration, bucket);
    let reply = request.send().await.unless_absent("ObjectLockConfigurationNotFoundError")?;
    let config = reply.and_then(|reply| reply.object_lock_configuration);
    let enabled =
        config.filter(|config| config.object_lock_enabled() == Some(&ObjectLockEnabled::Enabled));
    Ok(enabled.map(|config| {
        let retention = config.rule().and_then(ObjectLockRule::default_retention);
        Locking {
            retention: retention.map(|retention| ObjectLock {
                mode: retention
                    .mode()
                    .map(ObjectLockRetentionMode::as_str)
                    .unwrap_or_default()
                    .into(),
                // One that counts in years is not what is declared.
                days: retention.days().unwrap_or_default().cast_unsigned(),
            }),
        }
    }))
}

/// What is in the bucket already stays as it is. One that can lock cannot cease to, and locks
/// nothing by itself without a rule.
pub(super) async fn put(cx: &Cx<'_>, bucket: &str, lock: Option<&ObjectLock>) -> Result<()> {
    if lock.is_none() && read(cx, bucket).await?.is_none() {
        return Ok(());
    }
    let rule = lock.map(|lock| {
        let retention = DefaultRetention::builder()
            .mode(ObjectLockRetentionMode::from(lock.mode.as_str()))
            .days(lock.days.cast_signed());
        ObjectLockRule::builder().default_retention(retention.build()).build()
    });
    let config = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .set_rule(rule);
    let request = own!(cx, put_object_lock_configuration, bucket);
    request.object_lock_configuration(config.build()).send().await?;
    Ok(())
}
