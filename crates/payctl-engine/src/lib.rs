//! payctl's engine: stack → graph → observe → diff → plan → schedule → execute → journal → state.
//!
//! It knows no cloud and no terminal.

pub mod address;
pub mod attachments;
mod dependents;
pub mod diff;
pub mod event;
pub mod execute;
pub mod failure;
#[cfg(test)]
mod fixture;
pub mod input;
pub mod kind;
pub mod observe;
pub mod owner;
pub mod plan;
pub mod provider;
pub mod resource;
mod retry;
pub mod schedule;
pub mod schema;
pub mod stack;
pub mod state;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use address::{Address, NotAnAddress};
pub use attachments::{Attachments, Dependent};
pub use diff::{Change, Origin};
pub use event::{Event, Reporter, Silent};
pub use execute::{Limits, Outcome, Stop, execute};
pub use failure::{Failure, FailureKind};
pub use input::{Input, Needs, Part, Reference, Unresolved};
pub use kind::{
    Access, Cloud, Constraint, Handle, Kind, KindInfo, Pace, Property, Repeat, Typical,
};
pub use observe::{
    ObserveError, Observed, Other, Seen, is_orphaned, observe, observe_orphans, observe_with,
};
pub use owner::{OWNER_TAGS, Owner, Ownership};
pub use payctl_derive::kind;
pub use plan::{Action, Counts, Goal, Permissions, Plan, PlanError, Refusal, Request, Step, plan};
pub use provider::{Answer, Bound, Call, Kinds, Provider, Registry};
pub use resource::{Changed, CloudError, Cx, DeletionView, Readiness, Resource};
pub use retry::retry_lookup;
pub use schedule::{LintError, Milestone, Operation, Phase, Schedule, schedule, typical_seconds};
pub use stack::{Declared, Stack, StackError};
pub use state::{Holder, State, StateError, Status, Store};
