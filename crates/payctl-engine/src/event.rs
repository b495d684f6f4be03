//! Events: what the executor says while it works. Reports are drawn from them.

use std::time::Duration;

use crate::{Address, Failure, Phase};

/// Something happened to a step.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Event {
    /// It began.
    Started { address: Address, phase: Phase },
    /// It waits for something.
    Waiting { address: Address, phase: Phase, what: String },
    /// A call failed and is made again after `pause`.
    Retrying { address: Address, phase: Phase, failure: Failure, pause: Duration },
    /// Its id is known.
    Created { address: Address },
    /// It is done.
    Finished { address: Address, phase: Phase, took: Duration },
    /// It failed.
    Failed { address: Address, phase: Phase, failure: Failure },
    /// It was not begun, because `because` failed.
    Skipped { address: Address, phase: Phase, because: Address },
    /// The run was asked to stop: nothing new is begun.
    Stopping,
}

/// Takes events.
pub trait Reporter: Sync {
    /// Takes one event. Must not block for long.
    fn event(&self, event: Event);
}

/// Takes events and does nothing with them.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Reporter for Silent {
    fn event(&self, _: Event) {}
}
