//! An estimate for programs.

use serde_json::{Value, json};

use crate::difference::Difference;
use crate::estimate::{Estimate, Line};
use crate::money::Usd;
use crate::prices::{HOURS, Prices};

/// The format's version. It grows when a reader of this one would be misled.
const FORMAT: u32 = 1;

/// What `payctl cost --json` prints: amounts are texts with all their decimals.
#[must_use]
pub fn json(estimate: &Estimate, difference: Option<&Difference>, prices: &Prices) -> Value {
    let lines = || estimate.idle.iter().chain(&estimate.used);
    let cited =
        lines().map(|line| &line.source).chain(estimate.rates.iter().map(|rate| &rate.source));
    let sources: serde_json::Map<String, Value> = cited
        .filter_map(|name| Some((name, prices.source(name)?)))
        .map(|(name, source)| (name.clone(), json!({ "name": source.name, "url": source.url })))
        .collect();
    let later: Vec<Value> = estimate
        .later_sums()
        .into_iter()
        .map(|(when, (count, usd))| json!({ "when": when, "count": count, "usd": usd }))
        .collect();
    let resources: Vec<Value> = estimate
        .by_resource()
        .into_iter()
        .map(|(address, usd)| json!({ "address": address, "usd": usd }))
        .collect();
    let items: Vec<Value> = estimate
        .idle_items()
        .iter()
        .map(|item| {
            let (what, count) = (&item.line.what, item.count);
            json!({ "price": item.line.price, "what": what, "count": count, "usd": item.monthly })
        })
        .collect();
    json!({
        "format": FORMAT,
        "region": estimate.region,
        "currency": "USD",
        "hours": HOURS,
        "complete": estimate.is_complete(),
        "idle": { "usd": estimate.idle_total(), "lines": estimate.idle },
        "used": estimate.has_usage.then(|| used(&estimate.used)),
        "total": estimate.total(),
        "drivers": items,
        "resources": resources,
        "later": later,
        "per_use": estimate.rates,
        "unknown": estimate.unknown,
        "unknown_use": estimate.unknown_use,
        "free": estimate.free,
        "notes": estimate.notes,
        "sources": sources,
        "difference": difference,
    })
}

fn used(lines: &[Line]) -> Value {
    let usd: Usd = lines.iter().map(|line| line.monthly).sum();
    json!({ "usd": usd, "lines": lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::estimate;
    use crate::usage::Usage;

    #[test]
    fn amounts_are_texts_and_everything_has_its_source() {
        let prices = Prices::built_in();
        let (gateway, queue) = (json!({}), json!({}));
        let declared = [("ec2.nat_gateway:main", &gateway), ("sqs.queue:work", &queue)];
        let nothing: [(&str, &Value); 0] = [];
        let none = estimate(&prices, nothing, "us-east-1", &Usage::default());
        let usage = Usage::read("[usage]\nmessages = 1_000_000").unwrap();
        let month = estimate(&prices, declared, "us-east-1", &usage);
        let said = json(&month, Some(&Difference::between(&none, &month)), &prices);

        assert_eq!(said["format"], 1);
        assert_eq!(said["idle"]["usd"], "32.85");
        assert_eq!(said["idle"]["lines"][0]["unit_price"], "0.045");
        assert_eq!(said["idle"]["lines"][0]["quantity"], "730");
        // Three requests for a message.
        assert_eq!(said["used"]["usd"], "1.20");
        assert_eq!(said["total"], "34.05");
        assert_eq!(said["difference"]["after"], "34.05");
        assert_eq!(said["sources"].as_object().unwrap().len(), 1);
        assert!(said["sources"]["infracost"]["url"].as_str().unwrap().starts_with("https://"));
        assert_eq!(json(&none, None, &prices)["used"], Value::Null);
    }
}
