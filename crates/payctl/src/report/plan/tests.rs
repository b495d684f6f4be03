use insta::assert_snapshot;
use payctl_engine::{Action, Goal, Plan};
use serde_json::json;

use super::*;
use crate::report::fixture::{Fixture, at};

/// The plan as it is read in so many columns, without colour.
fn shown(fixture: &Fixture, plan: &Plan, verbose: u8, width: usize) -> String {
    let view = View {
        plan,
        title: format!("{} {}", plan.owner.stack, plan.owner.suffix),
        kinds: &fixture.kinds,
        sandbox: false,
        situation: Vec::new(),
        cost: None,
        time: None,
        notes: fixture.stack.notes(),
        verbose,
        width,
    };
    anstream::adapter::strip_str(&view.text()).to_string()
}

fn up(fixture: &Fixture) -> String {
    shown(fixture, &fixture.plan(Goal::Up), 0, 80)
}

fn destroy(fixture: &Fixture) -> String {
    shown(fixture, &fixture.plan(Goal::Destroy), 0, 80)
}

/// No line of what was generated is wider than the terminal.
#[track_caller]
fn fits(text: &str, width: usize) {
    let wide = |line: &&str| line.chars().count() > width && line.contains(' ');
    let wide: Vec<&str> = text.lines().filter(wide).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn a_first_plan_has_a_line_for_each_sort_of_resource() {
    let fixture = Fixture::new("pci-core");
    let text = up(&fixture);
    assert_snapshot!(text);
    fits(&text, 80);
}

#[test]
fn the_first_plan_of_the_largest_system_fits_two_screens() {
    let fixture = Fixture::new("migration");
    let text = up(&fixture);
    assert_snapshot!(text);
    fits(&text, 80);
    assert!(text.lines().count() <= 90, "{} lines", text.lines().count());
}

#[test]
fn every_system_fits_every_width() {
    for system in payctl_stack::SYSTEMS {
        let fixture = Fixture::new(system.name).made();
        let empty = Fixture::new(system.name);
        for width in [40, 60, 80, 100, 140] {
            for text in [
                shown(&empty, &empty.plan(Goal::Up), 0, width),
                shown(&fixture, &fixture.plan(Goal::Destroy), 0, width),
            ] {
                // An address and a name are never cut, and stand alone where they do not fit.
                let lines = text.lines().skip(1);
                let wide = lines.filter(|line| line.chars().count() > width);
                let wide: Vec<&str> =
                    wide.filter(|line| line.split_whitespace().count() > 4).collect();
                assert!(wide.is_empty(), "{width}: {wide:#?}");
                // Each resource is named.
                for declared in empty.stack.resources() {
                    assert!(text.contains(declared.address.name()), "{}", declared.address);
                }
            }
        }
    }
}

#[test]
fn a_plan_without_changes_is_short() {
    let text = up(&Fixture::new("migration").made());
    assert_snapshot!(text, @r"
    migration dev · account 123456789012 · us-east-1
    no changes: 122 resources match the configuration
    ");
    // Neither is what a lost state does not know.
    let text = up(&Fixture::new("pci-core").made().forgotten());
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn what_changed_is_told_property_by_property() {
    let fixture = Fixture::new("pci-core")
        .made()
        .configured(|config| {
            config.pci_core.memory_mb = 1024;
            config.pci_core.archive_after_days = 30;
            config.tags.insert("team".to_owned(), "payments".to_owned());
        })
        .drift("lambda.function:payment-processor", "timeout_s", json!(60))
        .gone("cloudwatch.alarm:lambda-errors")
        .gone("cloudwatch.alarm:dynamodb-throttle");
    let mut plan = fixture.plan(Goal::Up);
    // Of the tags everywhere, two are enough.
    let keep = ["lambda.function:payment-processor", "s3.bucket:files", "ec2.vpc:main"];
    for step in &mut plan.steps {
        if step.action == Action::Update && !keep.contains(&step.address.as_str()) {
            step.action = Action::Keep;
            step.changes.clear();
        }
    }
    assert_snapshot!(shown(&fixture, &plan, 0, 80));
}

#[test]
fn what_is_replaced_names_what_goes() {
    let mut fixture = Fixture::new("pci-core").made().configured(|config| {
        config.pci_core.private_subnets[2] = "10.0.4.0/24".parse().unwrap();
    });
    fixture.permissions.lose_data_of.insert(at("dynamodb.table:transactions"));
    let fixture = fixture.drift(
        "dynamodb.table:transactions",
        "hash_key",
        json!({ "name": "id", "kind": "S" }),
    );
    assert_snapshot!(up(&fixture));
}

#[test]
fn what_is_no_longer_declared_is_told_once() {
    let fixture = Fixture::new("pci-core").made().configured(|config| {
        config.pci_core.nat = payctl_stack::config::Nat::None;
    });
    assert_snapshot!(up(&fixture));
}

#[test]
fn a_deletion_names_what_goes_and_what_is_in_it() {
    let text = destroy(&Fixture::new("pci-core").made());
    assert_snapshot!(text);
    fits(&text, 80);
    let wide = Fixture::new("cost-optimized").made();
    assert_snapshot!(shown(&wide, &wide.plan(Goal::Destroy), 0, 140));
    assert_snapshot!(destroy(&Fixture::new("pci-core")), @r"
    pci-core dev · account 123456789012 · us-east-1
    nothing to delete: this environment does not exist
    ");
}

#[test]
fn refusals_are_counted_and_say_once_what_to_do() {
    let all = ["s3.bucket:files", "iam.role:payment-processor", "kms.alias:main"];
    let fixture = all.iter().fold(Fixture::new("pci-core").made(), |f, one| f.foreign(one));
    let plan = fixture.plan(Goal::Up);
    assert_snapshot!(shown(&fixture, &plan, 0, 80));
    let error = refused(&plan, "payctl up --suffix dev");
    let count = count_of(&plan);
    assert_eq!(error.message, format!("{count} resources are refused, nothing was changed"));

    // Of several reasons, each has its own hint, and the error names the command.
    let fixture = Fixture::new("pci-core").made().foreign("s3.bucket:files").configured(|config| {
        config.pci_core.key_deletion_window_days = 8;
    });
    let fixture = fixture.drift(
        "kms.key:main",
        "tags",
        json!({ "payctl:stack": "other", "payctl:suffix": "dev" }),
    );
    let plan = fixture.plan(Goal::Up);
    assert!(count_of(&plan) > 1, "{:#?}", plan.refusals);
    let error = refused(&plan, "payctl up --suffix dev");
    assert_eq!(
        error.hints,
        ["do what the hints above say, then run `payctl up --suffix dev` again"]
    );
    let text = shown(&fixture, &plan, 0, 80);
    assert_eq!(text.matches("hint: ").count(), 2, "{text}");

    let mut plan = plan;
    plan.refusals.truncate(1);
    let error = refused(&plan, "payctl up --suffix dev");
    assert_eq!(error.message, "1 resource is refused, nothing was changed");
    assert_eq!(error.hints, [plan.refusals[0].hint.clone()]);
}

fn count_of(plan: &Plan) -> usize {
    refused::count(plan)
}

#[test]
fn what_else_goes_on_is_told_below_the_counts() {
    let fixture = Fixture::new("pci-core").made();
    let plan = fixture.plan(Goal::Up);
    let run = "another run is in progress: `payctl up`, process 123, since 2026-11-29 09:14:03 UTC; \
               this plan is a snapshot";
    let view = View {
        plan: &plan,
        title: "pci-core dev (from PAYCTL_SUFFIX)".to_owned(),
        kinds: &fixture.kinds,
        sandbox: true,
        situation: vec![run.to_owned()],
        cost: Some("about 37.80 USD a month when idle".to_owned()),
        time: Some("about 7 min (rds.cluster:main → rds.instance:writer → …)".to_owned()),
        notes: &[],
        verbose: 0,
        width: 80,
    };
    let text = anstream::adapter::strip_str(&view.text()).to_string();
    assert_snapshot!(text, @r"
    pci-core dev (from PAYCTL_SUFFIX) · account 123456789012 · us-east-1 · sandbox
    no changes: 43 resources match the configuration
    about 37.80 USD a month when idle
    about 7 min (rds.cluster:main → rds.instance:writer → …)
    another run is in progress: `payctl up`, process 123, since 2026-11-29 09:14:03
      UTC; this plan is a snapshot
    ");
}

#[test]
fn verbose_shows_every_value() {
    let fixture = Fixture::new("pci-core");
    let plan = fixture.plan(Goal::Up);
    let (short, long) = (shown(&fixture, &plan, 0, 80), shown(&fixture, &plan, 1, 80));
    for declared in fixture.stack.resources() {
        assert!(long.contains(&format!("+ {} create", declared.address)), "{long}");
    }
    assert!(!short.contains("deletion_window_days") && long.contains("deletion_window_days"));
    assert!(!long.contains('…'), "a value is cut\n{long}");
    let fixture = fixture.made();
    let plan = fixture.plan(Goal::Up);
    let all = shown(&fixture, &plan, 2, 80);
    assert_eq!(all.matches(" unchanged\n").count(), fixture.stack.resources().len(), "{all}");
}

#[test]
fn the_next_command_is_named_where_there_is_one() {
    let (empty, made) = (Fixture::new("pci-core"), Fixture::new("pci-core").made());
    let command = "payctl up --suffix dev --sandbox";
    let next = |fixture: &Fixture, goal| next(&fixture.plan(goal), command);
    assert_eq!(
        next(&empty, Goal::Up).unwrap(),
        "\nRun `payctl up --suffix dev --sandbox` to apply this plan"
    );
    assert_eq!(next(&made, Goal::Up), None);
    assert_eq!(next(&made.forgotten(), Goal::Up), None);
    assert_eq!(next(&empty, Goal::Destroy), None);
}

#[test]
fn a_deletion_asks_with_the_place_and_the_count() {
    let fixture = Fixture::new("migration").made();
    let plan = fixture.plan(Goal::Destroy);
    assert_eq!(
        deletion_question(&plan, false).trim(),
        "Type the suffix to delete these 122 resources in account 123456789012, us-east-1 (dev):"
    );
    assert!(deletion_question(&plan, true).contains("us-east-1, sandbox (dev)"));
}
