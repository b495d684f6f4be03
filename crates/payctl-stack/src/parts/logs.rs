//! Log groups, encrypted and kept for as long as is asked.

use payctl_aws::Arn;
use payctl_aws::logs::{LogGroup, LogGroupName};
use payctl_engine::Input;

use crate::Context;

/// The log group `name`.
pub(crate) fn group(context: &Context<'_>, name: String, days: u32, key: Input<Arn>) -> LogGroup {
    LogGroup {
        retention_days: days,
        kms_key: Some(key),
        tags: context.tags(&name),
        name: LogGroupName::from(name).into(),
    }
}

/// How many days a log group may keep its events (PutRetentionPolicy, `retentionInDays`).
pub(super) fn check_retention(days: u32) -> Result<(), String> {
    match crate::check::RETENTIONS.contains(&days) {
        true => Ok(()),
        false => Err(format!(
            "cannot keep its log for {days} days: CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, \
             150, 180, 365, 400, 545, 731, 1096, 1827 … and no other number"
        )),
    }
}
