//! Monitoring.

mod alarm;
mod dashboard;
mod tags;

pub use alarm::{Alarm, AlarmName, AlarmOutputs, AlarmRef};
pub(crate) use alarm::{Alarms, alarms};
pub use dashboard::{Dashboard, DashboardName, DashboardOutputs, DashboardRef};
