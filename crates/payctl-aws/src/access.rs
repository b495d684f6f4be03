//! The IAM policy that an operator needs: what the kinds of a stack call, on what the stack
//! declares, and nothing more.

use std::collections::{BTreeMap, BTreeSet};

use payctl_engine::{Address, Declared, KindInfo, Kinds, Stack, input};
use serde_json::{Value, json};

use crate::Facts;

/// What the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Looks at what exists.
    Plan,
    /// Makes everything as declared.
    Up,
    /// Deletes everything.
    Destroy,
}

/// What every command asks AWS, whatever the stack.
const ALWAYS: [&str; 3] =
    ["ec2:DescribeAvailabilityZones", "sts:GetCallerIdentity", "tag:GetResources"];

/// A condition's key and what it has to be.
type Condition = (&'static str, String);

/// An action's resources and the condition it is allowed under.
type Place = (BTreeSet<String>, Option<Condition>);

/// The policy document for `tasks` on `stack` in the account and region of `facts`, where `asks`
/// are the actions that look up what it has to know before.
#[must_use]
pub fn policy(
    stack: &Stack,
    kinds: &Kinds,
    facts: &Facts,
    tasks: &[Task],
    asks: &[&'static str],
) -> Value {
    let writer = Writer { stack, kinds, facts };
    let mut places: BTreeMap<Place, BTreeSet<&str>> = BTreeMap::new();
    let anywhere: Place = (["*".to_owned()].into(), None);
    places.insert(anywhere.clone(), ALWAYS.iter().chain(asks).copied().collect());
    for declared in stack.resources() {
        let Some(kind) = kinds.get(declared.address.kind()) else { continue };
        let access = kind.access;
        let on: Place = (writer.resources(declared, kind), None);
        for action in actions(kind, tasks) {
            let place = if access.anywhere.contains(&action) { &anywhere } else { &on };
            places.entry(place.clone()).or_default().insert(action);
        }
        let hands_on = access.hands_on.iter().filter(|_| tasks.contains(&Task::Up));
        for (action, property, service) in hands_on {
            let resources = writer.referred(declared, property);
            if !resources.is_empty() {
                let condition = writer.condition(action, service);
                places.entry((resources, Some(condition))).or_default().insert(action);
            }
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements(places) })
}

/// What `kind` calls for `tasks`.
fn actions(kind: &KindInfo, tasks: &[Task]) -> BTreeSet<&'static str> {
    let access = kind.access;
    let of = |task: &Task| match task {
        Task::Plan => vec![access.look],
        // A replacement deletes.
        Task::Up => vec![access.look, access.create, access.change, access.delete],
        Task::Destroy => vec![access.look, access.delete],
    };
    tasks.iter().flat_map(of).flatten().copied().collect()
}

/// One statement for all places at which the same is allowed under the same condition.
fn statements(places: BTreeMap<Place, BTreeSet<&str>>) -> Vec<Value> {
    let mut merged: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for ((resources, condition), actions) in places {
        merged.entry((actions, condition)).or_default().extend(resources);
    }
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    type Merged<'a> = ((BTreeSet<&'a str>, Option<Condition>), BTreeSet<String>);
    let statement = |((actions, condition), resources): Merged<'_>| {
        let service = actions.first().and_then(|action| action.split(':').next());
        let base = if resources.contains("*") { "anywhere" } else { service.unwrap_or_default() };
        let nth = names.entry(base.to_owned()).and_modify(|nth| *nth += 1).or_insert(1);
        let mut text = base.chars();
        let first = text.next().map(|c| c.to_ascii_uppercase()).into_iter();
        let name: String = first.chain(text).collect();
        let name = if *nth == 1 { name } else { format!("{name}{nth}") };
        let mut statement =
            json!({ "Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources });
        if let Some((key, value)) = condition {
            statement["Condition"] = json!({ "StringEquals": { key: value } });
        }
        statement
    };
    merged.into_iter().map(statement).collect()
}

/// The text of a property; what it takes from another resource may be anything.
fn pattern(value: &Value) -> String {
    match (value.as_str(), value["$join"].as_array()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(parts)) => parts.iter().map(|part| part.as_str().unwrap_or("*")).collect(),
        (None, None) => "*".to_owned(),
    }
}

struct Writer<'a> {
    stack: &'a Stack,
    kinds: &'a Kinds,
    facts: &'a Facts,
}

impl Writer<'_> {
    /// The resources that the actions on `declared` name.
    fn resources(&self, declared: &Declared, kind: &KindInfo) -> BTreeSet<String> {
        match kind.belongs_to {
            Some(parent) if kind.access.on.is_empty() => self.referred(declared, parent),
            _ => kind.access.on.iter().map(|arn| self.fill(arn, declared)).collect(),
        }
    }

    /// The resources that `property` of `declared` refers to.
    fn referred(&self, declared: &Declared, property: &str) -> BTreeSet<String> {
        let references = input::references(&declared.properties[property]);
        references.iter().flat_map(|reference| self.resources_at(&reference.address)).collect()
    }

    fn resources_at(&self, address: &Address) -> BTreeSet<String> {
        let declared = self.stack.resources().iter().find(|d| d.address == *address);
        let kind = self.kinds.get(address.kind());
        declared.zip(kind).map(|(d, kind)| self.resources(d, kind)).unwrap_or_default()
    }

    /// `template` with what is in braces.
    fn fill(&self, template: &str, declared: &Declared) -> String {
        let Facts { account, partition, region, .. } = self.facts;
        let place = [("{partition}", partition), ("{region}", region), ("{account}", account)];
        let mut text = place.iter().fold(template.to_owned(), |t, (key, v)| t.replace(key, v));
        for (name, value) in declared.properties.as_object().into_iter().flatten() {
            text = text.replace(&format!("{{{name}}}"), &pattern(value));
        }
        text
    }

    /// That a service does it, and not the caller itself.
    fn condition(&self, action: &str, service: &str) -> Condition {
        match action.starts_with("iam:") {
            true => ("iam:PassedToService", format!("{service}.amazonaws.com")),
            false => ("kms:ViaService", format!("{service}.{}.amazonaws.com", self.facts.region)),
        }
    }
}
