//! Parameters.

mod bulk;
mod parameter;

pub(crate) use bulk::{Parameters, parameters};
pub use parameter::{Parameter, ParameterName, ParameterOutputs, ParameterRef};
