//! State: what is known to exist, and what may exist. A cache of what AWS and the ownership tags
//! know, kept so that a plan needs no search.

mod bucket;
mod check;
mod contents;
pub(crate) mod disk;
mod document;
pub(crate) mod error;
#[cfg(any(test, feature = "testing"))]
pub mod formats;
mod held;
pub mod history;
mod holder;
mod journal;
mod known;
mod later;
mod lease;
mod moved;
mod names;
pub mod objects;
mod process;
mod recover;
mod store;

pub use check::{Check, Health, JournalCheck, StateCheck, Summary};
pub(crate) use contents::new_token;
pub use contents::{Deposed, FORMAT, Intent, IntentAction, Record, State, Status};
pub use disk::write_private;
pub use error::StateError;
pub use held::Clock;
pub use holder::Holder;
pub use journal::{Entry, Journal};
pub use moved::NotPushed;
pub use recover::Recovery;
pub use store::{Continues, Loaded, Session, Store};
