//! Cases of log groups.

use payctl_aws::Facts;
use payctl_aws::logs::{LogGroup, LogGroupName, MetricFilter};
use payctl_engine::{Handle as _, Input};

use super::{Case, kms, stack, tags};
use crate::emulator::Emulator;

pub(super) fn group(name: &str) -> LogGroup {
    let name = LogGroupName::from(name).into();
    LogGroup { name, retention_days: 30, kms_key: None, tags: tags("logs") }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let service = format!("logs.{}.amazonaws.com", facts.region);
    let mut s = stack();
    let main = s.add("main", kms::key(facts, &[&service]));
    let other = s.add("other", kms::key(facts, &[&service]));
    // One whose name begins with the other's.
    s.add("longer", group("/conformance/test-longer"));
    let group = LogGroup { kms_key: Some(main.arn()), ..group("/conformance/test") };
    let group = s.add("main", group);
    let case = Case::new(s, group.address());
    let changed: Option<Input<_>> = Some(other.arn());
    cases.push(
        case.edit("retention_days", 365)
            .edit("kms_key", changed)
            .edit("tags", tags("other"))
            .except(Emulator::Moto, "kms_key", "AssociateKmsKey is missing")
            .except(Emulator::Ministack, "kms_key", "AssociateKmsKey is missing"),
    );

    let mut s = stack();
    let group = s.add("main", self::group("/conformance/test"));
    let filter = |name: &str| MetricFilter {
        log_group: group.name(),
        name: name.to_owned(),
        pattern: r#"{ $.errorCode = "AccessDenied*" }"#.to_owned(),
        namespace: "Conformance".to_owned(),
        metric: "Denied".to_owned(),
        value: "1".to_owned(),
    };
    // One whose name begins with the other's.
    s.add("longer", filter("denied-longer"));
    let denied = s.add("denied", filter("denied"));
    cases.push(
        Case::new(s, denied.address())
            .edit("pattern", "ERROR")
            .edit("namespace", "Other")
            .edit("metric", "Errors")
            .edit("value", "2")
            .except(Emulator::Moto, "create", "what is put again is there twice"),
    );
}
