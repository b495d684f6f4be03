//! The IAM policy that an operator needs: what the kinds of a stack call, on what the stack
//! declares, and nothing more.

use std::collections::{BTreeMap, BTreeSet};

use payctl_engine::{Address, Declared, KindInfo, Kinds, Stack, input};
use serde_json::{Value, json};

use crate::{Facts, elbv2};

/// What the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Reads what exists.
    Plan,
    /// Makes everything as declared.
    Up,
    /// Deletes everything.
    Destroy,
    /// Moves requests from one target group to another.
    Shift,
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
    let unscoped: Place = (["*".to_owned()].into(), None);
    places.insert(unscoped.clone(), ALWAYS.iter().chain(asks).copied().collect());
    for declared in stack.resources() {
        let Some(kind) = kinds.get(declared.address.kind()) else { continue };
        let access = kind.access;
        let on = writer.resources(declared, kind);
        for action in actions(kind, tasks) {
            let unscoped_only = access.unscoped.contains(&action) || action == elbv2::HEALTH;
            let place = match unscoped_only {
                true => unscoped.clone(),
                false => (writer.named(declared, kind, action, &on), None),
            };
            places.entry(place).or_default().insert(action);
        }
        for (action, property, service) in access.delegated {
            // What is behind another resource is decrypted to look at it, whatever the task.
            let up = tasks.contains(&Task::Up);
            let needed = up || (*action == "kms:Decrypt" && *tasks != [Task::Shift]);
            let resources = match property.split_once('.') {
                Some((other, property)) if needed => {
                    writer.referred_behind(declared, other, property)
                }
                Some(_) => BTreeSet::new(),
                None if up => writer.referred(declared, property),
                None => BTreeSet::new(),
            };
            if !resources.is_empty() {
                let condition = writer.condition(action, service);
                places.entry((resources, condition)).or_default().insert(action);
            }
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements(places) })
}

/// What `kind` calls for `tasks`.
fn actions(kind: &KindInfo, tasks: &[Task]) -> BTreeSet<&'static str> {
    let access = kind.access;
    let of_kind = |(name, _): &&(&str, _)| *name == kind.kind;
    let of = |task: &Task| match task {
        Task::Plan => vec![access.look],
        // A replacement deletes.
        Task::Up => vec![access.look, access.create, access.change, access.delete],
        Task::Destroy => vec![access.look, access.delete],
        Task::Shift => elbv2::SHIFT.iter().filter(of_kind).map(|(_, actions)| *actions).collect(),
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

    /// What `action` names: `on`, and what `declared` is made with. Where it is another service's
    /// action, only the latter.
    fn named(
        &self,
        declared: &Declared,
        kind: &KindInfo,
        action: &str,
        on: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let others = kind.access.extra_resources.iter().filter(|(name, _)| *name == action);
        let others: Vec<_> = others.map(|(_, name)| self.others(declared, name)).collect();
        let service = action.split(':').next().unwrap_or_default();
        let own = others.is_empty() || service == kind.service();
        let on = on.iter().filter(|_| own).cloned();
        on.chain(others.into_iter().flatten()).collect()
    }

    /// The resources that `property` of `declared` refers to, or the one that it names.
    fn others(&self, declared: &Declared, property: &str) -> BTreeSet<String> {
        let mut resources = self.referred(declared, property);
        let named = declared.properties[property].as_str().filter(|text| text.starts_with("arn:"));
        resources.extend(named.map(str::to_owned));
        resources
    }

    /// The resources that `property` of `declared` refers to.
    fn referred(&self, declared: &Declared, property: &str) -> BTreeSet<String> {
        let references = input::references(&declared.properties[property]);
        references.iter().flat_map(|reference| self.resources_at(&reference.address)).collect()
    }

    /// The resources that `property` of what `other` of `declared` refers to refers to.
    fn referred_behind(
        &self,
        declared: &Declared,
        other: &str,
        property: &str,
    ) -> BTreeSet<String> {
        let references = input::references(&declared.properties[other]);
        let others = references.iter().filter_map(|reference| self.declared(&reference.address));
        others.flat_map(|other| self.referred(other, property)).collect()
    }

    fn declared(&self, address: &Address) -> Option<&Declared> {
        self.stack.resources().iter().find(|declared| declared.address == *address)
    }

    fn resources_at(&self, address: &Address) -> BTreeSet<String> {
        let kind = self.kinds.get(address.kind());
        self.declared(address)
            .zip(kind)
            .map(|(d, kind)| self.resources(d, kind))
            .unwrap_or_default()
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

    /// That a service does it, and not the caller itself, where AWS can tell them apart.
    fn condition(&self, action: &str, service: &str) -> Option<Condition> {
        match action.split_once(':')?.0 {
            "iam" => Some(("iam:PassedToService", format!("{service}.amazonaws.com"))),
            "kms" => {
                let via = format!("{service}.{}.amazonaws.com", self.facts.region);
                Some(("kms:ViaService", via))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use payctl_engine::Input;

    use super::*;
    use crate::rds::Cluster;
    use crate::secretsmanager::{Generate, Secret};
    use crate::{Arn, Set, Tags, kinds};

    fn cluster(secret: Input<Arn>) -> Cluster {
        Cluster {
            identifier: "db".to_owned(),
            engine: "aurora-postgresql".to_owned(),
            engine_version: "16.8".to_owned(),
            database_name: "payments".to_owned(),
            master_username: "payments_admin".to_owned(),
            master_secret: secret,
            port: 5432,
            zones: Set::new(),
            subnet_group: Input::Known("db".into()),
            security_groups: Set::new(),
            kms_key: Input::Known("key".into()),
            backup_retention_days: 30,
            parameter_group: Input::Known("db".into()),
            log_exports: Set::new(),
            iam_authentication: true,
            deletion_protection: false,
            copy_tags_to_snapshots: true,
            final_snapshot: false,
            tags: Tags::new(),
        }
    }

    /// What is allowed on what, in a stack with one cluster and the secret it is made with.
    fn allowed(action: &str, known: Option<&str>) -> Vec<String> {
        let mut stack = Stack::new("access", "test");
        let secret = stack.add(
            "db",
            Secret {
                name: "db".to_owned(),
                description: String::new(),
                kms_key: None,
                generate: Generate::default(),
                recovery_window_days: None,
                pending_deletion: false,
                tags: Tags::new(),
            },
        );
        let secret = known.map_or(secret.arn(), |arn| Input::Known(arn.into()));
        stack.add("db", cluster(secret));
        let facts = Facts {
            account: "123456789012".to_owned(),
            caller: String::new(),
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let registry = kinds();
        let document = policy(&stack, registry.kinds(), &facts, &[Task::Up], &[]);
        let statements = document["Statement"].as_array().unwrap();
        let with = statements.iter().filter(|statement| {
            statement["Action"].as_array().unwrap().iter().any(|name| name == action)
        });
        let resources = with.flat_map(|statement| statement["Resource"].as_array().unwrap());
        resources.map(|resource| resource.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn an_action_on_what_something_is_made_with_names_that() {
        let get = "secretsmanager:GetSecretValue";
        let secrets = allowed(get, None);
        let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db";
        assert_eq!(secrets, [secret.to_owned(), format!("{secret}-??????")]);
        let by_hand = "arn:aws:secretsmanager:us-east-1:123456789012:secret:by-hand-123456";
        assert_eq!(allowed(get, Some(by_hand)), [by_hand]);
        let rds = allowed("rds:ModifyDBCluster", None);
        assert!(rds.contains(&"arn:aws:rds:us-east-1:123456789012:cluster:db".to_owned()));
        assert!(rds.iter().all(|resource| !resource.contains("secret")), "{rds:?}");
    }
}
