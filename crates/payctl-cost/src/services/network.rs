//! NAT gateways, addresses, endpoints, flow logs, load balancers.

use crate::bill::Bill;
use crate::kind::{Kind, measure};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "ec2.nat_gateway",
        bill: nat_gateway,
        measures: &[measure("gb", "GB through it, both ways")],
    },
    // Paid for in use too, on a NAT gateway too, since 2024-02-01 (AWS's networking blog of that
    // day).
    Kind { name: "ec2.elastic_ip", bill: |bill| bill.fixed("public-address", 1), measures: &[] },
    Kind {
        name: "ec2.interface_endpoint",
        bill: interface_endpoint,
        measures: &[measure("gb", "GB through it")],
    },
    Kind {
        name: "ec2.flow_log",
        bill: |bill| bill.measured("vended-log", "gb"),
        measures: &[measure("gb", "GB of records")],
    },
    Kind {
        name: "elbv2.load_balancer",
        bill: load_balancer,
        measures: &[measure("lcu_hours", "hours of load balancer units (LCU)")],
    },
];

fn nat_gateway(bill: &mut Bill<'_, '_>) {
    bill.fixed("nat-gateway", 1);
    bill.measured("nat-gateway-data", "gb");
}

/// In each zone, which is each subnet: it takes one of a zone at most.
fn interface_endpoint(bill: &mut Bill<'_, '_>) {
    match bill.one.several("subnets") {
        0 => bill.unknown("interface endpoint", "its subnets are not known"),
        zones => bill.fixed("interface-endpoint", zones),
    }
    bill.measured("interface-endpoint-data", "gb");
}

fn load_balancer(bill: &mut Bill<'_, '_>) {
    bill.fixed("load-balancer", 1);
    if bill.one.text("scheme") == "internet-facing" {
        // One in each zone at least; it takes more as it grows.
        let zones = bill.one.several("subnets");
        bill.fixed("public-address", zones);
    }
    bill.measured("load-balancer-units", "lcu_hours");
}
