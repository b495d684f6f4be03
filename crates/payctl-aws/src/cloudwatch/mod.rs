//! Monitoring.

mod alarm;
mod bulk;
mod dashboard;
mod firing;
mod tags;

pub use alarm::{Alarm, AlarmName, AlarmOutputs, AlarmRef};
pub(crate) use bulk::{Alarms, alarms};
pub use dashboard::{Dashboard, DashboardName, DashboardOutputs, DashboardRef};
pub use firing::firing;
