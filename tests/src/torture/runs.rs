//! R10, R13 and R16: several runs at once, signals, and runs that find nothing to do.

use std::fs;
use std::time::{Duration, Instant};

use super::{Extent, Rack, seed, spread, tell};
use crate::binary::{Run, put_handlers};
use crate::emulator::Emulator;
use crate::proxy::Rule;

/// Typical waits of AWS's, this many times faster: a NAT gateway takes about a second.
const SCALE: &str = "80";

/// R10: of several runs at once one proceeds; the others say who.
pub async fn together(system: &str, extent: Extent) {
    let counts: Vec<usize> = (0..extent.of(3, 200)).map(|nth| [2, 4, 8][nth % 3]).collect();
    let turned_away = spread(system, extent.of(1, 3), &counts, async |rack, count| {
        rack.clean();
        let runs: Vec<Run> = (0..*count).map(|_| rack.payctl.start(&["up", "--yes"])).collect();
        let ended: Vec<_> = runs.into_iter().map(Run::end).collect();
        let away: Vec<_> = ended.iter().filter(|ended| ended.code != Some(0)).collect();
        for ended in &away {
            assert_eq!(ended.code, Some(3), "{ended}");
            ended.says("another run holds");
        }
        // One that comes when another has ended finds nothing to do.
        assert!(away.len() < *count, "none of {count} proceeded");
        rack.is_up(&format!("{count} at once")).await;
        away.len()
    });
    tell(&format!(
        "R10 {system}: 2, 4 and 8 runs at once, {} rounds: everything there once, {} of {} runs \
         turned away by name",
        counts.len(),
        turned_away.iter().sum::<usize>(),
        counts.iter().sum::<usize>()
    ));
}

/// R10: a killed holder's lock is free, a paused one's is not, and one can wait for it.
pub async fn holders(system: &str, extent: Extent) {
    let rack = Rack::with(system, &["--time-scale", "20"]).await;
    // Each system has a VPC, and waits for something that needs it.
    let waits = "created   ec2.vpc:main";
    let mut holder = rack.payctl.start(&["up", "--yes"]);
    holder.says(waits);
    holder.signal("STOP");
    // In a bucket one that was silent for half a minute makes no further call: `shared::cut_off`.
    let pause = Duration::from_secs(extent.of(3, if rack.has_bucket() { 15 } else { 60 }));
    let paused = Instant::now();
    let mut asked = 0;
    while paused.elapsed() < pause {
        let second = rack.payctl.run(&["up", "--yes"]);
        second.exits(3);
        second.says(&format!("process {} on ", holder.pid()));
        assert!(second.took < Duration::from_secs(2), "{second}");
        asked += 1;
        std::thread::sleep(Duration::from_millis(500));
    }
    let waiting = rack.payctl.start(&["up", "--yes", "--lock-timeout", "120"]);
    holder.signal("CONT");
    holder.end().exits(0);
    waiting.end().exits(0);
    rack.is_up("after a pause").await;

    rack.clean();
    let mut holder = rack.payctl.start(&["up", "--yes"]);
    holder.says(waits);
    let waiting = rack.payctl.start(&["up", "--yes", "--lock-timeout", "120"]);
    holder.killed_after(Duration::from_millis(200));
    waiting.end().exits(0);
    rack.is_up("after a kill").await;
    tell(&format!(
        "R10 {system}: a holder paused for {} s: {asked} of {asked} others named it within 2 s; \
         one that waited went on; a killed holder's lock was free",
        pause.as_secs()
    ));
}

/// R13: signals at random instants.
pub async fn signals(system: &str, extent: Extent) {
    let usual = {
        let rack = Rack::with(system, &["--time-scale", SCALE]).await;
        rack.usual
    };
    let mut random = fastrand::Rng::with_seed(seed() + 13);
    let points: Vec<(f64, &str, &str)> = (0..extent.of(3, 50))
        .map(|nth| {
            let signal = if random.bool() { "INT" } else { "TERM" };
            let how = ["once", "twice", "as CI does"][nth % 3];
            (random.f64(), signal, how)
        })
        .collect();
    let done = spread_slow(system, extent, &points, async |rack, (at, signal, how)| {
        rack.clean();
        let context = format!("SIG{signal} {how} after {:.2} of {usual:.1?}", at);
        for verb in ["up", "destroy"] {
            rack.proxy.set(&Rule::Nothing);
            let run = rack.payctl.start(&[verb, "--yes"]);
            std::thread::sleep(usual.mul_f64(*at));
            let sent = Instant::now();
            run.signal_if_alive(signal);
            match *how {
                "twice" => {
                    std::thread::sleep(Duration::from_millis(50));
                    run.signal_if_alive(signal);
                }
                // SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL: it has ended long before.
                "as CI does" => {
                    let limit = Duration::from_millis(7500);
                    while sent.elapsed() < limit && run.is_alive() {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    run.signal_if_alive("TERM");
                }
                _ => {}
            }
            let ended = run.end();
            let took = sent.elapsed();
            let limit = Duration::from_secs(if *how == "twice" { 2 } else { 10 });
            assert!(took < limit, "{context}: {took:?}\n{ended}");
            // Before it listens the signal kills it; when all is done already it says so.
            assert!(matches!(ended.code, None | Some(0 | 130)), "{context}\n{ended}");
            rack.state_is_readable(&context);
            match verb {
                "up" => rack.comes_up(&format!("{context}\n{ended}")).await,
                _ => {
                    rack.proxy.set(&Rule::Nothing);
                    rack.payctl.destroy();
                    rack.is_down(&format!("{context}\n{ended}")).await;
                }
            }
        }
    });
    tell(&format!(
        "R13 {system}: SIGINT or SIGTERM, once, twice or as CI cancels, at {} random instants of \
         up and of destroy: ended in time, converged later",
        done.len()
    ));
}

fn spread_slow<P, R, F>(system: &str, extent: Extent, points: &[P], work: F) -> Vec<R>
where
    P: Sync,
    R: Send,
    F: AsyncFn(&Rack, &P) -> R + Sync,
{
    super::spread_with(system, &["--time-scale", SCALE], extent.of(2, 4), points, work)
}

/// R16: a run that has nothing to do does nothing, however often.
pub async fn calm(system: &str, extent: Extent) {
    let rack = Rack::new(system).await;
    assert_eq!(rack.server.emulator, Emulator::Sandbox);
    put_handlers(&rack.payctl.folder().join("handlers"));
    rack.payctl.up();
    // What was made within the last minute is looked at more than once.
    let state = || match rack.has_bucket() {
        true => rack.payctl.run(&["state", "pull"]).stdout.into_bytes(),
        false => fs::read(rack.payctl.state().join("state.json")).unwrap(),
    };
    let before = state();
    assert!(before.len() > 1_000, "there is no state");
    rack.proxy.set(&Rule::Nothing);
    let count = extent.of(3, 200);
    for _ in 0..count {
        rack.payctl.up();
    }
    assert_eq!(rack.proxy.changing(), [].into());
    assert_eq!(state(), before, "the state changes");
    tell(&format!("R16 {system}: {count} runs without a change: 0 changing calls, the same state"));
}
