//! Customers, and what is decided about their payments.

use payments_domain::{Amount, CustomerId, Decided, PaymentId};
use serde_json::json;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::connector::Failed;
use crate::database::Database;

/// Why the payment of a blocked customer is refused or declined; the schema says the same.
pub const BLOCKED: &str = "the customer is blocked";

/// A payment that is decided.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'it> {
    /// Its name.
    pub id: &'it PaymentId,
    /// Who pays.
    pub customer: &'it CustomerId,
    /// How much, and of what.
    pub amount: Amount,
    /// When it was taken, in milliseconds since 1970: the same in every repeat.
    pub timestamp: u64,
}

const DECIDE: &str = "SELECT final_status, final_score, final_reasons, final_decided FROM \
                      decide_payment($1, $2, $3, $4::numeric, $5, $6, $7, $8, $9)";
const IS_BLOCKED: &str = "SELECT FROM customers WHERE customer_id = $1 AND status = 'blocked'";

impl Database {
    /// Decides a payment as it is proposed, unless it is decided or its customer is blocked, and
    /// returns the decision that stands.
    ///
    /// # Errors
    /// [`Failed`]: whether it was decided is not known, and may be asked again.
    pub async fn decide(
        &self,
        payment: Payment<'_>,
        proposed: &Decided,
    ) -> Result<Decided, Failed> {
        let (taken, at) = (whole(payment.timestamp)?, whole(proposed.at)?);
        let (amount, score) = (payment.amount.to_string(), proposed.score.map(i16::from));
        let rows = self
            .query(
                "decide a payment",
                DECIDE,
                &[
                    (&payment.id.as_str(), Type::TEXT),
                    (&taken, Type::INT8),
                    (&payment.customer.as_str(), Type::TEXT),
                    (&amount, Type::TEXT),
                    (&payment.amount.currency().code(), Type::TEXT),
                    (&proposed.status.as_str(), Type::TEXT),
                    (&score, Type::INT2),
                    (&proposed.reasons, Type::TEXT_ARRAY),
                    (&at, Type::INT8),
                ],
            )
            .await?;
        rows.first().and_then(decided).ok_or_else(|| {
            handler_kit::log::error("decision has an unknown format", json!({}));
            Failed
        })
    }

    /// Whether a customer is blocked; one who is not known is not.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn is_blocked(&self, customer: &CustomerId) -> Result<bool, Failed> {
        let parameters = [(&customer.as_str() as _, Type::TEXT)];
        let rows = self.query("look a customer up", IS_BLOCKED, &parameters).await?;
        Ok(!rows.is_empty())
    }
}

fn whole(milliseconds: u64) -> Result<i64, Failed> {
    i64::try_from(milliseconds).map_err(|_| Failed)
}

fn decided(row: &Row) -> Option<Decided> {
    let score: Option<i16> = row.try_get(1).ok()?;
    Some(Decided {
        status: row.try_get::<_, &str>(0).ok()?.parse().ok()?,
        score: score.map(u8::try_from).transpose().ok()?,
        reasons: row.try_get(2).ok()?,
        at: u64::try_from(row.try_get::<_, i64>(3).ok()?).ok()?,
    })
}
