//! R3 to R7 and R15: throttling, errors, resets, outages, lost answers, late reads, silence and
//! expired credentials.

use std::time::Duration;

use super::{Extent, Rack, seed, spread, tell};
use crate::binary::Ended;
use crate::proxy::{Call, Fate, Refusal, Rule};

/// Seeds of a rule by chance, as many as asked for.
fn seeds(count: u64) -> Vec<u64> {
    (0..count).map(|nth| seed() * 1000 + nth).collect()
}

/// One `up` and one `destroy`, each under `rule`, and each has to end well by itself.
async fn one_run_each(rack: &Rack, rule: &Rule) -> (Ended, Vec<Call>) {
    rack.clean();
    let context = format!("{rule:?}");
    let up = rack.under(rule, &["up", "--yes"]);
    let calls = rack.proxy.calls();
    assert_eq!(up.code, Some(0), "{context}\n{up}");
    rack.is_up(&format!("{context}\n{up}")).await;
    let down = rack.under(rule, &["destroy", "--yes"]);
    assert_eq!(down.code, Some(0), "{context}\n{down}");
    rack.is_down(&format!("{context}\n{down}")).await;
    (up, calls)
}

/// R3: throttling is absorbed in one run, without storms.
pub async fn throttling(system: &str, extent: Extent) {
    let seeds = seeds(extent.of(2, 50));
    let ratios = spread(system, extent.of(2, 4), &seeds, async |rack, seed| {
        let of_hundred = vec![(30, Fate::Refuse(Refusal::Throttled))];
        let rule = Rule::Chance { seed: *seed, of_hundred };
        let (_, calls) = one_run_each(rack, &rule).await;
        let ratio = calls.len() as f64 / rack.up.len() as f64;
        let pauses = pauses(&calls);
        let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        let (least, most) = (least.as_secs_f64(), most.as_secs_f64());
        assert!(pauses.len() > 5 && most > 2.0 * least, "{rule:?}: no jitter in {pauses:?}");
        (ratio, least, most)
    });
    // Of 30 % throttled, 1.43 times the calls is what there has to be at least on the average.
    let mean = ratios.iter().map(|(ratio, ..)| ratio).sum::<f64>() / ratios.len() as f64;
    assert!(mean <= 1.6, "{mean:.2} times the calls");
    let worst = ratios.iter().map(|(ratio, ..)| *ratio).fold(0.0, f64::max);
    let least = ratios.iter().map(|(_, least, _)| *least).fold(f64::MAX, f64::min);
    let most = ratios.iter().map(|(.., most)| *most).fold(0.0, f64::max);
    tell(&format!(
        "R3 {system}: 30 % throttled, {0} of {0} seeds in one run; {mean:.2} times the \
         calls, {worst:.2} at most; pauses before a further try from {least:.3} s to {most:.1} s",
        ratios.len()
    ));
}

/// How long after each refused call the same one came again.
fn pauses(calls: &[Call]) -> Vec<Duration> {
    let refused = calls.iter().filter(|call| call.fate != Fate::Pass);
    let again = refused.filter_map(|call| {
        let later = calls.iter().find(|c| c.nth > call.nth && c.name == call.name)?;
        Some(later.at - call.at)
    });
    again.collect()
}

/// R4: 5xx and resets are absorbed in one run.
pub async fn errors(system: &str, extent: Extent) {
    let seeds = seeds(extent.of(2, 50));
    let done = spread(system, extent.of(2, 4), &seeds, async |rack, seed| {
        let of_hundred = vec![
            (10, Fate::Refuse(Refusal::Broken)),
            (10, Fate::Refuse(Refusal::Unavailable)),
            (10, Fate::Reset),
        ];
        one_run_each(rack, &Rule::Chance { seed: *seed, of_hundred }).await;
    });
    tell(&format!(
        "R4 {system}: 20 % 5xx and 10 % resets, {0} of {0} seeds in one run",
        done.len()
    ));
}

/// R4: when everything fails from some call on, the run ends, names the call, and loses nothing.
pub async fn outage(system: &str, extent: Extent) {
    let up = Rack::new(system).await.up.len() as u64;
    let mut random = fastrand::Rng::with_seed(seed());
    let points: Vec<u64> = (0..extent.of(1, 12)).map(|_| random.u64(1..=up)).collect();
    let took = spread(system, extent.of(1, 6), &points, async |rack, nth| {
        rack.clean();
        let rule = Rule::From { nth: *nth, fate: Fate::Refuse(Refusal::Unavailable) };
        let ended = rack.under(&rule, &["up", "--yes"]);
        assert_eq!(ended.code, Some(1), "{rule:?}\n{ended}");
        assert!(ended.took < Duration::from_secs(120), "{rule:?}\n{ended}");
        assert!(names_a_call(&ended), "{rule:?}\n{ended}");
        rack.state_is_readable(&format!("{rule:?}"));
        rack.comes_up(&format!("{rule:?}\n{ended}")).await;
        ended.took
    });
    let longest = took.iter().max().unwrap().as_secs();
    tell(&format!(
        "R4 {system}: total outage from {} points on: each ended within {longest} s, named the \
         call, and converged later",
        took.len()
    ));
}

/// Whether the report names an operation of AWS's.
fn names_a_call(ended: &Ended) -> bool {
    const VERBS: [&str; 12] = [
        "Create",
        "Describe",
        "Get",
        "List",
        "Put",
        "Allocate",
        "Attach",
        "Modify",
        "Head",
        "Associate",
        "Authorize",
        "Update",
    ];
    let mut words = ended.stderr.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| VERBS.iter().any(|verb| word.len() > verb.len() && word.starts_with(verb)))
}

/// R5: an answer lost at any call makes no duplicate, and none at random.
pub async fn lost_answers(system: &str, extent: Extent) {
    let (up, destroy) = {
        let rack = Rack::new(system).await;
        (rack.up.len() as u64, rack.destroy.len() as u64)
    };
    let points: Vec<u64> = match extent {
        Extent::All => (1..=up.max(destroy)).collect(),
        Extent::Sample => {
            let mut random = fastrand::Rng::with_seed(seed() + 5);
            (0..3).map(|_| random.u64(1..=up.min(destroy))).collect()
        }
    };
    let each = spread(system, extent.of(2, 4), &points, async |rack, nth| {
        one_run_each(rack, &Rule::At { nth: *nth, fate: Fate::LoseAnswer }).await;
    });
    let seeds = seeds(extent.of(2, 100));
    let random = spread(system, extent.of(2, 4), &seeds, async |rack, seed| {
        let of_hundred = vec![(10, Fate::LoseAnswer)];
        one_run_each(rack, &Rule::Chance { seed: *seed, of_hundred }).await;
    });
    tell(&format!(
        "R5 {system}: the answer lost at each of {} calls, and 10 % of answers lost with {} seeds: \
         0 duplicates",
        each.len(),
        random.len()
    ));
}

/// R6: what was made is not visible for k more reads.
pub async fn late_reads(system: &str, extent: Extent) {
    let rules: &[(u32, u32)] = match extent {
        Extent::Sample => &[(1, 0), (3, 1)],
        Extent::All => &[(1, 0), (3, 0), (5, 0), (10, 0), (20, 0), (1, 1), (3, 2), (5, 3)],
    };
    let took = spread(system, extent.of(2, 4), rules, async |rack, (reads, writes)| {
        let rule = Rule::Lag { reads: *reads, writes: *writes };
        let (up, _) = one_run_each(rack, &rule).await;
        (*reads, *writes, up.took.as_secs_f64())
    });
    for (reads, writes, took) in took {
        tell(&format!(
            "R6 {system}: reads lag by {reads}, writes by {writes}: one run of {took:.1} s, \
             nothing dropped, nothing made twice"
        ));
    }
}

/// R7: a call that is never answered is given up, and is then like a lost answer.
pub async fn silence(system: &str, extent: Extent) {
    let rack = Rack::new(system).await;
    let (up, usual) = (rack.up.len() as u64, rack.usual);
    drop(rack);
    let mut random = fastrand::Rng::with_seed(seed() + 7);
    let points: Vec<u64> = (0..extent.of(1, 24)).map(|_| random.u64(1..=up)).collect();
    let took = spread(system, extent.of(1, 6), &points, async |rack, nth| {
        rack.clean();
        let rule = Rule::At { nth: *nth, fate: Fate::Hang };
        let ended = rack.under(&rule, &["up", "--yes"]);
        assert_eq!(ended.code, Some(0), "{rule:?}\n{ended}");
        rack.is_up(&format!("{rule:?}\n{ended}")).await;
        ended.took.saturating_sub(usual)
    });
    let longest = took.iter().max().unwrap();
    assert!(*longest < Duration::from_secs(60), "{longest:?}");
    tell(&format!(
        "R7 {system}: no answer at {} calls: given up within {:.0} s, 0 duplicates",
        took.len(),
        longest.as_secs_f64()
    ));
}

/// R15: credentials that run out end the run at once, and the next one converges.
pub async fn expired(system: &str, extent: Extent) {
    let up = Rack::new(system).await.up.len() as u64;
    let mut random = fastrand::Rng::with_seed(seed() + 15);
    let points: Vec<u64> = (0..extent.of(2, 20)).map(|_| random.u64(1..=up)).collect();
    let more = spread(system, 2, &points, async |rack, nth| {
        rack.clean();
        let rule = Rule::From { nth: *nth, fate: Fate::Refuse(Refusal::Expired) };
        let ended = rack.under(&rule, &["up", "--yes"]);
        assert_eq!(ended.code, Some(1), "{rule:?}\n{ended}");
        assert!(ended.stderr.contains("sign in again"), "{rule:?}\n{ended}");
        let calls = rack.proxy.calls();
        let refused: Vec<&Call> = calls.iter().filter(|call| call.fate != Fate::Pass).collect();
        // What was on its way when the first refusal came is refused as well; then it is quiet.
        let first = refused[0].at;
        let late = refused.iter().filter(|call| call.at - first > Duration::from_millis(300));
        let late = late.count();
        assert!(late <= 2, "{rule:?}: {late} calls after that\n{ended}");
        rack.comes_up(&format!("{rule:?}\n{ended}")).await;
        late
    });
    tell(&format!(
        "R15 {system}: credentials expired at {} calls: at most {} more calls, said so, converged \
         later",
        more.len(),
        more.iter().max().unwrap()
    ));
}
