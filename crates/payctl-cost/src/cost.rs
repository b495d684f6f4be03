//! The way from what is declared to what it costs.

use crate::bill::{Bill, ENVIRONMENT, Ledger};
use crate::declared::{All, Resource};
use crate::estimate::{Estimate, Unknown};
use crate::prices::Prices;
use crate::services::kind;
use crate::usage::Usage;

/// What `resources`, such as pairs of an address and what is declared there, cost in a month in
/// `region`.
///
/// With `usage` what is used is counted too. Free allowances are not deducted: they belong to the
/// account. What has no known price is in the estimate as that.
#[must_use]
pub fn estimate<'a>(
    prices: &Prices,
    resources: impl IntoIterator<Item = impl Into<Resource<'a>>>,
    region: &str,
    usage: &Usage,
) -> Estimate {
    let all = All::new(resources);
    let mut ledger = Ledger::new(prices, region);
    ledger.estimate.has_usage = !usage.is_empty();
    for one in all.iter() {
        let name = one.kind();
        match kind(name) {
            Some(kind) => {
                (kind.bill)(&mut Bill { one, all: &all, usage, ledger: &mut ledger });
            }
            None if prices.free(name).is_some() => {
                *ledger.estimate.free.entry(name.to_owned()).or_default() += 1;
            }
            None => ledger.estimate.unknown.push(Unknown {
                address: one.address.to_owned(),
                what: name.to_owned(),
                why: "nobody said how this kind is billed".to_owned(),
            }),
        }
    }
    if !all.is_empty() {
        ledger.used(ENVIRONMENT, "data-out", usage.of_environment("gb_out"));
        let between = usage.of_environment("gb_between_zones");
        ledger.used(ENVIRONMENT, "data-between-zones", between);
    }
    ledger.estimate
}

/// Whether it is known how a kind is billed, were it that it costs nothing by itself.
#[must_use]
pub fn is_known(prices: &Prices, name: &str) -> bool {
    kind(name).is_some() || prices.free(name).is_some()
}

#[cfg(test)]
mod tests;
