//! What a plan refuses: to touch what is not ours, to lose data, to delete what is protected.

use serde_json::Value;

use super::{Action, Goal, PlanError, Planner, Refusal, Request, Step};
use crate::observe::Seen;
use crate::owner::Ownership;
use crate::state::Status;
use crate::{Address, KindInfo};

impl Planner<'_> {
    /// Why what was seen may not be touched, if it is not ours.
    pub(super) fn foreign_refusal(
        &self,
        address: &Address,
        kind: &KindInfo,
        seen: &Seen,
        declared: &Value,
    ) -> Option<Refusal> {
        let Request { state, owner, goal, .. } = self.request;
        let refuse = |why: String, hint: &str| {
            Some(Refusal { address: address.clone(), why, hint: hint.to_owned() })
        };
        let begun = state.pending.contains_key(address)
            || state.resources.get(address).is_some_and(|r| r.status == Status::Created);
        let parent = kind.belongs_to;
        let belongs =
            || parent.is_some_and(|parent| seen.properties.get(parent) == declared.get(parent));
        if kind.tagged() {
            let tags = kind.tags_of(&seen.properties);
            return match owner.ownership(address, tags) {
                Ownership::Ours => None,
                Ownership::Nobody if begun => None,
                // It came with what it belongs to, as a VPC's default security group does.
                Ownership::Nobody if belongs() => None,
                // Nobody's choice is in it: the service made it under the name that is ours.
                Ownership::Nobody if goal == Goal::Up && (kind.service_made)(&seen.properties) => {
                    None
                }
                // Its tags were taken off by hand: `up` puts them back.
                Ownership::Nobody if !seen.found && goal == Goal::Up => None,
                Ownership::Nobody if !seen.found => refuse(
                    "its ownership tags were removed outside payctl".to_owned(),
                    "`payctl up` puts them back; `payctl state forget` leaves the resource alone",
                ),
                Ownership::Nobody => refuse(
                    "a resource of that name exists that payctl did not create".to_owned(),
                    "choose another suffix, or remove or rename that resource",
                ),
                Ownership::Changed { how, undo, .. } if seen.found => refuse(
                    format!("a resource of that name exists: {how}"),
                    &format!("if it is this one, {undo}; else remove or rename it"),
                ),
                Ownership::Changed { how, undo, forgettable: true } => {
                    let forget = "`payctl state forget` leaves the resource alone";
                    refuse(how, &format!("{undo}; {forget}"))
                }
                Ownership::Changed { how, undo, .. } => refuse(how, &undo),
                Ownership::Other(whose) => refuse(
                    format!("a resource of that name exists: {whose}"),
                    "choose another suffix, or destroy the other stack first",
                ),
            };
        }
        let parent = parent?;
        let (theirs, ours) = (seen.properties.get(parent), declared.get(parent));
        if seen.found && !begun && !belongs() {
            let text = |value: Option<&Value>| match value {
                Some(Value::String(text)) => text.clone(),
                Some(value) if crate::input::references(value).is_empty() => value.to_string(),
                _ => "something of ours that does not exist yet".to_owned(),
            };
            return refuse(
                format!("it exists and belongs to {}, not to {}", text(theirs), text(ours)),
                "choose another suffix, or remove what carries its name",
            );
        }
        None
    }

    pub(super) fn guard_data(&mut self, address: &Address, kind: &KindInfo, what: &str) {
        if kind.keeps_data && !self.request.permissions.lose_data_of.contains(address) {
            self.refusals.push(Refusal {
                address: address.clone(),
                why: format!("it would be {what}, and its data lost"),
                hint: format!("if that is meant, add --allow-data-loss {address}"),
            });
        }
    }

    pub(super) fn refuse_lost_data(&mut self) -> Result<(), PlanError> {
        let lost: Vec<(Address, &str)> = self
            .steps
            .iter()
            .filter_map(|step| {
                let there = self.request.observed.resources.contains_key(&step.address);
                let what = match step.action {
                    Action::Delete if there => "removed",
                    action if action.replaces() => "replaced",
                    _ => return None,
                };
                Some((step.address.clone(), what))
            })
            .collect();
        for (address, what) in lost {
            if address.is_shared() {
                self.refusals.push(Refusal {
                    address,
                    why: "it would be replaced, and other environments use it".to_owned(),
                    hint: "remove it by hand when none needs it".to_owned(),
                });
                continue;
            }
            let kind = self.kind(&address)?;
            self.guard_data(&address, kind, what);
        }
        Ok(())
    }

    pub(super) fn guard_protection(&mut self, address: &Address, step: &Step) {
        let observed = self.request.observed.resources.get(address);
        let kind = self.request.kinds.get(address.kind());
        let on = |value: &Value| kind.is_some_and(|kind| kind.is_protected(value));
        let on = observed.is_some_and(|seen| on(&seen.properties)) || on(&step.before);
        if on && !self.request.permissions.lift_protection {
            self.refusals.push(Refusal {
                address: address.clone(),
                why: "it is protected against deletion".to_owned(),
                hint: "if it is to go all the same, add --lift-protection".to_owned(),
            });
        }
    }
}
