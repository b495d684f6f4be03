//! What is in parts, under names that it had before.

use std::collections::BTreeMap;

use payctl_engine::{Address, Declared, Stack};
use serde_json::Value;

/// The stack with other names for what is in its parts: addresses, and what each is called instead. A
/// system that was there before its parts keeps the addresses that states know.
pub(crate) fn kept(stack: &Stack, names: &[(&str, &str)]) -> Stack {
    let names: BTreeMap<&str, String> = names
        .iter()
        .filter_map(|(address, name)| {
            let kind = address.split_once(':')?.0;
            Some((*address, Address::new(kind, name).to_string()))
        })
        .collect();
    let address = |of: &Address| match names.get(of.as_str()) {
        Some(kept) => Address::parse(kept).unwrap_or_else(|_| of.clone()),
        None => of.clone(),
    };
    let mut all = Stack::new(&stack.name, &stack.suffix);
    for one in stack.resources() {
        all.declare(Declared {
            address: address(&one.address),
            properties: renamed(&names, &one.properties),
            after: one.after.iter().map(address).collect(),
        });
    }
    for (name, value) in stack.outputs() {
        all.output(name, &renamed(&names, value));
    }
    stack.notes().iter().for_each(|note| all.note(note));
    if all.errors().is_empty() {
        stack.errors().iter().for_each(|error| all.refuse(error.to_string()));
    }
    all
}

/// The value with references to what is called otherwise; a deployment has addresses for names, too.
fn renamed(names: &BTreeMap<&str, String>, value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("$ref", Value::String(path)) => {
                    let kept = path.rsplit_once('.').and_then(|(address, output)| {
                        Some(format!("{}.{output}", names.get(address)?))
                    });
                    (name.clone(), Value::from(kept.unwrap_or_else(|| path.clone())))
                }
                (name, value) => {
                    let kept = names.get(name).cloned().unwrap_or_else(|| name.to_owned());
                    (kept, renamed(names, value))
                }
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| renamed(names, item)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use payctl_aws::lambda::FunctionRef;
    use payctl_engine::Handle as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_refers_to_it_follows() {
        let mut stack = Stack::new("shop", "dev");
        let function = FunctionRef::new(Address::new("lambda.function", "a.b"));
        let declare = |stack: &mut Stack, name: &str, properties, after: &[&Address]| {
            stack.declare(Declared {
                address: Address::new("lambda.function", name),
                properties,
                after: after.iter().copied().cloned().collect(),
            });
        };
        declare(&mut stack, "a.b", json!({}), &[]);
        let content = json!({ "lambda.function:a.b": { "made": function.arn() } });
        declare(&mut stack, "c", content, &[function.address()]);
        stack.output("it", &function.name().when_created());
        let kept = kept(&stack, &[("lambda.function:a.b", "old")]);
        kept.check().unwrap();
        let old = Address::new("lambda.function", "old");
        assert_eq!(kept.resources()[0].address, old);
        assert_eq!(
            kept.resources()[1].properties,
            json!({ "lambda.function:old": { "made": { "$ref": "lambda.function:old.arn" } } })
        );
        assert!(kept.resources()[1].after.contains(&old));
        let wanted = json!({ "$ref": "lambda.function:old.name", "$needs": "created" });
        assert_eq!(kept.outputs()[0].1, wanted);
    }
}
