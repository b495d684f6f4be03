//! What the files of an environment's folder are called, and the objects of one in a bucket.

pub(super) const STATE: &str = "state.json";
pub(super) const JOURNAL: &str = "journal.jsonl";
pub(super) const HISTORY: &str = "history.jsonl";
pub(super) const LOCK: &str = "lock";
/// The folder of the copies.
pub(super) const BACKUP_FOLDER: &str = "backups";
