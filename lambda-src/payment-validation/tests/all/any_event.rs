//! Whatever comes as an event or as a body: an answer API Gateway takes, never a panic, and no card
//! number in it.

use crate::common::{body, config, post};
use handler_tests::transactions::{payment, posted};
use handler_tests::{CARD, check_reply};
use payment_validation::handle;
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON built from the words the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "httpMethod",
        "routeKey",
        "rawPath",
        "requestContext",
        "http",
        "method",
        "body",
        "isBase64Encoded",
        "payment_data",
        "customerId",
        "amount",
        "currency",
        "cardLast4",
        "metadata",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec!["POST", "POST /validate", "/validate", "EUR", CARD])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 8, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(word.clone(), inner, 0..9)
                .prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #[test]
    fn any_event_gets_an_answer(event in any_event(), wrapped in 0..4) {
        let event = match wrapped {
            0 => event,
            1 => posted("/validate", None, &event.to_string()),
            2 => json!({"payment_data": event}),
            _ => {
                let mut wrapped = posted("/validate", None, "");
                wrapped["body"] = event;
                wrapped
            }
        };
        check_reply(&handle(&event, &config()), &[400, 404, 405, 422]);
    }

    #[test]
    fn any_body_gets_an_answer(noise in "\\PC{0,60}", cut in 0_usize..90, keep in any::<bool>()) {
        let valid = payment().to_string();
        let kept = if keep { &valid[..cut.min(valid.len() - 1)] } else { "" };
        check_reply(&post(&format!("{kept}{noise}")), &[400, 422]);
    }

    #[test]
    fn any_payment_within_the_limits_is_valid(
        customer in "[A-Za-z._:-]{1,128}",
        cents in 100_u32..=500_000,
        card in prop::option::of("[0-9]{4}"),
    ) {
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let mut valid = json!({"customerId": customer, "amount": amount, "currency": "USD"});
        if let Some(card) = card {
            valid["cardLast4"] = json!(card);
        }
        let reply = post(&valid.to_string());
        check_reply(&reply, &[200]);
        prop_assert_eq!(&body(&reply)["amount"], &json!(amount));
    }
}
