use insta::assert_snapshot;
use serde_json::json;

use super::*;
use crate::fixture::{Case, at};

/// Two zones, one on the other.
fn two() -> Case {
    Case::new().declare("net.zone:a", 1, &[]).declare("net.zone:b", 1, &["net.zone:a"])
}

#[test]
fn what_does_not_exist_is_created() {
    assert_snapshot!(two().up(), @r"
    create net.zone:a
    create net.zone:b
    ");
    let plan = two().plan(Goal::Up);
    let parents = plan.steps[1].changes.iter().find(|change| change.property == "parents");
    assert_eq!(parents.unwrap().known_after, [at("net.zone:a")].into());
}

#[test]
fn what_is_as_declared_is_kept() {
    let plan = two().made().plan(Goal::Up);
    assert!(plan.is_empty() && plan.refusals.is_empty());
    assert_eq!(plan.counts(), Counts { keep: 2, ..Counts::default() });
}

#[test]
fn a_change_is_told_from_drift() {
    let case = two().made().drift("net.zone:a", "size", json!(7));
    assert_snapshot!(case.declare("net.zone:b", 2, &["net.zone:a"]).up(), @r"
    update net.zone:a
      size: 7 → 1 (Drift)
    update net.zone:b
      size: 1 → 2 (Declared)
    ");
}

#[test]
fn what_others_attached_goes() {
    let attach = |seen: &mut Seen| seen.attachments = ["rider by hand".to_owned()].into();
    assert_snapshot!(two().made().seen("net.zone:a", attach).up(), @r#"
    update net.zone:a
      undeclared: ["rider by hand"] → [] (Drift)
    keep net.zone:b
    "#);
}

#[test]
fn what_vanished_is_made_again_and_those_above_are_told() {
    assert_snapshot!(two().made().gone("net.zone:a").up(), @r#"
    create net.zone:a: it was deleted outside payctl
    update net.zone:b
      parents: ["a-1"] → known after {net.zone:a} (Unknown)
    "#);
}

#[test]
fn an_interrupted_deletion_is_not_said_to_be_someone_elses() {
    let case = two().made().gone("net.zone:b").pending("net.zone:b", IntentAction::Delete);
    assert_snapshot!(case.up(), @r"
    keep net.zone:a
    create net.zone:b: an interrupted run deleted it
    ");
}

#[test]
fn an_interrupted_creation_that_left_nothing_is_begun_again() {
    assert_snapshot!(two().pending("net.zone:a", IntentAction::Create).up(), @r"
    create net.zone:a: creation was interrupted and nothing was created
    create net.zone:b
    ");
}

#[test]
fn what_is_ours_and_not_on_record_is_adopted() {
    let case = two().made().found("net.zone:a").found("net.zone:b");
    assert_snapshot!(case.pending("net.zone:b", IntentAction::Create).up(), @r"
    adopt net.zone:a: exists with this environment's tags but is missing from the state
    adopt net.zone:b: created by a run that was interrupted
    ");
}

#[test]
fn what_was_begun_is_finished_and_nothing_of_it_is_drift() {
    let case = two().made().record("net.zone:a", |record| record.status = Status::Created);
    assert_snapshot!(case.drift("net.zone:a", "size", json!(null)).up(), @r"
    update net.zone:a: creation was interrupted and will be completed
      size: null → 1 (Declared)
    keep net.zone:b
    ");
}

#[test]
fn what_is_already_as_now_declared_is_only_recorded() {
    let case = two().made().declare("net.zone:a", 2, &[]).drift("net.zone:a", "size", json!(2));
    assert_snapshot!(case.pending("net.zone:b", IntentAction::Update).up(), @r"
    adopt net.zone:a: it already matches the new configuration
    adopt net.zone:b: already matches the configuration
    ");
}

#[test]
fn two_that_can_stand_side_by_side_are_replaced_create_first() {
    assert_snapshot!(two().made().edit("net.zone:a", "name", json!("a2")).up(), @r#"
    replace net.zone:a, create first
      name: "a" → "a2" (Declared, replaces)
    update net.zone:b
      parents: ["a-1"] → known after {net.zone:a} (Unknown)
    "#);
}

#[test]
fn two_of_one_name_are_replaced_delete_first() {
    let case = Case::new().declare("net.node:a", 1, &[]).made();
    assert_snapshot!(case.clone().edit("net.node:a", "zone", json!("z")).up(), @r#"
    replace net.node:a, delete first
      zone: null → "z" (Declared, replaces)
    "#);
    assert_snapshot!(case.edit("net.node:a", "name", json!("a2")).up(), @r#"
    replace net.node:a, create first
      name: "a" → "a2" (Declared, replaces)
    "#);
}

#[test]
fn what_holds_something_that_goes_first_is_replaced_with_it() {
    let case = Case::new().declare("net.node:a", 1, &[]).declare("net.zone:b", 1, &["net.node:a"]);
    let case = case.declare("net.zone:c", 1, &["net.zone:b"]).made();
    assert_snapshot!(case.edit("net.node:a", "zone", json!("z")).up(), @r#"
    replace net.node:a, delete first
      zone: null → "z" (Declared, replaces)
    replace net.zone:b, delete first: it keeps net.node:a from being deleted
      parents: ["a-1"] → known after {net.node:a} (Unknown)
    replace net.zone:c, delete first: it keeps net.zone:b from being deleted
      parents: ["b-1"] → known after {net.zone:b} (Unknown)
    "#);
}

#[test]
fn what_holds_something_that_is_made_first_is_only_changed() {
    let case = Case::new().declare("net.zone:a", 1, &[]).declare("net.node:b", 1, &["net.zone:a"]);
    assert_snapshot!(case.made().edit("net.zone:a", "name", json!("a2")).up(), @r#"
    replace net.zone:a, create first
      name: "a" → "a2" (Declared, replaces)
    update net.node:b
      parents: ["a-1"] → known after {net.zone:a} (Unknown)
    "#);
}

#[test]
fn a_successor_that_has_to_wait_for_a_deletion_lets_its_holders_go_first_too() {
    let case = Case::new().declare("net.node:a", 1, &[]).declare("net.node:b", 1, &["net.node:a"]);
    let case = case.declare("net.zone:c", 1, &["net.node:b"]).made();
    let case = case.edit("net.node:a", "zone", json!("z")).edit("net.node:b", "name", json!("b2"));
    assert_snapshot!(case.up(), @r#"
    replace net.node:a, delete first
      zone: null → "z" (Declared, replaces)
    replace net.node:b, delete first
      name: "b" → "b2" (Declared, replaces)
      parents: ["a-1"] → known after {net.node:a} (Unknown)
    replace net.zone:c, delete first: it keeps net.node:b from being deleted
      parents: ["b-1"] → known after {net.node:b} (Unknown)
    "#);
}

#[test]
fn what_belongs_to_something_goes_with_it() {
    let case = Case::new().declare("data.store:a", 1, &[]);
    let case = case.declare("net.link:b", 1, &["data.store:a"]).made();
    assert_snapshot!(case.edit("data.store:a", "zone", json!("z")).up(), @r#"
    replace data.store:a, delete first
      zone: null → "z" (Declared, replaces)
    replace net.link:b, delete first: it belongs to data.store:a, which is replaced
    "#);
}

#[test]
fn what_is_known_by_its_name_can_be_replaced_under_its_users() {
    let case = Case::new().declare("data.store:a", 1, &[]);
    let case = case.declare("data.store:b", 1, &["data.store:a"]).made();
    assert_snapshot!(case.clone().edit("data.store:a", "zone", json!("z")).up(), @r#"
    replace data.store:a, delete first
      zone: null → "z" (Declared, replaces)
    keep data.store:b
    "#);
    // Under another name it is another one.
    assert_snapshot!(case.edit("data.store:a", "name", json!("a2")).up(), @r#"
    replace data.store:a, create first
      name: "a" → "a2" (Declared, replaces)
    update data.store:b
      parents: ["a-1"] → known after {data.store:a} (Unknown)
    "#);
}

#[test]
fn what_is_declared_no_longer_is_deleted_or_forgotten() {
    let case = two().made().undeclare("net.zone:b");
    assert_snapshot!(case.up(), @r"
    keep net.zone:a
    delete net.zone:b: no longer in the configuration
    ");
    assert_snapshot!(case.gone("net.zone:b").up(), @r"
    keep net.zone:a
    forget net.zone:b: it is already gone
    ");
}

#[test]
fn data_is_lost_only_where_that_is_allowed() {
    let case = Case::new().kind("data.store", |kind| kind.keeps_data = true);
    let mut case = case.declare("data.store:a", 1, &[]).declare("data.store:b", 1, &[]).made();
    case = case.edit("data.store:a", "zone", json!("z")).undeclare("data.store:b");
    assert_snapshot!(case.up(), @r#"
    replace data.store:a, delete first
      zone: null → "z" (Declared, replaces)
    delete data.store:b: no longer in the configuration
    refused data.store:a: it would be replaced, and its data lost (if that is meant, add --allow-data-loss data.store:a)
    refused data.store:b: it would be removed, and its data lost (if that is meant, add --allow-data-loss data.store:b)
    "#);
    case.permissions.lose_data_of = [at("data.store:a"), at("data.store:b")].into();
    assert_eq!(case.plan(Goal::Up).refusals, []);
}

#[test]
fn a_foreign_resource_is_refused_and_stays() {
    let case = Case::new().declare("data.store:a", 1, &[]).declare("data.store:b", 1, &[]);
    let case = case.declare("data.store:c", 1, &[]).declare("data.store:d", 1, &[]).made();
    let case = case.found("data.store:a").drift("data.store:a", "tags", json!({}));
    let theirs = |name: &str, value: &str| {
        let mut tags = json!({ "payctl:stack": "stack", "payctl:suffix": "dev" });
        tags[name] = value.into();
        tags
    };
    let case = case.found("data.store:b");
    let case = case.drift("data.store:b", "tags", theirs("payctl:stack", "theirs"));
    let case = case.found("data.store:c");
    let case = case.drift("data.store:c", "tags", theirs("payctl:lineage", "theirs"));
    let case = case.drift("data.store:d", "tags", theirs("payctl:id", "data.store:e"));
    assert_snapshot!(case.up(), @r"
    keep data.store:a
    keep data.store:b
    keep data.store:c
    keep data.store:d
    refused data.store:a: a resource of that name exists that payctl did not create (choose another suffix, or remove or rename that resource)
    refused data.store:b: a resource of that name exists: it belongs to stack theirs, suffix dev (choose another suffix, or destroy the other stack first)
    refused data.store:c: a resource of that name exists: it belongs to another stack of suffix dev, with the lineage theirs (choose another suffix, or destroy the other stack first)
    refused data.store:d: a resource of that name exists: it is this stack's data.store:e (choose another suffix, or destroy the other stack first)
    ");
    // Nor is it ours to delete: what is not on record needs no step at all.
    assert_snapshot!(case.destroy(), @r"
    keep data.store:d
    refused data.store:d: a resource of that name exists: it is this stack's data.store:e (choose another suffix, or destroy the other stack first)
    ");
    assert_eq!(case.plan(Goal::Up).counts(), Counts::default());
}

/// Somebody wrote the address of another resource of the stack on it: what refers to it stays.
#[test]
fn an_address_that_was_changed_by_hand_is_told_alone() {
    let case = Case::new().declare("net.zone:a", 1, &[]).declare("net.link:b", 1, &["net.zone:a"]);
    let tags = json!({
        "payctl:stack": "stack",
        "payctl:suffix": "dev",
        "payctl:lineage": "ours",
        "payctl:id": "net.zone:z",
    });
    let case = case.made().drift("net.zone:a", "tags", tags);
    assert_snapshot!(case.up(), @r"
    keep net.zone:a
    keep net.link:b
    refused net.zone:a: its tag payctl:id is net.zone:z, which is not its address (set the tag to net.zone:a)
    ");
    // Of what is on no record it is not known which of the two it is.
    let refusals = case.found("net.zone:a").plan(Goal::Up).refusals;
    let hint = "if it is this one, set the tag to net.zone:a; else remove or rename it";
    assert_eq!(refusals[0].hint, hint);
}

#[test]
fn a_bucket_made_and_not_tagged_before_the_crash_is_ours() {
    let case = Case::new().declare("data.store:a", 1, &[]).made().found("data.store:a");
    let case = case.drift("data.store:a", "tags", json!({}));
    let case = case.pending("data.store:a", IntentAction::Create);
    assert_eq!(case.plan(Goal::Up).refusals, []);
    assert_eq!(case.plan(Goal::Destroy).steps[0].action, Action::Delete);
}

/// The state was lost, and what it belongs to is replaced.
#[test]
fn what_belongs_to_what_is_there_now_is_ours_though_that_is_replaced() {
    let case = Case::new().declare("net.zone:a", 1, &[]).declare("net.link:b", 1, &["net.zone:a"]);
    let case = case.made().found("net.zone:a").found("net.link:b");
    assert_snapshot!(case.edit("net.zone:a", "name", json!("a2")).up(), @r#"
    replace net.zone:a, create first
      name: "a" → "a2" (Declared, replaces)
    replace net.link:b, create first
      parents: ["a-1"] → known after {net.zone:a} (Unknown, replaces)
    "#);
}

/// It once was asked for again and again: the planner did not end.
#[test]
fn a_foreign_resource_is_refused_though_what_it_belongs_to_is_replaced() {
    let case = Case::new().declare("net.zone:a", 1, &[]).declare("net.link:b", 1, &["net.zone:a"]);
    let case = case.made().found("net.link:b").drift("net.link:b", "parents", json!(["theirs"]));
    assert_snapshot!(case.edit("net.zone:a", "name", json!("a2")).up(), @r#"
    replace net.zone:a, create first
      name: "a" → "a2" (Declared, replaces)
    keep net.link:b
    refused net.link:b: it exists and belongs to ["theirs"], not to ["a-1"] (choose another suffix, or remove what carries its name)
    "#);
}

#[test]
fn ownership_tags_taken_off_by_hand_are_put_back_and_stop_a_destroy() {
    let case = Case::new().declare("net.zone:a", 1, &[]).made();
    let case = case.drift("net.zone:a", "tags", json!({}));
    assert_eq!(case.plan(Goal::Up).steps[0].action, Action::Update);
    assert_snapshot!(case.destroy(), @r"
    keep net.zone:a
    refused net.zone:a: its ownership tags were removed outside payctl (`payctl up` puts them back; `payctl state forget` leaves the resource alone)
    ");
}

#[test]
fn a_destroy_deletes_what_is_there_and_forgets_what_is_not() {
    let case = two().made().gone("net.zone:b");
    assert_snapshot!(case.destroy(), @r"
    delete net.zone:a
    forget net.zone:b: it is already gone
    ");
    assert!(two().plan(Goal::Destroy).steps.is_empty());
}

#[test]
fn what_is_scheduled_for_deletion_is_left_to_it() {
    let case = two().made().drift("net.zone:b", "pending_deletion", json!(true));
    assert_snapshot!(case.destroy(), @r"
    delete net.zone:a
    forget net.zone:b: its deletion is already scheduled
    ");
}

#[test]
fn protection_stops_a_destroy_until_it_is_lifted() {
    let mut case = two().made().drift("net.zone:b", "deletion_protection", json!(true));
    assert_snapshot!(case.destroy(), @r"
    delete net.zone:a
    delete net.zone:b
    refused net.zone:b: it is protected against deletion (if it is to go all the same, add --lift-protection)
    ");
    case.permissions.lift_protection = true;
    assert_eq!(case.plan(Goal::Destroy).refusals, []);
}

#[test]
fn what_an_earlier_replacement_left_behind_is_deleted() {
    let case = two().made().deposed("net.zone:a");
    assert_snapshot!(case.up(), @r#"
    keep net.zone:a
      and delete "old"
    keep net.zone:b
    "#);
    assert_snapshot!(case.destroy(), @r#"
    delete net.zone:a
      and delete "old"
    delete net.zone:b
    "#);
    assert!(!case.plan(Goal::Up).is_empty());
    assert_eq!(case.plan(Goal::Up).counts().delete, 1);
}

#[test]
fn only_what_it_replaced_is_left_of_what_is_gone() {
    let case = two().made().deposed("net.zone:b").gone("net.zone:b");
    let case = case.record("net.zone:b", |record| record.status = Status::Gone);
    assert_snapshot!(case.up(), @r#"
    keep net.zone:a
    create net.zone:b
      and delete "old"
    "#);
    assert_snapshot!(case.destroy(), @r#"
    delete net.zone:a
    forget net.zone:b: it is already gone
      and delete "old"
    "#);
}

#[test]
fn the_duplicates_of_a_crash_are_deleted_with_what_they_are_on_record_with() {
    let case = Case::new().declare("net.zone:a", 1, &[]).made();
    // What is on record was replaced, and what replaced it was found.
    let case = case.seen("net.zone:a", |seen| {
        let recorded = std::mem::replace(&mut seen.outputs, json!({ "id": "new" }));
        seen.properties["size"] = json!(null);
        let other = |outputs| Other { outputs, properties: seen.properties.clone() };
        seen.others = vec![other(recorded), other(json!({ "id": "third" }))];
        seen.found = true;
    });
    let plan = case.pending("net.zone:a", IntentAction::Create).plan(Goal::Up);
    let step = &plan.steps[0];
    assert_eq!(step.action, Action::Adopt);
    let sizes: Vec<&Value> = step.deposed.iter().map(|old| &old.properties["size"]).collect();
    assert_eq!(sizes, [&json!(1), &json!(null)]);
    assert_eq!(step.changes[0].origin, crate::Origin::Declared, "it is no drift of another one");
}

#[test]
fn a_kind_that_is_not_known_stops_the_plan() {
    let mut case = two().made();
    case.kinds.remove("net.zone");
    let error = case.try_plan(Goal::Up).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this version of payctl knows no kind `net.zone`, which net.zone:a is"
    );
}

#[test]
fn a_stack_that_contradicts_itself_stops_the_plan() {
    let dangling = two().undeclare("net.zone:a").try_plan(Goal::Up).unwrap_err();
    assert_snapshot!(dangling, @r"
    net.zone:b refers to net.zone:a, which is not declared before it
    ");
    let mut twice = two();
    twice.declared.push(twice.declared[0].clone());
    assert_snapshot!(twice.try_plan(Goal::Up).unwrap_err(), @"net.zone:a is declared twice");
}
