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

/// What `plan --json` and the events of `up --json` say of the month before and after a plan.
#[must_use]
pub fn change(before: &Estimate, after: &Estimate) -> Value {
    let difference = Difference::between(before, after);
    let month = |month: &Estimate| {
        let unknown = month.unknown.len();
        json!({ "idle": month.idle_total(), "total": month.total(), "unknown": unknown })
    };
    json!({
        "currency": "USD",
        "usage": after.has_usage,
        "before": month(before),
        "after": month(after),
        "difference": difference.is_known().then(|| difference.total()),
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
        let none = estimate(prices, nothing, "us-east-1", &Usage::default());
        let usage = Usage::read("[usage]\nmessages = 1_000_000").unwrap();
        let month = estimate(prices, declared, "us-east-1", &usage);
        let said = json(&month, Some(&Difference::between(&none, &month)), prices);

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
        assert_eq!(json(&none, None, prices)["used"], Value::Null);
    }

    #[test]
    fn a_change_is_null_where_nobody_can_say() {
        let prices = Prices::built_in();
        let month = |all: &[(&str, &Value)]| {
            estimate(prices, all.iter().copied(), "us-east-1", &Usage::default())
        };
        let nothing = json!({});
        let odd = json!({ "engine": "postgres", "class": "db.m5.large" });
        let (key, both) =
            ([("kms.key:a", &nothing)], [("kms.key:a", &nothing), ("rds.instance:a", &odd)]);
        let said = change(&month(&[]), &month(&key));
        assert_eq!(
            (&said["after"]["total"], &said["difference"]),
            (&json!("1.00"), &json!("1.00"))
        );
        assert_eq!((&said["before"]["idle"], &said["usage"]), (&json!("0.00"), &json!(false)));
        let said = change(&month(&key), &month(&both));
        assert_eq!((&said["after"]["unknown"], &said["difference"]), (&json!(1), &Value::Null));
    }

    /// Keys that `value` has and `schema` has not, or has to have, with their paths.
    fn misfits(value: &Value, schema: &Value, root: &Value, path: &str, found: &mut Vec<String>) {
        let schema = match schema["$ref"].as_str() {
            Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        if let Some(either) = schema["anyOf"].as_array() {
            let fits = either.iter().any(|one| {
                let mut wrong = Vec::new();
                misfits(value, one, root, path, &mut wrong);
                wrong.is_empty()
            });
            if !fits {
                found.push(format!("{path}: neither"));
            }
            return;
        }
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        match (schema.get("const"), schema["type"].as_str()) {
            (Some(only), _) if only == value => {}
            (None, Some(kind)) if kind == is => {}
            _ => found.push(format!("{path}: {value} against {schema}")),
        }
        if let Some(all) = value.as_array() {
            all.iter().for_each(|one| misfits(one, &schema["items"], root, path, found));
        }
        let Some(map) = value.as_object() else { return };
        for (key, inner) in map {
            let path = format!("{path}.{key}");
            match (schema["properties"].get(key), &schema["additionalProperties"]) {
                (Some(known), _) => misfits(inner, known, root, &path, found),
                (None, Value::Object(_)) => {
                    misfits(inner, &schema["additionalProperties"], root, &path, found);
                }
                _ => found.push(format!("{path} is not in the schema")),
            }
        }
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let missing = required.iter().filter(|key| !map.contains_key(key.as_str().unwrap()));
        found.extend(missing.map(|key| format!("{path} has no {key}")));
    }

    #[test]
    fn it_fits_its_schema() {
        let schema: Value =
            serde_json::from_str(include_str!("../../../docs/schema/cost.json")).unwrap();
        let prices = Prices::built_in();
        let (key, odd, role) =
            (json!({ "rotation": true }), json!({ "billing": "PROVISIONED" }), json!({}));
        let declared = [("kms.key:a", &key), ("dynamodb.table:a", &odd), ("iam.role:a", &role)];
        let usage = Usage::read("[usage.kms.key]\nrequests = 5").unwrap();
        let month = estimate(prices, declared, "us-east-1", &usage);
        let before = estimate(prices, [declared[1]], "us-east-1", &usage);
        let mut value = json(&month, Some(&Difference::between(&before, &month)), prices);
        let wrong = |value: &Value| {
            let mut found = Vec::new();
            misfits(value, &schema, &schema, "", &mut found);
            found
        };
        assert_eq!(wrong(&value), Vec::<String>::new());
        assert_eq!(wrong(&json(&before, None, prices)), Vec::<String>::new());
        value["idle"]["lines"][0]["other"] = json!(1);
        value["format"] = json!(2);
        value.as_object_mut().unwrap().remove("total");
        assert_eq!(wrong(&value).len(), 3, "{:?}", wrong(&value));
    }
}
