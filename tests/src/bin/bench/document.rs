//! A document of a thousand resources: what payctl does with it beside waiting for AWS.

use std::path::Path;
use std::process::Command;

use payctl_aws::{Zone, kinds};
use payctl_document::{Document, Format, Source};
use payctl_engine::{Goal, Observed, Owner, Permissions, Request, State};
use payctl_stack::config::Config;
use payctl_stack::{ALL, Context, Discovered, Suffix};

use super::Error;

/// How often each is done: the best counts.
const ROUNDS: usize = 15;

/// How long this thread was on a core so far, in seconds: the machine has other things to do.
fn on_cpu() -> Result<f64, Error> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

/// Reads, checks, declares and plans what `examples/queues.py` prints.
pub(super) fn document(root: &Path) -> Result<(), Error> {
    let printed = Command::new("python3").arg(root.join("examples/queues.py")).output()?;
    if !printed.status.success() {
        return Err(String::from_utf8_lossy(&printed.stderr).into_owned().into());
    }
    let text = String::from_utf8(printed.stdout)?;
    let kinds = kinds();
    let kinds = kinds.kinds();
    let config = Config::default();
    let suffix: Suffix = "dev".parse()?;
    let found = Discovered::assumed(vec![Zone::from("us-east-1a".to_owned())], &[]);
    let context = Context {
        suffix: &suffix,
        account: "123456789012",
        region: "us-east-1",
        partition: "aws",
        found: &found,
        handlers: &Default::default(),
        tags: &config.tags,
        permissions_boundary: None,
    };
    let (mut loading, mut planning, mut resources) = (f64::MAX, f64::MAX, 0);
    for _ in 0..ROUNDS {
        let source = Source {
            name: "queues.json".to_owned(),
            folder: Default::default(),
            format: Format::Json,
            text: text.clone(),
        };
        let began = on_cpu()?;
        let document = Document::read(source, ALL, kinds).map_err(|_| "it cannot be read")?;
        document.check(kinds, &config).map_err(|_| "it has mistakes")?;
        let stack = document.into_system(kinds.clone()).declare(&context, &config);
        loading = loading.min(on_cpu()? - began);
        let state = State::empty("queues", "dev", "123456789012", "us-east-1", "l");
        let owner = Owner { stack: "queues".into(), suffix: "dev".into(), lineage: "l".into() };
        let began = on_cpu()?;
        let plan = payctl_engine::plan(Request {
            goal: Goal::Up,
            stack: &stack,
            state: &state,
            observed: &Observed::default(),
            owner: &owner,
            kinds,
            permissions: &Permissions::default(),
        })?;
        payctl_engine::schedule(&plan, kinds)?;
        planning = planning.min(on_cpu()? - began);
        resources = plan.steps.len();
    }
    println!(
        "a document of {resources} resources     loaded and checked {:.1} ms, planned {:.1} ms, best of {ROUNDS} (bound: 100 ms in all)",
        loading * 1e3,
        planning * 1e3,
    );
    Ok(())
}
