//! From a proxy event to what the caller wants.

use handler_kit::api::{Request, RequestError};
use payments_domain::{
    IdempotencyKey, IdempotencyKeyError, PaymentError, PaymentId, PaymentKey, PaymentRequest,
    PaymentStatus, PaymentStatusError,
};
use serde_json::Value;
use thiserror::Error;

use crate::place::{self, PlaceError};

const LIST: &str = "/payments";

/// The most payments on one page.
pub(crate) const MOST: usize = 100;

/// How many payments a page has, unless the caller says.
const USUAL: usize = 25;

/// What a caller wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A payment, at most once under a key.
    Pay(Option<IdempotencyKey>, PaymentRequest),
    List(Page),
    Show(PaymentId),
}

/// Which part of the payments a caller wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: Option<PaymentStatus>,
    pub(crate) limit: usize,
    /// What the page before ended with.
    pub(crate) after: Option<PaymentKey>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("not found; payments are at {LIST} and {LIST}/{{id}}")]
    Path,
    #[error("payment not found")]
    NoSuchPayment,
    #[error("the method must be one of {0}")]
    Method(&'static str),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    Key(#[from] IdempotencyKeyError),
    #[error(transparent)]
    Status(#[from] PaymentStatusError),
    #[error("limit must be a whole number from 1 to {MOST}")]
    Limit,
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl Refused {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Path | Self::NoSuchPayment => 404,
            Self::Method(_) => 405,
            _ => 400,
        }
    }
}

/// Reads what the caller of a request wants.
pub(crate) fn read(event: &Value) -> Result<Wish, Refused> {
    let request = Request::read(event)?;
    let id = match (request.resource(), request.path()) {
        (LIST, _) | (_, LIST) => None,
        (resource, path) => Some(id(resource, path).ok_or(Refused::Path)?),
    };
    match (request.method, id) {
        ("POST", None) => pay(&request),
        ("GET", None) => page(&request).map(Wish::List),
        // What is not an id is not a payment's either.
        ("GET", Some(id)) => id.parse().map(Wish::Show).map_err(|_| Refused::NoSuchPayment),
        (_, None) => Err(Refused::Method("GET, POST")),
        (_, Some(_)) => Err(Refused::Method("GET")),
    }
}

/// The last part of a path that has one part below the list. The resource knows it, whatever base
/// path is before it; with a greedy resource the path is what there is.
fn id<'event>(resource: &str, path: &'event str) -> Option<&'event str> {
    let below = |path: &'event str| path.strip_prefix(LIST)?.strip_prefix('/');
    let declared = resource.strip_prefix(LIST).is_some_and(|part| part.starts_with("/{"));
    let id = if declared { path.rsplit('/').next() } else { below(path) };
    id.filter(|id| !id.is_empty() && !id.contains('/'))
}

fn pay(request: &Request<'_>) -> Result<Wish, Refused> {
    let key = request.header("Idempotency-Key").map(str::parse).transpose()?;
    Ok(Wish::Pay(key, PaymentRequest::try_from(&request.json()?)?))
}

fn page(request: &Request<'_>) -> Result<Page, Refused> {
    let status = request.parameter("status").map(str::parse).transpose()?;
    let limit = match request.parameter("limit") {
        None => USUAL,
        // A sign is not a digit of a whole number.
        Some(text) if text.starts_with('+') => return Err(Refused::Limit),
        Some(text) => text.parse().map_err(|_| Refused::Limit)?,
    };
    if !(1..=MOST).contains(&limit) {
        return Err(Refused::Limit);
    }
    let after = request.parameter("next").map(|text| place::read(text, status)).transpose()?;
    Ok(Page { status, limit, after })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "00000000-0000-4000-8000-000000000000";

    fn at(resource: &str, path: &str, method: &str) -> Result<Wish, Refused> {
        let body = r#"{"customerId":"c-1","amount":"12.50","currency":"EUR"}"#;
        read(&json!({"resource": resource, "path": path, "httpMethod": method, "body": body}))
    }

    fn listed(parameters: Value) -> Result<Page, Refused> {
        let event = json!({
            "resource": LIST,
            "path": LIST,
            "httpMethod": "GET",
            "queryStringParameters": parameters,
        });
        match read(&event)? {
            Wish::List(page) => Ok(page),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_list_is_recognized_by_the_resource_or_the_path() {
        for (resource, path) in [(LIST, LIST), (LIST, "/v1/payments"), ("/{proxy+}", LIST)] {
            assert!(matches!(at(resource, path, "POST"), Ok(Wish::Pay(None, _))), "{path}");
            assert!(matches!(at(resource, path, "GET"), Ok(Wish::List(_))), "{path}");
            assert_eq!(at(resource, path, "PUT"), Err(Refused::Method("GET, POST")));
        }
    }

    #[test]
    fn a_payment_is_recognized_by_the_resource_or_the_path() {
        let path = format!("{LIST}/{ID}");
        let based = format!("/v1{path}");
        for (resource, path) in
            [("/payments/{id}", &path), ("/payments/{paymentId}", &based), ("/{proxy+}", &path)]
        {
            assert_eq!(at(resource, path, "GET"), Ok(Wish::Show(ID.parse().unwrap())), "{path}");
            for method in ["POST", "DELETE", "get", ""] {
                assert_eq!(at(resource, path, method), Err(Refused::Method("GET")), "{method}");
            }
        }
        for none in ["x", "4111111111111111", "%20", &ID[1..]] {
            let path = format!("{LIST}/{none}");
            assert_eq!(at("/payments/{id}", &path, "GET"), Err(Refused::NoSuchPayment));
        }
    }

    #[test]
    fn elsewhere_is_nothing() {
        let deeper = format!("{LIST}/{ID}/refunds");
        for path in ["/", "", "/payments/", "/PAYMENTS", "/paymentsx", "/payments//", &deeper] {
            assert_eq!(at("/{proxy+}", path, "GET"), Err(Refused::Path), "{path}");
        }
    }

    #[test]
    fn a_page_has_a_status_a_limit_and_a_place() {
        let all = Page { status: None, limit: USUAL, after: None };
        assert_eq!(listed(json!(null)), Ok(all.clone()));
        assert_eq!(listed(json!({"other": "4"})), Ok(all.clone()));
        let some = listed(json!({"status": "completed", "limit": "100"})).unwrap();
        assert_eq!(some.status, Some(PaymentStatus::Completed));
        assert_eq!(some.limit, MOST);
        for limit in ["0", "101", "-1", "+1", "1.0", "", "x", "99999999999999999999999"] {
            assert_eq!(listed(json!({"limit": limit})), Err(Refused::Limit), "{limit}");
        }
        for status in ["", "done", "Completed", "processing "] {
            assert_eq!(listed(json!({"status": status})), Err(PaymentStatusError.into()));
        }
        assert_eq!(listed(json!({"next": "x"})), Err(PlaceError.into()));
    }

    #[test]
    fn a_key_is_read_from_its_header() {
        let with = |key: &str| {
            read(&json!({
                "resource": LIST,
                "httpMethod": "POST",
                "headers": {"idempotency-key": key},
                "body": r#"{"customerId":"c-1","amount":"12.50","currency":"EUR"}"#,
            }))
        };
        assert!(matches!(with("order-7"), Ok(Wish::Pay(Some(_), _))));
        assert_eq!(with(""), Err(IdempotencyKeyError::NotPlain.into()));
        assert_eq!(with("4111 1111 1111 1111"), Err(IdempotencyKeyError::CardNumber.into()));
    }
}
