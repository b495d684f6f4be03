//! Alarms, dashboards, logs, metrics.

use serde_json::Value;

use crate::bill::Bill;
use crate::declared::Resource;
use crate::kind::{Kind, measure};

/// The namespace of the agent's metrics, which it reports for as long as instances run.
const AGENT: &str = "CWAgent";
/// A shorter period makes an alarm one of high resolution, in seconds.
const STANDARD_PERIOD: u64 = 60;

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "cloudwatch.alarm", bill: alarm, measures: &[] },
    Kind { name: "cloudwatch.dashboard", bill: |bill| bill.fixed("dashboard", 1), measures: &[] },
    Kind {
        name: "logs.group",
        bill: group,
        measures: &[
            measure("gb_in", "GB taken in; not those of flow logs and web ACLs"),
            measure("gb_kept", "GB kept, compressed"),
            measure("gb_scanned", "GB that queries scan"),
        ],
    },
    // It costs nothing itself; its metric does in months in which a line fits.
    Kind {
        name: "logs.metric_filter",
        bill: |bill| bill.measured("metric", "metrics"),
        measures: &[measure("metrics", "1 where a line fits in the month, else 0")],
    },
];

/// payctl's alarms watch one metric each.
fn alarm(bill: &mut Bill<'_, '_>) {
    let fast = bill.one.number("period_s").is_some_and(|period| period < STANDARD_PERIOD);
    bill.fixed(if fast { "fast-alarm" } else { "alarm" }, 1);
    // A metric is paid for once, however many alarms watch it.
    let watches_first = bill.one.text("namespace") == AGENT
        && bill
            .all
            .of_kind("cloudwatch.alarm")
            .find(|other| metric(other) == metric(&bill.one))
            .is_some_and(|first| first.address == bill.one.address);
    if watches_first {
        bill.fixed("metric", 1);
    }
}

fn metric<'a>(alarm: &Resource<'a>) -> [&'a Value; 3] {
    ["namespace", "metric", "dimensions"].map(|property| &alarm.properties[property])
}

fn group(bill: &mut Bill<'_, '_>) {
    // What a flow log writes there is paid for as its own.
    let own = bill.all.of_kind("ec2.flow_log").any(|log| {
        let to = bill.all.referred(&log.properties["log_group"]);
        to.is_some_and(|group| group.address == bill.one.address)
    });
    if !own {
        bill.measured("log-intake", "gb_in");
    }
    bill.measured("log-storage", "gb_kept");
    bill.measured("log-scans", "gb_scanned");
}
