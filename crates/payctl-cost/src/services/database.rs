//! Aurora: clusters, which hold the data, and their instances.

use crate::bill::Bill;
use crate::kind::{Kind, measure};
use crate::money::Quantity;

/// What of a cluster's data is paid for at least. Assumed: one undated text says so, and no list.
const LEAST_GB: u64 = 10;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "rds.cluster",
        bill: cluster,
        measures: &[
            measure("gb", "GB of data; 10 are paid for at least"),
            measure("io_requests", "I/O requests"),
            measure("backup_gb", "GB of backups beyond the size of the data"),
        ],
    },
    Kind {
        name: "rds.instance",
        bill: instance,
        measures: &[
            measure("credit_hours", "vCPU-hours of db.t3 above the baseline"),
            measure("acu_hours", "hours of capacity units, where its class is db.serverless"),
            measure("monitoring_gb", "GB that enhanced monitoring writes to a log"),
        ],
    },
];

/// The prices of both engines are the same; of no other engine one is known.
fn is_aurora(bill: &Bill<'_, '_>) -> bool {
    matches!(bill.one.text("engine"), "aurora-postgresql" | "aurora-mysql")
}

fn cluster(bill: &mut Bill<'_, '_>) {
    if !is_aurora(bill) {
        let engine = bill.one.text("engine");
        return bill.unknown(format!("data of {engine}"), "no price of it was found");
    }
    bill.fixed("aurora-storage", LEAST_GB);
    let least = Quantity::from(LEAST_GB);
    let more = bill.measure("gb").map(|gb| gb.max(least) - least);
    bill.used("aurora-storage", more);
    bill.measured("aurora-io", "io_requests");
    bill.measured("aurora-backup", "backup_gb");
}

fn instance(bill: &mut Bill<'_, '_>) {
    let class = bill.one.text("class");
    match (is_aurora(bill), class) {
        (true, "db.serverless") => {
            bill.unknown("Aurora capacity units", "the least of them is not declared");
            bill.measured("aurora-serverless", "acu_hours");
        }
        (true, _) => bill.fixed(&format!("aurora/{class}"), 1),
        (false, _) => {
            let engine = bill.one.text("engine");
            bill.unknown(format!("{class} of {engine}"), "no price of it was found");
        }
    }
    if class.starts_with("db.t3.") {
        bill.measured("aurora-credits", "credit_hours");
    }
    if bill.one.properties["monitoring"].is_object() {
        bill.measured("log-intake", "monitoring_gb");
    }
}
