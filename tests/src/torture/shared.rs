//! R1, R2 and R9 for a state in a bucket: killed at every request to it.

use super::{Extent, Part, Rack, seed, spread, tell};
use crate::binary::Ended;
use crate::emulator::{Emulator, Server};
use crate::proxy::{Fate, Proxy, Rule};

/// A bucket of states on an emulator of its own, behind a proxy of its own.
struct States {
    _server: Server,
    proxy: Proxy,
}

impl States {
    /// The bucket that the rack's environment has its state in from now on.
    fn beside(rack: &Rack, emulator: Emulator) -> Self {
        let server = Server::start(emulator);
        let proxy = Proxy::start(&server.endpoint);
        let endpoint = &proxy.endpoint;
        rack.payctl.configure(&format!(
            "[state]\nbucket = \"payments-state\"\nendpoint_url = \"{endpoint}\"\n"
        ));
        rack.payctl.run(&["state", "init", "--yes"]).exits(0);
        Self { _server: server, proxy }
    }

    /// Runs `verb` while the requests to the bucket meet `rule`.
    fn under(&self, rack: &Rack, rule: &Rule, verb: &str) -> Ended {
        self.proxy.set(rule);
        let run = rack.payctl.start(&[verb, "--yes"]);
        self.proxy.victim(run.pid());
        let ended = run.end();
        self.proxy.set(&Rule::Nothing);
        ended
    }
}

/// Killed at the n-th request to the bucket, for every n of `up` and of `destroy`, before it was
/// applied and after, on S3 of two makers.
pub async fn at_every_request(system: &str, extent: Extent) {
    let (n, m) = {
        let rack = Rack::new(system).await;
        let states = States::beside(&rack, Emulator::Moto);
        states.proxy.set(&Rule::Nothing);
        rack.payctl.up();
        let n = states.proxy.calls().len() as u64;
        states.proxy.set(&Rule::Nothing);
        rack.payctl.destroy();
        (n, states.proxy.calls().len() as u64)
    };
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
    let ended = spread(system, 2, &points, async |rack, (nth, applied)| {
        kill_point(rack, *nth, *applied).await
    });
    let ups = ended.iter().filter(|(up, _)| *up).count();
    let downs = ended.iter().filter(|(_, down)| *down).count();
    tell(&format!(
        "R1 {system}{part}, state in a bucket: up makes {n} requests to it; killed at {ups} points: \
         {ups} converged, 0 orphans, 0 duplicates"
    ));
    tell(&format!(
        "R2 {system}{part}, state in a bucket: destroy makes {m} requests to it; killed at {downs} \
         points: {downs} ended with nothing of ours"
    ));
    assert!(ups > 0 && downs > 0, "nothing was killed");
}

/// Whether the kill came before `up` and `destroy` had ended.
async fn kill_point(rack: &Rack, nth: u64, applied: bool) -> (bool, bool) {
    rack.clean();
    let emulator = if applied { Emulator::Moto } else { Emulator::Ministack };
    let states = States::beside(rack, emulator);
    let rule = Rule::At { nth, fate: Fate::Kill { applied } };
    let killed = states.under(rack, &rule, "up");
    let context = format!("up under {rule:?} of the bucket ended with {:?}", killed.code);
    rack.comes_up(&context).await;

    let gone = states.under(rack, &rule, "destroy");
    let context = format!("destroy under {rule:?} of the bucket ended with {:?}", gone.code);
    rack.payctl.destroy();
    rack.is_down(&context).await;
    assert!(rack.payctl.run(&["state", "list"]).stdout.is_empty(), "{context}");
    (killed.code.is_none(), gone.code.is_none())
}
