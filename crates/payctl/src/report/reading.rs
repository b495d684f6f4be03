//! What is told while it is read what exists.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::live::Live;

/// When this program began, near enough: when it was first asked.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
/// What is over sooner after that is not worth a word.
const AT_ONCE: Duration = Duration::from_millis(300);
/// And no line is worth its flicker that stands for less than this.
const FLICKER: Duration = Duration::from_millis(50);
/// In a log every line stays: nothing is told of what is over sooner, and no more often.
const IN_A_LOG: Duration = Duration::from_secs(5);

/// Of how many resources something is known, of how many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<(AtomicUsize, AtomicUsize)>);

impl Seen {
    /// So many are known now.
    pub(crate) fn tell(&self, done: usize, all: usize) {
        self.0.0.store(done, Ordering::Relaxed);
        self.0.1.store(all, Ordering::Relaxed);
    }

    /// `what` and how far it has come.
    fn line(&self, what: &str) -> String {
        let [done, all] = [&self.0.0, &self.0.1].map(|count| count.load(Ordering::Relaxed));
        match all {
            0 => what.to_owned(),
            _ => format!("{what} · {done} of {all}"),
        }
    }
}

/// From here on a reader waits.
pub(crate) fn begin() {
    let _ = *BEGAN;
}

/// Waits for `work`, saying meanwhile what it does and how far it has come.
pub(crate) async fn reading<T>(what: &str, seen: &Seen, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let soon = AT_ONCE.saturating_sub(BEGAN.elapsed()).max(FLICKER);
    if let Ok(done) = tokio::time::timeout(soon, &mut work).await {
        return done;
    }
    let (title, known) = (what.to_owned(), seen.clone());
    let drawn = Live::start(move || super::paint(super::DIM, known.line(&title)));
    loop {
        match tokio::time::timeout(IN_A_LOG, &mut work).await {
            Ok(done) => return done,
            Err(_) if drawn.is_none() => super::say(&seen.line(what)),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_told_once_it_is_known() {
        let seen = Seen::default();
        let what = "reading migration tiers in us-east-1";
        assert_eq!(seen.line(what), what);
        seen.tell(57, 112);
        assert_eq!(seen.line(what), "reading migration tiers in us-east-1 · 57 of 112");
    }
}
