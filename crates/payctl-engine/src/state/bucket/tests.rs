//! What a session asks its bucket, and in which order.

use serde_json::json;

use super::super::history::{End, Ended, Run};
use super::super::{Entry, Holder, Record, Session, State, StateError, Status, Store};
use super::*;
use crate::Address;
use crate::plan::Counts;
use crate::testing::{MemoryObjects, Mishap};

fn holder(command: &str) -> Holder {
    Holder { pid: 1, host: "h".into(), command: command.into(), since: "now".into() }
}

fn state() -> State {
    State::empty("pci-core", "dev", "1", "us-east-1", "l")
}

fn wrote(name: &str) -> Entry {
    let record = Record {
        status: Status::Complete,
        outputs: json!({ "id": name }),
        properties: json!({}),
        depends_on: [].into(),
        deposed: Vec::new(),
    };
    let address = Address::new("ec2.vpc", name);
    Entry::Wrote { address, record: Some(Box::new(record)), settled: true }
}

fn run() -> Run {
    let text = |text: &str| text.to_owned();
    Run {
        id: text("1"),
        command: text("up"),
        began: text("2026-01-01T00:00:00Z"),
        who: text("arn:aws:iam::123456789012:user/ops"),
        from: text("ops@host"),
        version: text("0.1.0"),
        planned: Counts::default(),
    }
}

fn end() -> End {
    let (changes, failures) = (Vec::new(), BTreeMap::new());
    let ended = "2026-01-01T00:00:01Z".to_owned();
    End { id: "1".to_owned(), ended, outcome: Ended::Done, changes, failures }
}

fn store(objects: &MemoryObjects) -> Store {
    Store::in_memory_bucket(objects, objects.clock())
}

/// A run of two steps that begin together, as far as the state has to do with it.
fn change(session: &Session) -> Result<Option<StateError>, StateError> {
    let loaded = session.store().load()?;
    let mut now = loaded.state.clone().unwrap_or_else(state);
    let mut journal = session.journal(&loaded, &now)?;
    session.begin_run(run())?;
    let entries = [wrote("a"), wrote("b")];
    let mut written = Vec::new();
    for entry in &entries {
        journal.append(entry)?;
        written.push(journal.written());
        now.apply(entry);
    }
    for written in block_on(future::join_all(written)) {
        written?;
    }
    // Nobody waits for this one.
    journal.append(&wrote("c"))?;
    now.apply(&wrote("c"));
    session.end(&mut now, end())
}

/// The requests since `before`, without the folder they are all in.
fn since(objects: &MemoryObjects, before: u64) -> Vec<String> {
    let log = objects.log();
    let new = log[usize::try_from(before).unwrap()..].iter();
    new.map(|request| request.replacen(" state/", " ", 1)).collect()
}

#[test]
fn a_run_asks_for_what_it_needs_once() {
    let objects = MemoryObjects::new();
    let session = store(&objects).lock(&holder("up")).unwrap();
    change(&session).unwrap();
    drop(session);

    let (store, before) = (store(&objects), objects.requests());
    store.expect_lock();
    store.load().unwrap();
    let session = store.lock(&holder("up")).unwrap();
    assert!(change(&session).unwrap().is_none());
    drop(session);
    let asked = since(&objects, before);
    let expected = [
        // Before the lock is held.
        "get lock",
        "list journal/",
        "get state.json",
        // With it.
        "put lock",
        "get state.json",
        "get history.jsonl",
        "list journal/",
        "list backups/",
        // Before the first call.
        "put history.jsonl",
        "put journal/00000002-00000001.jsonl",
        // The end.
        "put journal/00000002-00000002.jsonl",
        "put state.json",
        "put backups/state-00000002.json",
        "delete journal/00000002-00000002.jsonl",
        "put history.jsonl",
        "delete journal/00000002-00000001.jsonl",
        "put lock",
    ];
    assert_eq!(asked, expected);
    let now = store.load().unwrap();
    assert_eq!(now.replayed, 0);
    let resources = now.state.unwrap().resources;
    let names: Vec<String> = resources.keys().map(|at| at.name().to_owned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let past = store.history().unwrap();
    assert!(past.len() == 2 && past.iter().all(|run| run.end.is_some()), "{past:?}");
}

#[test]
fn what_was_read_before_the_lock_was_held_is_not_taken_for_what_is_there() {
    let objects = MemoryObjects::new();
    drop(store(&objects).lock(&holder("up")).unwrap());
    let (mine, other) = (store(&objects), store(&objects));

    // Another has come and gone since.
    mine.expect_lock();
    let session = other.lock(&holder("up")).unwrap();
    change(&session).unwrap();
    drop(session);
    let session = mine.lock(&holder("destroy")).unwrap();
    let known = mine.load().unwrap().state.unwrap();
    assert_eq!(known.resources.len(), 3);
    drop(session);

    // Another has come and is there: it is told by name, as it is without.
    mine.expect_lock();
    let session = other.lock(&holder("sweep")).unwrap();
    let refused = mine.lock(&holder("destroy")).unwrap_err().to_string();
    assert!(refused.contains("`payctl sweep`"), "{refused}");
    drop(session);

    // What is asked ahead and fails is asked again.
    for nth in 1..=8 {
        objects.mishap_at(nth, Mishap::Fails);
        mine.expect_lock();
        let session = mine.lock(&holder("up"));
        let session = session.and_then(|session| mine.load().map(|loaded| (session, loaded)));
        objects.no_mishap();
        match session {
            Ok((_, loaded)) => assert_eq!(loaded.state.unwrap().resources.len(), 3),
            // The document itself could not be written.
            Err(error) => assert!(error.to_string().contains("lock"), "{nth}: {error}"),
        }
    }
}

#[test]
fn a_history_that_cannot_be_written_stops_nothing() {
    let objects = MemoryObjects::new();
    let store = store(&objects);
    drop(store.lock(&holder("up")).unwrap());
    let session = store.lock(&holder("up")).unwrap();
    objects.set("state/history.jsonl", Some(b"written by hand\n".to_vec()));
    let lost = change(&session).unwrap();
    assert!(matches!(lost, Some(StateError::TakenOver { .. })), "{lost:?}");
    drop(session);
    assert_eq!(store.load().unwrap().state.unwrap().resources.len(), 3);
    assert_eq!(objects.bytes("state/history.jsonl").unwrap(), b"written by hand\n");
}

#[test]
fn a_journal_goes_on_where_its_first_object_is_gone() {
    let objects = MemoryObjects::new();
    let store = store(&objects);
    let session = store.lock(&holder("up")).unwrap();
    // Twice in one session: what is left of the first may not stand before the second.
    change(&session).unwrap();
    let loaded = store.load().unwrap();
    let mut journal = session.journal(&loaded, loaded.state.as_ref().unwrap()).unwrap();
    journal.append(&wrote("d")).unwrap();
    block_on(journal.written()).unwrap();
    let loaded = store.load().unwrap();
    assert_eq!((loaded.replayed, loaded.state.unwrap().resources.len()), (1, 4));
    drop(session);
    // It was not saved, and the next one goes on from it.
    let session = store.lock(&holder("up")).unwrap();
    let loaded = session.store().load().unwrap();
    assert_eq!((loaded.replayed, loaded.state.unwrap().resources.len()), (0, 4));
}
