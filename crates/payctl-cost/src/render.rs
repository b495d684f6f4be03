//! An estimate for people: one line for a plan, a page for `payctl cost`.

use std::collections::BTreeMap;

use crate::difference::Difference;
use crate::estimate::{Estimate, Item, PerUse, Unknown};
use crate::money::{Quantity, Usd};
use crate::prices::HOURS;

/// How wide an amount is: up to 999999.99, with a sign.
const AMOUNT: usize = 10;

/// What a plan says in one line: `about 37.80 USD a month when idle (+3.20)`, the difference where
/// `before` is known and not the same.
#[must_use]
pub fn summary(after: &Estimate, before: Option<&Estimate>) -> String {
    let about = if after.is_complete() { "about" } else { "at least" };
    let mut text = match after.has_usage {
        true => format!(
            "{about} {} USD a month as used, {} when idle",
            after.total(),
            after.idle_total()
        ),
        false => format!("{about} {} USD a month when idle", after.idle_total()),
    };
    if let Some(before) = before {
        let difference = Difference::between(before, after);
        if difference.is_known() && difference.total() != Usd::ZERO {
            text += &format!(" ({})", difference.total().signed());
        }
    }
    match after.unknown.len() {
        0 => {}
        1 => text += ", and 1 item at an unknown price",
        count => text += &format!(", and {count} items at unknown prices"),
    }
    text
}

/// All of an estimate, in lines of at most `width` columns where its words allow that.
#[must_use]
pub fn page(estimate: &Estimate, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    section(&mut lines, "each month, used or not");
    lines.extend(estimate.idle_items().iter().flat_map(|item| row(item, width)));
    lines.push(amount(estimate.idle_total(), all(estimate)));
    if estimate.has_usage {
        section(&mut lines, "for the usage that was said");
        lines.extend(estimate.used_items().iter().flat_map(|item| row(item, width)));
        let used = estimate.total() - estimate.idle_total();
        lines.push(amount(used, "in all"));
        lines.push(String::new());
        lines.push(amount(estimate.total(), "the expected month"));
    }
    unknown(&mut lines, "at a price that is not known", &estimate.unknown, width);
    if !estimate.later_sums().is_empty() {
        section(&mut lines, "added to each month later");
        for (when, (count, sum)) in estimate.later_sums() {
            lines.push(amount(sum, &format!("{count} × {when}")));
        }
    }
    let rates = rates(&estimate.rates);
    if !rates.is_empty() {
        section(&mut lines, "as it is used");
        lines.extend(rates.iter().flat_map(|rate| rate_row(rate, width)));
    }
    unknown(
        &mut lines,
        "as it is used, at a price that is not known",
        &estimate.unknown_use,
        width,
    );
    notes(&mut lines, estimate, width);
    lines
}

/// What a sum is of: without what has no known price it is more.
fn all(estimate: &Estimate) -> &'static str {
    if estimate.is_complete() { "in all" } else { "in all, at least" }
}

/// What each resource costs, the dearest first.
#[must_use]
pub fn resources(estimate: &Estimate) -> Vec<String> {
    let mut all: Vec<(&str, Usd)> = estimate.by_resource().into_iter().collect();
    all.sort_by_key(|(address, sum)| (std::cmp::Reverse(*sum), *address));
    all.into_iter().map(|(address, sum)| amount(sum, address)).collect()
}

/// What a change makes dearer or cheaper, resource by resource.
#[must_use]
pub fn difference(difference: &Difference, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for change in &difference.changes {
        let signed = change.difference().signed();
        let how = format!("{} → {}", change.before, change.after);
        lines.extend(beside(&format!("{signed:>AMOUNT$}  {}", change.address), &how, width));
    }
    let sum = format!("{:>AMOUNT$}  in all", difference.total().signed());
    let how = format!("{} → {}", difference.before, difference.after);
    lines.extend(beside(&sum, &how, width));
    unknown(&mut lines, "and at a price that is not known", &difference.unknown, width);
    lines
}

fn section(lines: &mut Vec<String>, title: &str) {
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(title.to_owned());
}

fn amount(usd: Usd, what: &str) -> String {
    format!("{usd:>AMOUNT$}  {what}")
}

/// `     98.55  3 × NAT gateway          2,190 hours × 0.045`
fn row(item: &Item<'_>, width: usize) -> Vec<String> {
    let line = item.line;
    // What is used is counted once, at the right.
    let is_counted = item.count == item.quantity && item.count != Quantity::from(1);
    let what = match is_counted && line.unit != "month" {
        true => line.what.clone(),
        false => format!("{} × {}", item.count, line.what),
    };
    let unit = many(item.quantity, &line.unit);
    let price = match line.per {
        1 => line.unit_price.exact(),
        per => format!("{} per {}", line.unit_price.exact(), Quantity::from(u64::from(per))),
    };
    let tiers = if line.tiered { ", less beyond" } else { "" };
    let how = match line.unit.as_str() {
        "month" => format!("{price} each"),
        _ => format!("{} {unit} × {price}{tiers}", item.quantity),
    };
    beside(&amount(item.monthly, &what), &how, width)
}

/// One of each price, whoever's they are, but of what is in the sum already.
fn rates(all: &[PerUse]) -> Vec<&PerUse> {
    let left = all.iter().filter(|rate| !rate.counted);
    let by_price: BTreeMap<&str, &PerUse> = left.map(|rate| (rate.price.as_str(), rate)).collect();
    let mut rates: Vec<&PerUse> = by_price.into_values().collect();
    rates.sort_by_key(|rate| &rate.what);
    rates
}

fn rate_row(rate: &PerUse, width: usize) -> Vec<String> {
    let per = match rate.per {
        1 => format!("per {}", rate.unit),
        per => {
            let per = Quantity::from(u64::from(per));
            format!("per {per} {}", many(per, &rate.unit))
        }
    };
    let less = if rate.tiered { ", more for less" } else { "" };
    beside(&format!("  {}", rate.what), &format!("{} {per}{less}", rate.unit_price.exact()), width)
}

fn unknown(lines: &mut Vec<String>, title: &str, all: &[Unknown], width: usize) {
    if all.is_empty() {
        return;
    }
    section(lines, title);
    for Unknown { address, what, why } in all {
        lines.extend(wrapped(&format!("{address}: {what}: {why}"), "  ", width));
    }
}

fn notes(lines: &mut Vec<String>, estimate: &Estimate, width: usize) {
    section(lines, "what to know of it");
    let dates = estimate.idle.iter().chain(&estimate.used).map(|line| line.date.as_str());
    let dates = dates.chain(estimate.rates.iter().map(|rate| rate.date.as_str()));
    let as_of = match (dates.clone().min(), dates.max()) {
        (Some(oldest), Some(newest)) => format!("prices as of {oldest} to {newest}"),
        _ => "no price was asked for".to_owned(),
    };
    let of_all = [
        format!(
            "list prices of {} in US dollars, without tax; a month has {HOURS} hours",
            estimate.region
        ),
        as_of,
        "free allowances belong to the account and are not deducted".to_owned(),
    ];
    for note in of_all.iter().chain(&estimate.notes) {
        lines.extend(wrapped(note, "  ", width));
    }
}

/// Two texts in a line, the second to the right of the first; below it where there is no room.
fn beside(left: &str, right: &str, width: usize) -> Vec<String> {
    let (left_columns, right_columns) = (left.chars().count(), right.chars().count());
    match left_columns + 2 + right_columns <= width {
        true => {
            let pad = width - left_columns - right_columns;
            vec![format!("{left}{}{right}", " ".repeat(pad))]
        }
        false => vec![left.to_owned(), format!("{right:>width$}")],
    }
}

/// Broken between words, further lines indented by four more.
fn wrapped(text: &str, indent: &str, width: usize) -> Vec<String> {
    let mut lines = vec![indent.to_owned()];
    for word in text.split(' ') {
        let last = lines.last().map_or(0, |line| line.chars().count());
        let begins = lines.last().is_some_and(|line| line.trim().is_empty());
        if !begins && last + 1 + word.chars().count() > width {
            lines.push(format!("{indent}    {word}"));
        } else if let Some(line) = lines.last_mut() {
            if !begins {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A unit in the plural: `GB-month` and `GB` have none, `vCPU-hour` has.
fn many(count: Quantity, unit: &str) -> String {
    match unit.starts_with("GB") || count == Quantity::from(1) {
        true => unit.to_owned(),
        false => format!("{unit}s"),
    }
}

#[cfg(test)]
mod tests;
