//! The figures of docs/benchmarks.md: counts, times and sizes, each printed with its bound.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use payctl_aws::{Artifacts, kinds};
use payctl_engine::testing::{Memory, synthetic as synthetic_kinds};
use payctl_engine::{Goal, Observed, Owner, Permissions, Provider as _, Request, State};
use payctl_stack::config::Config;
use payctl_tests::world::{World, synthetic, system};

mod document;
mod shared;
mod wide;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no root")?.to_owned();
    let payctl = root.join(std::env::var("PAYCTL_BIN").unwrap_or("target/release/payctl".into()));
    match std::env::args().nth(1).as_deref() {
        Some("document") => return document::document(&root),
        Some("shared") => return shared::shared(&payctl),
        Some(other) => return Err(format!("{other:?} is none: document, shared, or all").into()),
        None => {}
    }
    planning()?;
    document::document(&root)?;
    critical_path()?;
    version(&payctl)?;
    environment(&root, &payctl)?;
    wide::wide(&payctl)?;
    shared::shared(&payctl)?;
    handler(&root)?;
    Ok(())
}

/// How long the planner takes for a graph of n resources, and how that grows.
fn planning() -> Result<(), Error> {
    let kinds = synthetic_kinds();
    let mut times: Vec<(usize, f64)> = Vec::new();
    for count in [1_250, 2_500, 5_000, 10_000] {
        let things: Vec<_> = (0..count)
            .map(|index: usize| {
                let parents = if index == 0 { vec![] } else { vec![index / 2, index - 1] };
                ("net.node", format!("n{index}"), 1, parents)
            })
            .collect();
        let stack = synthetic(&things);
        let state = State::empty("synthetic", "test", "1", "r", "l");
        let owner = Owner { stack: "synthetic".into(), suffix: "test".into(), lineage: "l".into() };
        let mut best = f64::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            let plan = payctl_engine::plan(Request {
                goal: Goal::Up,
                stack: &stack,
                state: &state,
                observed: &Observed::default(),
                owner: &owner,
                kinds: &kinds,
                permissions: &Permissions::default(),
            })?;
            payctl_engine::schedule(&plan, &kinds)?;
            best = best.min(began.elapsed().as_secs_f64());
        }
        times.push((count, best));
        println!("plan and schedule {count:>6} resources  {best:.3} s");
    }
    if let (Some((n1, t1)), Some((n2, t2))) = (times.first(), times.last()) {
        #[allow(clippy::cast_precision_loss)]
        let exponent = (t2 / t1).ln() / (*n2 as f64 / *n1 as f64).ln();
        println!("planning grows as n^{exponent:.2}        (bound: n^1.1; 10,000 under 1 s)");
    }
    Ok(())
}

/// How much longer than its longest chain a run takes, with AWS's typical times.
fn critical_path() -> Result<(), Error> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        for payctl_stack::System { name, .. } in payctl_stack::SYSTEMS {
            let stack = system(name, &Config::default());
            let world = World::new(Memory::timed(kinds().kinds().clone()), &stack);
            for goal in [Goal::Up, Goal::Destroy] {
                let (critical, _) = world.critical(&stack, goal).await;
                let took = world.must(&stack, goal).await.took.as_secs_f64();
                println!(
                    "simulated {goal:?} of {name:<15} {took:.1} s, {:.3} times its longest chain (bound: 1.03)",
                    took / critical
                );
            }
        }
    });
    Ok(())
}

fn version(payctl: &Path) -> Result<(), Error> {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        Command::new(payctl).arg("--version").stdout(Stdio::null()).status()?;
        times.push(began.elapsed());
    }
    times.sort();
    let median = times[times.len() / 2].as_secs_f64() * 1e3;
    println!("payctl --version                   {median:.1} ms, median of 21 (bound: 10 ms)");
    Ok(())
}

/// Calls and memory of the real binary on the sandbox.
fn environment(root: &Path, payctl: &Path) -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    let mut ec2 = Vec::new();
    for nat in ["one", "per-zone"] {
        let config = folder.path().join(format!("{nat}.toml"));
        std::fs::write(&config, format!("[pci-core]\nnat = \"{nat}\"\n"))?;
        let run = |arguments: &[&str]| -> Result<(Output, Peak), Error> {
            let mut command = Command::new(payctl);
            command
                .args(arguments)
                .args(["--suffix", &format!("bench-{nat}"), "--sandbox", "-v", "--config"])
                .arg(&config)
                .arg("--handlers")
                .arg(root.join("lambda-src/target/lambda"))
                .current_dir(folder.path());
            measured(command)
        };
        let (up, memory) = run(&["up", "--yes"])?;
        let text = String::from_utf8_lossy(&up.stderr).into_owned();
        if !up.status.success() {
            return Err(text.into());
        }
        let done = text.lines().find(|line| line.contains("done:")).unwrap_or_default();
        println!("up, nat = {nat:<10}               {done}; peak memory {memory} (bound: 80 MB)");
        let (plan, _) = run(&["plan", "--detailed-exitcode"])?;
        let err = String::from_utf8_lossy(&plan.stderr).into_owned();
        let out = String::from_utf8_lossy(&plan.stdout).into_owned();
        let number = |text: &str, before: &str| -> f64 {
            let line = text.lines().find(|line| line.contains(before)).unwrap_or_default();
            let words = line.split_whitespace().map(|word| word.parse().ok());
            words.flatten().next().unwrap_or(f64::NAN)
        };
        let (calls, resources) = (number(&err, "AWS calls"), number(&out, "resources match"));
        println!(
            "no-change plan, nat = {nat:<10}   {calls} calls for {resources} resources, {:.2} each (bound: 1.5)",
            calls / resources
        );
        let lines = err.lines().filter(|line| line.contains("EC2."));
        ec2.push(lines.map(|line| number(line, "EC2.")).sum::<f64>());
        let (gone, _) = run(&["destroy", "--yes"])?;
        if !gone.status.success() {
            return Err(String::from_utf8_lossy(&gone.stderr).into_owned().into());
        }
    }
    println!("EC2 calls of it with 4 and with 6 subnets: {} and {}", ec2[0], ec2[1]);
    Ok(())
}

/// Peak resident memory, in MB.
#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    all: u64,
    /// Without the pages of the program's own file.
    own: u64,
}

impl std::fmt::Display for Peak {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} MB, {} MB without the program's own pages", self.all, self.own)
    }
}

/// Runs a command; answers its output and its peak resident memory.
fn measured(mut command: Command) -> Result<(Output, Peak), Error> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let watch = std::thread::spawn(move || {
        let mut peak = Peak::default();
        while let Ok(text) = std::fs::read_to_string(&status) {
            let kilobytes = |name: &str| -> Option<u64> {
                let line = text.lines().find(|line| line.starts_with(name))?;
                line.split_whitespace().nth(1)?.parse().ok()
            };
            let (Some(all), Some(own)) = (kilobytes("VmHWM:"), kilobytes("RssAnon:")) else {
                break;
            };
            peak = Peak { all: peak.all.max(all), own: peak.own.max(own) };
            std::thread::sleep(Duration::from_millis(3));
        }
        Peak { all: peak.all / 1024, own: peak.own / 1024 }
    });
    let output = child.wait_with_output()?;
    Ok((output, watch.join().unwrap_or_default()))
}

fn handler(root: &Path) -> Result<(), Error> {
    let binary = std::fs::read(root.join("lambda-src/target/lambda/payment-processor/bootstrap"))?;
    let mut artifacts = Artifacts::default();
    let digest = artifacts.add(&binary)?;
    let size = artifacts.get(&digest)?.len();
    println!("handler zip                        {size} bytes (bound: 4,000,000), sha256 {digest}");
    // The kinds are counted so that the figures say what they are about.
    println!(
        "resource kinds                     {}",
        Memory::new(kinds().kinds().clone()).kinds().len()
    );
    Ok(())
}
