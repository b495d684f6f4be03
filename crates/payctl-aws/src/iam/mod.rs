//! Identities and what they may do.

mod policy;
mod role;
mod tags;

pub use policy::{ManagedPolicy, ManagedPolicyName, ManagedPolicyOutputs, ManagedPolicyRef};
pub use role::{Role, RoleName, RoleOutputs, RoleRef};
