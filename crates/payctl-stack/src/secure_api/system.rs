//! What the files of this system declare with, and pass on to each other.

use payctl_aws::dynamodb::TableRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::s3::BucketRef;

use super::parameters::Parameters;
use crate::Context;

/// The index of a customer's transactions.
pub(super) const CUSTOMER_INDEX: &str = "CustomerIndex";

pub(super) struct System<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) parameters: &'a Parameters,
}

/// One key for each purpose.
pub(super) struct Keys {
    pub(super) objects: KeyRef,
    pub(super) table: KeyRef,
    pub(super) logs: KeyRef,
}

/// Where payments are kept.
pub(super) struct Stores {
    pub(super) documents: BucketRef,
    pub(super) transactions: TableRef,
}
