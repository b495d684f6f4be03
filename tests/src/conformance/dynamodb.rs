//! Cases of tables.

use payctl_aws::Facts;
use payctl_aws::dynamodb::{Attribute, AttributeKind, Index, Table};
use payctl_engine::Handle as _;
use serde_json::json;

use super::{Case, kms, stack, tags};
use crate::emulator::Emulator;

pub(super) fn table(name: &str) -> Table {
    Table {
        name: name.to_owned(),
        hash_key: Attribute::new("id", AttributeKind::S),
        range_key: Some(Attribute::new("at", AttributeKind::N)),
        indexes: [].into(),
        billing: "PAY_PER_REQUEST".to_owned(),
        kms_key: None,
        point_in_time_recovery: true,
        deletion_protection: true,
        stream: None,
        ttl: None,
        tags: tags("table"),
    }
}

fn index(hash_key: &str) -> Index {
    Index {
        hash_key: Attribute::new(hash_key, AttributeKind::S),
        range_key: Some(Attribute::new("at", AttributeKind::N)),
        projection: "ALL".to_owned(),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let key = s.add("main", kms::key(facts, &[]));
    let table = Table {
        indexes: [("by-customer".to_owned(), index("customer"))].into(),
        kms_key: Some(key.arn()),
        ttl: Some("expires_at".to_owned()),
        ..table("conformance-test")
    };
    let table = s.add("main", table);
    let case = Case::new(s, table.address());
    // The index stays and changes, and another joins it.
    let by_status = Index { projection: "KEYS_ONLY".to_owned(), ..index("status") };
    cases.push(
        case.edit("indexes", json!({ "by-customer": by_status, "by-status": by_status }))
            .edit("billing", "PROVISIONED")
            .edit("kms_key", ())
            .edit("point_in_time_recovery", false)
            .edit("deletion_protection", false)
            // moto gives a table that had a stream no other one.
            .edit("stream", "NEW_AND_OLD_IMAGES")
            .edit("ttl", "gone_by")
            .edit("tags", tags("other"))
            .except(Emulator::Moto, "kms_key", "UpdateTable ignores SSESpecification"),
    );
}
