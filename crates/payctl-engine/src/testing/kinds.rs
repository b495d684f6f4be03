//! Kinds that are not AWS's, one for each way of being replaced and found.

use std::time::Duration;

use crate::{KindInfo, Kinds, Pace, Repeat, Typical};

/// The names of the kinds that `synthetic` makes.
const SYNTHETIC: [&str; 5] = ["net.zone", "net.node", "data.store", "app.worker", "net.link"];

/// Kinds for graphs that are not AWS's. Two zones can stand side by side, two nodes of one name
/// cannot; both hold what they refer to. A store is known by its name and holds nothing. A worker
/// is made for what it refers to, a link belongs to it.
#[must_use]
pub fn synthetic() -> Kinds {
    let zone = KindInfo {
        kind: SYNTHETIC[0],
        doc: "",
        details: &[],
        outputs: &[("id", "String"), ("arn", "String")],
        identity: &["id", "arn"],
        tags: Some("tags"),
        pending_deletion: Some("pending_deletion"),
        protected_by: &["deletion_protection"],
        schema: |_| schemars::Schema::default(),
        properties: &["name", "zone", "size", "parents", "tags"],
        replaced_by: &["name", "zone"],
        unique_by: &[],
        set_later: &["size"],
        holds: &["parents"],
        stable_outputs: &[],
        keeps_data: false,
        belongs_to: None,
        one_at_a_time: None,
        repeat: Repeat::Search,
        typical: Typical { created: 1.0, ready: 2.0, deleted: 1.0 },
        pace: Pace::FREE,
        wait_timeout: Duration::from_secs(600),
        service_made: |_| false,
        access: crate::Access::NONE,
        attachments: &["rider"],
        parse: |properties| Ok(properties.clone()),
    };
    let node = KindInfo {
        kind: SYNTHETIC[1],
        unique_by: &["name"],
        repeat: Repeat::Unique,
        ..zone.clone()
    };
    let store =
        KindInfo { kind: SYNTHETIC[2], stable_outputs: &["id"], holds: &[], ..node.clone() };
    let worker = KindInfo {
        kind: SYNTHETIC[3],
        replaced_by: &["name", "zone", "parents"],
        holds: &[],
        repeat: Repeat::Token,
        ..zone.clone()
    };
    let link = KindInfo {
        kind: SYNTHETIC[4],
        properties: &["name", "size", "parents"],
        tags: None,
        replaced_by: &["name", "parents"],
        unique_by: &["name", "parents"],
        holds: &[],
        belongs_to: Some("parents"),
        ..node.clone()
    };
    [zone, node, store, worker, link].into_iter().map(|kind| (kind.kind, kind)).collect()
}
