//! From an event to the JSON of a payment.

use std::borrow::Cow;

use handler_kit::api::{Request, RequestError};
use serde_json::Value;
use thiserror::Error;

const PATH: &str = "/validate";

/// The one field of an event that is not a request to the API.
const DIRECT: &str = "payment_data";

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("not found; payments are posted to {PATH}")]
    Path,
    #[error("the method must be POST")]
    Method,
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl Refused {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Path => 404,
            Self::Method => 405,
            Self::Request(_) => 400,
        }
    }
}

/// Finds the payment of an event.
pub(crate) fn read(event: &Value) -> Result<Cow<'_, Value>, Refused> {
    let fields = event.as_object().filter(|fields| fields.len() == 1);
    if let Some(payment) = fields.and_then(|fields| fields.get(DIRECT)) {
        return Ok(Cow::Borrowed(payment));
    }
    let request = Request::read(event)?;
    if !request.is_for(PATH) {
        return Err(Refused::Path);
    }
    if request.method != "POST" {
        return Err(Refused::Method);
    }
    Ok(Cow::Owned(request.json()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_route_is_recognized_by_either_kind_of_api() {
        let rest = |resource: &str, path: &str, method: &str| {
            read(&json!({"resource": resource, "path": path, "httpMethod": method, "body": "{}"}))
                .map(Cow::into_owned)
        };
        let http = |route: &str, path: &str, method: &str| {
            let context = json!({"http": {"method": method}});
            read(&json!({"routeKey": route, "rawPath": path, "requestContext": context, "body": "{}"}))
                .map(Cow::into_owned)
        };
        assert_eq!(rest(PATH, "/v1/validate", "POST"), Ok(json!({})));
        assert_eq!(http("POST /validate", "/prod/validate", "POST"), Ok(json!({})));
        assert_eq!(http("$default", PATH, "POST"), Ok(json!({})));
        assert_eq!(http("$default", "/process", "POST"), Err(Refused::Path));
        assert_eq!(rest("/{proxy+}", "/", "POST"), Err(Refused::Path));
        for method in ["GET", "post", ""] {
            assert_eq!(rest(PATH, PATH, method), Err(Refused::Method), "{method}");
            assert_eq!(http("$default", PATH, method), Err(Refused::Method), "{method}");
        }
    }

    #[test]
    fn a_direct_payment_stands_alone() {
        assert_eq!(read(&json!({"payment_data": 7})), Ok(Cow::Owned(json!(7))));
        for event in [json!({"payment_data": {}, "more": 1}), json!({}), json!(null), json!([])] {
            assert_eq!(read(&event), Err(RequestError::NotARequest.into()), "{event}");
        }
    }
}
