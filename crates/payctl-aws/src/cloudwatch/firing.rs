//! Which alarms fire.

use aws_sdk_cloudwatch::types::StateValue;

use crate::{Aws, AwsError, Result};

/// How many names AWS takes at once.
const AT_ONCE: usize = 100;

/// Those of the alarms called `names` that fire.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn firing(cloud: &Aws, names: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for names in names.chunks(AT_ONCE) {
        let request = cloud.cloudwatch.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let alarms = page.map_err(AwsError::from)?.metric_alarms.unwrap_or_default();
            let firing =
                alarms.into_iter().filter(|one| one.state_value == Some(StateValue::Alarm));
            all.extend(firing.filter_map(|alarm| alarm.alarm_name));
        }
    }
    Ok(all)
}
