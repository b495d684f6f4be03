//! Prices: what AWS charges for a unit of something, in which region, by which source.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::money::{Quantity, Usd};

/// Hours that a month is counted with, as AWS does it.
pub const HOURS: u64 = 730;

/// What is known of prices.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    prices: BTreeMap<String, Price>,
    free: BTreeMap<String, Cited>,
    sources: BTreeMap<String, Source>,
}

/// The price of one thing, wherever it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// What is paid for, such as `NAT gateway`.
    pub what: String,
    /// What is counted.
    pub unit: Unit,
    /// How many units the price is for.
    pub per: u32,
    /// What an account has for nothing each month. Told, never deducted: others may use it up.
    pub free: Option<String>,
    /// Where AWS's own list has it; none where no name of it there was read.
    pub list: Option<List>,
    /// By region.
    pub at: BTreeMap<String, Rate>,
}

/// What a price is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// An hour of a thing that is there, used or not.
    Hour,
    /// A month of it.
    Month,
    /// What is used, such as a `request`.
    Used(String),
}

/// A price in one region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "FileRate")]
pub struct Rate {
    /// The price, for what is below every entry of `above`.
    pub usd: Usd,
    /// That of what exceeds so many units a month.
    pub above: BTreeMap<Quantity, Usd>,
    /// Beyond so many units a month the price is not known.
    pub up_to: Option<Quantity>,
    /// Where it was read.
    pub cited: Cited,
}

/// Where something was read, and as of when it is so.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cited {
    /// The source's name in [`Prices::source`].
    pub source: String,
    /// The place in it; empty where it is one.
    #[serde(default, rename = "in", skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Such as `2026-07-20`.
    pub date: String,
}

/// A source of prices.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Whether it says no date, so that the prices' is that of the reading.
    #[serde(default)]
    pub undated: bool,
}

/// How a price is found in AWS's price list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The service's code, such as `AmazonEC2`.
    pub service: String,
    /// The usage type without the prefix that names a region; `{region}` is the region's name.
    pub usage: String,
    /// Attributes that tell it from others of the same usage type.
    #[serde(default)]
    pub select: BTreeMap<String, String>,
}

/// Why prices cannot be read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum PriceError {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}: there is no source {1:?}")]
    Source(String, String),
    #[error("{0}: {1:?} is no date, such as 2026-07-20")]
    Date(String, String),
    #[error("{0}: {1}")]
    Wrong(String, &'static str),
    #[error("{0} is there twice")]
    Twice(String),
}

/// As a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct File {
    source: BTreeMap<String, Source>,
    price: BTreeMap<String, FilePrice>,
    instances: BTreeMap<String, FileInstances>,
    free: BTreeMap<String, Cited>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePrice {
    what: String,
    unit: String,
    #[serde(default = "one")]
    per: u32,
    free: Option<String>,
    list: Option<List>,
    at: BTreeMap<String, Rate>,
}

const fn one() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileInstances {
    what: String,
    list: List,
    at: BTreeMap<String, Vec<FileTypes>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTypes {
    usd: BTreeMap<String, Usd>,
    source: String,
    #[serde(default, rename = "in")]
    place: String,
    date: String,
}

/// With the source beside the price: serde refuses no unknown key where a part of a table is
/// another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRate {
    usd: Usd,
    #[serde(default)]
    above: BTreeMap<Quantity, Usd>,
    up_to: Option<Quantity>,
    source: String,
    #[serde(default, rename = "in")]
    place: String,
    date: String,
}

impl From<FileRate> for Rate {
    fn from(file: FileRate) -> Self {
        let FileRate { usd, above, up_to, source, place, date } = file;
        Self { usd, above, up_to, cited: Cited { source, place, date } }
    }
}

/// The files that are built in, as `build.rs` writes them.
const BUILT_IN: &str = include_str!(concat!(env!("OUT_DIR"), "/prices.json"));

impl Prices {
    /// Those that payctl brings along. A test reads them: that they cannot be read cannot be.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static PRICES: LazyLock<Prices> =
            LazyLock::new(|| Prices::read_built_in().unwrap_or_default());
        &PRICES
    }

    fn read_built_in() -> Result<Self, PriceError> {
        Self::of(serde_json::from_str(BUILT_IN)?)
    }

    /// Those of some files.
    ///
    /// # Errors
    /// When one is not as it has to be, above all where a price has no source or no date.
    pub fn read(files: &[&str]) -> Result<Self, PriceError> {
        Self::of(files.iter().map(|text| toml::from_str(text)).collect::<Result<_, _>>()?)
    }

    fn of(files: Vec<File>) -> Result<Self, PriceError> {
        let mut all = Self::default();
        files.into_iter().try_for_each(|file| all.add(file))?;
        all.check()?;
        Ok(all)
    }

    /// These, and in place of them those of `text`: rates that were read later.
    ///
    /// # Errors
    /// As [`Prices::read`], and when `text` has a price that is not known here.
    pub fn updated(mut self, text: &str) -> Result<Self, PriceError> {
        let file = RateFile::read(text)?;
        self.sources.extend(file.source);
        for (name, rates) in file.rate {
            let known = self.prices.get_mut(&name);
            let price = known.ok_or(PriceError::Wrong(name, "there is no such price"))?;
            price.at.extend(rates);
        }
        self.check()?;
        Ok(self)
    }

    fn add(&mut self, file: File) -> Result<(), PriceError> {
        self.sources.extend(file.source);
        for (name, price) in file.price {
            let FilePrice { what, unit, per, free, list, at } = price;
            self.insert(name, Price { what, unit: unit.into(), per, free, list, at })?;
        }
        for (family, instances) in file.instances {
            self.add_instances(&family, instances)?;
        }
        for (kind, cited) in file.free {
            if self.free.insert(kind.clone(), cited).is_some() {
                return Err(PriceError::Twice(kind));
            }
        }
        Ok(())
    }

    /// A price for each type: `aurora` and `db.r6g.large` are `aurora/db.r6g.large`.
    fn add_instances(&mut self, family: &str, all: FileInstances) -> Result<(), PriceError> {
        let mut types: BTreeMap<String, BTreeMap<String, Rate>> = BTreeMap::new();
        for (region, read) in all.at {
            for FileTypes { usd, source, place, date } in read {
                let cited = Cited { source, place, date };
                for (name, usd) in usd {
                    let cited = cited.clone();
                    let rate = Rate { usd, above: BTreeMap::new(), up_to: None, cited };
                    let at = types.entry(name.clone()).or_default();
                    if at.insert(region.clone(), rate).is_some() {
                        return Err(PriceError::Twice(format!("{family}/{name} in {region}")));
                    }
                }
            }
        }
        for (name, at) in types {
            // RDS has `xl` for `xlarge` in its usage types.
            let listed = match family {
                "aurora" => name.replace("xlarge", "xl"),
                _ => name.clone(),
            };
            let usage = all.list.usage.replace("{type}", &listed);
            let list = Some(List { usage, ..all.list.clone() });
            let what = format!("{} {name}", all.what);
            let price = Price { what, unit: Unit::Hour, per: 1, free: None, list, at };
            self.insert(format!("{family}/{name}"), price)?;
        }
        Ok(())
    }

    fn insert(&mut self, name: String, price: Price) -> Result<(), PriceError> {
        match self.prices.insert(name.clone(), price) {
            Some(_) => Err(PriceError::Twice(name)),
            None => Ok(()),
        }
    }

    /// What the types of a file cannot say.
    fn check(&self) -> Result<(), PriceError> {
        for (name, price) in &self.prices {
            if price.per == 0 {
                return Err(PriceError::Wrong(name.clone(), "a price for none of something"));
            }
            for (region, rate) in &price.at {
                let at = format!("{name} in {region}");
                self.check_cited(&at, &rate.cited)?;
                if rate.above.contains_key(&Quantity::ZERO) {
                    return Err(PriceError::Wrong(at, "what exceeds nothing is everything"));
                }
            }
        }
        self.free.iter().try_for_each(|(kind, cited)| self.check_cited(kind, cited))
    }

    fn check_cited(&self, what: &str, cited: &Cited) -> Result<(), PriceError> {
        if !self.sources.contains_key(&cited.source) {
            return Err(PriceError::Source(what.to_owned(), cited.source.clone()));
        }
        if !is_date(&cited.date) {
            return Err(PriceError::Date(what.to_owned(), cited.date.clone()));
        }
        Ok(())
    }

    /// The price of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Price> {
        self.prices.get(name)
    }

    /// All, in the order of their names.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Price)> {
        self.prices.iter().map(|(name, price)| (name.as_str(), price))
    }

    /// Who says that a kind costs nothing by itself.
    #[must_use]
    pub fn free(&self, kind: &str) -> Option<&Cited> {
        self.free.get(kind)
    }

    /// The source of that name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// The sources, by their names.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source))
    }
}

/// A file of rates, as `payctl prices update` writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateFile {
    /// Where they are from.
    #[serde(default)]
    pub source: BTreeMap<String, Source>,
    /// By the price's name, then by region.
    #[serde(default)]
    pub rate: BTreeMap<String, BTreeMap<String, Rate>>,
}

impl RateFile {
    /// Reads `text`.
    ///
    /// # Errors
    /// When it is not as it has to be.
    pub fn read(text: &str) -> Result<Self, PriceError> {
        Ok(toml::from_str(text)?)
    }

    /// As [`RateFile::read`] reads it.
    #[must_use]
    pub fn toml(&self) -> String {
        // A text of TOML is one of JSON, but for what is in neither here.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut lines = vec!["# List prices of AWS, written by `payctl prices update`.".to_owned()];
        for (name, Source { name: what, url, undated }) in &self.source {
            lines.push(format!("\n[source.{}]", quoted(name)));
            lines.push(format!("name = {}\nurl = {}", quoted(what), quoted(url)));
            if *undated {
                lines.push("undated = true".to_owned());
            }
        }
        for (name, rates) in &self.rate {
            lines.push(format!("\n[rate.{}]", quoted(name)));
            for (region, Rate { usd, above, up_to, cited }) in rates {
                let mut entries = vec![format!("usd = {}", quoted(&usd.exact()))];
                if !above.is_empty() {
                    let tier = |(from, usd): (&Quantity, &Usd)| {
                        format!("{} = {}", quoted(&from.plain()), quoted(&usd.exact()))
                    };
                    let tiers: Vec<String> = above.iter().map(tier).collect();
                    entries.push(format!("above = {{ {} }}", tiers.join(", ")));
                }
                if let Some(up_to) = up_to {
                    entries.push(format!("up_to = {}", quoted(&up_to.plain())));
                }
                let Cited { source, place, date } = cited;
                for (key, text) in [("source", source), ("in", place), ("date", date)] {
                    if !text.is_empty() {
                        entries.push(format!("{key} = {}", quoted(text)));
                    }
                }
                lines.push(format!("{} = {{ {} }}", quoted(region), entries.join(", ")));
            }
        }
        lines.join("\n") + "\n"
    }
}

impl Rate {
    /// What `more` units cost, after `before` of them were paid for in the same month; and how many
    /// of them have no known price.
    pub(crate) fn amount(&self, before: Quantity, more: Quantity, per: u32) -> (Usd, Quantity) {
        let asked = before + more;
        let end = self.up_to.map_or(asked, |up_to| up_to.min(asked)).max(before);
        let mut sum = Usd::ZERO;
        let mut usd = self.usd;
        let mut from = Quantity::ZERO;
        for (above, next) in
            self.above.iter().map(|(above, usd)| (*above, Some(*usd))).chain([(end, None)])
        {
            let (low, high) = (from.max(before), above.min(end));
            if high > low {
                sum += usd.times(high - low, per);
            }
            (from, usd) = (above, next.unwrap_or(usd));
        }
        (sum, asked - end)
    }
}

impl From<String> for Unit {
    fn from(text: String) -> Self {
        match text.as_str() {
            "hour" => Self::Hour,
            "month" => Self::Month,
            _ => Self::Used(text),
        }
    }
}

impl Unit {
    /// In a word.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Hour => "hour",
            Self::Month => "month",
            Self::Used(unit) => unit,
        }
    }
}

/// Whether it is written like `2026-07-20`.
fn is_date(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let dashed = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    dashed
        && number(0..4).is_some_and(|year| year >= 2000)
        && number(5..7).is_some_and(|month| (1..=12).contains(&month))
        && number(8..10).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests;
