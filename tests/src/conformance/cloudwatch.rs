//! Cases of monitoring's kinds.

use payctl_aws::cloudwatch::{Alarm, Dashboard};
use payctl_aws::{Arn, Document, Facts, Set};
use payctl_engine::{Handle as _, Input};
use serde_json::json;

use super::{Case, kms, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto};

/// A dashboard's body: one widget with this metric.
fn body(metric: impl serde::Serialize) -> Document {
    let properties = json!({
        "region": "us-east-1",
        "period": 300,
        "stat": "p99",
        "metrics": [["AWS/Usage", "CallCount", "Resource", metric]],
    });
    let place = json!({ "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6 });
    let mut widget = place;
    widget["properties"] = properties;
    Document::new(json!({ "start": "-PT6H", "widgets": [widget] }))
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let topic = |name: &str| Input::<Arn>::Known(facts.arn("sns", name));
    let mut s = stack();
    let alarm = s.add(
        "errors",
        Alarm {
            name: "conformance-test".to_owned(),
            description: "too many errors".to_owned(),
            namespace: "AWS/Lambda".to_owned(),
            metric: "Errors".to_owned(),
            dimensions: [("FunctionName".to_owned(), "payments".into())].into(),
            statistic: "Sum".to_owned(),
            period_s: 300,
            evaluation_periods: 1,
            threshold: 5.0,
            comparison: "GreaterThanThreshold".to_owned(),
            missing_data: "notBreaching".to_owned(),
            actions: [topic("alerts"), topic("operations")].into_iter().collect(),
            tags: tags("alarm"),
        },
    );
    let case = Case::new(s, alarm.address());
    cases.push(
        case.edit("description", "another")
            .edit("namespace", "AWS/DynamoDB")
            .edit("metric", "ThrottledRequests")
            .edit("dimensions", serde_json::json!({ "TableName": "refunds" }))
            .edit("statistic", "p99")
            .edit("period_s", 60)
            .edit("evaluation_periods", 2)
            .edit("threshold", 0.5)
            .edit("comparison", "LessThanThreshold")
            .edit("missing_data", "missing")
            .edit("actions", Set::<Input<Arn>>::new())
            .edit("tags", tags("other")),
    );

    let mut s = stack();
    let key = s.add("main", kms::key(facts, &[]));
    let dashboard = s.add(
        "main",
        Dashboard {
            name: "conformance-test".to_owned(),
            body: body(key.id()),
            tags: tags("dashboard"),
        },
    );
    let case = Case::new(s, dashboard.address());
    cases.push(
        case.edit("body", body("another"))
            .edit("tags", tags("other"))
            .except(Moto, "tags", "PutDashboard and TagResource know none of dashboards")
            .except(Ministack, "tags", "PutDashboard and TagResource know none of dashboards"),
    );
}
