//! What a state in a bucket costs: `up` and a plan without changes, each call 20 ms away, with the
//! state on this machine and with the state there, in turn.

use std::process::Command;
use std::time::{Duration, Instant};

use payctl_tests::binary::put_handlers;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Rule};

use super::Error;

/// How far away everything is.
const AWAY: Rule = Rule::From { nth: 1, fate: Fate::Delay(Duration::from_millis(20)) };
/// How often each is measured; the least of each counts, as the machine is noisy.
const TIMES: usize = 3;

/// Prints how many times longer it takes.
pub(super) fn shared(payctl: &std::path::Path) -> Result<(), Error> {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    proxy.set(&AWAY);
    let folder = tempfile::tempdir()?;
    put_handlers(&folder.path().join("handlers"));
    let state = "[state]\nbucket = \"bench-state\"\n";
    std::fs::write(folder.path().join("payctl.toml"), state)?;
    let run = |arguments: &[&str], stack: &str, is_local: bool| -> Result<f64, Error> {
        let mut command = Command::new(payctl);
        command.args(arguments).args(["--stack", stack, "--suffix", "bench"]);
        command.args(is_local.then_some("--local-state")).current_dir(folder.path());
        command.env("AWS_ENDPOINT_URL", &proxy.endpoint).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("PAYCTL_HANDLERS", folder.path().join("handlers"));
        let began = Instant::now();
        let output = command.output()?;
        let seconds = began.elapsed().as_secs_f64();
        match output.status.success() {
            true => Ok(seconds),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    };
    let mut init = Command::new(payctl);
    init.args(["state", "init", "--yes"]).current_dir(folder.path());
    init.env("AWS_ENDPOINT_URL", &proxy.endpoint).env("AWS_REGION", "us-east-1");
    init.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    init.output()?;
    for stack in ["wide", "migration"] {
        let (mut up, mut plan) = ([f64::MAX; 2], [f64::MAX; 2]);
        for nth in 0..2 * TIMES {
            let is_local = nth % 2 == 0;
            let place = usize::from(!is_local);
            up[place] = up[place].min(run(&["up", "--yes"], stack, is_local)?);
            plan[place] = plan[place].min(run(&["plan"], stack, is_local)?);
            run(&["destroy", "--yes"], stack, is_local)?;
        }
        for (what, [local, bucket]) in [("up", up), ("unchanged plan", plan)] {
            println!(
                "{stack}, {what}: {local:.2} s with the state here, {bucket:.2} s in a bucket: {:.2} times (bound: 1.3)",
                bucket / local
            );
        }
    }
    Ok(())
}
