//! Whatever may come: events, bodies and files that a handler has to answer.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// What a property runs a handler in, one case after the other.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// JSON built of what a handler looks for: `words`, with blanks between them, are the names of its
/// fields, and `texts` are among its values.
pub fn any_json(words: &str, texts: &[&str]) -> impl Strategy<Value = Value> + use<> {
    let words: Vec<String> = words.split(' ').chain([""]).map(str::to_owned).collect();
    let word = prop::sample::select(words);
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select([texts, vec![String::new()]].concat()).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 8, move |inner| {
        let fields = prop::collection::btree_map(word.clone(), inner.clone(), 0..9);
        prop_oneof![
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
            3 => fields.prop_map(|fields| json!(fields)),
        ]
    })
}

/// The beginning of a valid text, or nothing of it, with noise behind.
pub fn any_cut(valid: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let valid = valid.as_bytes().to_vec();
    let noise = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "\\PC{0,60}".prop_map(String::into_bytes),
    ];
    (noise, 0..valid.len(), any::<bool>()).prop_map(move |(noise, cut, keep)| {
        let kept = if keep { &valid[..cut] } else { &[] };
        [kept, &noise].concat()
    })
}

/// The text of an amount with two decimals, from `least` to `most` cents.
pub fn any_amount(least: u32, most: u32) -> impl Strategy<Value = String> {
    (least..=most).prop_map(|cents| format!("{}.{:02}", cents / 100, cents % 100))
}
