//! Functions: code that runs when it is called, and who may call it.

mod detach;
mod function;
mod invoke;
mod permission;

pub use function::{Function, FunctionName, FunctionOutputs, FunctionRef};
pub use invoke::{Reply, invoke};
pub use permission::{Permission, PermissionOutputs, PermissionRef};
