//! Which alarms fire.

use aws_sdk_cloudwatch::types::StateValue;
use futures::future::try_join_all;

use crate::{Aws, Result};

/// Those of the alarms called `names` that fire.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn firing(cloud: &Aws, names: &[String]) -> Result<Vec<String>> {
    let seen = try_join_all(names.iter().map(|name| cloud.alarms.load(name))).await?;
    let alarms = seen.into_iter().flatten();
    let firing = alarms.filter(|alarm| alarm.state_value == Some(StateValue::Alarm));
    Ok(firing.filter_map(|alarm| alarm.alarm_name).collect())
}
