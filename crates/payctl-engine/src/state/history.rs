//! History: who ran what in an environment, when, from where, and with which outcome.
//!
//! `history.jsonl` beside the state, two lines a run: one before its first change and one when it
//! has ended. A run without its second line was killed. No value of any property is in it, and so no
//! secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Session, State, StateError, Store};
use crate::plan::{Action, Counts};
use crate::{Address, Phase};

/// The format this version writes.
pub const FORMAT: u32 = 1;
/// A file of more bytes than this is cut to its newest runs: a run of a hundred changes takes about
/// 10 kB.
const LARGEST: usize = 1024 * 1024;
/// How many runs are kept then.
const KEPT: usize = 100;

/// A run that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id: one for all time in this environment.
    pub id: String,
    /// What was run, such as `up`.
    pub command: String,
    /// When it began, in RFC 3339.
    pub began: String,
    /// Who ran it: the caller's ARN.
    pub who: String,
    /// From where, as `user@host`, or the host alone where nothing names the user.
    pub from: String,
    /// The version of payctl.
    pub version: String,
    /// What it was to do.
    pub planned: Counts,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Which run.
    pub id: String,
    /// When, in RFC 3339.
    pub ended: String,
    /// How.
    pub outcome: Ended,
    /// What it changed, in this order.
    pub changes: Vec<Changed>,
    /// Which resources failed, and why: in the words of the service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<Address, String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// All was done.
    Done,
    /// Something failed.
    Failed,
    /// It was stopped by a signal.
    Interrupted,
}

/// A step that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Which resource.
    pub address: Address,
    /// What was planned for it.
    pub action: Action,
    /// Which half of that was done.
    pub phase: Phase,
    /// What others had attached to it and the run removed, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// A run, and how it ended; nothing where it was killed or goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Past {
    #[serde(flatten)]
    pub run: Run,
    pub end: Option<End>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    format: u32,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Began(Run),
    Ended(End),
}

impl Store {
    /// The runs that changed something, oldest first. Lines that cannot be read, such as the last
    /// one after a crash, are left out: they are no one's state.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(&self) -> Result<Vec<Past>, StateError> {
        self.disk.check_folder(&self.folder)?;
        let bytes = self.disk.read(&self.history_path())?.unwrap_or_default();
        Ok(parse(&bytes))
    }
}

impl Session {
    /// Notes that a run begins. In a bucket that may go on; it is there before any entry of the journal
    /// that is added behind it.
    ///
    /// # Errors
    /// When it cannot be written; in a bucket the end tells.
    pub fn begin_run(&self, run: Run) -> Result<(), StateError> {
        self.shorten()?;
        self.note(Entry::Began(run))
    }

    /// Notes how a run ended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end_run(&self, end: End) -> Result<(), StateError> {
        self.note(Entry::Ended(end))
    }

    /// Writes the state, and how the run ended beside it; answers what keeps that from being noted.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn end(&self, state: &mut State, end: End) -> Result<Option<StateError>, StateError> {
        self.save_beside(state, || self.end_run(end))
    }

    /// Takes the history of another place over, where there is none yet.
    pub(super) fn take_history(&self, from: &Store) -> Result<(), StateError> {
        let (disk, path) = (&self.store.disk, self.store.history_path());
        match from.disk.read(&from.history_path())? {
            Some(bytes) if disk.read(&path)?.is_none() => disk.replace(&path, &bytes),
            _ => Ok(()),
        }
    }

    fn note(&self, entry: Entry) -> Result<(), StateError> {
        let (disk, path) = (&self.store.disk, self.store.history_path());
        let line = serde_json::to_string(&Line { format: FORMAT, entry });
        let line = line.map_err(StateError::encode)?;
        let before = disk.read(&path)?.unwrap_or_default();
        // A line that a crash left unfinished is ended, so that it spoils no other.
        let torn = !before.is_empty() && !before.ends_with(b"\n");
        disk.truncate(&path, before.len() as u64)?;
        let text = format!("{}{line}\n", if torn { "\n" } else { "" });
        disk.append_later(&path, text.as_bytes())
    }

    fn shorten(&self) -> Result<(), StateError> {
        let (disk, path) = (&*self.store.disk, self.store.history_path());
        let Some(bytes) = disk.read(&path)?.filter(|bytes| bytes.len() > LARGEST) else {
            return Ok(());
        };
        let all = parse(&bytes);
        let mut text = String::new();
        for Past { run, end } in all.into_iter().rev().take(KEPT).rev() {
            for entry in [Some(Entry::Began(run)), end.map(Entry::Ended)].into_iter().flatten() {
                let line = serde_json::to_string(&Line { format: FORMAT, entry });
                text += &line.map_err(StateError::encode)?;
                text.push('\n');
            }
        }
        disk.replace(&path, text.as_bytes())
    }
}

fn parse(bytes: &[u8]) -> Vec<Past> {
    let mut all: Vec<Past> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        match serde_json::from_slice(line).map(|Line { entry, .. }| entry) {
            Ok(Entry::Began(run)) => all.push(Past { run, end: None }),
            Ok(Entry::Ended(end)) => {
                let run = all.iter_mut().rev().find(|past| past.run.id == end.id);
                if let Some(run) = run {
                    run.end = Some(end);
                }
            }
            Err(_) => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::Holder;
    use super::*;

    fn run(id: &str) -> Run {
        let text = |text: &str| text.to_owned();
        Run {
            id: text(id),
            command: text("up"),
            began: text("2026-01-01T00:00:00Z"),
            who: text("arn:aws:iam::123456789012:user/ops"),
            from: text("ops@host"),
            version: text("0.1.0"),
            planned: Counts { create: 1, ..Counts::default() },
        }
    }

    fn end(id: &str) -> End {
        let address = Address::new("net.zone", "a");
        let change =
            Changed { address, action: Action::Create, phase: Phase::Apply, removed: Vec::new() };
        let ended = "2026-01-01T00:00:01Z".to_owned();
        let (id, changes) = (id.to_owned(), vec![change]);
        End { id, ended, outcome: Ended::Done, changes, failures: BTreeMap::new() }
    }

    fn session(folder: &std::path::Path) -> Session {
        let text = String::new;
        let holder = Holder { pid: 1, host: text(), command: text(), since: text() };
        Store::at(folder).lock(&holder).unwrap()
    }

    #[test]
    fn runs_are_kept_with_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(&folder.path().join("dev"));
        assert_eq!(session.store().history().unwrap(), []);
        session.begin_run(run("one")).unwrap();
        session.end_run(end("one")).unwrap();
        session.begin_run(run("killed")).unwrap();
        let past = session.store().history().unwrap();
        let expected = [(run("one"), Some(end("one"))), (run("killed"), None)];
        assert_eq!(past, expected.map(|(run, end)| Past { run, end }));
    }

    #[test]
    fn a_torn_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(&folder.path().join("dev"));
        session.begin_run(run("one")).unwrap();
        let path = session.store().history_path();
        let whole = std::fs::read(&path).unwrap();
        for length in 1..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            session.begin_run(run("two")).unwrap();
            let ids: Vec<String> =
                session.store().history().unwrap().into_iter().map(|past| past.run.id).collect();
            let one = length + 1 == whole.len();
            assert_eq!(ids, if one { vec!["one", "two"] } else { vec!["two"] }, "{length}");
        }
    }

    #[test]
    fn a_long_one_is_cut_to_its_newest_runs() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(&folder.path().join("dev"));
        let mut text = String::new();
        for nth in 0..5000 {
            let entry = Entry::Began(run(&nth.to_string()));
            text += &serde_json::to_string(&Line { format: FORMAT, entry }).unwrap();
            text.push('\n');
        }
        assert!(text.len() > LARGEST);
        std::fs::write(session.store().history_path(), text).unwrap();
        session.begin_run(run("new")).unwrap();
        let past = session.store().history().unwrap();
        assert_eq!((past.len(), past[0].run.id.as_str()), (KEPT + 1, "4900"));
    }
}
