use insta::assert_snapshot;
use payctl_engine::Goal;
use serde_json::json;

use super::*;
use crate::durations::{Doing, Measured};
use crate::report::fixture::Fixture;

fn predicted(plan: &Plan, fixture: &Fixture, durations: &Durations) -> String {
    Prediction::of(plan, &fixture.kinds, durations).line().unwrap_or_default()
}

fn nothing(place: Place) -> Durations {
    Durations::of(place, &[])
}

#[test]
fn a_plan_says_how_long_it_takes_and_what_its_end_waits_for() {
    let fixture = Fixture::new("migration");
    let up = fixture.plan(Goal::Up);
    assert_snapshot!(predicted(&up, &fixture, &nothing(Place::Aws)), @"about 7 min (rds.instance:writer → …)");
    let made = fixture.made();
    let destroy = made.plan(Goal::Destroy);
    assert_snapshot!(predicted(&destroy, &made, &nothing(Place::Aws)), @"about 13 min (rds.instance:writer → …)");
    assert_eq!(predicted(&made.plan(Goal::Up), &made, &nothing(Place::Aws)), "");
}

#[test]
fn what_is_quick_is_under_a_minute_anywhere() {
    let fixture = Fixture::new("migration").made().drift("kms.key:s3", "description", json!("x"));
    let plan = fixture.plan(Goal::Up);
    for place in [Place::Aws, Place::Endpoint, Place::Sandbox] {
        assert_eq!(predicted(&plan, &fixture, &nothing(place)), "under a minute");
    }
}

/// Each operation of a plan, measured `runs` times to take so many times longer than typically.
fn measured(plan: &Plan, fixture: &Fixture, place: Place, scale: f64, runs: usize) -> Durations {
    let prediction = Prediction::of(plan, &fixture.kinds, &nothing(Place::Aws));
    let all: Vec<(&str, Doing, Measured)> = prediction
        .operations()
        .filter_map(|(operation, Estimate { created, all, .. })| {
            let one = Measured { created: created * scale, all: all * scale };
            Some((operation.step.address.kind(), Doing::of(operation)?, one))
        })
        .collect();
    Durations::of(place, &all.repeat(runs))
}

#[test]
fn what_was_measured_is_taken_for_what_is_typical() {
    let fixture = Fixture::new("migration");
    let plan = fixture.plan(Goal::Up);
    let seconds =
        |durations: &Durations| Prediction::of(&plan, &fixture.kinds, durations).seconds();
    let typical = seconds(&nothing(Place::Aws));
    let twice = seconds(&measured(&plan, &fixture, Place::Aws, 2.0, 1));
    assert!((twice - typical * 2.0).abs() < 0.01, "{twice} {typical}");
    // One kind alone; the chain through it is another length.
    let cluster = Measured { created: 10.0, all: 4000.0 };
    let slow = Durations::of(Place::Aws, &[("rds.cluster", Doing::Create, cluster)]);
    assert!(seconds(&slow) > 4000.0, "{}", seconds(&slow));
    // How long deletions took says nothing of creations.
    let deleted = Durations::of(Place::Aws, &[("rds.cluster", Doing::Delete, cluster)]);
    assert!((seconds(&deleted) - typical).abs() < 0.01);
}

#[test]
fn an_emulators_times_are_taken_once_it_has_them_all() {
    let fixture = Fixture::new("migration");
    let plan = fixture.plan(Goal::Up);
    for place in [Place::Endpoint, Place::Sandbox] {
        let line = predicted(&plan, &fixture, &nothing(place));
        assert!(line.contains(" min on AWS ("), "{line}");
        // Times of AWS for the rest would hide those of what was measured.
        let cluster = Measured { created: 0.1, all: 1.0 };
        let one = Durations::of(place, &[("rds.cluster", Doing::Create, cluster)]);
        assert_eq!(predicted(&plan, &fixture, &one), line);
        let all = measured(&plan, &fixture, place, 0.01, 1);
        assert_eq!(predicted(&plan, &fixture, &all), "under a minute");
    }
}

#[test]
fn where_the_times_are_from_is_explained() {
    let fixture = Fixture::new("migration");
    let plan = fixture.plan(Goal::Up);
    let minute = |seconds| Measured { created: 1.0, all: seconds };
    let cluster = [250.0, 400.0, 300.0].map(|all| ("rds.cluster", Doing::Create, minute(all)));
    let durations = Durations::of(Place::Aws, &cluster);
    let explained = Prediction::of(&plan, &fixture.kinds, &durations).explained();
    assert_snapshot!(anstream::adapter::strip_str(&explained).to_string(), @r"
    time: about 7 min (rds.instance:writer → …)
    WHAT THE END WAITS FOR    TAKES                FROM
    ec2.vpc:main              0.9 s                typical on AWS
    ec2.subnet:database-1     0.4 s                typical on AWS
    rds.subnet_group:main     1.0 s                typical on AWS
    rds.cluster:main          1.0 s of 5 min 00 s  median of 3 measured here
    rds.instance:writer       7 min 02 s           typical on AWS
    lambda.invocation:schema  3.4 s                typical on AWS
    1 of 122 operations measured here
    ");
    let sandbox = Prediction::of(&plan, &fixture.kinds, &nothing(Place::Sandbox)).explained();
    assert!(sandbox.ends_with("; here not all that takes long was measured yet\n"), "{sandbox}");
}
