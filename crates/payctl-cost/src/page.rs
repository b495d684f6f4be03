//! The tables of docs/costs.md: every price with its source, and what may be said of usage.

use std::fmt::Write as _;

use crate::money::Quantity;
use crate::prices::{Cited, Price, Prices, Rate};
use crate::usage_file::measures;

/// The region that most prices are of.
const HOME: &str = "us-east-1";

/// The table of prices.
#[must_use]
pub fn prices(prices: &Prices) -> String {
    let mut text = String::from(
        "| what | unit | us-east-1 | elsewhere | free | source |\n|---|---|---|---|---|---|\n",
    );
    for (_, price) in prices.all().filter(|(name, _)| !name.contains('/')) {
        let home = price.at.get(HOME).map_or_else(String::new, amount);
        let others = price.at.iter().filter(|(region, _)| *region != HOME);
        let others: Vec<String> =
            others.map(|(region, rate)| format!("{region} {}", amount(rate))).collect();
        let mut sources: Vec<String> = Vec::new();
        for rate in price.at.values() {
            let source = cited(&rate.cited);
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        let free = price.free.as_deref().unwrap_or_default();
        let cells =
            [&price.what, &unit(price), &home, &others.join(", "), free, &sources.join("; ")];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The table of instance types, an hour of each.
#[must_use]
pub fn instances(prices: &Prices) -> String {
    let mut text = String::from("| what | us-east-1 | source |\n|---|---|---|\n");
    for (_, price) in prices.all().filter(|(name, _)| name.contains('/')) {
        if let Some(rate) = price.at.get(HOME) {
            let _ =
                writeln!(text, "| {} | {} | {} |", price.what, amount(rate), cited(&rate.cited));
        }
    }
    text
}

/// The sources, by the names that the tables have.
#[must_use]
pub fn sources(prices: &Prices) -> String {
    let mut text = String::new();
    for (name, source) in prices.sources() {
        let undated =
            if source.undated { "; undated, so its dates are those of the reading" } else { "" };
        let _ = writeln!(text, "- `{name}`: [{}]({}){undated}", source.name, source.url);
    }
    text
}

/// What may be said of usage.
#[must_use]
pub fn usage() -> String {
    let mut text = String::from("| of | measure | what it is, in a month |\n|---|---|---|\n");
    for (whose, name, what) in measures() {
        let _ = writeln!(text, "| `{whose}` | `{name}` | {what} |");
    }
    text
}

fn unit(price: &Price) -> String {
    match price.per {
        1 => price.unit.name().to_owned(),
        per => format!("{} {}s", Quantity::from(u64::from(per)), price.unit.name()),
    }
}

fn amount(rate: &Rate) -> String {
    let mut text = rate.usd.exact();
    for (above, usd) in &rate.above {
        let _ = write!(text, ", above {above} {}", usd.exact());
    }
    if let Some(up_to) = rate.up_to {
        let _ = write!(text, ", above {up_to} not known");
    }
    text
}

fn cited(cited: &Cited) -> String {
    let Cited { source, place, date } = cited;
    match place.is_empty() {
        true => format!("`{source}` {date}"),
        false => format!("`{source}` {place}, {date}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/costs.md");

    /// `PAYCTL_COSTS=write` writes them into the page.
    #[test]
    fn the_page_has_the_tables_of_the_prices() {
        let all = Prices::built_in();
        let mut page = std::fs::read_to_string(PAGE).unwrap();
        let tables = [
            ("prices", prices(all)),
            ("instances", instances(all)),
            ("sources", sources(all)),
            ("usage", usage()),
        ];
        for (name, table) in tables {
            let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
            let from = page.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
            let to = page.find(&end).unwrap_or_else(|| panic!("no {end}"));
            page.replace_range(from..to, &format!("\n{table}\n"));
        }
        if std::env::var_os("PAYCTL_COSTS").is_some() {
            std::fs::write(PAGE, &page).unwrap();
        }
        let written = std::fs::read_to_string(PAGE).unwrap();
        assert!(
            written == page,
            "docs/costs.md is not as the prices: PAYCTL_COSTS=write makes it anew"
        );
    }
}
