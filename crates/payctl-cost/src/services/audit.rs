//! Who did what, and whether it is as it has to be.

use crate::bill::Bill;
use crate::kind::{Kind, measure};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "cloudtrail.trail",
        bill: trail,
        measures: &[
            measure("copied_events", "management events of which there is another trail already"),
            measure("data_events", "data events"),
            measure("insight_events", "events that are looked at for insights"),
        ],
    },
    Kind {
        name: "config.rule",
        bill: |bill| bill.measured("config-evaluations", "evaluations"),
        measures: &[measure("evaluations", "evaluations")],
    },
    Kind {
        name: "guardduty.detector",
        bill: detector,
        measures: &[
            measure("events", "management events of the whole account"),
            measure("gb", "GB of flow and DNS logs of the whole account"),
        ],
    },
];

fn trail(bill: &mut Bill<'_, '_>) {
    if bill.one.is("management_events") {
        bill.measured("trail-copy", "copied_events");
        bill.note("a trail's management events are free only where the account has no other trail");
    }
    if bill.one.several("data_events") > 0 {
        bill.measured("trail-data", "data_events");
    }
    if bill.one.several("insights") > 0 {
        bill.measured("trail-insights", "insight_events");
    }
}

fn detector(bill: &mut Bill<'_, '_>) {
    bill.measured("guardduty-events", "events");
    bill.measured("guardduty-data", "gb");
    bill.note("GuardDuty is paid for what it reads of the whole account, after 30 free days");
}
