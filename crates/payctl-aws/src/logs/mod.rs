//! Logs.

mod group;

pub use group::{LogGroup, LogGroupName, LogGroupOutputs, LogGroupRef};
