use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Action, Goal, Plan};
use crate::Address;
use crate::fixture::any_case;

proptest! {
    #[test]
    fn the_same_input_gives_the_same_bytes(case in any_case(), destroy: bool) {
        let goal = if destroy { Goal::Destroy } else { Goal::Up };
        let text = || serde_json::to_string(&case.plan(goal)).unwrap();
        let (one, two) = (text(), text());
        prop_assert_eq!(&one, &two);
        let read: Plan = serde_json::from_str(&one).unwrap();
        prop_assert_eq!(read, case.plan(goal));
    }

    #[test]
    fn a_plan_speaks_of_everything_once_and_of_nothing_else(case in any_case()) {
        let plan = case.plan(Goal::Up);
        let mut spoken: Vec<&Address> = plan.steps.iter().map(|step| &step.address).collect();
        spoken.sort();
        let declared = case.declared.iter().map(|declared| &declared.address);
        let known = declared.chain(case.state.resources.keys());
        let all: BTreeSet<&Address> = known.chain(case.observed.resources.keys()).collect();
        prop_assert_eq!(spoken, all.into_iter().collect::<Vec<_>>());
    }

    /// What a create-first replacement's dependents refer to stays until they have moved.
    #[test]
    fn nothing_kept_refers_to_something_that_becomes_another(case in any_case()) {
        let plan = case.plan(Goal::Up);
        prop_assume!(plan.refusals.is_empty());
        for step in plan.steps.iter().filter(|step| step.action == Action::Keep) {
            for used in step.depends_on.keys() {
                let other = plan.step(used).unwrap();
                let stable = !case.kinds[used.kind()].stable_outputs.is_empty();
                let moved = other.action == Action::Create || other.action.replaces();
                prop_assert!(!moved || stable, "{} on {}", step.address, used);
            }
        }
    }
}
