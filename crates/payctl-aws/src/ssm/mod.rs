//! Parameters.

mod parameter;

pub use parameter::{Parameter, ParameterName, ParameterOutputs, ParameterRef};
