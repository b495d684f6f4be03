//! The handler itself.

use crate::common::{ask, body, post};
use handler_tests::CARD;
use handler_tests::transactions::{payment, posted};
use serde_json::{Value, json};

fn with(name: &str, value: Value) -> (u16, Value) {
    let mut changed = payment();
    changed[name] = value;
    let reply = post(&changed.to_string());
    (reply.status_code, body(&reply))
}

#[test]
fn a_valid_payment_is_called_that_however_it_comes() {
    let valid = json!({"valid": true, "customerId": "c-1", "amount": "12.50", "currency": "EUR"});
    let reply = post(&payment().to_string());
    assert_eq!((reply.status_code, body(&reply)), (200, valid.clone()));
    let number = payment().to_string().replace("\"12.50\"", "12.5");
    assert_eq!(post(&number), reply);
    let mut rest = json!({"resource": "/validate", "path": "/validate", "httpMethod": "POST"});
    rest["body"] = json!(payment().to_string());
    assert_eq!(ask(&rest), reply);
    assert_eq!(ask(&json!({"payment_data": payment()})), reply);
    let bare = json!({"customerId": "c-1", "amount": "12.50", "currency": "EUR"});
    assert_eq!(body(&post(&bare.to_string())), valid);
}

#[test]
fn all_reasons_come_at_once() {
    let mut wrong = payment();
    wrong["customerId"] = json!("someone@example.com");
    wrong["amount"] = json!("5000.01");
    wrong["currency"] = json!("GBP");
    wrong["cardLast4"] = json!("424");
    let reply = post(&wrong.to_string());
    assert_eq!(reply.status_code, 422);
    assert_eq!(
        body(&reply),
        json!({"valid": false, "reasons": [
            "customerId must be 1 to 128 characters of A-Z a-z 0-9 . _ : -",
            "amount must be at most 5000.00",
            "currency is not accepted; it must be one of USD, EUR, JPY",
            "cardLast4 must be a string of exactly four digits",
        ]})
    );
}

#[test]
fn the_limits_are_within_reach() {
    for amount in [json!("1.00"), json!(1), json!("5000"), json!("5000.00")] {
        assert_eq!(with("amount", amount).0, 200);
    }
    let below = json!({"valid": false, "reasons": ["amount must be at least 1.00"]});
    assert_eq!(with("amount", json!("0.99")), (422, below));
    assert_eq!(with("amount", json!(5001)).0, 422);
}

#[test]
fn a_card_number_is_refused_and_never_repeated() {
    let alone =
        json!({"valid": false, "reasons": ["a full card number is not accepted in any field"]});
    for name in ["customerId", "amount", "currency", "cardLast4", "metadata", "pan", CARD] {
        assert_eq!(with(name, json!(CARD)), (422, alone.clone()), "{name}");
        assert_eq!(with(name, json!([{"deep": CARD}])), (422, alone.clone()), "{name}");
    }
}

#[test]
fn what_is_no_request_is_told_apart() {
    for (event, status, reason) in [
        (json!({}), 400, "not a request to an API"),
        (json!({"payment_data": {}, "other": 1}), 400, "not a request to an API"),
        (posted("/validate", None, ""), 400, "the body is missing"),
        (posted("/validate", None, "{"), 400, "not valid JSON"),
        (posted("/validate", None, r#"{"amount":1,"amount":2}"#), 400, "given twice"),
        (posted("/process", None, "{}"), 404, "posted to /validate"),
    ] {
        let reply = ask(&event);
        assert_eq!(reply.status_code, status, "{reason}");
        assert!(body(&reply)["error"].as_str().unwrap().contains(reason), "{reply:?}");
    }
    let mut get = posted("/validate", None, "{}");
    get["requestContext"]["http"]["method"] = json!("GET");
    let reply = ask(&get);
    assert_eq!((reply.status_code, reply.headers["Allow"]), (405, "POST"));
}
