//! Groups of instances, and how their number follows what there is to do.

mod bulk;
mod group;
mod policy;
mod tags;

pub(crate) use bulk::{Policies, policies};
pub use group::{Group, GroupName, GroupOutputs, GroupRef};
pub use policy::{
    Scaling, ScalingPolicy, ScalingPolicyName, ScalingPolicyOutputs, ScalingPolicyRef, Step,
};

/// AWS has no code for what is not there: `error.rs` knows it by the message.
const GONE: &str = "";
