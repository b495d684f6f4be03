//! CloudWatch's bulk reads: alarms, by name.

use std::collections::HashMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types;

use crate::load::Loader;
use crate::{AwsError, Result};

/// Bulk reads of alarms, by name.
pub(crate) type Alarms = Loader<types::MetricAlarm>;

/// The bulk reads of one client.
pub(crate) fn alarms(client: &Client) -> Alarms {
    let client = client.clone();
    Loader::new(move |names: Vec<String>| {
        let request = client.describe_alarms().set_alarm_names(Some(names));
        async move {
            let mut pages = request.into_paginator().send();
            let mut all = HashMap::new();
            while let Some(page) = pages.next().await {
                let alarms = page.map_err(AwsError::from)?.metric_alarms.unwrap_or_default();
                let named = |alarm: types::MetricAlarm| Some((alarm.alarm_name.clone()?, alarm));
                all.extend(alarms.into_iter().filter_map(named));
            }
            Result::Ok(all)
        }
    })
}
