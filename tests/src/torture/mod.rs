//! The proof of what payctl promises when things go wrong: the real binary, a fault proxy and an
//! emulator that is asked what there is. docs/reliability.md has the promises and the counts.
//!
//! `make test` tries a seeded sample, `make torture` (`PAYCTL_TORTURE=all`) everything.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use payctl_aws::Aws;
use payctl_engine::state::Store;

use crate::binary::{Ended, Payctl, reset};
use crate::cloud::{clients, difference, everything, keys};
use crate::emulator::{Emulator, Server};
use crate::foreign;
use crate::proxy::{Call, Proxy, Rule};
use shared::States;

pub mod disk;
pub mod faults;
pub mod kills;
pub mod runs;
pub mod shared;
pub mod shim;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A sample that takes seconds.
    Sample,
    /// Everything that RELIABILITY asks for.
    All,
}

impl Extent {
    /// As `PAYCTL_TORTURE` says.
    pub fn chosen() -> Self {
        match std::env::var("PAYCTL_TORTURE").as_deref() {
            Ok("all") => Self::All,
            Err(_) | Ok("") => Self::Sample,
            Ok(other) => panic!("PAYCTL_TORTURE is {other:?}: it is `all` or not set"),
        }
    }

    pub fn of<T>(self, sample: T, all: T) -> T {
        match self {
            Self::Sample => sample,
            Self::All => all,
        }
    }
}

/// The seed of what is drawn by chance: `PAYCTL_SEED`, else 1.
pub fn seed() -> u64 {
    std::env::var("PAYCTL_SEED").map_or(1, |text| text.parse().unwrap())
}

/// Which part of everything is tried, of how many: `PAYCTL_PART`, such as `2/6`, else all of it.
/// All of a large system takes hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    nth: u64,
    of: u64,
}

impl Part {
    pub fn chosen() -> Self {
        let Ok(text) = std::env::var("PAYCTL_PART") else { return Self { nth: 1, of: 1 } };
        let part = text.split_once('/').and_then(|(nth, of)| {
            let part = Self { nth: nth.parse().ok()?, of: of.parse().ok()? };
            (1..=part.of).contains(&part.nth).then_some(part)
        });
        part.unwrap_or_else(|| panic!("PAYCTL_PART is {text:?}: it is such as 2/6"))
    }

    /// Whether the call of that number, from 1, is in it.
    pub fn has(self, call: u64) -> bool {
        (call - 1) % self.of == self.nth - 1
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self { of: 1, .. } => Ok(()),
            Self { nth, of } => write!(f, ", part {nth} of {of}"),
        }
    }
}

/// Tells a count, which is what the proof is for.
#[allow(clippy::print_stderr, reason = "the count is the result")]
pub fn tell(line: &str) {
    eprintln!("{line}");
}

/// One environment behind a proxy, on an emulator of its own.
pub struct Rack {
    pub server: Server,
    pub proxy: Proxy,
    pub payctl: Payctl,
    pub aws: Aws,
    /// What there is before, and with the environment, when nothing goes wrong.
    pub nothing: BTreeSet<String>,
    pub all: BTreeSet<String>,
    /// How many keys it has.
    pub key_count: usize,
    /// The calls of an `up` and of a `destroy` when nothing goes wrong.
    pub up: Vec<Call>,
    pub destroy: Vec<Call>,
    /// How long that `up` took.
    pub usual: Duration,
    /// Where the state is, if not in a folder.
    states: Option<States>,
}

/// The stack of one's own, one of the examples, that is killed at calls as the systems are.
pub const DOCUMENT: &str = "queue-worker";

impl Rack {
    pub async fn new(system: &str) -> Self {
        Self::with(system, &[]).await
    }

    /// With further arguments for the sandbox, and the state where `PAYCTL_STATE` says.
    pub async fn with(system: &str, arguments: &[&str]) -> Self {
        match std::env::var("PAYCTL_STATE").as_deref() {
            Ok("bucket") => Self::in_bucket(system, Emulator::Sandbox, arguments).await,
            Err(_) | Ok("") => Self::build(system, None, arguments).await,
            Ok(other) => panic!("PAYCTL_STATE is {other:?}: it is `bucket` or not set"),
        }
    }

    /// With its state in a bucket on an emulator of its own.
    pub async fn in_bucket(system: &str, emulator: Emulator, arguments: &[&str]) -> Self {
        Self::build(system, Some(emulator), arguments).await
    }

    async fn build(system: &str, bucket: Option<Emulator>, arguments: &[&str]) -> Self {
        let server = Server::start_with(Emulator::Sandbox, arguments);
        let proxy = Proxy::start(&server.endpoint);
        let payctl = Payctl::at(&proxy.endpoint, "dev");
        let payctl = match system == DOCUMENT {
            true => payctl.of_document(system, None),
            false => payctl.of(system),
        };
        let states = bucket.map(|emulator| States::of(&payctl, emulator));
        let aws = clients(&server).await;
        let nothing = everything(&aws).await;
        proxy.set(&Rule::Nothing);
        let usual = payctl.up().took;
        let up = proxy.calls();
        let all = everything(&aws).await;
        let key_count = keys(&aws).await.len();
        proxy.set(&Rule::Nothing);
        payctl.destroy();
        let destroy = proxy.calls();
        let rack = Self {
            server,
            proxy,
            payctl,
            aws,
            nothing,
            all,
            key_count,
            up,
            destroy,
            usual,
            states,
        };
        rack.clean();
        rack
    }

    /// Whether its state is in a bucket.
    pub fn has_bucket(&self) -> bool {
        self.states.is_some()
    }

    /// The bucket that its state is in.
    pub fn states(&self) -> &States {
        self.states.as_ref().unwrap_or_else(|| panic!("the state is in a folder"))
    }

    /// Nothing is there and nothing remembered.
    pub fn clean(&self) {
        self.proxy.set(&Rule::Nothing);
        reset(&self.server);
        match &self.states {
            Some(states) => states.renew(&self.payctl),
            None => self.payctl.lose_state(),
        }
    }

    /// Runs `verb` under `rule`.
    pub fn under(&self, rule: &Rule, verb: &[&str]) -> Ended {
        self.proxy.set(rule);
        let run = self.payctl.start(verb);
        self.proxy.victim(run.pid());
        run.end()
    }

    /// The state can be read, whatever happened.
    pub fn state_is_readable(&self, context: &str) {
        if self.states.is_some() {
            let listed = self.payctl.run(&["state", "list"]);
            assert_eq!(listed.code, Some(0), "{context}\n{listed}");
        } else if let Err(error) = Store::at(self.payctl.state()).load() {
            panic!("{context}: the state cannot be read: {error}");
        }
    }

    /// `up` without faults ends well, all is there once, and a further one changes nothing.
    pub async fn comes_up(&self, context: &str) {
        let ended = self.under(&Rule::Nothing, &["up", "--yes"]);
        assert_eq!(ended.code, Some(0), "{context}\n{ended}");
        self.is_up(&format!("{context}\n{ended}")).await;
    }

    /// All is there once, and a further `up` changes nothing.
    pub async fn is_up(&self, context: &str) {
        let wrong = difference(&self.all, &everything(&self.aws).await);
        assert!(wrong.is_empty(), "{context}\n{wrong:#?}");
        assert_eq!(self.keys().await, self.key_count, "{context}");
        let calm = self.under(&Rule::Nothing, &["up", "--yes"]);
        assert_eq!(calm.code, Some(0), "{context}\n{calm}");
        let changing = self.proxy.changing();
        assert!(changing.is_empty(), "{context}\na further up: {changing:#?}\n{calm}");
    }

    /// `destroy` without faults ends well and nothing is left beyond `wanted`.
    pub async fn goes_down(&self, wanted: &BTreeSet<String>, context: &str) {
        let ended = self.under(&Rule::Nothing, &["destroy", "--yes"]);
        assert_eq!(ended.code, Some(0), "{context}\n{ended}");
        let wrong = difference(wanted, &foreign::in_detail(&self.aws).await);
        assert!(wrong.is_empty(), "{context}\n{wrong:#?}\n{ended}");
    }

    /// Nothing is there.
    pub async fn is_down(&self, context: &str) {
        let wrong = difference(&self.nothing, &everything(&self.aws).await);
        assert!(wrong.is_empty(), "{context}\n{wrong:#?}");
    }

    /// Keys that are paid for, those on their way out among them.
    async fn keys(&self) -> usize {
        keys(&self.aws).await.len()
    }
}

/// Runs `work` on racks of their own, `workers` at a time, until no point is left.
pub fn spread<P, R, F>(system: &str, workers: usize, points: &[P], work: F) -> Vec<R>
where
    P: Sync,
    R: Send,
    F: AsyncFn(&Rack, &P) -> R + Sync,
{
    spread_with(system, &[], workers, points, work)
}

/// The same with further arguments for the sandboxes.
pub fn spread_with<P, R, F>(
    system: &str,
    arguments: &[&str],
    workers: usize,
    points: &[P],
    work: F,
) -> Vec<R>
where
    P: Sync,
    R: Send,
    F: AsyncFn(&Rack, &P) -> R + Sync,
{
    spread_over(async || Rack::with(system, arguments).await, workers, points, work)
}

/// The same on the racks that `make` makes.
pub fn spread_over<P, R, M, F>(make: M, workers: usize, points: &[P], work: F) -> Vec<R>
where
    P: Sync,
    R: Send,
    M: AsyncFn() -> Rack + Sync,
    F: AsyncFn(&Rack, &P) -> R + Sync,
{
    let next = AtomicUsize::new(0);
    let one = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let rack = make().await;
            let mut done = Vec::new();
            while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push(work(&rack, point).await);
                if done.len() % 25 == 0 {
                    let at = next.load(Ordering::Relaxed).min(points.len());
                    tell(&format!("  {at} of {}", points.len()));
                }
            }
            done
        })
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..workers.min(points.len())).map(|_| scope.spawn(one)).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}
