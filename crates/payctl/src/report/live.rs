//! What is redrawn in place, below all that was said: on a terminal only.

use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::style::is_quiet;

/// What is drawn now. What is said meanwhile is said above it.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How often it is redrawn.
const TICK: Duration = Duration::from_millis(100);

/// A text that is redrawn until this goes away.
#[derive(Debug)]
pub(super) struct Live(());

impl Live {
    /// Draws what `text` says, again and again, where there is a terminal to draw on.
    pub(super) fn start(text: impl Fn() -> String + Clone + Send + Sync + 'static) -> Option<Self> {
        if !is_possible() {
            return None;
        }
        let plain = !colors();
        let write = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let text = text();
            let text = match plain {
                true => anstream::adapter::strip_str(&text).to_string(),
                false => text,
            };
            let _ = out.write_str(&text);
        };
        let style = ProgressStyle::with_template("{text}").ok()?.with_key("text", write);
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(style);
        bar.enable_steady_tick(TICK);
        *shown() = Some(bar);
        Some(Self(()))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        end();
    }
}

/// Takes off the terminal what is drawn, if something is.
pub(super) fn end() {
    let bar = shown().take();
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// Does `work`, which prints, while nothing is drawn.
pub(super) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let bar = shown().clone();
    match bar {
        Some(bar) => bar.suspend(work),
        None => work(),
    }
}

/// Whether something can be redrawn: not into a log, and not by a terminal that only scrolls.
pub(super) fn is_possible() -> bool {
    let is = |name: &str, value: &str| std::env::var_os(name).is_some_and(|set| set == value);
    let log = std::env::var_os("CI").is_some_and(|set| !set.is_empty());
    std::io::stderr().is_terminal() && !log && !is("TERM", "dumb") && !is_quiet()
}

fn colors() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

fn shown() -> MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}
