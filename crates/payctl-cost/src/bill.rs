//! The bill of one resource: what its kind says is paid for, looked up among the prices.

use std::collections::BTreeMap;

use crate::declared::{All, Resource};
use crate::estimate::{Estimate, Later, Line, PerUse, Unknown};
use crate::money::Quantity;
use crate::prices::{HOURS, Price, Prices, Rate, Unit};
use crate::usage::Usage;

/// What belongs to no resource.
pub(crate) const ENVIRONMENT: &str = "environment";

/// Where a kind writes down what is paid for.
pub(crate) struct Bill<'a, 'e> {
    pub(crate) one: Resource<'a>,
    pub(crate) all: &'a All<'a>,
    pub(crate) usage: &'a Usage,
    pub(crate) ledger: &'e mut Ledger<'a>,
}

/// What all resources are written into.
pub(crate) struct Ledger<'a> {
    pub(crate) prices: &'a Prices,
    pub(crate) estimate: Estimate,
    /// How many units of each price are paid for already: tiers count for the whole account.
    pub(crate) paid: BTreeMap<String, Quantity>,
}

impl Bill<'_, '_> {
    /// `count` of something that is paid for whether it is used or not.
    pub(crate) fn fixed(&mut self, price: &str, count: impl Into<Quantity>) {
        let (count, address) = (count.into(), self.one.address);
        if !count.is_zero() {
            self.ledger.pay(address, price, count, true);
        }
    }

    /// What is paid for as it is used; `quantity` of it, where that was said.
    pub(crate) fn used(&mut self, price: &str, quantity: Option<Quantity>) {
        let address = self.one.address;
        self.ledger.used(address, price, quantity);
    }

    /// What is paid for as it is used, and counted by the measure of that name.
    pub(crate) fn measured(&mut self, price: &str, measure: &str) {
        let quantity = self.measure(measure);
        self.used(price, quantity);
    }

    /// How much of a measure was said, for this resource or for each of its kind.
    pub(crate) fn measure(&self, measure: &str) -> Option<Quantity> {
        self.usage.of(self.one.address, measure)
    }

    /// The same, or what was said of the environment.
    pub(crate) fn measure_or_of_environment(&self, measure: &str) -> Option<Quantity> {
        self.measure(measure).or_else(|| self.usage.of_environment(measure))
    }

    /// Something is paid for in an idle month, and nobody knows how much.
    pub(crate) fn unknown(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let unknown = unknown(self.one.address, what, why);
        self.ledger.estimate.unknown.push(unknown);
    }

    /// Something is paid for when it is used, and nobody knows how much.
    pub(crate) fn unknown_use(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let unknown = unknown(self.one.address, what, why);
        self.ledger.estimate.unknown_use.push(unknown);
    }

    /// From some time on, another of what `price` is the price of is paid for.
    pub(crate) fn later(&mut self, when: &str, price: &str) {
        let (address, when) = (self.one.address.to_owned(), when.to_owned());
        if let Ok((price, rate)) = self.ledger.rate(price) {
            let monthly = rate.usd.times(1.into(), price.per);
            self.ledger.estimate.later.push(Later { address, when, monthly });
        }
    }

    /// What cannot be seen in what is declared, for people.
    pub(crate) fn note(&mut self, text: &str) {
        self.ledger.estimate.notes.insert(text.to_owned());
    }
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(prices: &'a Prices, region: &str) -> Self {
        let estimate = Estimate { region: region.to_owned(), ..Estimate::default() };
        Self { prices, estimate, paid: BTreeMap::new() }
    }

    /// A price in the region; else what it would be the price of, and why it is not known.
    fn rate(&self, name: &str) -> Result<(&'a Price, &'a Rate), (String, String)> {
        let Some(price) = self.prices.get(name) else {
            let what = name.rsplit('/').next().unwrap_or(name);
            return Err((what.to_owned(), "no price of it was found".to_owned()));
        };
        let region = &self.estimate.region;
        let nowhere = || (price.what.clone(), format!("no price of it in {region} was found"));
        price.at.get(region).map(|rate| (price, rate)).ok_or_else(nowhere)
    }

    pub(crate) fn used(&mut self, address: &str, name: &str, quantity: Option<Quantity>) {
        match self.rate(name) {
            Ok((price, rate)) => self.estimate.rates.push(PerUse {
                address: address.to_owned(),
                price: name.to_owned(),
                what: price.what.clone(),
                unit: price.unit.name().to_owned(),
                unit_price: rate.usd,
                per: price.per,
                tiered: !rate.above.is_empty(),
                counted: quantity.is_some(),
                free: price.free.clone(),
                source: rate.cited.source.clone(),
                date: rate.cited.date.clone(),
            }),
            Err((what, why)) => self.estimate.unknown_use.push(unknown(address, what, why)),
        }
        if let Some(quantity) = quantity.filter(|quantity| !quantity.is_zero()) {
            self.pay(address, name, quantity, false);
        }
    }

    fn pay(&mut self, address: &str, name: &str, count: Quantity, idle: bool) {
        let (price, rate) = match self.rate(name) {
            Ok(known) => known,
            Err((what, why)) => {
                self.estimate.unknown.push(unknown(address, what, why));
                return;
            }
        };
        let hours = if price.unit == Unit::Hour { HOURS } else { 1 };
        let quantity = count.scaled(hours, 1);
        let paid = self.paid.entry(name.to_owned()).or_default();
        let (monthly, beyond) = rate.amount(*paid, quantity, price.per);
        *paid = *paid + quantity;
        if !beyond.is_zero() {
            let what = format!("{beyond} {} of {}", price.unit.name(), price.what);
            let why = "no price of so many a month was found";
            self.estimate.unknown.push(unknown(address, what, why));
        }
        let line = Line {
            address: address.to_owned(),
            price: name.to_owned(),
            what: price.what.clone(),
            count,
            quantity,
            unit: price.unit.name().to_owned(),
            unit_price: rate.usd,
            per: price.per,
            tiered: monthly != rate.usd.times(quantity, price.per),
            monthly,
            source: rate.cited.source.clone(),
            date: rate.cited.date.clone(),
        };
        let lines = if idle { &mut self.estimate.idle } else { &mut self.estimate.used };
        lines.push(line);
    }
}

fn unknown(address: &str, what: impl Into<String>, why: impl Into<String>) -> Unknown {
    Unknown { address: address.to_owned(), what: what.into(), why: why.into() }
}
