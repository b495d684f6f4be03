//! Patience: which failures are repeated, after how long, and for how long at most.
//!
//! Two schedules: a dense one for what AWS has not spread yet (a fresh role is visible within
//! seconds; a sparse poll costs half its pause on the critical path), and an exponential one with
//! jitter for throttling and internal errors. Everything runs on tokio's clock.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Failure, FailureKind};

/// How long each sort of failure is borne.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calm {
    /// Throttling, internal errors and lost answers in a row.
    pub(crate) outage: Duration,
    /// What is not visible yet.
    pub(crate) spreading: Duration,
    /// What is still in use, or under way.
    pub(crate) waiting: Duration,
}

impl Calm {
    /// For reads: nothing is waited for but the service itself.
    pub(crate) const READ: Self = Self {
        outage: Duration::from_secs(60),
        spreading: Duration::ZERO,
        waiting: Duration::ZERO,
    };
}

/// How failures are being borne; one per step.
#[derive(Debug)]
pub(crate) struct Patience {
    calm: Calm,
    since: Instant,
    tries: u32,
}

impl Patience {
    pub(crate) fn new(calm: Calm) -> Self {
        Self { calm, since: Instant::now(), tries: 0 }
    }

    /// How long to wait before the next try; `None` when patience is at its end.
    pub(crate) fn next(&mut self, kind: FailureKind) -> Option<Duration> {
        use FailureKind::{Busy, Lost, NotYetVisible, Pending, Throttled, Unavailable};
        let (pause, bound) = match kind {
            Throttled | Unavailable | Lost => (exponential(self.tries), self.calm.outage),
            NotYetVisible => (dense(self.tries), self.calm.spreading),
            Busy | Pending => (near(self.tries), self.calm.waiting),
            _ => return None,
        };
        self.tries += 1;
        (self.since.elapsed() + pause <= bound).then_some(pause)
    }
}

/// 0.25 s, 0.5 s, 1 s, then every 2 s.
fn dense(tries: u32) -> Duration {
    Duration::from_millis(250 << tries.min(3))
}

/// 1 s at first, then every 2 s: a wait of minutes ends at most 2 s late.
pub(crate) fn near(tries: u32) -> Duration {
    Duration::from_secs(if tries < 3 { 1 } else { 2 })
}

/// Up to 0.2 s, 0.4 s, 0.8 s … 10 s, of which a random part is waited.
fn exponential(tries: u32) -> Duration {
    let most = 200_u64.saturating_mul(1 << tries.min(6)).min(10_000);
    Duration::from_millis(most / 4 + fastrand::u64(0..=most * 3 / 4))
}

/// Calls until it succeeds or patience is at its end.
pub(crate) async fn steadily<T, F, Fut>(calm: Calm, mut call: F) -> Result<T, Failure>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    let mut patience = Patience::new(calm);
    loop {
        match call().await {
            Ok(value) => return Ok(value),
            Err(failure) => match patience.next(failure.kind) {
                Some(pause) => sleep(pause).await,
                None => return Err(failure),
            },
        }
    }
}
