//! A state in a bucket: killed at every request to it, faults of every sort at it, and machines that
//! share it, one of which is cut off and comes back.
//!
//! With `PAYCTL_STATE=bucket` all other proofs have their state in a bucket as well.
//!
//! moto as it comes takes the bucket's refusal of what is not TLS for one of everything, as it does
//! not read the condition: its S3 is tried as the sandbox, which does.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::{Extent, Part, Rack, seed, spread_over, tell};
use crate::binary::{Ended, Payctl, Run};
use crate::emulator::{Emulator, Server};
use crate::proxy::{Call, Fate, Proxy, Refusal, Rule};

/// How payctl ends where its state cannot be written.
const UNRECORDED: Option<i32> = Some(4);
/// Typical waits of AWS's, this many times faster: what needs the network comes seconds later.
const SCALE: &str = "20";

/// A bucket of states on an emulator of its own, behind a proxy of its own.
#[derive(Debug)]
pub struct States {
    _server: Server,
    pub proxy: Proxy,
    /// How many lives its environment had: each has a prefix of its own.
    lives: Cell<u64>,
}

impl States {
    /// The bucket that `payctl` has its states in from now on.
    pub(super) fn of(payctl: &Payctl, emulator: Emulator) -> Self {
        let server = Server::start(emulator);
        let proxy = Proxy::start(&server.endpoint);
        let states = Self { _server: server, proxy, lives: Cell::new(0) };
        states.renew(payctl);
        payctl.run(&["state", "init", "--yes"]).exits(0);
        states
    }

    /// Nothing is remembered any more.
    pub(super) fn renew(&self, payctl: &Payctl) {
        self.lives.set(self.lives.get() + 1);
        self.proxy.set(&Rule::Nothing);
        self.serve(payctl, &self.proxy);
    }

    /// Lets `payctl` have its states here, by way of `proxy`.
    fn serve(&self, payctl: &Payctl, proxy: &Proxy) {
        let (endpoint, life) = (&proxy.endpoint, self.lives.get());
        payctl.configure(&format!(
            "[state]\nbucket = \"payments-state\"\nprefix = \"life-{life}\"\n\
             endpoint_url = \"{endpoint}\"\n"
        ));
    }

    /// Runs `verb` while the requests to the bucket meet `rule`; answers what they were, too.
    fn under(&self, rack: &Rack, rule: &Rule, verb: &str) -> (Ended, Vec<Call>) {
        rack.proxy.set(&Rule::Nothing);
        self.proxy.set(rule);
        let run = rack.payctl.start(&[verb, "--yes"]);
        self.proxy.victim(run.pid());
        let ended = run.end();
        let calls = self.proxy.calls();
        self.proxy.set(&Rule::Nothing);
        (ended, calls)
    }
}

/// How many requests to the bucket `up` and `destroy` make when nothing goes wrong.
async fn requests(system: &str) -> (u64, u64) {
    let rack = Rack::in_bucket(system, Emulator::Sandbox, &[]).await;
    let states = rack.states();
    let [up, destroy] = ["up", "destroy"].map(|verb| {
        let (ended, calls) = states.under(&rack, &Rule::Nothing, verb);
        ended.exits(0);
        calls.len() as u64
    });
    (up, destroy)
}

/// Killed at the n-th request to the bucket, for every n of `up` and of `destroy`, before it was
/// applied and after, on S3 of two makers.
pub async fn at_every_request(system: &str, extent: Extent) {
    let (n, m) = requests(system).await;
    let part = Part::chosen();
    let points: Vec<(u64, bool)> = match extent {
        Extent::All => {
            let requests = (1..=n.max(m)).filter(|nth| part.has(*nth));
            requests.flat_map(|nth| [(nth, false), (nth, true)]).collect()
        }
        Extent::Sample => {
            let mut random = fastrand::Rng::with_seed(seed());
            (0..2).map(|nth| (random.u64(1..=n.min(m)), nth == 0)).collect()
        }
    };
    let (mut ups, mut downs) = (0, 0);
    for (emulator, applied) in [(Emulator::Sandbox, true), (Emulator::Ministack, false)] {
        let points: Vec<_> = points.iter().filter(|(_, one)| *one == applied).collect();
        let make = async || Rack::in_bucket(system, emulator, &[]).await;
        let ended = spread_over(make, 2, &points, async |rack, (nth, applied)| {
            kill_point(rack, *nth, *applied).await
        });
        ups += ended.iter().filter(|(up, _)| *up).count();
        downs += ended.iter().filter(|(_, down)| *down).count();
    }
    tell(&format!(
        "R1, R9 {system}{part}, state in a bucket: up makes {n} requests to it; killed at {ups} \
         points: {ups} converged, 0 orphans, 0 duplicates"
    ));
    tell(&format!(
        "R2, R9 {system}{part}, state in a bucket: destroy makes {m} requests to it; killed at \
         {downs} points: {downs} ended with nothing of ours"
    ));
    assert!(ups > 0 && downs > 0, "nothing was killed");
}

/// Whether the kill came before `up` and `destroy` had ended.
async fn kill_point(rack: &Rack, nth: u64, applied: bool) -> (bool, bool) {
    rack.clean();
    let states = rack.states();
    let rule = Rule::At { nth, fate: Fate::Kill { applied } };
    let (killed, _) = states.under(rack, &rule, "up");
    let context = format!("up under {rule:?} of the bucket ended with {:?}", killed.code);
    rack.comes_up(&context).await;

    let (gone, _) = states.under(rack, &rule, "destroy");
    let context = format!("destroy under {rule:?} of the bucket ended with {:?}", gone.code);
    rack.payctl.destroy();
    rack.is_down(&context).await;
    assert!(rack.payctl.run(&["state", "list"]).stdout.is_empty(), "{context}");
    (killed.code.is_none(), gone.code.is_none())
}

/// R5: any request to the bucket loses its answer, or meets another that writes the same object.
pub async fn each_request_fails(system: &str, extent: Extent) {
    let (n, m) = requests(system).await;
    let mut random = fastrand::Rng::with_seed(seed() + 19);
    let mut drawn = |fate: Fate| -> Vec<Rule> {
        let points: Vec<u64> = match extent {
            Extent::All => (1..=n.max(m)).collect(),
            Extent::Sample => vec![random.u64(1..=n.min(m))],
        };
        points.into_iter().map(|nth| Rule::At { nth, fate }).collect()
    };
    let lost = drawn(Fate::LoseAnswer);
    let rules = [lost, drawn(Fate::Refuse(Refusal::Conflict))].concat();
    let well = under_each(system, &rules).await;
    tell(&format!(
        "R5 {system}, state in a bucket: the answer lost, or a conflict, at each of {} requests: \
         {well} of {} runs ended well by themselves, the others converged, 0 duplicates",
        rules.len() / 2,
        2 * rules.len()
    ));
}

/// R3, R4: requests to the bucket are throttled, fail, or lose their answers by chance.
pub async fn by_chance(system: &str, extent: Extent) {
    let rules: Vec<Rule> = (0..extent.of(1, 20))
        .map(|nth| Rule::Chance {
            seed: seed() * 1000 + nth,
            of_hundred: vec![
                (20, Fate::Refuse(Refusal::Throttled)),
                (5, Fate::Refuse(Refusal::Broken)),
                (5, Fate::Refuse(Refusal::Unavailable)),
                (5, Fate::Reset),
                (10, Fate::LoseAnswer),
            ],
        })
        .collect();
    let well = under_each(system, &rules).await;
    tell(&format!(
        "R3, R4 {system}, state in a bucket: 30 % of requests refused, 5 % reset, 10 % of answers \
         lost, {} seeds: {well} of {} runs ended well by themselves, the others converged, 0 \
         duplicates",
        rules.len(),
        2 * rules.len()
    ));
}

/// One `up` and one `destroy` under each rule of the bucket; how many ended well by themselves.
async fn under_each(system: &str, rules: &[Rule]) -> u32 {
    let make = async || Rack::in_bucket(system, Emulator::Sandbox, &[]).await;
    let ended = spread_over(make, 2, rules, async |rack, rule| {
        rack.clean();
        let states = rack.states();
        let (up, _) = states.under(rack, rule, "up");
        let context = format!("{rule:?} of the bucket");
        ends_or_stops(rack, &up, &context);
        if up.code == Some(0) {
            rack.is_up(&format!("{context}\n{up}")).await;
        } else {
            rack.comes_up(&format!("{context}\n{up}")).await;
        }
        let (down, _) = states.under(rack, rule, "destroy");
        ends_or_stops(rack, &down, &context);
        rack.payctl.destroy();
        rack.is_down(&format!("{context}\n{down}")).await;
        u32::from(up.code == Some(0)) + u32::from(down.code == Some(0))
    });
    ended.iter().sum()
}

/// R15: the credentials for the bucket expire.
pub async fn expired(system: &str, extent: Extent) {
    let (n, _) = requests(system).await;
    let mut random = fastrand::Rng::with_seed(seed() + 15);
    let points: Vec<u64> = (0..extent.of(1, 20)).map(|_| random.u64(1..=n)).collect();
    let make = async || Rack::in_bucket(system, Emulator::Sandbox, &[]).await;
    spread_over(make, 2, &points, async |rack, nth| {
        rack.clean();
        let rule = Rule::From { nth: *nth, fate: Fate::Refuse(Refusal::Expired) };
        let (up, calls) = rack.states().under(rack, &rule, "up");
        if up.code == Some(0) {
            // All was done: what was refused is how it is left, if it came to that.
            let refused = calls.iter().filter(|call| call.fate != Fate::Pass);
            let lasts = ["/lock", "/history.jsonl", "?delete"];
            let is_last = |call: &Call| lasts.iter().any(|last| call.name.ends_with(last));
            assert!(refused.clone().all(is_last), "{rule:?}\n{up}\n{:#?}", Vec::from_iter(refused));
        } else {
            assert!(matches!(up.code, Some(1 | 4)), "{rule:?}\n{up}");
            up.says("sign in again");
        }
        nothing_follows(rack, &calls, &format!("{rule:?}\n{up}"));
        rack.comes_up(&format!("{rule:?}\n{up}")).await;
    });
    tell(&format!(
        "R15 {system}, state in a bucket: its credentials expired at {} requests: said so, no \
         changing call afterwards but those under way, converged later",
        points.len()
    ));
}

/// A run that could not write its state says so, and one that could not find it changed nothing.
fn ends_or_stops(rack: &Rack, ended: &Ended, context: &str) {
    match ended.code {
        Some(0) => {}
        Some(1) => {
            ended.says("failed to list the states in");
            assert!(rack.proxy.changing().is_empty(), "{context}\n{ended}");
        }
        code => {
            assert_eq!(code, UNRECORDED, "{context}\n{ended}");
            ended.says("nothing is changed without a record of it");
        }
    }
    rack.state_is_readable(context);
}

/// After the first refused request no changing call to AWS begins but those that were under way.
fn nothing_follows(rack: &Rack, requests: &[Call], context: &str) {
    let Some(first) = requests.iter().find(|call| call.fate != Fate::Pass) else { return };
    let late = rack
        .proxy
        .calls()
        .into_iter()
        .filter(|call| call.changing && call.at > first.at + Duration::from_millis(500));
    let late: Vec<_> = late.collect();
    assert!(late.is_empty(), "{context}\nafter the refusal: {late:#?}");
}

/// One of several machines: a folder of its own, and proxies of its own to AWS and to the bucket.
struct Machine {
    payctl: Payctl,
    aws: Proxy,
    bucket: Proxy,
}

impl Machine {
    fn new(rack: &Rack, system: &str) -> Self {
        let aws = Proxy::start(&rack.server.endpoint);
        let bucket = Proxy::start(&rack.states()._server.endpoint);
        let payctl = Payctl::at(&aws.endpoint, "dev").of(system);
        Self { payctl, aws, bucket }
    }

    /// Joins those who share the rack's state now.
    fn join(&self, rack: &Rack) {
        self.aws.set(&Rule::Nothing);
        self.bucket.set(&Rule::Nothing);
        rack.states().serve(&self.payctl, &self.bucket);
    }
}

/// R10: of eight machines that run at once one at a time proceeds, and the others say who.
pub async fn machines(system: &str, extent: Extent) {
    let rack = Rack::in_bucket(system, Emulator::Sandbox, &[]).await;
    let count = extent.of(3, 8);
    let machines: Vec<_> = (0..count).map(|_| Machine::new(&rack, system)).collect();
    let (rounds, mut away) = (extent.of(1, 20), 0);
    for _ in 0..rounds {
        rack.clean();
        machines.iter().for_each(|machine| machine.join(&rack));
        let runs = machines.iter().map(|one| one.payctl.start_elsewhere(&["up", "--yes"]));
        let runs: Vec<Run> = runs.collect();
        let ended: Vec<_> = runs.into_iter().map(Run::end).collect();
        for ended in ended.iter().filter(|ended| ended.code != Some(0)) {
            assert_eq!(ended.code, Some(3), "{ended}");
            ended.says("another run holds");
            away += 1;
        }
        assert!(ended.iter().any(|ended| ended.code == Some(0)), "none of {count} proceeded");
        rack.is_up(&format!("{count} machines at once")).await;
        for machine in &machines {
            machine.payctl.is_as_declared();
        }
    }
    tell(&format!(
        "R10 {system}, state in a bucket: {count} machines at once, {rounds} rounds: everything \
         there once, {away} of {} runs turned away by name",
        count * rounds
    ));
}

/// R10: a machine that is cut off for longer than its lease, stopped or without a network, begins no
/// changing call once another has taken over.
pub async fn cut_off(system: &str, extent: Extent) {
    let rack = Rack::in_bucket(system, Emulator::Sandbox, &["--time-scale", SCALE]).await;
    let [one, other] = [Machine::new(&rack, system), Machine::new(&rack, system)];
    let rounds = extent.of(1, 6);
    for nth in 0..rounds {
        rack.clean();
        [&one, &other].iter().for_each(|machine| machine.join(&rack));
        let verb = ["up", "destroy"][nth / 2 % 2];
        let said = if verb == "up" { "created   ec2.vpc:main" } else { "deleted" };
        if verb == "destroy" {
            rack.payctl.up();
        }
        let mut lost = one.payctl.start_elsewhere(&[verb, "--yes"]);
        lost.says(said);
        let is_stopped = nth % 2 == 0;
        if is_stopped {
            lost.signal_inner("STOP");
        } else {
            one.bucket.set(&Rule::From { nth: 1, fate: Fate::Hang });
        }
        let began = Instant::now();
        let next = other.payctl.run(&[verb, "--yes", "--lock-timeout", "150"]);
        next.exits(0);
        let took = began.elapsed();
        assert!(took > Duration::from_secs(50), "{took:?}: nobody waited for the lease\n{next}");
        let back = Instant::now();
        if is_stopped {
            lost.signal_inner("CONT");
        } else {
            one.bucket.set(&Rule::Nothing);
        }
        let lost = lost.end();
        assert_eq!(lost.code, UNRECORDED, "{lost}");
        let late: Vec<_> =
            one.aws.calls().into_iter().filter(|call| call.changing && call.at > back).collect();
        assert!(late.is_empty(), "{lost}\nafter it came back: {late:#?}");
        match verb {
            "up" => rack.is_up(&format!("{lost}")).await,
            _ => rack.is_down(&format!("{lost}")).await,
        }
    }
    tell(&format!(
        "R10 {system}, state in a bucket: a machine cut off from it for longer than its lease, \
         {rounds} times: another took over and ended the work, the one that came back made no \
         changing call"
    ));
}

/// R11: a state that is lost is found again, and nothing is made twice.
pub async fn lost_state(system: &str, extent: Extent) {
    let rack = Rack::in_bucket(system, Emulator::Sandbox, &[]).await;
    let rounds = extent.of(1, 3);
    for _ in 0..rounds {
        rack.clean();
        rack.payctl.up();
        rack.states().renew(&rack.payctl);
        rack.proxy.set(&Rule::Nothing);
        rack.payctl.up();
        assert_eq!(rack.proxy.changing(), [].into());
        rack.states().renew(&rack.payctl);
        rack.payctl.destroy();
        rack.is_down("its state was lost").await;
    }
    tell(&format!(
        "R11 {system}, state in a bucket: lost, {rounds} times: all adopted with 0 changing calls, \
         and destroyed with nothing left"
    ));
}
