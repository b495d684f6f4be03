use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use payctl_engine::{Failure, FailureKind, Goal, Plan, Silent};

use super::super::{Status, parse};
use super::*;
use crate::durations::{Durations, Place};
use crate::report::fixture::{Fixture, at};

struct Run {
    fixture: Fixture,
    plan: Plan,
}

impl Run {
    fn new() -> Self {
        let fixture = Fixture::new("secure-api");
        let plan = fixture.plan(Goal::Up);
        Self { fixture, plan }
    }

    fn recorder(&self, folder: &Path, run: &str) -> Recorder {
        let prediction =
            Prediction::of(&self.plan, &self.fixture.kinds, &Durations::of(Place::Aws, &[]));
        Recorder::begin(folder, &Of { run, command: "up" }, &prediction)
    }
}

fn applies(address: &str) -> (Address, Phase) {
    (at(address), Phase::Apply)
}

fn started(address: &str) -> Event {
    let (address, phase) = applies(address);
    Event::Started { address, phase }
}

fn finished(address: &str) -> Event {
    let (address, phase) = applies(address);
    Event::Finished { address, phase, took: Duration::ZERO }
}

fn throttled(address: &str) -> Event {
    let (address, phase) = applies(address);
    let failure = Failure::new(FailureKind::Throttled, "secret in a message".to_owned());
    let failure = Failure { code: Some("ThrottlingException".to_owned()), ..failure };
    Event::Retrying { address, phase, failure, pause: Duration::ZERO }
}

#[test]
fn what_happens_is_on_disk_when_it_has_happened() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new();
    let recorder = run.recorder(folder.path(), "one");
    let kept = || parse(&fs::read(format::path(folder.path(), "one")).unwrap()).unwrap();
    let status = |address: &str| {
        let kept = kept();
        let mut planned = kept.head.operations.iter();
        let index = planned.position(|one| one.address == at(address)).unwrap();
        kept.operations[index].clone()
    };
    let first = run.plan.steps[0].address.to_string();
    let second = run.plan.steps[1].address.to_string();
    assert_eq!(kept().head.operations.len(), run.plan.steps.len());
    assert_eq!(status(&first).status, Status::Waiting);

    let told = recorder.before(&Silent);
    told.event(started(&first));
    told.event(throttled(&first));
    told.event(throttled(&first));
    told.event(Event::Created { address: at(&first) });
    let first_now = status(&first);
    assert_eq!(first_now.status, Status::Running);
    assert!(first_now.created >= first_now.began && first_now.ended.is_none());
    told.event(finished(&first));
    told.event(started(&second));
    let (address, phase) = applies(&second);
    let failure = Failure::new(FailureKind::Denied, "secret in a message".to_owned());
    told.event(Event::Failed { address, phase, failure });
    assert_eq!(status(&first).retries, [("ThrottlingException".to_owned(), 2)].into());
    assert_eq!((status(&first).status, status(&second).status), (Status::Done, Status::Failed));

    let measured = recorder.end(Ended::Failed);
    // What failed says nothing of how long it takes.
    assert_eq!(measured.len(), 1, "{measured:?}");
    assert_eq!((measured[0].0.as_str(), measured[0].1), (at(&first).kind(), Doing::Create));
    assert_eq!(kept().end.unwrap().1, Ended::Failed);
    let path = format::path(folder.path(), "one");
    assert!(!fs::read_to_string(&path).unwrap().contains("secret in"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn the_newest_runs_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new();
    for nth in 10..40 {
        let _ = run.recorder(folder.path(), &nth.to_string());
    }
    let kept = format::runs(folder.path());
    assert_eq!((kept.len(), kept[0].as_str(), kept[KEPT - 1].as_str()), (KEPT, "20", "39"));
}

#[test]
fn what_cannot_be_written_stops_nothing_and_no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let ours = folder.path().join("ours");
    fs::create_dir(&ours).unwrap();
    symlink(&theirs, ours.join("runs")).unwrap();
    let run = Run::new();
    let recorder = run.recorder(&ours, "one");
    let first = run.plan.steps[0].address.to_string();
    let told = recorder.before(&Silent);
    told.event(started(&first));
    told.event(finished(&first));
    assert_eq!(recorder.end(Ended::Done).len(), 1, "it is measured all the same");
    assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0);
}
