//! What the function answers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

/// An answer as a REST API's proxy integration takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// 200, 400, 404, 405, 409 or 500.
    pub status_code: u16,
    /// The headers, by name.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// The body: a JSON document as text.
    pub body: String,
    /// Always false: the body is text.
    pub is_base64_encoded: bool,
}

impl Reply {
    /// The payment is processed, now or before: the first answer's body, as it was stored.
    pub(crate) fn processed(result: String) -> Self {
        // A payment is nobody's to keep on the way.
        let headers =
            BTreeMap::from([("Content-Type", "application/json"), ("Cache-Control", "no-store")]);
        Self { status_code: 200, headers, body: result, is_base64_encoded: false }
    }

    /// Anything but a processed payment, with the reason.
    pub fn refused(status_code: u16, reason: &str) -> Self {
        let mut reply = Self::processed(json!({"error": reason}).to_string());
        reply.status_code = status_code;
        if status_code == 405 {
            reply.headers.insert("Allow", "POST");
        }
        reply
    }

    /// Something failed that is not the caller's fault and not the caller's business.
    pub(crate) fn internal() -> Self {
        Self::refused(500, "internal error")
    }
}
