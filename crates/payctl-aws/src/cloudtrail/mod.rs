//! The audit: who did what in the account.

mod trail;

pub use trail::{DataEvents, Trail, TrailName, TrailOutputs, TrailRef};
