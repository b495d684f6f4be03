//! Logs, and what is counted in them.

mod group;
mod metric_filter;

pub use group::{LogGroup, LogGroupName, LogGroupOutputs, LogGroupRef};
pub use metric_filter::{MetricFilter, MetricFilterOutputs, MetricFilterRef};
