//! The end of an environment's life: a tag on one of its resources, which each `up` that is told to
//! sets anew. docs/decisions/0038-end-of-life.md says why it is there and nowhere else.

use std::collections::BTreeSet;

use jiff::Timestamp;
use payctl_aws::{Aws, EXPIRES};
use payctl_engine::input::resolve;
use payctl_engine::{
    Action, Address, Answer, Bound, Call, Changed, Dependent, Goal, Kinds, Plan, Provider,
    Readiness, Stack,
};
use payctl_stack::life::Life;
use serde_json::Value;

use crate::error::CliError;
use crate::local::Local;
use crate::report;

/// The kinds that carry it, the best first: of these AWS's list of tags tells, and whether one is
/// there. A network goes late in a deletion, which thus finds the end again after it was interrupted.
const CARRIERS: [&str; 8] = [
    "ec2.vpc",
    "kms.key",
    "dynamodb.table",
    "s3.bucket",
    "sqs.queue",
    "sns.topic",
    "lambda.function",
    "logs.group",
];
/// What stands where a moment would in what has no end. It sorts behind all moments.
const NEVER: &str = "never";

/// The end of an environment's life, to be written.
#[derive(Debug)]
pub(crate) struct End {
    carrier: Address,
    value: String,
}

/// How long it is to be there, where that was typed or is configured. What is protected is there for
/// good.
pub(crate) fn asked(
    typed: Option<Life>,
    goal: Goal,
    local: &Local,
) -> Result<Option<Life>, CliError> {
    let suffix = local.suffix.as_str();
    let is_protected = local.config.protected.iter().any(|protected| protected == suffix);
    if typed.is_some() && goal == Goal::Destroy {
        let error =
            CliError::failed("--ttl says how long something is there that is to be deleted");
        return Err(error.hint("leave it out"));
    }
    if let (Some(Life::Lasts(_)), true) = (typed, is_protected) {
        let error = CliError::failed(format!("the suffix {suffix} is protected: it has no end"));
        return Err(error.hint("leave --ttl out, or take it out of `protected`"));
    }
    // The configuration is checked already.
    let configured = || local.config.ttl.as_ref()?.parse().ok();
    Ok(match goal {
        Goal::Up => typed.or_else(|| configured().filter(|_| !is_protected)),
        Goal::Destroy => None,
    })
}

impl End {
    /// What says that `stack` is there for `life` from now on.
    pub(crate) fn of(stack: &Stack, life: Life) -> Result<Self, CliError> {
        let addresses = || stack.resources().iter().map(|declared| &declared.address);
        let of = |kind: &&str| {
            addresses().filter(|one| one.kind() == *kind && !one.is_shared()).min().cloned()
        };
        let Some(carrier) = CARRIERS.iter().find_map(of) else {
            let message = format!("nothing of {} can carry the end of its life", stack.name);
            let kinds = CARRIERS.join(", ");
            return Err(CliError::failed(message).hint(format!("one of these can: {kinds}")));
        };
        let value = match life {
            Life::Endless => NEVER.to_owned(),
            Life::Lasts(time) => {
                let end = Timestamp::now().checked_add(time).map_err(|source| {
                    CliError::failed("no clock goes as far as that life").because(&source)
                })?;
                end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
            }
        };
        Ok(Self { carrier, value })
    }

    /// Writes it onto what is there to carry it and stays, before anything else is changed. What is
    /// made comes with it: see [`Carrying`].
    pub(crate) async fn write(&self, provider: &Bound<Aws>, plan: &Plan) -> Result<(), CliError> {
        let Self { carrier, value } = self;
        report::say(&match end(value) {
            Some(end) => format!("its life ends at {} UTC", minute(end)),
            None => "its life has no end".to_owned(),
        });
        let stays = [Action::Keep, Action::Adopt, Action::Update];
        let step = plan.step(carrier).filter(|step| stays.contains(&step.action));
        let Some((step, known)) = step.and_then(|step| Some((step, step.known.as_ref()?))) else {
            return Ok(());
        };
        let declared = resolve(&step.properties, &|reference| {
            let known = plan.step(&reference.address)?.known.as_ref()?;
            known.get(&reference.output).cloned()
        });
        let call =
            Call { address: carrier, owner: &plan.owner, token: "", properties: &step.before };
        let tags = provider.kinds().get(carrier.kind()).and_then(|kind| kind.tags);
        let changed = Changed::new(tags);
        let carrying = Carrying { provider, end: Some(self) };
        carrying.converge(call, &declared, known, &changed).await.map_err(|failure| {
            CliError::aws(format!("failed to write the end of its life onto {carrier}"), &failure)
        })
    }

    /// `declared` with the tag, where that is what carries it.
    fn on(&self, address: &Address, kinds: &Kinds, declared: &Value) -> Value {
        let mut declared = declared.clone();
        let name = kinds.get(address.kind()).and_then(|kind| kind.tags);
        if let Some(Value::Object(tags)) = name.and_then(|name| declared.get_mut(name))
            && *address == self.carrier
        {
            tags.insert(EXPIRES.to_owned(), self.value.clone().into());
        }
        declared
    }
}

/// The moment that a tag's value names. Who lives for ever has none, nor has what nobody can read.
pub(crate) fn end(value: &str) -> Option<Timestamp> {
    value.parse().ok()
}

/// A moment as people read it, in UTC.
pub(crate) fn minute(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Kinds whose resource that carries the end is tagged with it whenever its tags are set: it is
/// never there without, wherever a run is killed.
pub(crate) struct Carrying<'p> {
    pub(crate) provider: &'p Bound<Aws>,
    pub(crate) end: Option<&'p End>,
}

impl Carrying<'_> {
    fn with_end(&self, address: &Address, declared: &Value) -> Value {
        match self.end {
            Some(end) => end.on(address, self.provider.kinds(), declared),
            None => declared.clone(),
        }
    }
}

impl Provider for Carrying<'_> {
    fn kinds(&self) -> &Kinds {
        self.provider.kinds()
    }

    fn find_tagged<'a>(&'a self, call: Call<'a>) -> Answer<'a, Vec<Value>> {
        self.provider.find_tagged(call)
    }

    fn find<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Vec<Value>> {
        self.provider.find(call, declared)
    }

    fn read<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        self.provider.read(call, known)
    }

    fn attachments<'a>(
        &'a self,
        call: Call<'a>,
        known: &'a Value,
        dependents: &'a [Dependent],
        unwanted: &'a BTreeSet<String>,
    ) -> Answer<'a, BTreeSet<String>> {
        self.provider.attachments(call, known, dependents, unwanted)
    }

    fn deletion_view<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        self.provider.deletion_view(call, known)
    }

    fn create<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Value> {
        let declared = self.with_end(call.address, declared);
        Box::pin(async move { self.provider.create(call, &declared).await })
    }

    fn converge<'a>(
        &'a self,
        call: Call<'a>,
        declared: &'a Value,
        known: &'a Value,
        changed: &'a Changed,
    ) -> Answer<'a, ()> {
        let declared = self.with_end(call.address, declared);
        Box::pin(async move { self.provider.converge(call, &declared, known, changed).await })
    }

    fn delete<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, ()> {
        self.provider.delete(call, known)
    }

    fn ready<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Readiness> {
        self.provider.ready(call, known)
    }
}

#[cfg(test)]
mod tests {
    use payctl_aws::kinds;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_carries_the_end_is_tagged_with_it() {
        let vpc = Address::new("ec2.vpc", "main");
        let end = End { carrier: vpc.clone(), value: NEVER.to_owned() };
        let (kinds, declared) = (kinds(), json!({ "tags": { "a": "b" } }));
        let tagged = json!({ "tags": { "a": "b", "payctl:expires": "never" } });
        assert_eq!(end.on(&vpc, kinds.kinds(), &declared), tagged);
        for other in [Address::new("ec2.vpc", "other"), Address::new("ec2.subnet", "main")] {
            assert_eq!(end.on(&other, kinds.kinds(), &declared), declared, "{other}");
        }
    }

    #[test]
    fn who_lives_for_ever_outlives_every_moment() {
        assert!(NEVER > "2026-12-04T03:55:12Z" && NEVER > "9999-01-01T00:00:00Z");
        assert_eq!(end(NEVER), None);
        assert_eq!(end("2026-12-04T03:55:12Z").map(minute).as_deref(), Some("2026-12-04 03:55"));
    }
}
