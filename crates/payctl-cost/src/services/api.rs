//! APIs, and the web ACLs before them.

use crate::bill::Bill;
use crate::kind::{Kind, measure};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "apigateway.rest_api",
        bill: |bill| requests(bill, "rest-api"),
        measures: &[measure("requests", "requests, refused ones too")],
    },
    Kind {
        name: "apigateway.stage",
        bill: stage,
        measures: &[
            measure("metrics", "metrics of methods that get data"),
            measure("traces", "traces that X-Ray keeps"),
        ],
    },
    Kind {
        name: "apigatewayv2.api",
        bill: |bill| requests(bill, "http-api"),
        measures: &[measure("requests", "requests, each 512 KB one")],
    },
    Kind { name: "apigatewayv2.stage", bill: http_stage, measures: &[] },
    Kind {
        name: "wafv2.logging",
        bill: |bill| bill.measured("vended-log", "gb"),
        measures: &[measure("gb", "GB of records")],
    },
    Kind {
        name: "wafv2.web_acl",
        bill: web_acl,
        measures: &[measure("requests", "requests that it sees")],
    },
];

fn requests(bill: &mut Bill<'_, '_>, price: &str) {
    let requests = bill.measure_or_of_environment("requests");
    bill.used(price, requests);
}

/// Metrics of the API and the stage cost nothing, those of methods are billed like custom ones (API
/// Gateway's guide, on metrics).
fn stage(bill: &mut Bill<'_, '_>) {
    if bill.one.is("metrics") {
        bill.measured("metric", "metrics");
    }
    if bill.one.is("tracing") {
        bill.measured("traces", "traces");
    }
}

fn http_stage(bill: &mut Bill<'_, '_>) {
    if bill.one.is("detailed_metrics") {
        let why = "no source says whether they are paid for, as those of a REST API are";
        bill.unknown_use("metrics of routes", why);
    }
}

/// A group of rules that AWS keeps counts as one rule.
fn web_acl(bill: &mut Bill<'_, '_>) {
    bill.fixed("web-acl", 1);
    let rules = bill.one.several("rules");
    bill.fixed("web-acl-rule", rules);
    requests(bill, "web-acl-requests");
}
