//! The row of a transaction.

use aws_sdk_dynamodb::types::AttributeValue;
use handler_kit::item::{Item, map, number, number_of, text, text_of};
use handler_kit::log;
use payments_domain::{
    CardLast4, Decided, Digest, PaymentId, TransactionRequest, TransactionStatus,
};
use serde_json::json;

use crate::config::Days;

/// What a row says beside what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// When it was written first.
    pub(crate) timestamp: u64,
    /// None while it is pending.
    pub(crate) decided: Option<Decided>,
    pub(crate) notified: bool,
}

impl Row {
    /// The row of a transaction that is written now.
    pub(crate) fn pending(timestamp: u64) -> Self {
        Self { timestamp, decided: None, notified: false }
    }

    /// Reads a row; one that is not of ours is logged and none.
    pub(crate) fn read(item: &Item) -> Option<Self> {
        let row = Self::parse(item);
        if row.is_none() {
            log::error("row has an unknown format", json!({}));
        }
        row
    }

    fn parse(item: &Item) -> Option<Self> {
        let decided = match text_of(item, "status")?.parse().ok()? {
            TransactionStatus::Pending => None,
            status => Some(decided(item, status)?),
        };
        let notified = item.contains_key("notified_at");
        Some(Self { timestamp: number_of(item, "timestamp")?, decided, notified })
    }
}

fn decided(item: &Item, status: TransactionStatus) -> Option<Decided> {
    let score = number_of(item, "score").and_then(|score| u8::try_from(score).ok());
    // Nothing goes through without a score.
    if status == TransactionStatus::Approved && score.is_none() {
        return None;
    }
    let reason = |reason: &AttributeValue| reason.as_s().ok().cloned();
    let reasons = item.get("reasons")?.as_l().ok()?.iter().map(reason).collect::<Option<_>>()?;
    Some(Decided { status, score, reasons, at: number_of(item, "decided_at")? })
}

/// The key of the row.
pub(crate) fn key(id: &PaymentId) -> Item {
    Item::from([("transaction_id".to_owned(), text(id.as_str()))])
}

/// The item of a transaction that is written now.
pub(crate) fn item(
    id: &PaymentId,
    request: &TransactionRequest,
    digest: &Digest,
    timestamp: u64,
    retention: Days,
) -> Item {
    let mut item = key(id);
    let mut add = |name: &str, value| item.insert(name.to_owned(), value);
    add("customer_id", text(request.customer_id.as_str()));
    add("timestamp", number(timestamp));
    add("status", text(TransactionStatus::Pending.as_str()));
    add("amount", AttributeValue::N(request.amount.to_string()));
    add("currency", text(request.amount.currency().code()));
    add("digest", text(digest.as_str()));
    add("expires_at", number(timestamp / 1_000 + retention.seconds()));
    if let Some(card) = request.card_last4.as_ref().map(CardLast4::as_str) {
        add("card_last4", text(card));
    }
    if !request.metadata.is_empty() {
        add("metadata", map(&request.metadata));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Item {
        let limits = payments_domain::Limits::new(
            "1".parse().unwrap(),
            "500".parse().unwrap(),
            "EUR".parse().unwrap(),
        );
        let request = json!({"customerId": "c-1", "amount": 12, "currency": "EUR"});
        let request = TransactionRequest::read(&request, &limits.unwrap()).unwrap();
        let id = PaymentId::from_random([7; 16]);
        item(&id, &request, &request.digest(), 7_999, "1".parse().unwrap())
    }

    #[test]
    fn a_row_reads_back_as_far_as_it_has_come() {
        let mut item = written();
        assert_eq!(Row::read(&item), Some(Row::pending(7_999)));
        assert_eq!(item["expires_at"], number(7 + 86_400));
        assert!(!item.contains_key("card_last4") && !item.contains_key("metadata"));
        item.insert("status".to_owned(), text("declined"));
        item.insert("reasons".to_owned(), AttributeValue::L(vec![text("too fast")]));
        item.insert("decided_at".to_owned(), number(8_000));
        let reasons = vec!["too fast".to_owned()];
        let status = TransactionStatus::Declined;
        let mut decided = Decided { status, score: None, reasons, at: 8_000 };
        assert_eq!(Row::read(&item).unwrap().decided.as_ref(), Some(&decided));
        item.insert("score".to_owned(), number(90));
        decided.score = Some(90);
        assert_eq!(Row::read(&item).unwrap().decided, Some(decided));
        assert!(!Row::read(&item).unwrap().notified);
        item.insert("notified_at".to_owned(), number(8_000));
        assert!(Row::read(&item).unwrap().notified);
    }

    #[test]
    fn what_is_not_one_of_ours_is_none() {
        for name in ["timestamp", "status"] {
            let mut item = written();
            item.insert(name.to_owned(), text("x y"));
            assert_eq!(Row::read(&item), None, "{name}");
            item.remove(name);
            assert_eq!(Row::read(&item), None, "{name}");
        }
        let mut item = written();
        item.insert("status".to_owned(), text("approved"));
        item.insert("reasons".to_owned(), AttributeValue::L(vec![]));
        item.insert("decided_at".to_owned(), number(8_000));
        assert_eq!(Row::read(&item), None, "approved without a score");
        item.insert("score".to_owned(), number(30));
        assert!(Row::read(&item).is_some());
        for name in ["reasons", "decided_at"] {
            let mut item = item.clone();
            item.remove(name);
            assert_eq!(Row::read(&item), None, "{name}");
        }
    }
}
