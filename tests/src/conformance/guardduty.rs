//! Cases of GuardDuty's detector.

use payctl_aws::guardduty::Detector;
use payctl_aws::{Artifacts, Facts};
use payctl_engine::{Goal, Handle as _, Stack};

use super::{Case, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

fn detector(facts: &Facts) -> Detector {
    Detector {
        region: facts.region.clone(),
        enabled: true,
        publishing_frequency: "SIX_HOURS".to_owned(),
        tags: tags("main"),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let main = s.add("main", detector(facts));
    cases.push(
        Case::new(s, main.address())
            .edit("enabled", false)
            .edit("publishing_frequency", "FIFTEEN_MINUTES")
            .edit("tags", tags("other"))
            .except(Moto, "tags", "TagResource is missing")
            .except(Ministack, "create", "GuardDuty is missing"),
    );
}

/// Whoever has made the region's detector, nobody else's plan touches it.
pub async fn a_detector_of_someone_else_is_left_alone() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let guardduty = &environment.aws().guardduty;
    let by_hand = guardduty.create_detector().enable(true).send().await.unwrap();
    let mut s = stack();
    s.add("main", detector(&environment.facts));
    let plan = environment.plan(&s, Goal::Up).await;
    assert_eq!(plan.refusals.len(), 1, "{:?}", plan.refusals);

    // One made in the meantime is a conflict.
    let id = by_hand.detector_id().unwrap();
    guardduty.delete_detector().detector_id(id).send().await.unwrap();
    let plan = environment.plan(&s, Goal::Up).await;
    let other = Environment::new(&server, "other", "test", Artifacts::default()).await;
    let mut theirs = Stack::new("other", "test");
    theirs.add("main", detector(&other.facts));
    let (_, outcome) = other.run(&theirs, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let outcome = environment.execute(&plan).await;
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(outcome.failed[0].1.kind, payctl_engine::FailureKind::Conflict);
    let (_, outcome) = other.run(&theirs, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let left = guardduty.list_detectors().send().await.unwrap();
    assert!(left.detector_ids().is_empty());
}
