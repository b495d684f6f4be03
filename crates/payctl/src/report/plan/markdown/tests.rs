use insta::assert_snapshot;
use payctl_engine::{Goal, Plan, Refusal};
use serde_json::json;

use super::*;
use crate::report::fixture::{Fixture, at};

fn view<'a>(fixture: &'a Fixture, plan: &'a Plan) -> View<'a> {
    View {
        plan,
        title: format!("{} {}", plan.owner.stack, plan.owner.suffix),
        kinds: &fixture.kinds,
        sandbox: false,
        situation: Vec::new(),
        cost: Some("about 37.80 USD a month when idle (+3.20)".to_owned()),
        time: None,
        notes: fixture.stack.notes(),
        verbose: 0,
        width: WIDTH,
    }
}

fn shown(fixture: &Fixture, goal: Goal) -> String {
    write(&view(fixture, &fixture.plan(goal)))
}

#[test]
fn a_first_plan_is_a_few_lines_and_folded_lists() {
    assert_snapshot!(shown(&Fixture::new("pci-core"), Goal::Up));
}

#[test]
fn what_cannot_be_undone_comes_first() {
    let mut fixture = Fixture::new("pci-core").made().configured(|config| {
        config.pci_core.memory_mb = 1024;
        config.pci_core.private_subnets[2] = "10.0.4.0/24".parse().unwrap();
        config.pci_core.nat = payctl_stack::config::Nat::None;
    });
    fixture.permissions.lose_data_of.insert(at("dynamodb.table:transactions"));
    let key = json!({ "name": "id", "kind": "S" });
    let fixture = fixture
        .drift("dynamodb.table:transactions", "hash_key", key)
        .foreign("s3.bucket:files")
        .gone("cloudwatch.alarm:lambda-errors");
    let text = shown(&fixture, Goal::Up);
    assert_snapshot!(text);
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what}\n{text}"));
    assert!(place("**Refused") < place("**Data is lost**"));
    assert!(place("`dynamodb.table:transactions`: ") < place("**Replaced**"));
    assert!(place("**Replaced**") < place("<details>"));
}

#[test]
fn a_deletion_and_nothing_to_do_are_told() {
    assert_snapshot!(shown(&Fixture::new("cost-optimized").made(), Goal::Destroy));
    let text = shown(&Fixture::new("pci-core").made(), Goal::Up);
    assert!(text.starts_with("### pci-core dev: no changes: 43 resources match"), "{text}");
    assert!(!text.contains("<details>"), "{text}");
}

/// Every folded part is closed, and so is every fence, wherever it was cut.
#[track_caller]
fn is_whole(text: &str) {
    let count = |tag: &str| text.lines().filter(|line| line.starts_with(tag)).count();
    assert_eq!(count("<details>"), count("</details>"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("```")).count() % 2, 0, "{text}");
}

#[test]
fn every_system_fits_a_comment_and_names_every_resource() {
    for system in payctl_stack::SYSTEMS {
        let (empty, made) = (Fixture::new(system.name), Fixture::new(system.name).made());
        for text in [shown(&empty, Goal::Up), shown(&made, Goal::Destroy)] {
            assert!(text.len() < 65_536, "{}", text.len());
            is_whole(&text);
            assert!(!text.contains("left out"), "{text}");
            for declared in empty.stack.resources() {
                assert!(text.contains(declared.address.name()), "{}", declared.address);
            }
        }
    }
}

#[test]
fn what_is_too_long_is_cut_and_said_to_be() {
    let fixture = Fixture::new("pci-core").made();
    let fixture = fixture.drift("s3.bucket:files", "tags", json!({ "a": "b" }));
    let mut plan = fixture.plan(Goal::Up);
    let step = plan.steps.iter().find(|step| !step.changes.is_empty()).unwrap().clone();
    for nth in 0..5_000 {
        let mut step = step.clone();
        step.address = at(&format!("s3.bucket:files-{nth}"));
        plan.steps.push(step);
        let (why, hint) = ("it is foreign ".repeat(5), format!("hint {nth}"));
        plan.refusals.push(Refusal { address: at("s3.bucket:a"), why, hint });
    }
    let text = write(&view(&fixture, &plan));
    assert!(text.len() < 65_536, "{}", text.len());
    is_whole(&text);
    assert!(text.contains("further lines left out: `payctl plan` prints them"), "{text}");
    plan.refusals.clear();
    let text = write(&view(&fixture, &plan));
    assert!(text.len() < 65_536 && text.len() > 50_000, "{}", text.len());
    is_whole(&text);
}

#[test]
fn a_name_is_no_more_than_a_name() {
    let named = |text: &str| code(text);
    assert_eq!(named("ec2.vpc:main"), "`ec2.vpc:main`");
    assert_eq!(named("a`b``c"), "```a`b``c```");
    assert_eq!(named("`a"), "`` `a ``");
    assert_eq!(named("a\n</details>\u{202e}b"), "`a\\n</details>\\u{202e}b`");
    assert_eq!(plain("<b>*x*</b> [a](b) @all #1"), {
        "\\<b\\>\\*x\\*\\</b\\> \\[a\\](b) @&#8203;all #&#8203;1"
    });
    assert_eq!(prose("run `payctl up`, <now>"), "run `payctl up`, \\<now\\>");
    assert_eq!(prose("a ` <b>"), "a \\` \\<b\\>");
    let block = fenced("  a: ````\n```\n\u{1b}[31m");
    assert_eq!(block, ["`````", "  a: ````", "```", "\\u{1b}[31m", "`````"]);
    assert_eq!(harmless(&"x".repeat(2 * LONGEST)).chars().count(), LONGEST + 1);
}

/// What a line says beside its code, which ends with as many backticks as it begins with.
fn outside_code(line: &str) -> String {
    let run = |text: &str| text.len() - text.trim_start_matches('`').len();
    let (mut outside, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('`') {
        outside += &rest[..at];
        let fence = run(&rest[at..]);
        let escaped = rest[..at].ends_with('\\');
        rest = &rest[at + fence..];
        let mut end = 0;
        while let Some(found) = rest[end..].find('`').filter(|_| !escaped) {
            let closing = run(&rest[end + found..]);
            end += found + closing;
            if closing == fence {
                rest = &rest[end..];
                break;
            }
        }
    }
    outside + rest
}

#[test]
fn a_hostile_name_stays_in_its_place() {
    let fixture = Fixture::new("pci-core").made();
    let mut plan = fixture.plan(Goal::Destroy);
    let name = "x`\n\n</details><img src=x> @everyone";
    for step in &mut plan.steps {
        step.known = Some(json!({ "name": name }));
        step.reason = Some(format!("it was <b>{name}</b>"));
    }
    let text = write(&view(&fixture, &plan));
    is_whole(&text);
    let hostile: Vec<&str> = text.lines().filter(|line| line.contains("img")).collect();
    assert!(!hostile.is_empty(), "{text}");
    for line in hostile {
        let outside = outside_code(line).replace("\\<", "");
        assert!(!outside.contains('<') && !outside.contains("@everyone"), "{line}");
    }
}
