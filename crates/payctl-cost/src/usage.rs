//! What is used in a month: of the environment, of each resource of a kind, or of one resource.

use std::collections::BTreeMap;

use crate::money::Quantity;
use crate::problem::Span;

/// What is used in a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// By whose it is, a kind or an address (empty for the environment), then by measure.
    said: BTreeMap<String, Said>,
}

/// What was said of a kind or a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Where it is named.
    pub(crate) at: Span,
    pub(crate) measures: BTreeMap<String, Quantity>,
}

impl Usage {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    pub(crate) fn say(&mut self, whose: &str, at: Span, measure: &str, quantity: Quantity) {
        let said = self.said.entry(whose.to_owned()).or_default();
        said.at = at;
        said.measures.insert(measure.to_owned(), quantity);
    }

    pub(crate) fn said(&self) -> impl Iterator<Item = (&str, &Said)> {
        self.said.iter().map(|(whose, said)| (whose.as_str(), said))
    }

    /// What the resource at `address` uses: what was said of it, else what was said of each of its
    /// kind.
    pub(crate) fn of(&self, address: &str, measure: &str) -> Option<Quantity> {
        let kind = address.split_once(':').map(|(kind, _)| kind);
        let told = |whose: &str| self.said.get(whose)?.measures.get(measure).copied();
        told(address).or_else(|| told(kind?))
    }

    pub(crate) fn of_environment(&self, measure: &str) -> Option<Quantity> {
        self.said.get("")?.measures.get(measure).copied()
    }
}
