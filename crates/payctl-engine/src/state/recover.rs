//! Recovery from damage: of what is left, the newest that can be read is used, and what may have
//! been made after it is looked for by tag. Nothing is deleted.

use std::path::{Path, PathBuf};

use super::check::{Health, health};
use super::disk::sync_folder_of;
use super::document::{decode, encode};
use super::journal::{self, Entry};
use super::store::apply;
use super::{Intent, IntentAction, Session, State, StateError, new_token};
use crate::Address;

/// What came of a recovery.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovery {
    /// The state that was recovered; `None` where nothing could be read, which the next `up`
    /// treats as a lost state.
    pub state: Option<State>,
    /// Where it was read from; `None` where the journal held it whole.
    pub from: Option<PathBuf>,
    /// How many lines of the journal were applied.
    pub lines: u64,
    /// What was moved aside, and where to.
    pub moved: Vec<(PathBuf, PathBuf)>,
}

impl Session {
    /// Recovers from a state or journal that is damaged, missing, or of another time than what
    /// exists.
    ///
    /// What was made after the last line that can be read is found again by its tags: everything
    /// recorded is entered as about to be created, so that the next run looks for what stands
    /// beside it. What was made then and is declared no longer is not found.
    ///
    /// # Errors
    /// When something cannot be read, is a link or of a newer format, or cannot be written. It
    /// can be called again then.
    pub fn recover(&self) -> Result<Recovery, StateError> {
        let (disk, journal) = (&*self.store.disk, self.store.journal_path());
        let mut damaged: Vec<PathBuf> = Vec::new();
        let mut states: Vec<(State, PathBuf)> = Vec::new();
        let mut paths = vec![self.store.state_path()];
        paths.extend(self.store.backups()?.into_iter().map(|(_, path)| path));
        for path in paths {
            let Some(bytes) = disk.read(&path)? else { continue };
            match decode(&bytes, &path) {
                Ok(state) => states.push((state, path)),
                // Of a newer format: not damaged, but not ours to write over.
                Err(error) if !matches!(health(&error), Health::Damaged(_)) => return Err(error),
                Err(_) => damaged.push(path),
            }
        }
        let replay = journal::scan(&disk.read(&journal)?.unwrap_or_default(), &journal)?;
        // Of the state and its copy, the state.
        let base = states.iter().rev().max_by_key(|(state, _)| state.serial);
        // What a later journal says of a resource is newer than what an earlier state does.
        let later = match (base, replay.entries.first()) {
            (Some((state, _)), Some(Entry::Begin { lineage, serial, .. })) => {
                state.lineage == *lineage && state.serial <= *serial
            }
            _ => true,
        };
        let entries = if later { &replay.entries[..] } else { &[] };
        let from = base.map(|(_, path)| path.clone());
        let mut state = apply(base.map(|(state, _)| state.clone()), entries);
        let begun = entries.iter().find_map(|entry| match entry {
            Entry::Begin { serial, .. } => Some(*serial),
            _ => None,
        });

        // A state that is older than a copy is put aside as well.
        let unused =
            |path: &PathBuf| from.as_ref() != Some(path) && *path == self.store.state_path();
        damaged.extend(states.iter().map(|(_, path)| path).filter(|path| unused(path)).cloned());
        let mut recovery = Recovery { from: from.clone(), ..Recovery::default() };
        recovery.lines = if state.is_some() { entries.len() as u64 } else { 0 };
        for path in damaged {
            self.move_aside(&path, &mut recovery)?;
        }
        if let Some((state, _)) = base.filter(|(_, path)| *path == self.store.state_path()) {
            // It is written over below, and a process that died may have left it without a copy.
            self.back_up(state.serial, encode(state)?.as_bytes())?;
        }
        if let Some(state) = &mut state {
            look_for_more(state);
            let latest = self.store.latest_backup()?.max(state.serial).max(begun.unwrap_or(0));
            state.serial = latest.saturating_add(1);
            let text = encode(state)?;
            // From here on the journal is an earlier state's.
            disk.replace(&self.store.state_path(), text.as_bytes())?;
            self.back_up(state.serial, text.as_bytes())?;
        }
        if disk.read(&journal)?.is_some() {
            self.move_aside(&journal, &mut recovery)?;
        }
        recovery.state = state;
        Ok(recovery)
    }

    /// Moves a file into the folder `damaged`, under a number of its own.
    fn move_aside(&self, path: &Path, recovery: &mut Recovery) -> Result<(), StateError> {
        let (disk, folder) = (&*self.store.disk, self.store.folder().join("damaged"));
        disk.make_folder(&folder)?;
        let number = |path: &PathBuf| -> Option<u64> {
            path.file_name()?.to_str()?.split('-').next()?.parse().ok()
        };
        let last = disk.list(&folder)?.iter().filter_map(number).max().unwrap_or(0);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let to = folder.join(format!("{:04}-{name}", last + 1));
        disk.rename(path, &to)?;
        disk.sync_folder(&folder)?;
        sync_folder_of(disk, path)?;
        recovery.moved.push((path.to_owned(), to));
        Ok(())
    }
}

/// Lets the next run look for what stands beside everything that is recorded.
fn look_for_more(state: &mut State) {
    let unknown = state.resources.iter().filter(|(at, _)| !state.pending.contains_key(*at));
    let intents: Vec<(Address, Intent)> = unknown
        .map(|(address, record)| {
            let intent = Intent {
                action: IntentAction::Create,
                token: new_token(state, address, 0),
                properties: record.properties.clone(),
                depends_on: record.depends_on.clone(),
            };
            (address.clone(), intent)
        })
        .collect();
    state.pending.extend(intents);
    state.touch();
}
