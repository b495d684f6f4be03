//! What can be said of state, journal and backups without asking the cloud.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::document::decode;
use super::journal::{self, Replay};
use super::store::{Continues, continues};
use super::{State, StateError, Store};

/// What a store's files are like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `state.json`.
    pub state: StateCheck,
    /// `journal.jsonl`.
    pub journal: JournalCheck,
    /// The copies that are kept, oldest first.
    pub backups: Vec<StateCheck>,
}

/// What a state's file is like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateCheck {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it can be used.
    pub health: Health,
    /// What it says, where it can be used.
    pub says: Option<Summary>,
}

/// What a state says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Summary {
    pub format: u32,
    pub lineage: String,
    pub serial: u64,
    pub resources: usize,
    pub pending: usize,
}

/// What a journal is like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalCheck {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it can be used.
    pub health: Health,
    /// How many whole lines stand before its end or its damage.
    pub lines: u64,
    /// Whether it ends in the middle of a line, as a crash leaves it.
    pub torn: bool,
    /// How it stands to the state beside it.
    pub continues: Continues,
}

/// Whether a file can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It is not there.
    Missing,
    /// It can be read and its checksums fit.
    Sound,
    /// It was hurt, in this way.
    Damaged(String),
    /// It could not be read, or is not to be: a link, or of a newer format.
    Unreadable(String),
}

impl Check {
    /// Whether state and journal can be used as they are.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let usable = |health: &Health| matches!(health, Health::Missing | Health::Sound);
        let fits = !matches!(self.journal.continues, Continues::Another | Continues::AMissingOne);
        usable(&self.state.health) && usable(&self.journal.health) && fits && !self.is_outdated()
    }

    /// Whether a later state is kept as a copy than the one that is used: that was put in its
    /// place by hand, or was lost.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        let latest = self.backups.iter().filter_map(|backup| backup.says.as_ref());
        let latest = latest.map(|says| says.serial).max();
        self.state.says.as_ref().map(|says| says.serial) < latest
    }
}

impl Store {
    /// Says what state, journal and backups are like. Changes nothing and takes no lock.
    ///
    /// # Errors
    /// When the folder of the backups cannot be read.
    pub fn check(&self) -> Result<Check, StateError> {
        let journal = self.journal_path();
        let lines = self.disk.read(&journal);
        let lines =
            lines.and_then(|bytes| bytes.map(|bytes| journal::scan(&bytes, &journal)).transpose());
        let (state, known) = self.examine(&self.state_path());
        let backups = self.backups()?.iter().map(|(_, path)| self.examine(path).0).collect();
        let journal = match lines {
            Ok(replay) => check_journal(journal, replay, known.as_ref()),
            Err(error) => {
                let (health, continues) = (health(&error), Continues::Nothing);
                JournalCheck { path: journal, health, lines: 0, torn: false, continues }
            }
        };
        Ok(Check { state, journal, backups })
    }

    /// What the state at `path` is like, and the state itself where it can be used.
    pub(super) fn examine(&self, path: &Path) -> (StateCheck, Option<State>) {
        let read = self.disk.read(path);
        let read = read.and_then(|bytes| bytes.map(|bytes| decode(&bytes, path)).transpose());
        let (health, state) = match read {
            Ok(None) => (Health::Missing, None),
            Ok(Some(state)) => (Health::Sound, Some(state)),
            Err(error) => (health(&error), None),
        };
        let says = state.as_ref().map(|state| Summary {
            format: state.format,
            lineage: state.lineage.clone(),
            serial: state.serial,
            resources: state.resources.len(),
            pending: state.pending.len(),
        });
        (StateCheck { path: path.to_owned(), health, says }, state)
    }
}

fn check_journal(path: PathBuf, replay: Option<Replay>, state: Option<&State>) -> JournalCheck {
    let health = match replay.as_ref().map(|replay| replay.damaged) {
        None => Health::Missing,
        Some(None) => Health::Sound,
        Some(Some(line)) => Health::Damaged(format!("line {line} does not fit")),
    };
    let replay = replay.unwrap_or_default();
    let lines = replay.entries.len() as u64;
    let continues = continues(state, replay.entries.first());
    JournalCheck { path, health, lines, torn: replay.torn, continues }
}

pub(super) fn health(error: &StateError) -> Health {
    match error {
        StateError::Damaged { why, .. } => Health::Damaged(why.clone()),
        error => {
            let mut text = error.to_string();
            if let Some(cause) = std::error::Error::source(error) {
                text += &format!(": {cause}");
            }
            Health::Unreadable(text)
        }
    }
}
