//! What is replaced because something else is, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Action, PlanError, Planner, Step};
use crate::input::Reference;
use crate::{Address, KindInfo};

impl Planner<'_> {
    /// What has to be made anew because something under it is.
    pub(super) fn forced_by_replacements(&self) -> Result<BTreeMap<Address, String>, PlanError> {
        let mut forced = BTreeMap::new();
        let replaced: BTreeMap<&Address, Action> = self
            .steps
            .iter()
            .filter(|step| step.action.replaces())
            .map(|step| (&step.address, step.action))
            .collect();
        for step in &self.steps {
            let kind = self.kind(&step.address)?;
            // What is refused stays as it is.
            let refused = self.refusals.iter().any(|refusal| refusal.address == step.address);
            if step.known.is_none() || step.action.replaces() || refused {
                continue;
            }
            for property in kind.properties {
                let Some(value) = step.properties.get(property) else { continue };
                let belongs = kind.belongs_to == Some(property);
                let holds = kind.holds.contains(property);
                for reference in crate::input::references(value) {
                    let reason = match replaced.get(&reference.address) {
                        Some(_) if belongs => "goes with what it belongs to",
                        Some(Action::DeleteThenCreate)
                            if holds && step.depended_on.contains(&reference.address) =>
                        {
                            "keeps from being deleted"
                        }
                        _ => continue,
                    };
                    let reason = match reason {
                        "keeps from being deleted" => {
                            format!("it keeps {} from being deleted", reference.address)
                        }
                        _ => format!("it belongs to {}, which is replaced", reference.address),
                    };
                    forced.entry(step.address.clone()).or_insert(reason);
                }
            }
        }
        Ok(forced)
    }

    /// What refers to something that is deleted before it is made anew has to go before it, and
    /// so cannot stay until its own successor is there.
    pub(super) fn delete_dependents_first(&self) -> BTreeSet<Address> {
        let with = |action| self.steps.iter().filter(move |step| step.action == action);
        let first: BTreeSet<&Address> =
            with(Action::DeleteThenCreate).map(|step| &step.address).collect();
        with(Action::CreateThenDelete)
            .filter(|step| step.depended_on.iter().any(|used| first.contains(used)))
            .map(|step| step.address.clone())
            .collect()
    }

    /// In which order it is replaced: first the new one, unless the two cannot stand side by side.
    pub(super) fn replacement(&self, kind: &KindInfo, step: &Step) -> Action {
        let may_stay = |name: &&str| {
            let changed = step.changes.iter().any(|change| change.property == *name);
            !changed
                || step
                    .properties
                    .get(*name)
                    .is_some_and(|value| self.may_be_as_it_was(value, step))
        };
        match !kind.unique_by.is_empty() && kind.unique_by.iter().all(may_stay) {
            true => Action::DeleteThenCreate,
            false => Action::CreateThenDelete,
        }
    }

    /// Whether a value is not known yet and may turn out to be what it was: it refers to what it
    /// referred to, which is gone and made again, perhaps under the same name.
    fn may_be_as_it_was(&self, value: &Value, step: &Step) -> bool {
        crate::input::references(value).iter().any(|Reference { address, output, .. }| {
            let kind = self.request.kinds.get(address.kind());
            let lasts = kind.is_some_and(|kind| kind.stable_outputs.contains(&output.as_str()));
            let created =
                |other: &Step| other.address == *address && other.action == Action::Create;
            lasts && step.depended_on.contains(address) && self.steps.iter().any(created)
        })
    }
}
