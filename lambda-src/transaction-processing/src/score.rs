//! Asking the function `fraud-detection` for a score.

use aws_sdk_lambda::primitives::Blob;
use handler_kit::{aws, log};
use payments_domain::{Decided, Decision, PaymentId, TransactionRequest, TransactionStatus, json};
use serde_json::{Value, json};
use thiserror::Error;

use crate::Deps;
use crate::deps::SCORE_LIMIT;

/// The most reasons that a score has, and their most characters: they are kept in the row.
const REASONS: usize = 10;
const LENGTH: usize = 200;

/// Why a transaction has no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum NoScore {
    #[error("no score in time")]
    Late,
    #[error("the scoring failed")]
    Failed,
    #[error("the answer of the scoring is no score")]
    Senseless,
}

/// Scores a transaction; without a score it is held until somebody has looked at it.
pub(crate) async fn decide(
    deps: &Deps,
    id: &PaymentId,
    transaction: &TransactionRequest,
    timestamp: u64,
    at: u64,
) -> Decided {
    let asked = tokio::time::timeout(SCORE_LIMIT, ask(deps, id, transaction, timestamp)).await;
    let (decision, score, reasons) = asked.unwrap_or(Err(NoScore::Late)).unwrap_or_else(|reason| {
        let reason = reason.to_string();
        let fields = json!({"transactionId": id.as_str(), "reason": reason});
        log::error("transaction held without a score", fields);
        (Decision::Review, None, vec![reason])
    });
    Decided { status: TransactionStatus::from(decision), score, reasons, at }
}

type Scored = (Decision, Option<u8>, Vec<String>);

async fn ask(
    deps: &Deps,
    id: &PaymentId,
    transaction: &TransactionRequest,
    timestamp: u64,
) -> Result<Scored, NoScore> {
    let TransactionRequest { customer_id, amount, .. } = transaction;
    // As of the time of the row, so that a repeat looks at what the first request did.
    let event = json!({
        "transactionId": id.as_str(),
        "customerId": customer_id.as_str(),
        "amount": amount.to_string(),
        "currency": amount.currency().code(),
        "timestamp": timestamp,
    });
    let request = deps.lambda.invoke().function_name(&deps.config.scoring);
    let sent = request.payload(Blob::new(event.to_string())).send().await;
    let reply = sent.map_err(|error| {
        let late = matches!(error, aws_sdk_lambda::error::SdkError::TimeoutError(_));
        aws::failed("Invoke", &error);
        if late { NoScore::Late } else { NoScore::Failed }
    })?;
    if reply.function_error.is_some() {
        return Err(NoScore::Failed);
    }
    let payload = reply.payload.map(Blob::into_inner).unwrap_or_default();
    read(&payload).ok_or(NoScore::Senseless)
}

fn read(payload: &[u8]) -> Option<Scored> {
    let Ok(Value::Object(fields)) = json::parse(payload) else { return None };
    let score = fields.get("score")?.as_u64().filter(|score| *score <= 100)?;
    let decision = fields.get("decision")?.as_str()?.parse().ok()?;
    let reasons = fields.get("reasons")?.as_array().filter(|reasons| reasons.len() <= REASONS)?;
    let text = |reason: &Value| {
        let text = reason.as_str().filter(|text| text.chars().count() <= LENGTH)?;
        Some(text.to_owned())
    };
    let reasons = reasons.iter().map(text).collect::<Option<_>>()?;
    Some((decision, u8::try_from(score).ok(), reasons))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored() -> Value {
        json!({"score": 55, "decision": "review", "reasons": ["a", "b"]})
    }

    #[test]
    fn a_score_is_read() {
        let reasons = vec!["a".to_owned(), "b".to_owned()];
        let wanted = Some((Decision::Review, Some(55), reasons));
        assert_eq!(read(scored().to_string().as_bytes()), wanted);
        // A function may be newer.
        let mut newer = scored();
        newer["model"] = json!("2");
        assert_eq!(read(newer.to_string().as_bytes()), wanted);
    }

    #[test]
    fn what_makes_no_sense_is_none() {
        for text in ["", "null", "[]", "{}", "{", r#"{"score":1,"score":2}"#, "\"declined\""] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        let (long, many) = ("x".repeat(LENGTH + 1), vec!["x"; REASONS + 1]);
        for (name, value) in [
            ("score", json!(101)),
            ("score", json!(-1)),
            ("score", json!(5.5)),
            ("score", json!("55")),
            ("score", json!(null)),
            ("decision", json!("approved")),
            ("decision", json!(1)),
            ("reasons", json!("a")),
            ("reasons", json!([1])),
            ("reasons", json!([long])),
            ("reasons", json!(many)),
        ] {
            let mut wrong = scored();
            wrong[name] = value;
            assert_eq!(read(wrong.to_string().as_bytes()), None, "{wrong}");
            wrong.as_object_mut().unwrap().remove(name);
            assert_eq!(read(wrong.to_string().as_bytes()), None, "{wrong}");
        }
    }
}
