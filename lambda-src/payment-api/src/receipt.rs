//! The receipt of a payment: an object in the bucket of documents.

use handler_kit::aws::Unavailable;
use handler_kit::object::{Encryption, put_once};
use payments_domain::TransactionId;

use crate::Deps;

/// Writes the receipt, unless it is there. One that is there has the same bytes: they come from the
/// item of the table, which is written once.
pub(crate) async fn write(
    deps: &Deps,
    id: &TransactionId,
    result: &str,
) -> Result<(), Unavailable> {
    let key = format!("receipts/{id}.json");
    // The role may put nothing else.
    let encryption = Encryption::Kms(deps.config.key.clone());
    put_once(&deps.s3, &deps.config.bucket, &key, result, &encryption).await
}
