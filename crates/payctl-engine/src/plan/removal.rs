//! What goes: everything of a deletion, and what is declared no longer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Action, Goal, PlanError, Planner, Request, Step, depended_on, deposed};
use crate::Address;
use crate::input::resolve;
use crate::state::{IntentAction, Status};

impl Planner<'_> {
    pub(super) fn destroy(&mut self) -> Result<(), PlanError> {
        let declared = self.request.stack.resources().iter().map(|d| d.address.clone());
        let addresses: Vec<Address> = declared.chain(self.undeclared()).collect();
        for address in addresses {
            let Request { observed, state, .. } = self.request;
            let recorded =
                state.resources.contains_key(&address) || state.pending.contains_key(&address);
            if !recorded && !observed.resources.contains_key(&address) {
                continue;
            }
            let step = self.removal(&address)?;
            if step.action == Action::Forget && !recorded {
                continue;
            }
            if step.action == Action::Delete && observed.resources.contains_key(&address) {
                self.guard_protection(&address, &step);
            }
            self.steps.push(step);
        }
        if self.inferred_order_has_cycle() {
            self.refusals.clear();
            self.steps.clear();
            return self.destroy();
        }
        Ok(())
    }

    pub(super) fn removal(&mut self, address: &Address) -> Result<Step, PlanError> {
        let Request { state, observed, stack, owner, goal, .. } = self.request;
        let kind = self.kind(address)?;
        let record = state.resources.get(address);
        let declared = stack.resources().iter().find(|declared| declared.address == *address);
        let seen = observed.resources.get(address);
        let begun = state.pending.get(address);
        let mut depended_on = depended_on(record, begun);
        if let Some(declared) = declared {
            depended_on.extend(declared.dependencies().into_keys());
        }
        depended_on.extend(self.orphans.of(address, seen));
        // What was last applied counts; settings that are not readable come from there.
        let mut before = record.map_or(Value::Null, |record| record.properties.clone());
        if before.is_null() {
            before = declared.map_or(Value::Null, |declared| {
                resolve(&declared.owned(owner, kind), &|reference| {
                    // What belongs to a foreign resource is foreign as well.
                    let ours = !self.foreign.contains(&reference.address);
                    let seen = observed.resources.get(&reference.address).filter(|_| ours)?;
                    seen.outputs.get(&reference.output).cloned()
                })
            });
        }
        if let (true, Some(seen)) = (before.is_null(), seen) {
            before = seen.properties.clone();
        }
        let mut step = Step {
            address: address.clone(),
            action: Action::Forget,
            reason: None,
            changes: Vec::new(),
            properties: Value::Null,
            known: seen.map(|seen| seen.outputs.clone()),
            before: before.clone(),
            depends_on: BTreeMap::new(),
            depended_on,
            deposed: deposed(record, seen, begun),
        };
        let refusal = seen.and_then(|seen| self.foreign_refusal(address, kind, seen, &before));
        if refusal.is_some() {
            self.foreign.insert(address.clone());
        }
        if address.is_shared() {
            step.reason = Some("it is the account's, for all environments, and stays".to_owned());
            return Ok(step);
        }
        let deleting = begun.is_some_and(|intent| intent.action == IntentAction::Delete);
        match seen {
            None => match record.filter(|record| record.status != Status::Gone) {
                // Its deletion may have more to it than the thing itself, which is gone: a
                // function's network interfaces, which its role is still needed for.
                Some(record) if deleting => {
                    step.action = Action::Delete;
                    step.known = Some(record.outputs.clone());
                    step.reason = Some("its deletion was interrupted".to_owned());
                }
                _ => step.reason = Some("it is already gone".to_owned()),
            },
            Some(seen) if self.kind(address)?.is_pending_deletion(&seen.properties) => {
                step.reason = Some("its deletion is already scheduled".to_owned());
                step.known = None;
            }
            Some(seen) => match refusal {
                None => {
                    step.action = Action::Delete;
                    step.reason = match (declared, record.is_none() && begun.is_none()) {
                        (None, true) => Some("not in the configuration or the state".to_owned()),
                        _ if goal == Goal::Up => Some("no longer in the configuration".to_owned()),
                        _ => None,
                    };
                }
                // A foreign resource under our name: nothing of ours is there to be deleted.
                Some(_) if seen.found => {
                    step.reason = Some("what carries its name is not ours and stays".to_owned());
                }
                Some(refusal) => {
                    self.refusals.push(refusal);
                    step.action = Action::Keep;
                }
            },
        }
        Ok(step)
    }
}
