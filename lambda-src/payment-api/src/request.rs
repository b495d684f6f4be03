//! From a proxy event to a payment.

use std::borrow::Cow;

use aws_smithy_types::base64;
use payments_domain::json::{self, JsonError};
use payments_domain::{CustomerPayment, CustomerPaymentError};
use serde_json::Value;
use thiserror::Error;

const PATH: &str = "/process-payment";

/// Several times what three fields can need.
const MAX_BODY: usize = 16 * 1024;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("the event is not a request to a REST API")]
    NotARequest,
    #[error("there is nothing here; payments are posted to {PATH}")]
    Path,
    #[error("payments are posted: the method must be POST")]
    Method,
    #[error("the body is missing")]
    NoBody,
    #[error("the body is not base64")]
    Base64,
    #[error("the body is larger than {MAX_BODY} bytes")]
    TooLarge,
    #[error("the body is {0}")]
    Json(JsonError),
    #[error(transparent)]
    Payment(#[from] CustomerPaymentError),
}

impl Refused {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Path => 404,
            Self::Method => 405,
            _ => 400,
        }
    }
}

/// Reads the payment of a request.
pub(crate) fn read(event: &Value) -> Result<CustomerPayment, Refused> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let method = text("httpMethod").ok_or(Refused::NotARequest)?;
    // A custom domain puts its base path before `path`; a greedy resource says `/{proxy+}`.
    if ![text("resource"), text("path")].contains(&Some(PATH)) {
        return Err(Refused::Path);
    }
    if method != "POST" {
        return Err(Refused::Method);
    }
    let body = text("body").filter(|body| !body.is_empty()).ok_or(Refused::NoBody)?;
    let body = match event.get("isBase64Encoded") {
        Some(Value::Bool(true)) => Cow::Owned(base64::decode(body).map_err(|_| Refused::Base64)?),
        _ => Cow::Borrowed(body.as_bytes()),
    };
    if body.len() > MAX_BODY {
        return Err(Refused::TooLarge);
    }
    let body = json::parse(&body).map_err(Refused::Json)?;
    Ok(CustomerPayment::try_from(&body)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BODY: &str = r#"{"transactionId":"tx-1","customerId":"c-1","amount":12.50}"#;

    fn request(resource: &str, path: &str, method: &str) -> Value {
        json!({"resource": resource, "path": path, "httpMethod": method, "body": BODY})
    }

    #[test]
    fn the_route_is_told_by_the_resource_or_the_path() {
        assert!(read(&request(PATH, PATH, "POST")).is_ok());
        assert!(read(&request(PATH, "/v1/process-payment", "POST")).is_ok(), "a base path");
        assert!(read(&request("/{proxy+}", PATH, "POST")).is_ok(), "a greedy resource");
        for path in ["/", "", "/process-payment/", "/PROCESS-PAYMENT", "/process-payment/1"] {
            assert_eq!(read(&request("/{proxy+}", path, "POST")), Err(Refused::Path), "{path}");
        }
        for method in ["GET", "PUT", "OPTIONS", "post", ""] {
            assert_eq!(read(&request(PATH, PATH, method)), Err(Refused::Method), "{method}");
        }
    }

    #[test]
    fn a_body_may_be_base64() {
        let mut event = request(PATH, PATH, "POST");
        event["isBase64Encoded"] = json!(true);
        assert_eq!(read(&event), Err(Refused::Base64));
        event["body"] = json!(base64::encode(BODY));
        assert_eq!(read(&event).unwrap().amount.minor(), 1_250);
        event["isBase64Encoded"] = json!(false);
        assert!(matches!(read(&event), Err(Refused::Json(_))));
    }

    #[test]
    fn a_body_is_there_and_of_bounded_size() {
        let with = |body: Value| {
            let mut event = request(PATH, PATH, "POST");
            event["body"] = body;
            read(&event)
        };
        let none = request(PATH, PATH, "POST").as_object().unwrap().clone();
        let none: Value = none.into_iter().filter(|(name, _)| name != "body").collect();
        assert_eq!(read(&none), Err(Refused::NoBody));
        for body in [json!(null), json!(""), json!({"transactionId": "tx-1"})] {
            assert_eq!(with(body), Err(Refused::NoBody));
        }
        assert!(with(json!(format!("{BODY:MAX_BODY$}"))).is_ok());
        assert_eq!(with(json!(format!("{BODY:0$}", MAX_BODY + 1))), Err(Refused::TooLarge));
    }
}
