//! The IAM policy that an operator needs: what the kinds of a stack call, on what the stack
//! declares, and nothing more.

mod conditions;
mod reference;
mod simulate;
mod writer;

use std::collections::{BTreeMap, BTreeSet};

use conditions::{Conditions, boundary};
use payctl_engine::{Declared, KindInfo, Kinds, Stack};
use serde_json::{Value, json};
pub use simulate::{Lacking, LinkedRoles, lacking, linked_roles};
use writer::{Place, Writer};

use crate::status::STATUS;
use crate::{Facts, Limited, Setting, elbv2, lambda, s3};

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
    /// Calls a function.
    Invoke,
    /// Judges what stands, and the account's settings.
    Check,
}

/// What every command asks AWS, whatever the stack.
const ALWAYS: [&str; 3] =
    ["ec2:DescribeAvailabilityZones", "sts:GetCallerIdentity", "tag:GetResources"];

/// What reads values that are nobody's to see who only looks: a plan is content without.
const SECRET: [&str; 2] = ["kms:Decrypt", "secretsmanager:GetSecretValue"];

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
    let unscoped: Place = (["*".to_owned()].into(), Conditions::new());
    let mut asked: BTreeSet<&str> = ALWAYS.iter().chain(asks).copied().collect();
    if tasks.contains(&Task::Plan) || tasks.contains(&Task::Up) {
        // How much room there is for what is to be made.
        let is_made = |limited: &Limited| {
            stack.resources().iter().any(|one| one.address.kind() == limited.kind())
        };
        asked.extend(Limited::ALL.iter().filter(|one| is_made(one)).flat_map(|one| one.actions()));
        // Which service-linked roles are there.
        let links = |one: &Declared| {
            let kind = kinds.get(one.address.kind());
            kind.is_some_and(|kind| kind.access.create.contains(&"iam:CreateServiceLinkedRole"))
        };
        asked.extend(stack.resources().iter().any(links).then_some("iam:ListRoles"));
    }
    if tasks.contains(&Task::Check) {
        asked.extend(Setting::ALL.iter().flat_map(|one| one.actions()));
    }
    places.insert(unscoped, asked);
    for declared in stack.resources() {
        let Some(kind) = kinds.get(declared.address.kind()) else { continue };
        for action in actions(kind, declared, tasks) {
            for place in writer.places(declared, kind, action) {
                places.entry(place).or_default().insert(action);
            }
        }
        for (action, property, service) in kind.access.delegated {
            // What is behind another resource is decrypted to look at it, whatever the task.
            let up = tasks.contains(&Task::Up);
            let needed = up || (*action == "kms:Decrypt" && tasks.contains(&Task::Destroy));
            let resources = match property.split_once('.') {
                Some((other, property)) if needed => {
                    writer.referred_behind(declared, other, property)
                }
                Some(_) => BTreeSet::new(),
                None if up => writer.referred(declared, property),
                None => BTreeSet::new(),
            };
            let known = reference::action(action);
            let fits = |arn: &String| {
                known.as_ref().is_some_and(|known| known.sorts_of(arn).next().is_some())
            };
            let resources = resources.into_iter().map(|(arn, _)| arn).filter(fits);
            let resources: BTreeSet<String> = resources.collect();
            if !resources.is_empty() {
                let conditions = writer.delegation(action, service);
                places.entry((resources, conditions)).or_default().insert(action);
            }
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements(places) })
}

/// What `kind` calls for `tasks` on `declared`.
fn actions(kind: &KindInfo, declared: &Declared, tasks: &[Task]) -> BTreeSet<&'static str> {
    let access = kind.access;
    let of_kind = |(name, _): &&(&str, _)| *name == kind.kind;
    let of = |task: &Task| match task {
        // Whoever looks may ask how it is.
        Task::Plan => {
            let status = STATUS.iter().filter(of_kind).map(|(_, actions)| *actions);
            status.chain([access.look]).collect()
        }
        // A replacement deletes.
        Task::Up => vec![access.look, access.create, access.change, access.delete],
        Task::Destroy => vec![access.look, access.delete],
        Task::Check => vec![access.look],
        Task::Invoke => lambda::INVOKE.iter().filter(of_kind).map(|(_, all)| *all).collect(),
        Task::Shift => elbv2::SHIFT.iter().filter(of_kind).map(|(_, actions)| *actions).collect(),
    };
    let mut all: BTreeSet<&str> = tasks.iter().flat_map(of).flatten().copied().collect();
    if tasks.iter().all(|task| matches!(task, Task::Plan | Task::Check)) {
        all.retain(|action| !SECRET.contains(action));
    }
    // Who gives roles a boundary must not be able to take it off, and nobody else has to.
    let superfluous = match boundary(declared) {
        Some(_) => "iam:DeleteRolePermissionsBoundary",
        None => "iam:PutRolePermissionsBoundary",
    };
    all.remove(superfluous);
    if declared.properties["lock"].is_null() {
        // Nothing is locked that would have to be deleted all the same.
        all.remove(s3::BYPASS);
    }
    all
}

/// One statement for all places at which the same is allowed under the same condition.
fn statements(places: BTreeMap<Place, BTreeSet<&str>>) -> Vec<Value> {
    let mut merged: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for ((resources, conditions), actions) in places {
        merged.entry((actions, conditions)).or_default().extend(resources);
    }
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    type Merged<'a> = ((BTreeSet<&'a str>, Conditions), BTreeSet<String>);
    let statement = |((actions, conditions), resources): Merged<'_>| {
        let service = actions.first().and_then(|action| action.split(':').next());
        let base = if resources.contains("*") { "anywhere" } else { service.unwrap_or_default() };
        let nth = names.entry(base.to_owned()).and_modify(|nth| *nth += 1).or_insert(1);
        let mut text = base.chars();
        let first = text.next().map(|c| c.to_ascii_uppercase()).into_iter();
        let name: String = first.chain(text).collect();
        let name = if *nth == 1 { name } else { format!("{name}{nth}") };
        let mut statement =
            json!({ "Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources });
        for (operator, key, values) in conditions {
            statement["Condition"][operator][key] = match &values[..] {
                [one] => json!(one),
                all => json!(all),
            };
        }
        statement
    };
    merged.into_iter().map(statement).collect()
}

#[cfg(test)]
mod tests {
    use payctl_engine::Input;

    use super::*;
    use crate::rds::Cluster;
    use crate::s3::{Bucket, ObjectLock};
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
        allowed_in(&stack, &[Task::Up], action)
    }

    fn allowed_in(stack: &Stack, tasks: &[Task], action: &str) -> Vec<String> {
        let facts = Facts {
            account: "123456789012".to_owned(),
            caller: String::new(),
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let registry = kinds();
        let document = policy(stack, registry.kinds(), &facts, tasks, &[]);
        let statements = document["Statement"].as_array().unwrap();
        let with = statements.iter().filter(|statement| {
            statement["Action"].as_array().unwrap().iter().any(|name| name == action)
        });
        let resources = with.flat_map(|statement| statement["Resource"].as_array().unwrap());
        resources.map(|resource| resource.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn only_a_lock_is_bypassed() {
        let lock = ObjectLock { mode: "GOVERNANCE".to_owned(), days: 365 };
        let mut stack = Stack::new("access", "test");
        for (name, lock) in [("locked", Some(lock)), ("open", None)] {
            let bucket = Bucket {
                name: name.to_owned(),
                kms_key: None,
                bucket_key: false,
                versioning: true,
                lock,
                ownership: "BucketOwnerEnforced".to_owned(),
                block_public: true,
                lifecycle: Vec::new(),
                small_objects_stay: true,
                access_log: None,
                policy: None,
                tags: Tags::new(),
            };
            stack.add(name, bucket);
        }
        let resources = |tasks: &[Task]| allowed_in(&stack, tasks, s3::BYPASS);
        let locked = ["arn:aws:s3:::locked", "arn:aws:s3:::locked/*"];
        assert!(resources(&[Task::Plan]).is_empty());
        let bypassed = resources(&[Task::Destroy]);
        assert!(!bypassed.is_empty());
        assert!(bypassed.iter().all(|one| locked.contains(&one.as_str())), "{bypassed:?}");
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
