//! R8 and R9: the disk fails, is full, or is what the run was writing to when it was killed; and
//! a clock that is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::{Instant, SystemTime};

use super::shim::{Mishap, Shim};
use super::{Extent, Rack, seed, spread, tell};
use crate::binary::{Ended, Run};
use crate::proxy::{Call, Fate, Refusal, Rule};

/// How a run ends that could not write down what it did.
const UNRECORDED: Option<i32> = Some(4);
/// What `verb` does to its files when nothing goes wrong.
async fn operations(system: &str, verb: &str) -> Vec<String> {
    let (rack, shim) = (Rack::new(system).await, Shim::build());
    if verb == "destroy" {
        rack.payctl.up();
    }
    let (ended, files) = shim.run(&rack, &[verb], &[]);
    ended.exits(0);
    assert!(files.operations.len() > 20, "the shim sees nothing: {:?}", files.operations);
    files.operations
}

/// Some of the points from 1 to `count`, or all.
fn points(count: usize, some: usize, extent: Extent, salt: u64) -> Vec<usize> {
    let mut random = fastrand::Rng::with_seed(seed() + salt);
    match extent {
        Extent::All => (1..=count).collect(),
        Extent::Sample => (0..some).map(|_| random.usize(1..=count)).collect(),
    }
}

/// Brings the rack to where `verb` starts from.
fn before(rack: &Rack, verb: &str) {
    rack.clean();
    if verb == "destroy" {
        rack.payctl.up();
    }
}

/// Without mishaps `verb` then ends well, and everything exists, or nothing.
async fn ends_well(rack: &Rack, verb: &str, context: &str) {
    rack.state_is_readable(context);
    match verb {
        "up" => rack.comes_up(context).await,
        _ => {
            rack.proxy.set(&Rule::Nothing);
            rack.payctl.destroy();
            rack.is_down(context).await;
        }
    }
}

/// R9: killed at every operation on the files of the state, and in the middle of every write.
pub async fn killed(system: &str, extent: Extent) {
    for verb in ["up", "destroy"] {
        let usual = operations(system, verb).await;
        let writes = |nth: &usize| usual[nth - 1] == "write";
        let mut all: Vec<(usize, Mishap)> = Vec::new();
        for nth in points(usual.len(), 2, extent, 90) {
            all.push((nth, Mishap::Kill));
            all.extend(writes(&nth).then_some((nth, Mishap::Tear)));
        }
        let dead = spread(system, 2, &all, async |rack, (nth, mishap)| {
            before(rack, verb);
            let shim = Shim::build();
            let (ended, files) = shim.meet(rack, &[verb], *nth, *mishap);
            let context = format!("{verb}, {mishap:?} at {nth} of {:?}\n{ended}", files.operations);
            ends_well(rack, verb, &context).await;
            ended.code.is_none()
        });
        let dead = dead.into_iter().filter(|dead| *dead).count();
        tell(&format!(
            "R9 {system}: {verb} killed at {} of {} operations on its files, before them and in \
             the middle of writes: {dead} of {} converged, the state was readable each time",
            all.iter().filter(|(_, mishap)| *mishap == Mishap::Kill).count(),
            usual.len(),
            all.len(),
        ));
        // One that comes late may have been saved a folder or a file that the usual run made.
        assert!(dead * 10 >= all.len() * 9, "{dead} of {} were killed", all.len());
    }
}

/// R8: an operation on the files of the state fails, or the disk is full from then on.
pub async fn fails(system: &str, extent: Extent) {
    for verb in ["up", "destroy"] {
        let usual = operations(system, verb).await;
        // Each operation fails, or finds the disk full, with one step at a time or many: the seed
        // says which.
        let mut random = fastrand::Rng::with_seed(seed() + 81);
        let mut drawn = |nth| {
            let mishap = if random.bool() { Mishap::Fail } else { Mishap::Full };
            (nth, mishap, if random.bool() { "1" } else { "40" })
        };
        let all: Vec<_> = points(usual.len(), 2, extent, 80).into_iter().map(&mut drawn).collect();
        let met = spread(system, 2, &all, async |rack, (nth, mishap, steps)| {
            before(rack, verb);
            let shim = Shim::build();
            let words = [verb, "--parallelism", steps];
            let (ended, files) = shim.meet(rack, &words, *nth, *mishap);
            let context = format!("{mishap:?} at {nth} of {:?}\n{ended}", files.operations);
            let met = files.met();
            assert_eq!(ended.code, if met.is_some() { UNRECORDED } else { Some(0) }, "{context}");
            if let Some(met) = met {
                says_so(&ended);
                // Of many at once some are under way; what they do is on record.
                if *steps == "1" {
                    nothing_follows(rack, met, &context);
                }
            }
            ends_well(rack, verb, &context).await;
            met.is_some()
        });
        let met = met.into_iter().filter(|met| *met).count();
        tell(&format!(
            "R8 {system}: {verb} with a failing operation on its files, or a full disk from then \
             on, at {} of {} operations: {met} ended with 4 and made no further change, the others \
             needed no space any more, all converged",
            all.len(),
            usual.len(),
        ));
        assert!(met * 10 >= all.len() * 5, "{met} of {} met it", all.len());
    }
}

fn says_so(ended: &Ended) {
    ended.says("nothing is changed without a record of it");
    assert!(!ended.stderr.contains("panicked"), "{ended}");
}

/// No changing call was started after `failed`.
fn nothing_follows(rack: &Rack, failed: SystemTime, context: &str) {
    let ago = failed.elapsed().unwrap_or_default();
    let failed = Instant::now().checked_sub(ago).unwrap();
    let late: Vec<Call> = rack.proxy.calls();
    let late: Vec<&Call> = late.iter().filter(|call| call.changing && call.at > failed).collect();
    assert!(late.is_empty(), "{context}\nafter the failure: {late:#?}");
}

/// R8: a small file system that fills up while the run writes to it.
pub async fn small_disk(system: &str, extent: Extent) {
    let rack = Rack::new(system).await;
    let pages: Vec<u32> = extent.of(vec![6, 24], (4..=60).step_by(4).collect());
    let mut full = 0;
    for kib in pages.iter().map(|pages| pages * 4) {
        rack.clean();
        let ended = on_small_disk(&rack, kib);
        let context = format!("up on {kib} KiB\n{ended}");
        assert!(matches!(ended.code, Some(0 | 4)), "{context}");
        full += u32::from(ended.code == UNRECORDED);
        rack.state_is_readable(&context);
        rack.comes_up(&context).await;
    }
    assert!(full > 0, "no disk was full");
    tell(&format!(
        "R8 {system}: up on file systems of {} to {} KiB: {full} of {} were full, ended with 4, and \
         converged with space",
        pages[0] * 4,
        pages[pages.len() - 1] * 4,
        pages.len()
    ));
}

/// `up` with its state on a file system of `kib`, which is then copied to a larger one.
fn on_small_disk(rack: &Rack, kib: u32) -> Ended {
    let usual = rack.payctl.command(&["up", "--yes"]);
    let state = rack.payctl.folder().join(".payctl");
    let small = tempfile::tempdir().unwrap();
    fs::create_dir_all(&state).unwrap();
    // Mounting needs rights that a namespace of one's own gives.
    let script = "mount -t tmpfs -o size=\"$1\"k,mode=700 small \"$2\" || exit 77; shift
        PAYCTL_STATE_DIR=\"$1\" \"$3\" up --yes; code=$?; cp -a \"$1/.\" \"$2\"; exit $code";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh", &kib.to_string()]);
    command.arg(small.path()).arg(&state).arg(usual.get_program());
    command.current_dir(rack.payctl.folder()).env_clear();
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Run::start(command).end()
}

/// A clock that is wrong: AWS refuses what is signed with it, and the run says so; what payctl
/// itself does with the time survives it.
pub async fn clock(system: &str, extent: Extent) {
    let up = Rack::new(system).await.up.len() as u64;
    let mut random = fastrand::Rng::with_seed(seed() + 18);
    let points: Vec<u64> =
        (0..extent.of(2, 20)).map(|nth| if nth == 0 { 1 } else { random.u64(1..=up) }).collect();
    spread(system, 2, &points, async |rack, nth| {
        rack.clean();
        let rule = Rule::From { nth: *nth, fate: Fate::Refuse(Refusal::Skewed) };
        let ended = rack.under(&rule, &["up", "--yes"]);
        assert_eq!(ended.code, Some(1), "{rule:?}\n{ended}");
        ended.says("this machine's clock");
        rack.comes_up(&format!("{rule:?}\n{ended}")).await;
    });
    tell(&format!("clock {system}: refused as skewed from {} calls on: named", points.len()));

    let (rack, shim) = (Rack::new(system).await, Shim::build());
    let ahead = |seconds: i64| [("SHIM_CLOCK", seconds.to_string())];
    let day = 86_400;
    // A certificate that is made by a clock a year off is not valid now, and AWS takes none such.
    let far = if system == "migration" { 900 } else { 400 * day };
    let shifts = BTreeSet::from([-far, -900, 900, far]);
    for shift in shifts.iter().copied() {
        rack.clean();
        let (made, _) = shim.run(&rack, &["up"], &ahead(shift));
        made.exits(0);
        rack.is_up(&format!("made {shift} s ahead\n{made}")).await;
        let (gone, _) = shim.run(&rack, &["destroy"], &ahead(-shift));
        gone.exits(0);
        rack.is_down(&format!("destroyed {shift} s behind\n{gone}")).await;
    }
    tell(&format!("clock {system}: made and destroyed with clocks {shifts:?} s ahead and behind"));
}
