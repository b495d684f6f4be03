//! AWS's price list: what to ask it for each price, and what its answers say.
//!
//! The API (`pricing:GetProducts`, in us-east-1, eu-central-1 or ap-south-1) answers with texts,
//! each the JSON of one product and its terms. A usage type begins with a prefix for its region,
//! which us-east-1 has in some services and not in others: `EU-NatGateway-Hours`,
//! `NatGateway-Hours`, `USE1-VpcEndpoint-Hours`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::money::{Quantity, Usd};
use crate::prices::{Cited, List, Price, Prices, Rate, RateFile, Source, Unit};

/// The name of the source that the list is.
const SOURCE: &str = "aws-price-list";
/// A price that is so many times another in the list is more likely read wrongly than changed.
const UNLIKELY: u32 = 10;

/// What is asked for one price: the members of `GetProducts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The price's name here.
    pub price: String,
    /// `ServiceCode`.
    pub service: String,
    /// `Filters`.
    pub filters: Vec<Filter>,
}

/// One of the `Filters`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// `Type`, such as `TERM_MATCH`.
    pub kind: &'static str,
    /// `Field`.
    pub field: String,
    /// `Value`.
    pub value: String,
}

/// What a price is by the list, in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The rate.
    pub rate: Rate,
    /// That which was known before, where it is another.
    pub was: Option<Rate>,
}

/// Why an answer gives no price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ListError {
    #[error("the answer is not the JSON of a product: {0}")]
    Json(String),
    #[error("no product of usage type {0} is in the answer")]
    None(String),
    #[error("the products {0} have different prices")]
    Several(String),
    #[error("product {0}: {1}")]
    Odd(String, String),
}

/// A product and its prices, as a text of `PriceList` has it.
#[derive(Deserialize)]
struct Document {
    product: Product,
    terms: Terms,
    #[serde(rename = "publicationDate")]
    published: String,
}

#[derive(Deserialize)]
struct Product {
    sku: String,
    #[serde(default, rename = "productFamily")]
    family: String,
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Terms {
    #[serde(default, rename = "OnDemand")]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    price_dimensions: BTreeMap<String, Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    unit: String,
    begin_range: String,
    end_range: String,
    price_per_unit: BTreeMap<String, String>,
}

/// What to ask for in `region`, for every price that the list has.
pub fn queries(prices: &Prices, region: &str) -> impl Iterator<Item = Query> {
    prices.all().filter_map(move |(name, price)| {
        let List { service, usage, select } = price.list.as_ref()?;
        let filter = |kind, field: &str, value: &str| Filter {
            kind,
            field: field.to_owned(),
            value: value.to_owned(),
        };
        let mut filters = vec![
            filter("TERM_MATCH", "regionCode", region),
            // Whatever stands before it; what stands behind is looked at in the answer.
            filter("CONTAINS", "usagetype", &usage.replace("{region}", region)),
        ];
        filters.extend(select.iter().map(|(field, value)| filter("TERM_MATCH", field, value)));
        Some(Query { price: name.to_owned(), service: service.clone(), filters })
    })
}

/// Reads the answer to the query for `price` in `region`.
///
/// # Errors
/// When it gives no price, or one that cannot be understood.
pub fn read<'a>(
    price: &Price,
    region: &str,
    answer: impl IntoIterator<Item = &'a str>,
) -> Result<Read, ListError> {
    let Some(list) = &price.list else { return Err(ListError::None(String::new())) };
    let usage = list.usage.replace("{region}", region);
    let mut found: Vec<Rate> = Vec::new();
    for text in answer {
        let document: Document =
            serde_json::from_str(text).map_err(|error| ListError::Json(error.to_string()))?;
        if document.is_meant(list, &usage, region) {
            found.push(document.rate(price)?);
        }
    }
    let Some(rate) = found.first().cloned() else { return Err(ListError::None(usage)) };
    let same = |one: &Rate| (one.usd, &one.above, one.up_to) == (rate.usd, &rate.above, rate.up_to);
    if !found.iter().all(same) {
        let skus: Vec<&str> = found.iter().map(|rate| rate.cited.place.as_str()).collect();
        return Err(ListError::Several(skus.join(", ")));
    }
    check_likely(price, &rate)?;
    let was = price.at.get(region).filter(|was| was.usd != rate.usd || was.above != rate.above);
    Ok(Read { was: was.cloned(), rate })
}

/// Takes what was read into a file of rates, beside what is in there.
pub fn record(file: &mut RateFile, name: &str, region: &str, rate: Rate) {
    let source = Source {
        name: "AWS's price list".to_owned(),
        url: "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html"
            .to_owned(),
        undated: false,
    };
    file.source.insert(SOURCE.to_owned(), source);
    file.rate.entry(name.to_owned()).or_default().insert(region.to_owned(), rate);
}

/// A wrong unit shows as a price that is far from those of all other regions.
fn check_likely(price: &Price, rate: &Rate) -> Result<(), ListError> {
    let near =
        |known: &Rate| rate.usd <= known.usd.of(UNLIKELY) && known.usd <= rate.usd.of(UNLIKELY);
    match price.at.is_empty() || price.at.values().any(near) {
        true => Ok(()),
        false => {
            let why = format!("{} is far from every price that is known", rate.usd.exact());
            Err(ListError::Odd(rate.cited.place.clone(), why))
        }
    }
}

impl Document {
    /// Whether it is the product that is looked for, and not one that is called alike.
    fn is_meant(&self, list: &List, usage: &str, region: &str) -> bool {
        let attribute = |name: &str| self.product.attributes.get(name).map(String::as_str);
        let has = |field: &str, value: &str| match field {
            "productFamily" => self.product.family == value,
            _ => attribute(field) == Some(value),
        };
        let is_there = attribute("regionCode").is_none_or(|code| code == region);
        is_there
            && attribute("usagetype").is_some_and(|name| is_usage(name, usage))
            && list.select.iter().all(|(field, value)| has(field, value))
    }

    fn rate(&self, price: &Price) -> Result<Rate, ListError> {
        let odd = |why: String| ListError::Odd(self.product.sku.clone(), why);
        let mut tiers: Vec<(Quantity, Option<Quantity>, Usd)> = Vec::new();
        for dimension in
            self.terms.on_demand.values().flat_map(|term| term.price_dimensions.values())
        {
            let Dimension { unit, begin_range, end_range, price_per_unit } = dimension;
            let hourly = ["hrs", "hour", "hours", "hr"].contains(&unit.to_lowercase().as_str());
            if hourly != (price.unit == Unit::Hour) {
                return Err(odd(format!("its unit is {unit}, and not {}", price.unit.name())));
            }
            let usd = price_per_unit.get("USD").and_then(|text| Usd::parse(text));
            let usd = usd.ok_or_else(|| odd("it has no price in USD".to_owned()))?;
            let number = |text: &str| {
                Quantity::parse(text).ok_or_else(|| odd(format!("{text:?} is no number of units")))
            };
            let end = if end_range == "Inf" { None } else { Some(number(end_range)?) };
            tiers.push((number(begin_range)?, end, usd.of(price.per)));
        }
        tiers.sort();
        let begins = tiers.first().is_some_and(|(begin, ..)| begin.is_zero());
        if !begins || !tiers.windows(2).all(|pair| pair[0].1 == Some(pair[1].0)) {
            return Err(odd("its tiers do not follow each other".to_owned()));
        }
        // What comes first for nothing is the account's allowance.
        let mut paid = tiers.iter().skip_while(|(_, _, usd)| *usd == Usd::ZERO);
        let Some((_, _, usd)) = paid.next() else {
            return Err(odd("it costs nothing".to_owned()));
        };
        let above = paid.map(|(begin, _, usd)| (*begin, *usd)).collect();
        let up_to = tiers.last().and_then(|(_, end, _)| *end);
        let date = self.published.get(..10).unwrap_or_default().to_owned();
        let cited = Cited { source: SOURCE.to_owned(), place: self.product.sku.clone(), date };
        Ok(Rate { usd: *usd, above, up_to, cited })
    }
}

/// Whether a usage type is `usage`, with or without the prefix of a region before it.
fn is_usage(name: &str, usage: &str) -> bool {
    let is_prefix = |prefix: &str| {
        prefix.len() <= 5 && prefix.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    let without = name.split_once('-').filter(|(prefix, _)| is_prefix(prefix));
    name == usage || without.is_some_and(|(_, rest)| rest == usage)
}

#[cfg(test)]
mod tests;
