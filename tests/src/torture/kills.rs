//! R1 and R2: killed at every call.

use aws_sdk_kms::types::KeyState;

use super::{Extent, Part, Rack, seed, spread, tell};
use crate::cloud::keys;
use crate::foreign;
use crate::proxy::{Fate, Rule};

/// R1 and R2: killed at the n-th call of `up` and of `destroy`, for every n, before the call and
/// after it was applied; two dozen foreign resources are around when it is destroyed.
pub async fn at_every_call(system: &str, extent: Extent) {
    let (n, m) = {
        let rack = Rack::new(system).await;
        (rack.up.len() as u64, rack.destroy.len() as u64)
    };
    let part = Part::chosen();
    let points: Vec<(u64, bool)> = match extent {
        Extent::All => {
            let calls = (1..=n.max(m)).filter(|nth| part.has(*nth));
            calls.flat_map(|nth| [(nth, false), (nth, true)]).collect()
        }
        Extent::Sample => {
            let mut random = fastrand::Rng::with_seed(seed());
            (0..2).map(|nth| (random.u64(1..=n.min(m)), nth == 0)).collect()
        }
    };
    let workers = extent.of(2, 4);
    let ended = spread(system, workers, &points, async |rack, (nth, applied)| {
        kill_point(rack, *nth, *applied).await
    });
    let ups = ended.iter().filter(|(up, _)| *up).count();
    let downs = ended.iter().filter(|(_, down)| *down).count();
    tell(&format!(
        "R1 {system}{part}: up makes {n} calls; killed at {ups} points: {ups} converged, 0 orphans, \
         0 duplicates"
    ));
    tell(&format!(
        "R2 {system}{part}: destroy makes {m} calls; killed at {downs} points among {} foreign resources: \
         {downs} ended with nothing of ours and everything of theirs",
        foreign::COUNT
    ));
    assert!(ups > 0 && downs > 0, "nothing was killed");
}

/// Whether the kill came before `up` and `destroy` had ended.
async fn kill_point(rack: &Rack, nth: u64, applied: bool) -> (bool, bool) {
    rack.clean();
    let rule = Rule::At { nth, fate: Fate::Kill { applied } };
    let killed = rack.under(&rule, &["up", "--yes"]);
    let context = format!("up under {rule:?} ended with {:?}", killed.code);
    rack.state_is_readable(&context);
    rack.comes_up(&context).await;

    // Again among foreign resources.
    rack.proxy.set(&Rule::Nothing);
    rack.payctl.destroy();
    rack.clean();
    foreign::plant(&rack.aws).await;
    let theirs = foreign::in_detail(&rack.aws).await;
    rack.payctl.up();
    let gone = rack.under(&rule, &["destroy", "--yes"]);
    let context = format!("destroy under {rule:?} ended with {:?}", gone.code);
    rack.state_is_readable(&context);
    rack.goes_down(&theirs, &context).await;
    let ours = keys(&rack.aws).await;
    let leaving = ours.values().filter(|state| **state == KeyState::PendingDeletion).count();
    assert_eq!(leaving, rack.key_count, "{context}");
    (killed.code.is_none(), gone.code.is_none())
}
