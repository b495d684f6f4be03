//! What a month costs: lines, sums, and what is not known.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::money::{Quantity, Usd};

/// What declared resources cost in a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Where.
    pub region: String,
    /// What is paid whether anything happens or not.
    pub idle: Vec<Line>,
    /// What is paid for the usage that was said.
    pub used: Vec<Line>,
    /// The prices of what may be used.
    pub rates: Vec<PerUse>,
    /// What is paid in an idle month, or for the said usage, at a price that is not known.
    pub unknown: Vec<Unknown>,
    /// What is paid only when it is used, at a price that is not known.
    pub unknown_use: Vec<Unknown>,
    /// Kinds that cost nothing by themselves, and how many there are of each.
    pub free: BTreeMap<String, usize>,
    /// What comes on top by itself as time goes by.
    pub later: Vec<Later>,
    /// What changes the sums and cannot be seen in what is declared.
    pub notes: BTreeSet<String>,
    /// Whether a usage was said.
    pub has_usage: bool,
}

/// One thing that is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Whose it is: a resource's address, or `environment`.
    pub address: String,
    /// The price's name.
    pub price: String,
    /// What is paid for.
    pub what: String,
    /// How many things; for what is used the same as `quantity`.
    pub count: Quantity,
    /// How many units.
    pub quantity: Quantity,
    /// What is counted, such as `hour`.
    pub unit: String,
    /// The price of `per` units, before any tier.
    pub unit_price: Usd,
    /// How many units the price is for.
    pub per: u32,
    /// Whether tiers made a part of it cheaper.
    pub tiered: bool,
    /// What the month costs.
    pub monthly: Usd,
    /// The source's name.
    pub source: String,
    /// The price's date.
    pub date: String,
}

/// What using something costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PerUse {
    /// Whose it is.
    pub address: String,
    /// The price's name.
    pub price: String,
    /// What is paid for.
    pub what: String,
    /// What is counted.
    pub unit: String,
    /// The price of `per` units, the first of a month.
    pub unit_price: Usd,
    /// How many units the price is for.
    pub per: u32,
    /// Whether more of them cost less.
    pub tiered: bool,
    /// Whether it was said how much of it is used, so that it is in the sum.
    #[serde(skip)]
    pub counted: bool,
    /// What an account has for nothing, which is not deducted anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<String>,
    /// The source's name.
    pub source: String,
    /// The price's date.
    pub date: String,
}

/// What has a price that is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unknown {
    /// Whose it is.
    pub address: String,
    /// What is paid for.
    pub what: String,
    /// Why it is not known.
    pub why: String,
}

/// What is added to a month by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Later {
    /// Whose it is.
    pub address: String,
    /// When it begins.
    pub when: String,
    /// What it adds to each month from then on.
    pub monthly: Usd,
}

/// How a month stands to what it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// It costs no more.
    Kept,
    /// It costs that much more, at least.
    Exceeded {
        /// How much.
        by: Usd,
    },
    /// Nobody can say: what is known leaves that much for what has no known price.
    Unknown {
        /// How much.
        left: Usd,
    },
}

/// All lines of one price together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// One of the lines: what they have in common.
    pub line: &'a Line,
    /// How many things there are.
    pub count: Quantity,
    /// How many units.
    pub quantity: Quantity,
    /// What the month costs.
    pub monthly: Usd,
}

impl Estimate {
    /// The month in which nothing happens.
    #[must_use]
    pub fn idle_total(&self) -> Usd {
        self.idle.iter().map(|line| line.monthly).sum()
    }

    /// The month with the usage that was said; the idle one where none was.
    #[must_use]
    pub fn total(&self) -> Usd {
        self.idle_total() + self.used.iter().map(|line| line.monthly).sum()
    }

    /// Whether every price is known that the total needs: else it is more.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unknown.is_empty()
    }

    /// What each resource costs that costs anything, by its address.
    #[must_use]
    pub fn by_resource(&self) -> BTreeMap<&str, Usd> {
        let mut sums = BTreeMap::new();
        for line in self.idle.iter().chain(&self.used) {
            *sums.entry(line.address.as_str()).or_insert(Usd::ZERO) += line.monthly;
        }
        sums
    }

    /// What is paid for in an idle month, the dearest first: what drives the sum.
    #[must_use]
    pub fn idle_items(&self) -> Vec<Item<'_>> {
        items(&self.idle)
    }

    /// What is paid for the said usage, the dearest first.
    #[must_use]
    pub fn used_items(&self) -> Vec<Item<'_>> {
        items(&self.used)
    }

    /// What comes on top later, by when that is.
    #[must_use]
    pub fn later_sums(&self) -> BTreeMap<&str, (usize, Usd)> {
        let mut sums: BTreeMap<&str, (usize, Usd)> = BTreeMap::new();
        for later in &self.later {
            let (count, sum) = sums.entry(&later.when).or_default();
            *count += 1;
            *sum += later.monthly;
        }
        sums
    }

    /// Whether the month keeps within `budget`.
    #[must_use]
    pub fn against(&self, budget: Usd) -> Budget {
        let total = self.total();
        match total > budget {
            true => Budget::Exceeded { by: total - budget },
            false if self.is_complete() => Budget::Kept,
            false => Budget::Unknown { left: budget - total },
        }
    }
}

fn items(lines: &[Line]) -> Vec<Item<'_>> {
    let mut by_price: BTreeMap<&str, Item<'_>> = BTreeMap::new();
    for line in lines {
        let (count, quantity, monthly) = (Quantity::ZERO, Quantity::ZERO, Usd::ZERO);
        let item = by_price.entry(&line.price).or_insert(Item { line, count, quantity, monthly });
        item.count = item.count + line.count;
        item.quantity = item.quantity + line.quantity;
        item.monthly += line.monthly;
    }
    let mut all: Vec<Item<'_>> = by_price.into_values().collect();
    all.sort_by_key(|item| (Reverse(item.monthly), &item.line.price));
    all
}
