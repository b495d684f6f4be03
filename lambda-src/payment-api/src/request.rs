//! From a proxy event to a payment.

use handler_kit::api::{Request, RequestError};
use payments_domain::{CustomerPayment, PaymentError};
use serde_json::Value;
use thiserror::Error;

const PATH: &str = "/process-payment";

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("not found; payments are posted to {PATH}")]
    Path,
    #[error("the method must be POST")]
    Method,
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Payment(#[from] PaymentError),
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
    let request = Request::read(event)?;
    if !request.is_for(PATH) {
        return Err(Refused::Path);
    }
    if request.method != "POST" {
        return Err(Refused::Method);
    }
    Ok(CustomerPayment::try_from(&request.json()?)?)
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
    fn the_route_is_recognized_by_the_resource_or_the_path() {
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
}
