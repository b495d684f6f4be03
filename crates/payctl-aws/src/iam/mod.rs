//! Identities and what they may do.

mod holders;
mod instance_profile;
mod policy;
mod role;
mod tags;

pub use instance_profile::{
    InstanceProfile, InstanceProfileName, InstanceProfileOutputs, InstanceProfileRef,
};
pub use policy::{ManagedPolicy, ManagedPolicyName, ManagedPolicyOutputs, ManagedPolicyRef};
pub use role::{Role, RoleName, RoleOutputs, RoleRef};
