//! Parameters.

mod parameter;

pub use parameter::{Parameter, ParameterName, ParameterOutputs, ParameterRef};
pub(crate) use parameter::{Parameters, parameters};
