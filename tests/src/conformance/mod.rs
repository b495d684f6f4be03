//! Conformance: what every resource kind has to keep, whatever it is.
//!
//! A case is a small stack with the resource under test, and the edits its mutable properties
//! get. What an emulator gets wrong stands in the case, with the reason.

use payctl_engine::{Address, Call, Changed, Failure, Goal, Provider as _, Seen, Stack, input};
use serde_json::Value;

use crate::cloud;
use crate::emulator::{Emulator, Server};
use crate::environment::Environment;

pub mod access;
pub mod acm;
pub mod apigateway;
pub mod apigatewayv2;
pub mod autoscaling;
pub mod by_hand;
mod cloudtrail;
mod cloudwatch;
pub mod config;
pub mod constants;
mod dynamodb;
pub mod ec2;
pub mod elbv2;
mod eventbridge;
pub mod guardduty;
pub mod iam;
pub mod kms;
pub mod lambda;
mod launch_template;
mod logs;
pub mod rds;
pub mod s3;
pub mod secret_rotation;
pub mod secretsmanager;
pub mod sns;
pub mod sqs;
mod ssm;
pub mod target_attachment;
pub mod wafv2;

/// One kind's case.
pub struct Case {
    /// The stack, prerequisites included.
    pub stack: Stack,
    /// The resource under test.
    pub address: Address,
    /// A new value for each property that can change in place.
    pub edits: Vec<(&'static str, Value)>,
    /// Properties that an emulator does not read back, or does not change.
    pub exceptions: Vec<Exception>,
    /// It cannot be deleted by itself: it goes with what it belongs to.
    pub goes_with_parent: bool,
}

/// What an emulator gets wrong.
pub struct Exception {
    pub emulator: Emulator,
    pub property: &'static str,
    pub reason: &'static str,
}

impl Case {
    /// The case of `address` in `stack`.
    pub fn new(stack: Stack, address: &Address) -> Self {
        Self {
            stack,
            address: address.clone(),
            edits: Vec::new(),
            exceptions: Vec::new(),
            goes_with_parent: false,
        }
    }

    /// Also: `property` is changed to `value`, written as the kind writes it.
    pub fn edit(mut self, property: &'static str, value: impl serde::Serialize) -> Self {
        self.edits.push((property, serde_json::to_value(value).unwrap()));
        self
    }

    /// `emulator` gets `property` wrong.
    pub fn except(
        mut self,
        emulator: Emulator,
        property: &'static str,
        reason: &'static str,
    ) -> Self {
        self.exceptions.push(Exception { emulator, property, reason });
        self
    }

    /// It is deleted with what it belongs to, and not before.
    pub fn goes_with_parent(mut self) -> Self {
        self.goes_with_parent = true;
        self
    }

    fn excepted(&self, emulator: Emulator, property: &str) -> bool {
        self.exceptions.iter().any(|e| e.emulator == emulator && e.property == property)
    }
}

/// All cases by kind. `facts` are the emulator's account and region.
pub fn cases(facts: &payctl_aws::Facts) -> Vec<Case> {
    let mut cases = Vec::new();
    acm::cases(&mut cases);
    apigateway::cases(facts, &mut cases);
    apigatewayv2::cases(facts, &mut cases);
    autoscaling::cases(&mut cases);
    cloudtrail::cases(facts, &mut cases);
    cloudwatch::cases(facts, &mut cases);
    config::cases(facts, &mut cases);
    dynamodb::cases(facts, &mut cases);
    ec2::cases(facts, &mut cases);
    elbv2::cases(&mut cases);
    eventbridge::cases(facts, &mut cases);
    guardduty::cases(facts, &mut cases);
    iam::cases(facts, &mut cases);
    kms::cases(facts, &mut cases);
    lambda::cases(facts, &mut cases);
    launch_template::cases(&mut cases);
    logs::cases(facts, &mut cases);
    rds::cases(facts, &mut cases);
    s3::cases(facts, &mut cases);
    secret_rotation::cases(facts, &mut cases);
    secretsmanager::cases(facts, &mut cases);
    sns::cases(facts, &mut cases);
    sqs::cases(facts, &mut cases);
    ssm::cases(&mut cases);
    target_attachment::cases(&mut cases);
    wafv2::cases(facts, &mut cases);
    cases
}

/// Tags as stacks give them.
pub fn tags(name: &str) -> payctl_aws::Tags {
    [("Name".to_owned(), name.to_owned()), ("Environment".to_owned(), "test".to_owned())].into()
}

/// A stack to put a case's resources in.
pub fn stack() -> Stack {
    Stack::new("conformance", "test")
}

/// Holds the kind `kind` to what every kind has to keep, on `emulator`.
pub async fn check(kind: &str, emulator: Emulator) {
    let server = Server::start(emulator);
    let artifacts = lambda::artifacts();
    let environment = Environment::new(&server, "conformance", "test", artifacts).await;
    let all = cases(&environment.facts);
    let case = all.iter().find(|case| case.address.kind() == kind);
    let case = case.unwrap_or_else(|| panic!("{kind} has no conformance case"));
    let info = &environment.provider.kinds()[kind];
    if case.excepted(emulator, "create") {
        return;
    }
    prepare(kind, &server).await;

    for names in [info.replaced_by, info.unique_by, info.set_later, info.holds] {
        for name in names {
            assert!(info.properties.contains(name), "{kind} has no property {name}");
        }
    }
    let mutable: Vec<&str> = info
        .properties
        .iter()
        .copied()
        .filter(|name| !info.replaced_by.contains(name))
        // Only a deletion brings the one about, and only time the other.
        .filter(|name| !["pending_deletion", "renewed"].contains(name))
        .filter(|name| !case.edits.iter().any(|(edited, _)| edited == name))
        .filter(|name| !case.exceptions.iter().any(|e| e.property == *name))
        .collect();
    assert!(mutable.is_empty(), "{kind}: no edit for {mutable:?}");

    // Created, it reads as it was declared, and a second plan is empty.
    let (_, outcome) = environment.run(&case.stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    let declared = declared(&environment, case);
    let seen = see(&environment, case).await;
    compare(case, emulator, &declared, &seen.properties, "after its creation");
    let plan = environment.plan(&case.stack, Goal::Up).await;
    for step in plan.steps.iter().filter(|step| step.address == case.address) {
        let changes = step.changes.iter().filter(|c| !case.excepted(emulator, &c.property));
        let changes: Vec<_> = changes.collect();
        assert!(changes.is_empty(), "a second plan changes {changes:#?}");
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    }

    // Found again when the answer of its creation was lost.
    let call = Call {
        address: &case.address,
        owner: &environment.owner,
        token: "0123456789abcdef0123456789abcdef",
        properties: &declared,
    };
    let found = environment.provider.find(call, &declared).await.unwrap();
    let in_vain = case.excepted(emulator, "find");
    assert!(in_vain || found.contains(&seen.outputs), "find: {found:?}, not {:?}", seen.outputs);

    // Every mutable property converges, alone and a second time.
    for (property, value) in &case.edits {
        let mut edited = declared.clone();
        edited[*property] = resolved(&environment, value);
        if *property == "tags" {
            let ownership = environment.owner.tags(&case.address);
            let tags = edited["tags"].as_object_mut().unwrap();
            tags.extend(ownership.into_iter().map(|(name, value)| (name, value.into())));
            // One more, which goes again on the way back.
            tags.insert("more".to_owned(), "1".into());
        }
        let edited = info.normalise(&edited);
        assert_ne!(edited, declared, "the edit of {property} changes nothing");
        let offered = !case.excepted(emulator, property);
        let before = changing(&environment);
        // What an emulator does not take may be waited for in vain: once is enough.
        for nth in 0..if offered { 2 } else { 1 } {
            let done = converge(&environment, call, &edited, &seen.outputs, property).await;
            assert!(done.is_ok() || !offered, "the edit of {property}: {done:?}");
            // What is told as changed was changed by a call, whatever an emulator makes of it.
            let called = changing(&environment) > before;
            let quiet = !offered || CALLS_NOTHING.contains(&(kind, *property));
            assert!(nth > 0 || called || quiet, "the edit of {property} changes nothing on AWS");
        }
        let call = Call { properties: &edited, ..call };
        let read = read(&environment, call, &seen.outputs).await.expect("it is still there");
        compare(case, emulator, &edited, &read, &format!("after the edit of {property}"));
        let done = converge(&environment, call, &declared, &seen.outputs, property).await;
        assert!(done.is_ok() || !offered, "back from the edit of {property}: {done:?}");
    }

    // Deleted twice, it is gone.
    if !case.goes_with_parent {
        for _ in 0..2 {
            delete(&environment, call, &seen.outputs).await;
        }
        let gone = read(&environment, call, &seen.outputs).await;
        let gone = gone.filter(|seen| seen.get("pending_deletion") != Some(&Value::Bool(true)));
        assert_eq!(gone, None, "it is still there after it was deleted");
    }
    // And so is all of its stack.
    let (plan, outcome) = environment.run(&case.stack, Goal::Destroy).await;
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    access::check(case, environment.provider.kinds(), emulator, &environment.calls.counts());
    if constants::shown_on(case) == Some(emulator) {
        let of_case = environment.provider.members.of(kind);
        constants::check(&environment.provider.kinds()[kind], &of_case);
    }
}

/// Makes what the case of `kind` needs and no kind makes, with clients of its own: what they call
/// is not what the kind's verbs call.
async fn prepare(kind: &str, server: &Server) {
    match kind {
        "config.rule" => config::set_up_recorder(&cloud::clients(server).await).await,
        "elbv2.load_balancer" => elbv2::add_buckets(&cloud::clients(server).await).await,
        "lambda.event_source_mapping" => lambda::add_queue(&cloud::clients(server).await).await,
        _ => {}
    }
}

/// Properties that no call sets when they change: what a deletion is told, which the state keeps, and
/// a role of which any does that is set.
const CALLS_NOTHING: [(&str, &str); 4] = [
    ("apigateway.account", "cloudwatch_role"),
    ("kms.key", "deletion_window_days"),
    ("rds.cluster", "final_snapshot"),
    ("secretsmanager.secret", "recovery_window_days"),
];

/// How many calls were made so far that change something.
fn changing(environment: &Environment) -> u64 {
    const READS: [&str; 6] = ["Batch", "Describe", "Get", "Head", "List", "Lookup"];
    let counts = environment.calls.counts();
    let changes = |name: &str| {
        let operation = name.rsplit('.').next().unwrap_or_default();
        !READS.iter().any(|read| operation.starts_with(read))
    };
    counts.iter().filter(|(name, _)| changes(name)).map(|(_, count)| count).sum()
}

async fn converge(
    environment: &Environment,
    call: Call<'_>,
    properties: &Value,
    outputs: &Value,
    property: &str,
) -> Result<(), Failure> {
    let changed = Changed::new([property]);
    let provider = &environment.provider;
    patiently(|| provider.converge(call, properties, outputs, &changed)).await?;
    while provider.ready(call, outputs).await.unwrap() != payctl_engine::Readiness::Ready {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Ok(())
}

async fn delete(environment: &Environment, call: Call<'_>, outputs: &Value) {
    patiently(|| environment.provider.delete(call, outputs)).await.unwrap();
}

/// Calls until it is no longer on its way; the engine does the same for longer.
async fn patiently<'a, F>(mut step: F) -> Result<(), Failure>
where
    F: FnMut() -> payctl_engine::Answer<'a, ()>,
{
    use payctl_engine::FailureKind::{Busy, NotYetVisible, Pending};
    for _ in 0..150 {
        match step().await {
            Ok(()) => return Ok(()),
            Err(failure) if matches!(failure.kind, Busy | NotYetVisible | Pending) => {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
            Err(failure) => return Err(failure),
        }
    }
    panic!("it takes too long");
}

/// Reads it. Its deletion view says the same of it, and whether it is there.
async fn read(environment: &Environment, call: Call<'_>, outputs: &Value) -> Option<Value> {
    let read = environment.provider.read(call, outputs).await.unwrap();
    let deletion_view = environment.provider.deletion_view(call, outputs).await.unwrap();
    assert_eq!(
        read.is_some(),
        deletion_view.is_some(),
        "read: {read:#?}, at a deletion_view: {deletion_view:#?}"
    );
    for (property, value) in deletion_view.iter().filter_map(Value::as_object).flatten() {
        assert_eq!(read.as_ref().and_then(|read| read.get(property)), Some(value), "{property}");
    }
    read
}

async fn see(environment: &Environment, case: &Case) -> Seen {
    let mut observed = environment.observe(&case.stack).await;
    observed.resources.remove(&case.address).expect("it exists")
}

fn resolved(environment: &Environment, value: &Value) -> Value {
    let state = environment.state();
    input::resolve(value, &|reference| {
        state.resources.get(&reference.address)?.outputs.get(&reference.output).cloned()
    })
}

/// What the case declares, as the kind writes it.
fn declared(environment: &Environment, case: &Case) -> Value {
    let declared = case.stack.resources().iter().find(|d| d.address == case.address).unwrap();
    let kind = &environment.provider.kinds()[case.address.kind()];
    kind.normalise(&resolved(environment, &declared.owned(&environment.owner, kind)))
}

fn compare(case: &Case, emulator: Emulator, wanted: &Value, read: &Value, when: &str) {
    for (property, wanted) in wanted.as_object().unwrap() {
        let equal = read.get(property) == Some(wanted);
        let excepted = case.excepted(emulator, property);
        assert!(
            equal || excepted,
            "{when}, {property} reads {:#}, not {wanted:#}",
            read.get(property).unwrap_or(&Value::Null)
        );
    }
}
