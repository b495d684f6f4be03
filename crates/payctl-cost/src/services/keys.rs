//! Keys, secrets, parameters.

use crate::bill::Bill;
use crate::kind::{Kind, measure};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "kms.key", bill: key, measures: &[measure("requests", "requests")] },
    Kind {
        name: "secretsmanager.secret",
        bill: secret,
        measures: &[measure("requests", "requests")],
    },
    Kind { name: "ssm.parameter", bill: parameter, measures: &[] },
];

/// The first and the second rotation are paid for like a key each, later ones are not (AWS's page
/// of KMS's prices, undated).
fn key(bill: &mut Bill<'_, '_>) {
    bill.fixed("kms-key", 1);
    bill.measured("kms-requests", "requests");
    if bill.one.is("rotation") {
        bill.later("KMS key, from its first yearly rotation", "kms-key");
        bill.later("KMS key, from its second, the last paid for", "kms-key");
    }
}

fn secret(bill: &mut Bill<'_, '_>) {
    bill.fixed("secret", 1);
    bill.measured("secret-requests", "requests");
}

pub(super) fn parameter(bill: &mut Bill<'_, '_>) {
    match bill.one.text("tier") {
        "Standard" | "" => {}
        "Advanced" => bill.fixed("advanced-parameter", 1),
        tier => bill.unknown(format!("parameter: {tier}"), "AWS chooses what it is"),
    }
}
