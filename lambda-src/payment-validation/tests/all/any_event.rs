//! Whatever comes as an event or as a body: an answer API Gateway takes, never a panic, and no card
//! number in it.

use crate::common::{ask, body, post};
use handler_tests::any::{any_amount, any_cut, any_json};
use handler_tests::transactions::{payment, posted};
use handler_tests::{CARD, check_reply};
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON built from what the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    any_json(
        "httpMethod routeKey rawPath requestContext http method body isBase64Encoded \
         payment_data customerId amount currency cardLast4 metadata",
        &["POST", "POST /validate", "/validate", "EUR", CARD],
    )
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
        check_reply(&ask(&event), &[400, 404, 405, 422]);
    }

    #[test]
    fn any_body_gets_an_answer(bytes in any_cut(&payment().to_string())) {
        check_reply(&post(&String::from_utf8_lossy(&bytes)), &[400, 422]);
    }

    #[test]
    fn any_payment_within_the_limits_is_valid(
        customer in "[A-Za-z._:-]{1,128}",
        amount in any_amount(100, 500_000),
        card in prop::option::of("[0-9]{4}"),
    ) {
        let mut valid = json!({"customerId": customer, "amount": amount, "currency": "USD"});
        if let Some(card) = card {
            valid["cardLast4"] = json!(card);
        }
        let reply = post(&valid.to_string());
        check_reply(&reply, &[200]);
        prop_assert_eq!(&body(&reply)["amount"], &json!(amount));
    }
}
