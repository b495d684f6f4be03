//! Ctrl-C, SIGTERM, and SIGHUP as the terminal ends: one listener for the whole command, so that none is lost between what it
//! does first and what it does next.
//!
//! It is a thread of its own: what the command waits for, be it a pipe that nothing comes through,
//! does not keep it from hearing. What a signal does depends on what the command is at, which is
//! said here before it begins.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use payctl_engine::Stop;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{CliError, Exit};
use crate::report;

/// What the command is at, and thus what a signal does.
enum At {
    /// It only reads: a signal ends it.
    Reading,
    /// It has asked a question: the same, below the question.
    Asking,
    /// It has begun to change something by itself: a signal ends it, and what was done is done.
    Changing,
    /// It carries out what can be stopped: the first signal stops gently, the second at once.
    Running(Stop),
}

static AT: Mutex<At> = Mutex::new(At::Reading);

/// For as long as it lives, a signal does what was asked for.
#[must_use]
pub(crate) struct Heeded {
    next: Option<At>,
}

/// Begins to hear signals.
///
/// # Errors
/// When the operating system does not let it.
pub(crate) fn listen() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _entered = runtime.enter();
        let hangup = hears_hangups().then(|| signal(SignalKind::hangup())).transpose()?;
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, hangup)
    };
    let hear = async move {
        loop {
            let hung_up = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hung_up => {}
            }
            heard();
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(hear))?;
    Ok(())
}

/// Whether the end of the terminal is meant to end this process: `nohup` has it ignored, which only the
/// operating system can tell. Where it does not, the signal is left to do what it does.
fn hears_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is the first signal.
    ignored.is_some_and(|mask| mask & 1 == 0)
}

/// A question is asked.
pub(crate) fn asking() -> Heeded {
    Heeded { next: Some(replace(At::Asking)) }
}

/// Something is changed that is not stopped half-way.
pub(crate) fn changing() {
    replace(At::Changing);
}

/// What `stop` stops is carried out; once it is over, it is not true that nothing was changed.
pub(crate) fn stopping(stop: &Stop) -> Heeded {
    replace(At::Running(stop.clone()));
    Heeded { next: Some(At::Changing) }
}

impl Drop for Heeded {
    fn drop(&mut self) {
        if let Some(next) = self.next.take() {
            replace(next);
        }
    }
}

fn at() -> MutexGuard<'static, At> {
    AT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn replace(next: At) -> At {
    std::mem::replace(&mut *at(), next)
}

/// What the command is at does not change while it is decided: a signal is either before a run,
/// which then never begins, or the run's own.
fn heard() {
    let at = at();
    match &*at {
        At::Running(stop) => {
            if stop.gently.is_cancelled() {
                stop.now.cancel();
            }
            stop.gently.cancel();
        }
        At::Reading => end("interrupted, and nothing was changed"),
        At::Asking => {
            report::say("");
            end("interrupted, and nothing was changed");
        }
        At::Changing => end("interrupted"),
    }
}

/// Ends the process. State and journal are whole at every moment, so that nothing has to be waited
/// for.
fn end(message: &str) -> ! {
    let mut error = CliError::failed(message);
    error.exit = Exit::Interrupted;
    report::cut_short(error);
    std::process::exit(Exit::Interrupted as i32)
}
