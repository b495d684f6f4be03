use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Goal;
use crate::fixture::{Case, any_case, at, order, reach};

/// Three in a chain: a zone, a zone on it and a zone on that.
fn chain() -> Case {
    let case = Case::new().declare("net.zone:a", 1, &[]);
    case.declare("net.zone:b", 1, &["net.zone:a"]).declare("net.zone:c", 1, &["net.zone:b"])
}

/// Two nodes of unique names, one on the other.
fn nodes() -> Case {
    let case = Case::new().declare("net.node:a", 1, &[]);
    case.declare("net.node:b", 1, &["net.node:a"]).made()
}

#[test]
fn what_is_made_waits_for_what_it_refers_to() {
    assert_snapshot!(chain().order(Goal::Up), @r"
    apply a
    apply b after apply a
    apply c after apply b
    ");
}

#[test]
fn what_is_kept_is_not_waited_for() {
    let case = chain().made().drift("net.zone:a", "size", json!(7));
    assert_snapshot!(case.drift("net.zone:c", "size", json!(7)).order(Goal::Up), @r"
    apply a
    apply c
    ");
}

#[test]
fn what_is_referred_to_goes_last() {
    assert_snapshot!(chain().made().order(Goal::Destroy), @r"
    delete a after delete b
    delete b after delete c
    delete c
    ");
}

#[test]
fn create_first_the_old_one_goes_when_its_users_have_moved() {
    let case = chain().made().edit("net.zone:a", "name", json!("a2"));
    assert_snapshot!(case.order(Goal::Up), @r"
    apply a
    delete a after apply a, apply b
    apply b after apply a
    ");
}

#[test]
fn delete_first_what_holds_it_goes_before_and_comes_back_after() {
    assert_snapshot!(nodes().edit("net.node:a", "zone", json!("z")).order(Goal::Up), @r"
    apply a after delete a
    delete a after delete b
    apply b after apply a, delete b
    delete b
    ");
}

#[test]
fn two_replacements_create_first_keep_both_orders() {
    let case =
        Case::new().declare("net.zone:a", 1, &[]).declare("app.worker:b", 1, &["net.zone:a"]);
    let case = case.made().edit("net.zone:a", "name", json!("a2"));
    assert_snapshot!(case.order(Goal::Up), @r"
    apply a
    delete a after apply a, apply b, delete b
    apply b after apply a
    delete b after apply b
    ");
}

#[test]
fn what_is_removed_goes_when_its_users_have_moved() {
    let case = chain().made().declare("net.zone:c", 1, &["net.zone:a"]).undeclare("net.zone:b");
    assert_snapshot!(case.order(Goal::Up), @r"
    apply c
    delete b after apply c
    ");
}

#[test]
fn what_an_earlier_run_replaced_waits_for_those_above_and_not_for_its_successor() {
    let case = chain().made().deposed("net.zone:a").drift("net.zone:b", "size", json!(7));
    assert_snapshot!(case.order(Goal::Up), @r"
    delete a (old) after apply b
    apply b
    ");
}

#[test]
fn what_is_gone_holds_nothing_back() {
    let case = Case::new().declare("net.node:a", 1, &[]);
    let case = case.declare("data.store:b", 1, &["net.node:a"]);
    let case = case.declare("data.store:c", 1, &["data.store:b"]).made();
    let case = case.deposed("data.store:b").gone("data.store:c");
    assert_snapshot!(case.edit("net.node:a", "zone", json!("z")).order(Goal::Up), @r"
    apply a after delete a
    delete a after delete b (old)
    apply b after apply a
    delete b (old)
    apply c after apply b
    ");
}

#[test]
fn what_is_forgotten_waits_for_nothing() {
    let case = chain().made().gone("net.zone:c").undeclare("net.zone:c");
    assert_snapshot!(case.order(Goal::Up), @"forget c");
}

/// A creation takes 1 s until its id is known and 2 s more until it is ready; a deletion 1 s.
fn seconds(case: &Case, goal: Goal) -> f64 {
    schedule(&case.plan(goal), &case.kinds).unwrap().critical
}

#[test]
fn the_critical_path_is_the_longest_chain() {
    let exactly = |case: &Case, goal, expected: f64| {
        let found = seconds(case, goal);
        assert!((found - expected).abs() < 1e-9, "{found} s instead of {expected} s");
    };
    exactly(&Case::new(), Goal::Up, 0.0);
    exactly(&chain(), Goal::Up, 9.0);
    exactly(&chain().declare("net.zone:d", 1, &[]), Goal::Up, 9.0);
    exactly(&chain().made(), Goal::Up, 0.0);
    exactly(&chain().made(), Goal::Destroy, 3.0);
    exactly(&chain().made().drift("net.zone:a", "size", json!(7)), Goal::Up, 1.0);
    // Made, the one above told, then deleted.
    let replaced = chain().made().edit("net.zone:a", "name", json!("a2"));
    exactly(&replaced, Goal::Up, 3.0 + 1.0 + 1.0);
    // Where the id is enough, nobody waits until it is ready.
    let needs = json!([{ "$ref": "net.zone:a.id", "$needs": "created" }]);
    exactly(&chain().edit("net.zone:b", "parents", needs), Goal::Up, 1.0 + 3.0 + 3.0);
}

#[test]
fn the_longest_remaining_chain_is_known_for_each_operation() {
    let case = chain();
    let plan = case.plan(Goal::Up);
    let schedule = schedule(&plan, &case.kinds).unwrap();
    let addresses = schedule.chain.iter().map(|index| &schedule.operations[*index].step.address);
    let chain: Vec<String> = addresses.map(ToString::to_string).collect();
    assert_eq!(chain, ["net.zone:a", "net.zone:b", "net.zone:c"]);
    let remaining: Vec<f64> = schedule.operations.iter().map(|o| o.remaining).collect();
    assert_eq!(remaining, [9.0, 6.0, 3.0]);
}

#[test]
fn other_times_make_another_chain_the_longest() {
    let case = chain().declare("net.zone:d", 1, &[]);
    let plan = case.plan(Goal::Up);
    let mut schedule = schedule(&plan, &case.kinds).unwrap();
    schedule.predict(&|operation| match operation.step.address.name() {
        "d" => (1.0, 20.0),
        _ => (1.0, 3.0),
    });
    let chain: Vec<&str> =
        schedule.chain.iter().map(|i| schedule.operations[*i].step.address.name()).collect();
    assert_eq!((schedule.critical, chain), (20.0, vec!["d"]));
}

/// A plan that the planner would not make.
fn broken(case: &Case, goal: Goal, breaks: impl FnOnce(&mut Plan)) -> String {
    let mut plan = case.plan(goal);
    breaks(&mut plan);
    order(&plan, &case.kinds)
}

#[test]
fn a_circle_is_named() {
    let cycle = broken(&chain(), Goal::Up, |plan| {
        plan.steps[0].depends_on.insert(at("net.zone:c"), Needs::Ready);
    });
    assert_snapshot!(cycle, @r"
    dependency cycle: apply net.zone:a → apply net.zone:b → apply net.zone:c → apply net.zone:a
    ");
}

#[test]
fn a_reference_to_nothing_is_named() {
    let missing = broken(&chain(), Goal::Up, |plan| drop(plan.steps.remove(0)));
    assert_snapshot!(missing, @r"
    net.zone:b refers to net.zone:a, which is not in the plan
    ");
}

#[test]
fn a_reference_to_what_is_deleted_is_named() {
    let deleted = broken(&chain().made(), Goal::Up, |plan| {
        plan.steps[0].action = Action::Delete;
        plan.steps[1].action = Action::Update;
    });
    assert_snapshot!(deleted, @"net.zone:b refers to net.zone:a, which the plan deletes");
}

#[test]
fn two_steps_for_one_thing_are_named() {
    let twice = broken(&chain(), Goal::Up, |plan| plan.steps.push(plan.steps[0].clone()));
    assert_snapshot!(twice, @"the plan has two steps for net.zone:a");
}

#[test]
fn a_deletion_of_something_unknown_is_named() {
    let unknown = broken(&chain().made(), Goal::Destroy, |plan| plan.steps[0].known = None);
    assert_snapshot!(unknown, @"the plan touches net.zone:a without knowing it");
}

/// The leftover is to go before what it refers to, and after those above it have moved, which
/// would wait for what it refers to: they move to its successor as it is.
#[test]
fn a_leftover_between_one_that_goes_first_and_one_above_opens_the_circle() {
    let case = Case::new().declare("net.node:a", 1, &[]);
    let case = case.declare("data.store:b", 1, &["net.node:a"]);
    let case = case.declare("net.zone:c", 1, &["data.store:b"]).made();
    let case = case.deposed("data.store:b").drift("net.zone:c", "size", json!(7));
    assert_snapshot!(case.edit("net.node:a", "zone", json!("z")).order(Goal::Up), @r"
    apply a after delete a
    delete a after delete b (old)
    apply b after apply a
    delete b (old) after apply c
    apply c
    ");
}

/// One above holds nothing, so the leftover need not wait until it has moved.
#[test]
fn a_leftover_is_let_go_early_where_nothing_holds_it() {
    let case = Case::new().declare("net.node:a", 1, &[]);
    let case = case.declare("data.store:b", 1, &["net.node:a"]);
    let case = case.declare("data.store:c", 1, &["data.store:b", "net.node:a"]).made();
    let case = case.deposed("data.store:b").drift("data.store:c", "size", json!(7));
    let case = case.drift("data.store:c", "parents", json!(["old", "a-1"]));
    assert_snapshot!(case.edit("net.node:a", "zone", json!("z")).order(Goal::Up), @r"
    apply a after delete a
    delete a after delete b (old)
    apply b after apply a
    delete b (old)
    apply c after apply a
    ");
}

/// What moves away from something that has to go first, to something that comes after that.
fn to_another() -> Case {
    let case = Case::new().declare("net.node:a", 1, &[]);
    let case = case.declare("net.zone:b", 1, &["net.node:a"]);
    case.declare("net.zone:old", 1, &["net.node:a"])
}

#[test]
fn what_holds_nothing_moves_when_the_old_one_has_gone() {
    let case = to_another().declare("data.store:c", 1, &["net.zone:old"]).made();
    let case = case.declare("data.store:c", 1, &["net.zone:b"]).undeclare("net.zone:old");
    assert_snapshot!(case.edit("net.node:a", "zone", json!("z")).order(Goal::Up), @r"
    apply a after delete a
    delete a after delete b, delete old
    apply b after apply a, delete b
    delete b
    apply c after apply b
    delete old
    ");
}

#[test]
fn what_holds_the_old_one_and_cannot_move_before_is_made_anew() {
    let case = to_another().declare("net.zone:c", 1, &["net.zone:old"]).made();
    let case = case.declare("net.zone:c", 1, &["net.zone:b"]).undeclare("net.zone:old");
    let case = case.edit("net.node:a", "zone", json!("z"));
    assert_snapshot!(case.up(), @r#"
    replace net.node:a, delete first
      zone: null → "z" (Declared, replaces)
    replace net.zone:b, delete first: it keeps net.node:a from being deleted
      parents: ["a-1"] → known after {net.node:a} (Unknown)
    replace net.zone:c, delete first: it refers to something that has to go before it could move
      parents: ["old-1"] → known after {net.zone:b} (Unknown)
    delete net.zone:old: no longer in the configuration
    "#);
    assert_snapshot!(case.order(Goal::Up), @r"
    apply a after delete a
    delete a after delete b, delete old
    apply b after apply a, delete b
    delete b
    apply c after apply b, delete c
    delete c
    delete old after delete c
    ");
}

proptest! {
    /// Whatever was edited, drifted, gone or left behind: there is an order to put it right in.
    #[test]
    fn a_plan_of_the_planner_can_be_laid_out(case in any_case(), destroy: bool) {
        let goal = if destroy { Goal::Destroy } else { Goal::Up };
        let plan = case.plan(goal);
        if plan.refusals.is_empty() {
            let laid_out = schedule(&plan, &case.kinds);
            prop_assert!(laid_out.is_ok(), "{}\n{}", laid_out.unwrap_err(), case.up());
        }
    }

    #[test]
    fn nothing_is_deleted_before_what_refers_to_it(case in any_case(), destroy: bool) {
        let goal = if destroy { Goal::Destroy } else { Goal::Up };
        let plan = case.plan(goal);
        let Ok(schedule) = schedule(&plan, &case.kinds) else { return Ok(()) };
        let after: Vec<_> = schedule.operations.iter().map(|o| o.after.clone()).collect();
        let deletes = |o: &Operation<'_>| o.phase == Phase::Delete;
        let refers_to = |o: &Operation<'_>| match o.deposed {
            Some(nth) => o.step.deposed[nth].depends_on.clone(),
            None => o.step.depended_on.clone(),
        };
        for (used, operation) in schedule.operations.iter().enumerate().filter(|(_, o)| deletes(o)) {
            let before = reach(&after, used);
            for (user, other) in schedule.operations.iter().enumerate().filter(|(_, o)| deletes(o)) {
                let refers = refers_to(other).contains(&operation.step.address);
                let own = other.step.address == operation.step.address;
                let text = order(&plan, &case.kinds);
                prop_assert!(!refers || own || before.contains(&user), "{text}");
            }
        }
    }

    #[test]
    fn what_is_made_waits_until_all_it_refers_to_is_there(case in any_case()) {
        let plan = case.plan(Goal::Up);
        let leftovers = plan.steps.iter().any(|step| !step.deposed.is_empty());
        let Ok(schedule) = schedule(&plan, &case.kinds) else { return Ok(()) };
        let after: Vec<_> = schedule.operations.iter().map(|o| o.after.clone()).collect();
        let applies: BTreeMap<&Address, usize> = schedule
            .operations
            .iter()
            .enumerate()
            .filter(|(_, operation)| operation.phase == Phase::Apply)
            .map(|(index, operation)| (&operation.step.address, index))
            .collect();
        for (address, index) in &applies {
            let before = reach(&after, *index);
            for used in plan.step(address).unwrap().depends_on.keys() {
                // One that exists may be moved to before it is brought up to date.
                let exists = |at: &Address| {
                    matches!(plan.step(at).unwrap().action, Action::Update | Action::Adopt)
                };
                let there = applies.get(used).is_none_or(|used| before.contains(used))
                    || (leftovers && exists(used) && exists(address));
                prop_assert!(there, "{} before {}", address, used);
            }
        }
    }
}
