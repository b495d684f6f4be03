//! An API's side of a handler: what a proxy integration asks and takes, that of a REST API (payload
//! 1.0) and that of an HTTP API (payload 2.0). The answer is the same to both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::process::ExitCode;

use aws_smithy_types::base64;
use payments_domain::json::{self, JsonError};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::{log, runtime};

/// Several times what the fields of a payment can need.
pub const MAX_BODY: usize = 16 * 1024;

/// Seconds until it is worth asking again for what is away: a database that fails over is back within
/// a minute, mostly sooner.
const RETRY_AFTER_S: &str = "5";

/// An answer as a proxy integration takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers, by name.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// The body: a JSON document as text.
    pub body: String,
    /// Always false: the body is text.
    pub is_base64_encoded: bool,
}

impl Reply {
    /// An answer with a body of JSON.
    #[must_use]
    pub fn new(status_code: u16, body: String) -> Self {
        // A payment is nobody's to keep on the way.
        let headers =
            BTreeMap::from([("Content-Type", "application/json"), ("Cache-Control", "no-store")]);
        Self { status_code, headers, body, is_base64_encoded: false }
    }

    /// A refusal, with its reason.
    #[must_use]
    pub fn refused(status_code: u16, reason: &str) -> Self {
        Self::new(status_code, json!({"error": reason}).to_string())
    }

    /// Something failed that is not the caller's fault and not the caller's business.
    #[must_use]
    pub fn internal() -> Self {
        Self::refused(500, "internal error")
    }

    /// Something is away that comes back: the same request is to be sent again.
    #[must_use]
    pub fn unavailable(reason: &str) -> Self {
        let mut reply = Self::refused(503, reason);
        reply.headers.insert("Retry-After", RETRY_AFTER_S);
        reply
    }

    /// A request is refused, and the log says so.
    #[must_use]
    pub fn bad_request(status_code: u16, reason: &str) -> Self {
        log::warn("request refused", json!({"status": status_code, "reason": reason}));
        Self::refused(status_code, reason)
    }

    /// The same, with the methods that its path takes.
    #[must_use]
    pub fn allowing(mut self, methods: &'static str) -> Self {
        self.headers.insert("Allow", methods);
        self
    }
}

/// A request, as a proxy integration hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Request<'event> {
    event: &'event Value,
    /// The method, such as `POST`.
    pub method: &'event str,
}

/// Why an event, or the body in it, is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// It has no method.
    #[error("the event is not a request to an API")]
    NotARequest,
    /// No body, or an empty one.
    #[error("the body is missing")]
    NoBody,
    /// The body should be base64.
    #[error("the body is not base64")]
    Base64,
    /// More than [`MAX_BODY`].
    #[error("the body is larger than {MAX_BODY} bytes")]
    TooLarge,
    /// The body is not JSON, or gives a field name twice.
    #[error("the body is {0}")]
    Json(JsonError),
}

impl<'event> Request<'event> {
    /// Takes an event for a request.
    ///
    /// # Errors
    /// [`RequestError::NotARequest`].
    pub fn read(event: &'event Value) -> Result<Self, RequestError> {
        let rest = event.get("httpMethod");
        let method = rest.or_else(|| event.pointer("/requestContext/http/method"));
        let method = method.and_then(Value::as_str).ok_or(RequestError::NotARequest)?;
        Ok(Self { event, method })
    }

    /// The path as it was asked for. A custom domain puts its base path before it, and an HTTP API
    /// its stage, unless that is `$default`.
    #[must_use]
    pub fn path(&self) -> &'event str {
        self.either("path", "rawPath")
    }

    /// The path as the API declares it. A greedy one says `/{proxy+}`, the route `$default` none.
    #[must_use]
    pub fn resource(&self) -> &'event str {
        let declared = self.either("resource", "routeKey");
        // A route is named by its method and its path.
        declared.split_once(' ').map_or(declared, |(_, path)| path)
    }

    /// Whether it is for this path.
    #[must_use]
    pub fn is_for(&self, path: &str) -> bool {
        [self.resource(), self.path()].contains(&path)
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'event str> {
        let headers = self.event.get("headers")?.as_object()?;
        headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name))?.1.as_str()
    }

    /// The value of a parameter in the query, decoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'event str> {
        self.event.get("queryStringParameters")?.get(name)?.as_str()
    }

    /// Reads the body, as text or in base64. Its content type is not looked at: API Gateway applies
    /// a request model to one content type only, so every body is checked here.
    ///
    /// # Errors
    /// Why it is not read, as a [`RequestError`].
    pub fn json(&self) -> Result<Value, RequestError> {
        let body = self.text("body");
        if body.is_empty() {
            return Err(RequestError::NoBody);
        }
        let body = match self.event.get("isBase64Encoded") {
            Some(Value::Bool(true)) => {
                Cow::Owned(base64::decode(body).map_err(|_| RequestError::Base64)?)
            }
            _ => Cow::Borrowed(body.as_bytes()),
        };
        if body.len() > MAX_BODY {
            return Err(RequestError::TooLarge);
        }
        json::parse(&body).map_err(RequestError::Json)
    }

    fn either(&self, of_rest: &str, of_http: &str) -> &'event str {
        self.text(if self.event.get(of_rest).is_some() { of_rest } else { of_http })
    }

    fn text(&self, name: &str) -> &'event str {
        self.event.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Answers request after request, until Lambda ends the process.
pub async fn serve(answer: impl AsyncFn(Value) -> Reply) -> ExitCode {
    runtime::serve(async |event: &str| {
        Ok(match json::parse(event.as_bytes()) {
            Ok(event) => answer(event).await,
            Err(error) => Reply::bad_request(400, &format!("the event is {error}")),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"amount":12.50}"#;

    fn read(event: &Value) -> Result<Value, RequestError> {
        Request::read(event)?.json()
    }

    #[test]
    fn a_body_may_be_base64() {
        let mut event = json!({"httpMethod": "POST", "body": BODY, "isBase64Encoded": true});
        assert_eq!(read(&event), Err(RequestError::Base64));
        event["body"] = json!(base64::encode(BODY));
        assert_eq!(read(&event).unwrap().to_string(), BODY);
        event["isBase64Encoded"] = json!(false);
        assert!(matches!(read(&event), Err(RequestError::Json(_))));
    }

    #[test]
    fn a_body_is_there_and_of_bounded_size() {
        assert_eq!(read(&json!({"httpMethod": "POST"})), Err(RequestError::NoBody));
        assert_eq!(read(&json!({"body": BODY})), Err(RequestError::NotARequest));
        let with = |body: Value| read(&json!({"httpMethod": "POST", "body": body}));
        for body in [json!(null), json!(""), json!({"amount": 1})] {
            assert_eq!(with(body), Err(RequestError::NoBody));
        }
        assert!(with(json!(format!("{BODY:MAX_BODY$}"))).is_ok());
        assert_eq!(with(json!(format!("{BODY:0$}", MAX_BODY + 1))), Err(RequestError::TooLarge));
    }

    #[test]
    fn an_http_api_is_read_like_a_rest_api() {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "POST /validate",
            "rawPath": "/prod/validate",
            "headers": {"idempotency-key": "a"},
            "requestContext": {"http": {"method": "POST", "path": "/prod/validate"}},
            "body": base64::encode(BODY),
            "isBase64Encoded": true,
        });
        let request = Request::read(&event).unwrap();
        assert_eq!((request.method, request.path()), ("POST", "/prod/validate"));
        assert_eq!(
            (request.resource(), request.header("Idempotency-Key")),
            ("/validate", Some("a"))
        );
        assert!(request.is_for("/validate") && !request.is_for("/process"));
        assert_eq!(request.json().unwrap().to_string(), BODY);
        event["routeKey"] = json!("$default");
        event["rawPath"] = json!("/validate");
        let request = Request::read(&event).unwrap();
        assert_eq!(request.resource(), "$default");
        assert!(request.is_for("/validate"));
        for context in [json!(null), json!({}), json!({"http": {"method": 7}})] {
            event["requestContext"] = context;
            assert_eq!(read(&event), Err(RequestError::NotARequest));
        }
    }

    #[test]
    fn headers_have_names_of_any_case_and_anything_may_be_absent() {
        let event = json!({
            "httpMethod": "GET",
            "headers": {"idempotency-KEY": "a"},
            "queryStringParameters": {"limit": "7"},
        });
        let request = Request::read(&event).unwrap();
        assert_eq!(request.header("Idempotency-Key"), Some("a"));
        assert_eq!((request.parameter("limit"), request.parameter("Limit")), (Some("7"), None));
        let event = json!({"httpMethod": "GET", "headers": null, "queryStringParameters": []});
        let request = Request::read(&event).unwrap();
        assert_eq!((request.header("Accept"), request.parameter("limit")), (None, None));
        assert_eq!((request.path(), request.resource()), ("", ""));
    }
}
