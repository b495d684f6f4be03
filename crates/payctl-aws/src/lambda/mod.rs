//! Functions: code that runs when it is called, and who or what may call it.

mod attachments;
mod bulk;
mod detach;
mod event_source_mapping;
mod function;
mod invocation;
mod invoke;
mod permission;

pub(crate) use bulk::policies;
pub use event_source_mapping::{
    EventSourceMapping, EventSourceMappingId, EventSourceMappingOutputs, EventSourceMappingRef,
};
pub use function::{Function, FunctionName, FunctionOutputs, FunctionRef};
pub use invocation::Invocation;
pub(crate) use invoke::INVOKE;
pub use invoke::{Reply, invoke};
pub use permission::{Permission, PermissionOutputs, PermissionRef};
