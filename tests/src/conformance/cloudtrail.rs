//! Cases of the audit's kinds.

use payctl_aws::cloudtrail::{DataEvents, LogDelivery, Trail};
use payctl_aws::iam::Role;
use payctl_aws::{Arn, Facts, Policy, Set, Statement};
use payctl_engine::{Handle as _, Input};

use super::{Case, iam, logs, s3, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto};

fn data_events(kind: &str, arns: &[&str]) -> DataEvents {
    let arns = arns.iter().map(|arn| Input::Known(Arn::from(*arn))).collect();
    DataEvents { kind: kind.to_owned(), arns }
}

pub(super) fn cases(_facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let [first, second] = ["first", "second"]
        .map(|name| s.add(name, s3::bucket(&format!("payment-cloudtrail-{name}"))));
    let write = Statement::allow("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"]);
    let write = Policy::new([write.on_all()]);
    let role = Role {
        inline: [("write".to_owned(), write)].into(),
        ..iam::role("payment-trail", "cloudtrail.amazonaws.com")
    };
    let role = s.add("trail", role);
    let [group, other] =
        ["one", "other"].map(|name| s.add(name, logs::group(&format!("/conformance/{name}"))));
    let delivery = |group: Input<Arn>| LogDelivery { group: group.then(":*"), role: role.arn() };
    let objects = data_events("AWS::S3::Object", &["arn:aws:s3:::two/", "arn:aws:s3:::one/"]);
    let table = "arn:aws:dynamodb:us-east-1:123456789012:table/payments";
    let trail = s.add(
        "audit",
        Trail {
            name: "payment-trail-test".to_owned(),
            bucket: first.name(),
            kms_key: None,
            multi_region: false,
            global_events: true,
            log_file_validation: true,
            logging: true,
            management_events: true,
            data_events: [objects, data_events("AWS::DynamoDB::Table", &[table])]
                .into_iter()
                .collect(),
            log_delivery: Some(delivery(group.arn())),
            insights: Set::new(),
            tags: tags("audit"),
        },
    );
    let case = Case::new(s, trail.address());
    cases.push(
        case.edit("bucket", second.name())
            .edit("kms_key", "arn:aws:kms:us-east-1:123456789012:key/one")
            .edit("multi_region", true)
            .edit("global_events", false)
            .edit("log_file_validation", false)
            .edit("logging", false)
            .edit("management_events", false)
            .edit("data_events", Set::<DataEvents>::new())
            .edit("log_delivery", delivery(other.arn()))
            .edit("log_delivery", None::<LogDelivery>)
            .edit("insights", ["ApiCallRateInsight", "ApiErrorRateInsight"])
            .edit("insights", ["ApiErrorRateInsight"])
            .edit("tags", tags("other"))
            .except(Moto, "insights", "GetTrail denies that there are any")
            .except(Ministack, "log_delivery", "CreateTrail ignores it")
            .except(Ministack, "insights", "PutInsightSelectors is missing")
            .except(Ministack, "tags", "CreateTrail ignores them"),
    );
}
