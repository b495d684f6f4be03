//! What a change makes dearer or cheaper.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::estimate::{Estimate, Unknown};
use crate::money::Usd;

/// The difference between two estimates of the same environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What the month was.
    pub before: Usd,
    /// What it is.
    pub after: Usd,
    /// Resources whose month changes, the greatest change first.
    pub changes: Vec<Change>,
    /// What comes that has no known price.
    pub unknown: Vec<Unknown>,
    /// What goes that had no known price.
    pub no_longer_unknown: Vec<Unknown>,
}

/// What one resource costs otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its address.
    pub address: String,
    /// What it cost; 0 where it was not there, or at no cost.
    pub before: Usd,
    /// What it costs; 0 where it is no longer there, or at no cost.
    pub after: Usd,
}

impl Difference {
    /// From `before` to `after`.
    #[must_use]
    pub fn between(before: &Estimate, after: &Estimate) -> Self {
        let (old, new) = (before.by_resource(), after.by_resource());
        let addresses: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let mut changes: Vec<Change> = addresses
            .into_iter()
            .map(|address| Change {
                address: address.to_owned(),
                before: old.get(address).copied().unwrap_or_default(),
                after: new.get(address).copied().unwrap_or_default(),
            })
            .filter(|change| change.before != change.after)
            .collect();
        changes.sort_by_key(|change| (std::cmp::Reverse(change.size()), change.address.clone()));
        let only_in = |one: &Estimate, other: &Estimate| {
            let unknown = one.unknown.iter().filter(|unknown| !other.unknown.contains(unknown));
            unknown.cloned().collect()
        };
        Self {
            before: before.total(),
            after: after.total(),
            changes,
            unknown: only_in(after, before),
            no_longer_unknown: only_in(before, after),
        }
    }

    /// Whether anybody can say what the change costs: not where one side of it is unknown.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.unknown.is_empty() && self.no_longer_unknown.is_empty()
    }

    /// What the month costs more; less, where it is negative.
    #[must_use]
    pub fn total(&self) -> Usd {
        self.after - self.before
    }
}

impl Change {
    /// What it costs more; less, where it is negative.
    #[must_use]
    pub fn difference(&self) -> Usd {
        self.after - self.before
    }

    fn size(&self) -> Usd {
        self.difference().max(Usd::ZERO - self.difference())
    }
}
