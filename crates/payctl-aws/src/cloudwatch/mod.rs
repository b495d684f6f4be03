//! Monitoring.

mod alarm;

pub use alarm::{Alarm, AlarmName, AlarmOutputs, AlarmRef};
pub(crate) use alarm::{Alarms, alarms};
