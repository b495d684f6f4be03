//! Retry policy: which failures are repeated, after how long, and for how long at most.
//!
//! Two schedules: one with short pauses for what has not propagated yet (a fresh role is visible
//! within seconds; a sparse poll costs half its pause on the critical path: docs/aws-facts.md), and
//! an exponential one with jitter for throttling and internal errors. Everything runs on tokio's clock.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Failure, FailureKind};

/// How long each sort of failure is retried for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// Throttling, internal errors and lost answers in a row.
    pub(crate) outage: Duration,
    /// What is not visible yet.
    pub(crate) propagation: Duration,
    /// What is still in use, or under way.
    pub(crate) waiting: Duration,
}

impl RetryPolicy {
    /// For reads: nothing is waited for but the service itself.
    pub(crate) const READ: Self = Self {
        outage: Duration::from_secs(60),
        propagation: Duration::ZERO,
        waiting: Duration::ZERO,
    };
}

/// How a service has answered, to all steps. Where steps have to wait for each other, each would
/// wait out the same outage, one after another.
#[derive(Debug, Default)]
pub(crate) struct Health(Cell<Option<Outage>>);

/// Calls in a row that were not answered.
#[derive(Clone, Copy, Debug)]
struct Outage {
    since: Instant,
    last: Instant,
}

impl Health {
    /// Notes how a call ended; an answer of any sort ends an outage.
    pub(crate) fn note<T>(&self, answer: &Result<T, Failure>) {
        let unanswered = |failure: &Failure| {
            matches!(failure.kind, FailureKind::Unavailable | FailureKind::Lost)
        };
        self.0.set(answer.as_ref().err().filter(|failure| unanswered(failure)).map(|_| {
            let last = Instant::now();
            Outage { since: self.outage().map_or(last, |outage| outage.since), last }
        }));
    }

    /// The outage, if there is one. What nobody has asked for long is not known to be out.
    fn outage(&self) -> Option<Outage> {
        self.0.get().filter(|outage| outage.last.elapsed() < OUTAGE_KNOWN)
    }

    fn out_since(&self) -> Option<Instant> {
        self.outage().map(|outage| outage.since)
    }
}

/// How long after the last call without an answer an outage is taken to last.
const OUTAGE_KNOWN: Duration = Duration::from_secs(30);
/// How often a step tries for itself, however long others have.
const OWN_TRIES: u32 = 3;

/// The failures of one step so far.
#[derive(Debug)]
pub(crate) struct RetryState {
    policy: RetryPolicy,
    since: Instant,
    /// Since when failures have been of the same sort.
    streak: Instant,
    sort: u8,
    tries: u32,
}

impl RetryState {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        let now = Instant::now();
        Self { policy, since: now, streak: now, sort: 0, tries: 0 }
    }

    /// How long to wait before the next try; `None` when the policy gives up.
    pub(crate) fn next(&mut self, kind: FailureKind) -> Option<Duration> {
        self.next_of(kind, &Health::default())
    }

    /// The same, of a service that others have called as well.
    pub(crate) fn next_of(&mut self, kind: FailureKind, health: &Health) -> Option<Duration> {
        use FailureKind::{Busy, Lost, NotYetVisible, Pending, Throttled, Unavailable};
        let sort = match kind {
            Throttled | Unavailable | Lost => 1,
            NotYetVisible => 2,
            Busy | Pending => 3,
            _ => return None,
        };
        if sort != self.sort {
            (self.sort, self.streak, self.tries) = (sort, Instant::now(), 0);
        }
        let (pause, bound, since) = match sort {
            1 => {
                let others = health.out_since().filter(|_| self.tries >= OWN_TRIES);
                let since = others.map_or(self.streak, |since| since.min(self.streak));
                (exponential(self.tries), self.policy.outage, since)
            }
            2 => (propagation_backoff(self.tries), self.policy.propagation, self.streak),
            _ => (fast_backoff(self.tries), self.policy.waiting, self.since),
        };
        self.tries += 1;
        (since.elapsed() + pause <= bound).then_some(pause)
    }
}

/// 0.25 s, 0.5 s, 1 s, then every 2 s (docs/aws-facts.md).
fn propagation_backoff(tries: u32) -> Duration {
    Duration::from_millis(250 << tries.min(3))
}

/// 0.1 s at first, doubled up to every 2 s: what takes a moment is not waited for a second, and a
/// wait of minutes ends at most 2 s late.
pub(crate) fn fast_backoff(tries: u32) -> Duration {
    Duration::from_millis((100 << tries.min(5)).min(2000))
}

/// Up to 0.2 s, 0.4 s, 0.8 s … 10 s, of which a random part is waited.
fn exponential(tries: u32) -> Duration {
    let most = 200_u64.saturating_mul(1 << tries.min(6)).min(10_000);
    Duration::from_millis(most / 4 + fastrand::u64(0..=most * 3 / 4))
}

/// Calls until it succeeds or the policy gives up.
pub(crate) async fn retry<T, F, Fut>(policy: RetryPolicy, mut call: F) -> Result<T, Failure>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    let mut retries = RetryState::new(policy);
    loop {
        match call().await {
            Ok(value) => return Ok(value),
            Err(failure) => match retries.next(failure.kind) {
                Some(pause) => sleep(pause).await,
                None => return Err(failure),
            },
        }
    }
}

/// Asks what has to be known before anything is declared, and goes on for as long as reads do where
/// others keep the service from answering by their own calls. An outage is told at once: nothing has
/// begun that it could interrupt.
///
/// # Errors
/// The failure that no repetition mends, or the last one.
pub async fn retry_lookup<T, F, Fut>(mut ask: F) -> Result<T, Failure>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    let mut retries = RetryState::new(RetryPolicy::READ);
    loop {
        let failure = match ask().await {
            Err(failure) if failure.kind == FailureKind::Throttled => failure,
            ended => return ended,
        };
        match retries.next(failure.kind) {
            Some(pause) => sleep(pause).await,
            None => return Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        outage: Duration::from_secs(60),
        propagation: Duration::from_secs(10),
        waiting: Duration::from_secs(600),
    };

    /// The pauses until the policy gives up, in milliseconds, each of them waited.
    async fn pauses(policy: RetryPolicy, kind: FailureKind) -> Vec<u128> {
        let mut retries = RetryState::new(policy);
        let mut all = Vec::new();
        while let Some(pause) = retries.next(kind) {
            sleep(pause).await;
            all.push(pause.as_millis());
        }
        all
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_not_propagated_is_looked_for_often() {
        let all = pauses(POLICY, FailureKind::NotYetVisible).await;
        assert_eq!(all, [250, 500, 1000, 2000, 2000, 2000, 2000], "10 s, and not a try after them");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_of_minutes_is_looked_after_every_2_s() {
        let all = pauses(POLICY, FailureKind::Busy).await;
        assert_eq!(all[..7], [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(all.iter().sum::<u128>(), 599_100);
        assert_eq!(all, pauses(POLICY, FailureKind::Pending).await);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_retried_at_ever_longer_random_pauses() {
        for kind in [FailureKind::Throttled, FailureKind::Unavailable, FailureKind::Lost] {
            let all = pauses(POLICY, kind).await;
            assert!(all.iter().sum::<u128>() <= 60_000, "{all:?}");
            for (nth, pause) in all.iter().enumerate() {
                let most = (200 << nth.min(6)).min(10_000);
                assert!((most / 4..=most).contains(pause), "try {nth} after {pause} ms");
            }
        }
        let several: Vec<_> = (0..8).map(|_| exponential(6)).collect();
        assert!(several.iter().any(|pause| *pause != several[0]), "it is random: {several:?}");
    }

    /// One failure after the other, until the policy gives up.
    async fn given_up_after(health: &Health, kind: FailureKind) -> (Duration, u32) {
        let (began, mut retries) = (Instant::now(), RetryState::new(POLICY));
        loop {
            health.note(&Err::<(), _>(Failure::new(kind, "")));
            let Some(pause) = retries.next_of(kind, health) else { break };
            sleep(pause).await;
        }
        (began.elapsed(), retries.tries)
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_waited_out_once_however_many_wait_in_turn() {
        for kind in [FailureKind::Unavailable, FailureKind::Lost] {
            let health = Health::default();
            let (first, _) = given_up_after(&health, kind).await;
            assert!(first > Duration::from_secs(49), "{first:?}");
            let (second, tries) = given_up_after(&health, kind).await;
            // The first gave up before a pause of up to 10 s, which the second may still wait.
            assert!(second < Duration::from_secs(14), "{second:?}");
            assert!(tries > OWN_TRIES, "{tries}");
            // An answer, be it a refusal, and the next one waits for itself again.
            health.note(&Err::<(), _>(Failure::new(FailureKind::Denied, "")));
            let (third, _) = given_up_after(&health, kind).await;
            assert!(third > Duration::from_secs(49), "{third:?}");
            // So it does where nobody has asked for a while.
            sleep(OUTAGE_KNOWN).await;
            let (fourth, _) = given_up_after(&health, kind).await;
            assert!(fourth > Duration::from_secs(49), "{fourth:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_each_steps_own() {
        let health = Health::default();
        for _ in 0..2 {
            let (took, _) = given_up_after(&health, FailureKind::Throttled).await;
            assert!(took > Duration::from_secs(49), "{took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_no_repetition_mends_is_not_repeated() {
        use FailureKind::{
            Absent, Clock, Conflict, Credentials, Denied, Invalid, Quota, Unexpected,
        };
        for kind in [Absent, Clock, Conflict, Credentials, Denied, Invalid, Quota, Unexpected] {
            assert_eq!(pauses(POLICY, kind).await, [0; 0], "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_waits_for_the_service_alone() {
        for kind in [FailureKind::NotYetVisible, FailureKind::Busy, FailureKind::Pending] {
            assert_eq!(pauses(RetryPolicy::READ, kind).await, [0; 0], "{kind:?}");
        }
        assert!(pauses(RetryPolicy::READ, FailureKind::Throttled).await.len() > 5);
    }

    #[test]
    fn no_number_of_tries_overflows() {
        for tries in [0, 6, 7, 63, 64, u32::MAX] {
            assert!(propagation_backoff(tries) <= Duration::from_secs(2));
            assert!(fast_backoff(tries) <= Duration::from_secs(2));
            assert!(exponential(tries) <= Duration::from_secs(10));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_made_until_it_succeeds_or_the_policy_gives_up() {
        let calls = Cell::new(0);
        let call = |succeeds_at: u32| {
            let calls = &calls;
            calls.set(0);
            retry(POLICY, move || {
                calls.set(calls.get() + 1);
                let nth = calls.get();
                async move {
                    let failure = Failure::new(FailureKind::NotYetVisible, "not there");
                    if nth == succeeds_at { Ok(nth) } else { Err(failure) }
                }
            })
        };
        assert_eq!(call(4).await.unwrap(), 4);
        let began = Instant::now();
        assert_eq!(call(100).await.unwrap_err().kind, FailureKind::NotYetVisible);
        assert_eq!((calls.get(), began.elapsed()), (8, Duration::from_millis(9750)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_waits_for_its_turn_and_for_nothing_else() {
        let calls = Cell::new(0);
        let ask = |kind: FailureKind, answered_at: u32| {
            let calls = &calls;
            calls.set(0);
            retry_lookup(move || {
                calls.set(calls.get() + 1);
                let nth = calls.get();
                async move { if nth == answered_at { Ok(nth) } else { Err(Failure::new(kind, "")) } }
            })
        };
        assert_eq!(ask(FailureKind::Throttled, 7).await.unwrap(), 7);
        let began = Instant::now();
        assert_eq!(
            ask(FailureKind::Throttled, 1000).await.unwrap_err().kind,
            FailureKind::Throttled
        );
        assert!(began.elapsed() <= RetryPolicy::READ.outage, "{:?}", began.elapsed());
        for kind in [FailureKind::Unavailable, FailureKind::Lost, FailureKind::Denied] {
            assert_eq!(ask(kind, 2).await.unwrap_err().kind, kind);
            assert_eq!(calls.get(), 1, "{kind:?}");
        }
    }
}
