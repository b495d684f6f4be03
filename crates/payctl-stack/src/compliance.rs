//! The four systems before the controls: what they keep, what they do not, and that a control can fail.

use std::collections::BTreeSet;

use payctl_compliance::{
    Account, CONTROLS, Control, Finding, Judgement, Posture as Kept, Resource, Resources, Subject,
    Verdict, judge, judge_by, waivers,
};
use payctl_engine::Stack;
use serde_json::{Value, json};

use crate::costs::declared;
use crate::settings::Posture;
use crate::{cost_optimized, migration, pci_core, secure_api};

const REGION: &str = "us-east-1";

fn stack(system: &str, posture: Posture) -> Stack {
    match system {
        "pci-core" => declared(REGION, |context| {
            pci_core::declare(context, &pci_core::Parameters { posture, ..Default::default() })
        }),
        "secure-api" => declared(REGION, |context| {
            secure_api::declare(context, &secure_api::Parameters { posture, ..Default::default() })
        }),
        "cost-optimized" => declared(REGION, |context| {
            cost_optimized::declare(
                context,
                &cost_optimized::Parameters { posture, ..Default::default() },
            )
        }),
        _ => declared(REGION, |context| {
            migration::declare(context, &migration::Parameters { posture, ..Default::default() })
        }),
    }
}

/// A stack's resources, with the tags that payctl gives them.
fn resources(stack: &Stack) -> Vec<Resource> {
    let all = stack.resources().iter().map(|one| {
        let mut properties = one.properties.clone();
        if let Some(tags) = properties.get_mut("tags").and_then(Value::as_object_mut) {
            for name in ["payctl:stack", "payctl:suffix", "payctl:id"] {
                tags.insert(name.to_owned(), json!("it"));
            }
        }
        Resource { address: one.address.to_string(), properties, ..Resource::default() }
    });
    all.collect()
}

fn judged(system: &str, kept: Kept, resources: Vec<Resource>) -> Judgement {
    judge(&Subject { posture: kept, ..subject(system, &Resources::new(resources)) })
}

const SYSTEMS: [&str; 4] = ["pci-core", "secure-api", "cost-optimized", "migration"];
const POSTURES: [(Posture, Kept); 2] =
    [(Posture::Standard, Kept::Standard), (Posture::Strict, Kept::Strict)];

#[test]
fn the_systems_keep_every_control_but_what_is_written_down() {
    let mut used = BTreeSet::new();
    for system in SYSTEMS {
        for (posture, kept) in POSTURES {
            let judgement = judged(system, kept, resources(&stack(system, posture)));
            let failed: Vec<_> = judgement
                .with(Verdict::Fail)
                .map(|one| (&one.control.id, &one.resource, &one.why))
                .collect();
            assert!(failed.is_empty(), "{system} {kept:?}: {failed:#?}");
            used.extend(
                judgement.findings.iter().filter_map(|one| one.waiver).map(std::ptr::from_ref),
            );
        }
    }
    let idle: Vec<_> = waivers()
        .iter()
        .filter(|one| !used.contains(&std::ptr::from_ref(*one)))
        .map(|one| (&one.control, &one.systems, one.posture))
        .collect();
    assert!(idle.is_empty(), "nothing needs these deviations: {idle:#?}");
}

#[test]
fn every_control_is_of_something_or_says_what_has_to_be_asked() {
    assert_eq!(CONTROLS.len(), 166);
    let mut judged_somewhere = BTreeSet::new();
    for system in SYSTEMS {
        let judgement = judged(system, Kept::Strict, resources(&stack(system, Posture::Strict)));
        for one in &judgement.findings {
            if one.verdict != Verdict::NotApplicable {
                judged_somewhere.insert(&*one.control.id);
            }
        }
    }
    let never: Vec<&str> = CONTROLS
        .iter()
        .map(|one| &*one.id)
        .filter(|id| !judged_somewhere.contains(id))
        // No system has a topic that is subscribed to without an address, which is a parameter.
        .filter(|id| *id != "PAY-MSG-03")
        .collect();
    assert!(never.is_empty(), "{never:?}");
}

/// What a property may be made, so that something breaks.
fn instead(value: &Value) -> Vec<Value> {
    let mut all = vec![Value::Null];
    match value {
        Value::Bool(is) => all.push(json!(!is)),
        Value::Number(_) => all.extend([json!(1), json!(100_000)]),
        Value::String(_) => all.extend([json!("x"), json!("NONE"), json!("HTTP"), json!("admin")]),
        Value::Array(_) => all.extend([
            json!([]),
            json!([{ "protocol": "-1", "peer": { "cidr": "0.0.0.0/0" } }]),
            json!([{ "protocol": "-1", "cidr": "0.0.0.0/0", "number": 1, "allow": true, "ports": null }]),
            json!(["arn:aws:iam::aws:policy/AdministratorAccess"]),
            json!([{ "name": "x", "visibility": { "metrics": false } }]),
        ]),
        Value::Object(_) => {
            let all_of_it = |principal: Value, action: &str| {
                json!({ "Statement": [
                    { "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*" }
                ] })
            };
            let services = ["logs.x.amazonaws.com", "cloudtrail.amazonaws.com", "lambda.amazonaws.com"];
            all.push(json!({}));
            all.push(json!({ "DB_PASSWORD": "hunter2" }));
            all.push(json!({ "allow_origins": ["*"] }));
            all.extend(services.map(|service| all_of_it(json!({ "Service": service }), "*")));
            let actions =
                ["*", "kms:*", "cloudtrail:*", "iam:PutRolePolicy", "s3:GetObject", "sts:GetSessionToken"];
            for action in actions {
                all.push(all_of_it(json!("*"), action));
                all.push(json!({ "permissions": all_of_it(json!("*"), action) }));
            }
        }
        Value::Null => all.extend([json!(true), json!("x"), json!({ "allow_origins": ["*"] })]),
    }
    all
}

/// What breaks a control that none of the changes of above does: a property, on resources of a kind.
fn by_hand() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let key = json!({ "$ref": "kms.key:s3.arn" });
    let for_everybody = json!({ "Statement": [
        { "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "*" }
    ] });
    vec![
        ("PAY-CMP-03", "ec2.launch_template", "user_data", json!("export TOKEN=abc")),
        ("PAY-KMS-06", "rds.cluster", "kms_key", key),
        ("PAY-LOG-12", "s3.bucket", "block_public", json!(false)),
        ("PAY-LOG-13", "s3.bucket", "access_log", Value::Null),
        ("PAY-LOG-14", "s3.bucket", "policy", for_everybody),
        ("PAY-RDS-02", "rds.cluster", "kms_key", Value::Null),
        ("PAY-NET-17", "ec2.route", "target", json!({ "internet_gateway": "igw" })),
        ("PAY-SEC-05", "ssm.parameter", "value", json!("AKIAIOSFODNN7EXAMPLE")),
    ]
}

#[test]
fn what_is_known_only_live_passes_by_no_declaration() {
    let live: Vec<&str> =
        CONTROLS.iter().filter(|one| one.place == "live").map(|one| &*one.id).collect();
    assert!(live.contains(&"PAY-KMS-02") && live.contains(&"PAY-EDG-24"), "{live:?}");
    let passes = |all: Vec<Resource>| {
        let judgement = judged("migration", Kept::Strict, all);
        let passed = judgement.with(Verdict::Pass).map(|one| &*one.control.id);
        passed.filter(|id| live.contains(id)).collect::<BTreeSet<_>>()
    };
    let mut all = resources(&stack("migration", Posture::Strict));
    assert_eq!(passes(all.clone()), BTreeSet::new());
    for one in &mut all {
        one.outputs = json!({ "id": one.address });
    }
    assert!(passes(all).contains("PAY-KMS-02"));
}

/// A rule that nothing breaks would be none: each control that the strict systems keep fails when some
/// resource goes, or some property is another.
#[test]
fn every_control_that_is_kept_can_fail() {
    let mut open: BTreeSet<&str> = BTreeSet::new();
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    for system in SYSTEMS {
        let all = resources(&stack(system, Posture::Strict));
        let judgement = judged(system, Kept::Strict, all.clone());
        for (nth, control) in CONTROLS.iter().enumerate() {
            let of: Vec<_> =
                judgement.findings.iter().filter(|one| one.control.id == control.id).collect();
            if !of.iter().any(|one| one.verdict == Verdict::Pass) || failed.contains(&*control.id) {
                continue;
            }
            let only = &CONTROLS[nth..=nth];
            let before = of.iter().filter(|one| does_not_hold(one)).count();
            let breaks = |resources: Vec<Resource>| {
                let subject_of = Resources::new(resources);
                let judgement = judge_by(&subject(system, &subject_of), only);
                judgement.findings.iter().filter(does_not_hold).count() > before
            };
            let changed = changes(control, &of, &all).into_iter().any(|(index, name, value)| {
                let mut other = all.clone();
                other[index].properties[&*name] = value;
                breaks(other)
            });
            let gone = || {
                (0..all.len()).any(|index| {
                    let mut without = all.clone();
                    without.remove(index);
                    breaks(without)
                })
            };
            let narrow = || {
                let mut narrow = all.clone();
                narrow.iter_mut().filter(|one| one.properties["zone"].is_string()).for_each(
                    |one| {
                        one.properties["zone"] = json!("us-east-1a");
                    },
                );
                breaks(narrow)
            };
            let attached = || {
                let mut other = all.clone();
                other.iter_mut().for_each(|one| {
                    one.attached = vec![
                        "function URL with authorization NONE".to_owned(),
                        "permission planted: anyone may lambda:InvokeFunction".to_owned(),
                        "resource policy for anyone".to_owned(),
                    ];
                });
                breaks(other)
            };
            match changed || gone() || narrow() || attached() {
                true => failed.insert(&control.id),
                false => open.insert(&control.id),
            };
        }
    }
    open.retain(|id| !failed.contains(id));
    // A network's default list is always used, and the kinds have no other.
    let known: BTreeSet<&str> = ["PAY-NET-14"].into();
    assert_eq!(open, known, "nothing breaks these");
}

fn subject<'a>(system: &'a str, resources: &'a Resources) -> Subject<'a> {
    static NOTHING: Account = Account::new();
    Subject {
        system: Some(system),
        suffix: "dev",
        posture: Kept::Strict,
        resources,
        account: &NOTHING,
    }
}

fn does_not_hold(one: &&Finding) -> bool {
    matches!(one.verdict, Verdict::Fail | Verdict::Waived)
}

/// What to change: each property that a control looks at, of each resource that it is of.
fn changes(control: &Control, of: &[&Finding], all: &[Resource]) -> Vec<(usize, String, Value)> {
    let mut changes = Vec::new();
    for (index, one) in all.iter().enumerate() {
        for (id, kind, name, value) in by_hand() {
            if id == control.id && one.kind() == kind {
                changes.push((index, name.to_owned(), value));
            }
        }
        let Some(found) = of.iter().find(|found| found.resource.as_ref() == Some(&one.address))
        else {
            continue;
        };
        for name in found.evidence.keys() {
            let values = instead(&one.properties[&**name]);
            changes.extend(values.into_iter().map(|value| (index, name.clone(), value)));
        }
        if one.kind() == "lambda.function" {
            changes.push((index, "environment".to_owned(), json!({ "DB_PASSWORD": "hunter2" })));
        }
    }
    changes
}

/// docs/compliance.md shows the deviations: each is there, with its systems' posture, and no other.
#[test]
fn the_page_has_these_deviations() {
    let page = include_str!("../../../docs/compliance.md");
    let (_, table) = page.split_once("| what stands in for it |").unwrap();
    let mut shown = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| PAY-")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        for word in cells[0].split([' ', ',', '|']).filter(|word| word.starts_with("PAY-")) {
            shown.insert((word.to_owned(), cells[2].trim().to_owned()));
        }
    }
    let told = waivers().iter().map(|one| {
        let posture = match one.posture {
            None => "both",
            Some(Kept::Standard) => "standard",
            Some(Kept::Strict) => "strict",
        };
        (one.control.clone(), posture.to_owned())
    });
    let told: BTreeSet<_> = told.collect();
    // What is the account's and no resource of a stack stands on the page alone.
    let alone = [
        ("PAY-RDS-16", "strict"),
        ("PAY-LOG-01", "strict"),
        ("PAY-LOG-02", "strict"),
        ("PAY-SEC-03", "both"),
    ];
    let alone: BTreeSet<_> =
        alone.iter().map(|(id, posture)| ((*id).to_owned(), (*posture).to_owned())).collect();
    let differ: Vec<_> =
        shown.symmetric_difference(&told).filter(|one| !alone.contains(one)).collect();
    assert!(differ.is_empty(), "{differ:?}");
}
