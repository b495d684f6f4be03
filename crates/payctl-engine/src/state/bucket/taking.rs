//! How the lock of a shared state is taken.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures::executor::block_on;

use super::super::disk::Lock;
use super::super::held::{Held, Upkeep, encode, lock, put};
use super::super::known::Known;
use super::super::lease::{Document, FORMAT, Verdict};
use super::super::names::{BACKUP_FOLDER, HISTORY, STATE};
use super::super::objects::{ObjectError, Tag, When};
use super::super::{Holder, StateError, process};
use super::{Bucket, ask, failed};

/// What is read as soon as the lock is held.
const READ_FIRST: [&str; 2] = [STATE, HISTORY];

impl Bucket {
    /// The lock's document, if it can be taken; else who holds it.
    fn look(&self, path: &Path) -> Result<Option<(Document, Tag)>, StateError> {
        let key = self.key(path);
        // It is taken on the condition that it is so still.
        let expected = lock(&self.ahead).expected(&key);
        match expected.map(block_on) {
            Some(Ok(None)) => return Ok(None),
            Some(Ok(Some(there))) => {
                if let Ok(document) = serde_json::from_slice::<Document>(&there.bytes)
                    && document.format <= FORMAT
                    && document.holder.is_none()
                {
                    return Ok(Some((document, there.tag)));
                }
            }
            // It is asked once more, and who holds it is told as it is now.
            Some(Err(_)) | None => {}
        }
        let Some(there) = ask(self.objects.get(&key), "read", path)? else { return Ok(None) };
        let document: Document = serde_json::from_slice(&there.bytes)
            .map_err(|error| StateError::damaged(path, error.to_string()))?;
        if document.format > FORMAT {
            let found = u64::from(document.format);
            return Err(StateError::TooNew { path: path.to_owned(), found });
        }
        let ended = process::has_ended(&document.process);
        let now = self.clock.now();
        let undecided = match lock(&self.watch).look(&there.tag, &document, now, ended) {
            Verdict::Free => return Ok(Some((document, there.tag))),
            Verdict::Undecided(left) => Some(left),
            Verdict::Alive => None,
        };
        let holder = document.holder.map_or_else(String::new, |holder| holder.to_string());
        Err(StateError::Locked { path: path.to_owned(), holder, undecided })
    }

    /// Takes the lock; `None` where another was faster.
    pub(super) fn take(&self, path: &Path, holder: &Holder) -> Result<Option<Lock>, StateError> {
        let there = self.look(path)?;
        let previous = there.as_ref().map(|(document, _)| document);
        let (nonce, process) =
            (random_text(), if self.by_hand { String::new() } else { process::this() });
        let mut document = Document::taken(previous, holder.clone(), nonce, process);
        if previous.is_none() {
            document.unclosed = self.epochs(path)?;
            document.epoch = document.unclosed.last().unwrap_or(&0) + 1;
        }
        let took_over = !document.unclosed.is_empty();
        let when = there.map_or(When::Absent, |(_, tag)| When::Is(tag));
        let (began, key) = (self.clock.now(), self.key(path));
        let taken = put(&self.objects, &key, encode(&document), when);
        // If the lock is ours, nobody has held it since its document was read: what is there is what
        // was there when it became ours.
        let mut known = Known::default();
        if !took_over {
            for name in READ_FIRST {
                known.expect(&*self.objects, &self.key(&self.folder.join(name)));
            }
            let backups = format!("{}/", self.key(&self.folder.join(BACKUP_FOLDER)));
            for prefix in [self.journal(), backups] {
                known.expect_list(&*self.objects, &prefix);
            }
        }
        let tag = match block_on(taken) {
            Err(ObjectError::Refused) => return Ok(None),
            taken => taken.map_err(|error| failed("write", path, error))?,
        };
        let places = (path.to_owned(), key, self.journal());
        let held = Held::new(
            self.objects.clone(),
            self.clock.clone(),
            places,
            (document, tag, began),
            known,
        );
        let held = Arc::new(held);
        *lock(&self.held) = Some(held.clone());
        let upkeep = Upkeep::start(held.clone(), self.by_hand);
        if took_over {
            held.close_others()?;
        }
        Ok(Some(Lock::kept(upkeep, took_over)))
    }

    /// The epochs that the journal knows of, for where the lock's document is gone.
    fn epochs(&self, path: &Path) -> Result<BTreeSet<u64>, StateError> {
        Ok(self.entries(path)?.into_iter().map(|(epoch, ..)| epoch).collect())
    }
}

/// What tells a holder from all others.
fn random_text() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(32).collect()
}
