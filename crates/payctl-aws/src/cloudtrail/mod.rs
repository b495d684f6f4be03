//! The audit: who did what in the account.

mod trail;

pub use trail::{DataEvents, LogDelivery, Trail, TrailName, TrailOutputs, TrailRef};
