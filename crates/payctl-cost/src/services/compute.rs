//! Functions, and instances of a group.

use crate::bill::Bill;
use crate::kind::{Kind, measure};
use crate::money::Quantity;

/// How many metrics detailed monitoring is, of each instance (infracost, autoscaling_group_test).
const DETAILED: u64 = 7;
/// How many alarms AWS makes for a target-tracking policy, and bills like others (Auto Scaling's
/// guide, "Target tracking scaling policies").
const TRACKING_ALARMS: u64 = 2;
/// The scratch storage that costs nothing.
const SCRATCH_MB: u64 = 512;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "autoscaling.group",
        bill: group,
        measures: &[measure("credit_hours", "vCPU-hours of t3 above the baseline")],
    },
    Kind { name: "autoscaling.policy", bill: policy, measures: &[] },
    Kind {
        name: "lambda.function",
        bill: function,
        measures: &[
            measure("requests", "calls"),
            measure("duration_ms", "how long a call takes on average, in milliseconds"),
            measure("metrics", "metrics of its own that get data"),
            measure("traces", "traces that X-Ray keeps"),
        ],
    },
    // The call itself is one; what says that it was made is a parameter.
    Kind { name: "lambda.invocation", bill: super::keys::parameter, measures: &[] },
];

/// The instances that are wanted, as the group's template has them.
fn group(bill: &mut Bill<'_, '_>) {
    let Some(template) = bill.all.referred(&bill.one.properties["launch_template"]) else {
        return bill.unknown("instances", "their launch template is not declared");
    };
    let Some(count) = bill.one.number("desired") else {
        return bill.unknown("instances", "how many are wanted is not known");
    };
    let instance_type = template.text("instance_type");
    bill.fixed(&format!("ec2/{instance_type}"), count);
    let disk = &template.properties["disk"];
    match (disk["volume_type"].as_str(), disk["size_gb"].as_u64()) {
        (Some("gp3"), Some(size)) => bill.fixed("gp3-disk", count * size),
        (other, _) => {
            let other = other.unwrap_or("the image's");
            bill.unknown(format!("disk: {other}"), "no price of it was found");
        }
    }
    if template.is("monitoring") {
        bill.fixed("metric", count * DETAILED);
    }
    if instance_type.starts_with("t3.") {
        bill.measured("cpu-credits", "credit_hours");
    }
    let (min, max) = (bill.one.number("min"), bill.one.number("max"));
    if min != Some(count) || max != Some(count) {
        bill.note(
            "a group is counted with the instances that it begins with; scaling changes that",
        );
    }
}

fn policy(bill: &mut Bill<'_, '_>) {
    if bill.one.properties["scaling"]["target"].is_object() {
        bill.fixed("alarm", TRACKING_ALARMS);
    }
}

fn function(bill: &mut Bill<'_, '_>) {
    bill.measured("lambda-requests", "requests");
    let seconds = match (bill.measure("requests"), bill.measure("duration_ms")) {
        (Some(requests), Some(duration)) => Some(requests.times(duration).scaled(1, 1000)),
        (Some(_), None) => {
            bill.unknown("time of the function", "`duration_ms` of its usage was not said");
            None
        }
        _ => None,
    };
    let gb_seconds = |mb: u64| seconds.map(|seconds: Quantity| seconds.scaled(mb, 1024));
    let price = match bill.one.text("architecture") {
        "arm64" => "lambda-arm",
        _ => "lambda-x86",
    };
    bill.used(price, gb_seconds(bill.one.number("memory_mb").unwrap_or_default()));
    let storage = bill.one.number("ephemeral_storage_mb").unwrap_or(SCRATCH_MB);
    if storage > SCRATCH_MB {
        bill.used("lambda-storage", gb_seconds(storage - SCRATCH_MB));
    }
    bill.measured("metric", "metrics");
    if bill.one.text("tracing") == "Active" {
        bill.measured("traces", "traces");
    }
}
