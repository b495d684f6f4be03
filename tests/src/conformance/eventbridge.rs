//! Cases of events' kinds.

use std::collections::BTreeMap;

use payctl_aws::eventbridge::{InputTransformer, Rule, Target};
use payctl_aws::{Arn, Document, Facts};
use payctl_engine::{Handle as _, Input};
use serde_json::json;

use super::{Case, stack, tags};

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let topic = |name: &str, input| {
        let arn = Input::<Arn>::Known(facts.arn("sns", name));
        (name.to_owned(), Target { arn, input })
    };
    let told = |template: &str| InputTransformer {
        paths: [("state".to_owned(), "$.detail.state".to_owned())].into(),
        template: template.to_owned(),
    };
    let mut s = stack();
    let rule = s.add(
        "main",
        Rule {
            name: "conformance-test".to_owned(),
            description: "instances that end".to_owned(),
            pattern: Document::new(json!({
                "source": ["aws.ec2"],
                "detail-type": ["EC2 Instance State-change Notification"],
                "detail": { "state": ["terminated", { "prefix": "shutting" }] },
            })),
            enabled: true,
            targets: BTreeMap::from([
                topic("alerts", None),
                topic("operations", Some(told("\"an instance is <state>\""))),
            ]),
            tags: tags("rule"),
        },
    );
    let case = Case::new(s, rule.address());
    let targets = BTreeMap::from([
        topic("operations", Some(told("\"it is <state>\""))),
        topic("security", Some(told("{\"state\": <state>}"))),
    ]);
    cases.push(
        case.edit("description", "another")
            .edit("pattern", json!({ "source": ["aws.guardduty"] }))
            .edit("enabled", false)
            .edit("targets", targets)
            .edit("tags", tags("other")),
    );
}
