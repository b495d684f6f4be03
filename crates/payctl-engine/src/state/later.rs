//! What the holder of a shared state's lock lets go on while it does something else: all of it ends
//! before the lock is given back.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use futures::executor::block_on;
use futures::future::{BoxFuture, FutureExt as _, Shared};

use super::objects::{Asked, ObjectError, Tag};

/// A write that goes on.
pub(super) type Writing = Shared<BoxFuture<'static, Result<Tag, Arc<ObjectError>>>>;

/// A write that goes on, and of what.
struct Write {
    path: PathBuf,
    bytes: Vec<u8>,
    writing: Writing,
}

/// What goes on.
#[derive(Default)]
pub(super) struct Later {
    writing: BTreeMap<String, Write>,
    removing: Vec<(PathBuf, Asked<()>)>,
    /// What is removed when all that is removed now is gone.
    last: Option<String>,
    /// The removal of what was last, whose end nobody has to know but who writes there again.
    loose: Option<Asked<()>>,
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Later").field(&self.writing.keys()).field(&self.removing.len()).finish()
    }
}

impl Later {
    /// Lets the write of an object go on.
    pub(super) fn write(
        &mut self,
        key: &str,
        (path, bytes): (PathBuf, Vec<u8>),
        put: impl Future<Output = Result<Tag, ObjectError>> + Send + 'static,
    ) {
        let writing = put.map(|put| put.map_err(Arc::new)).boxed().shared();
        self.writing.insert(key.to_owned(), Write { path, bytes, writing });
    }

    /// Lets a removal go on.
    pub(super) fn remove(&mut self, path: PathBuf, removed: Asked<()>) {
        self.removing.push((path, removed));
    }

    /// Removes an object when all that is removed now is gone.
    pub(super) fn remove_last(&mut self, key: String) {
        self.last = Some(key);
    }

    /// All writes that go on.
    pub(super) fn writes(&self) -> Vec<Writing> {
        self.writing.values().map(|write| write.writing.clone()).collect()
    }

    /// The write of an object that goes on, with what is written; it is not told of again.
    pub(super) fn take(&mut self, key: &str) -> Option<(Vec<u8>, Writing)> {
        self.writing.remove(key).map(|write| (write.bytes, write.writing))
    }

    /// The keys and paths of what is being written.
    pub(super) fn written(&self) -> Vec<(String, PathBuf)> {
        self.writing.iter().map(|(key, write)| (key.clone(), write.path.clone())).collect()
    }

    /// All removals that go on; they are not told of again.
    pub(super) fn take_removals(&mut self) -> Vec<(PathBuf, Asked<()>)> {
        std::mem::take(&mut self.removing)
    }

    /// What is to be removed when those are over.
    pub(super) fn take_last(&mut self) -> Option<String> {
        self.last.take()
    }

    /// Lets the last removal go on.
    pub(super) fn let_loose(&mut self, removed: Asked<()>) {
        self.loose = Some(removed);
    }

    /// The last removal, if it goes on.
    pub(super) fn take_loose(&mut self) -> Option<Asked<()>> {
        self.loose.take()
    }

    /// Waits for everything, whatever comes of it.
    pub(super) fn finish(mut self) {
        for writing in self.writes() {
            let _ = block_on(writing);
        }
        let removing = self.take_removals().into_iter().map(|(_, removed)| removed);
        for removed in removing.chain(self.loose) {
            let _ = block_on(removed);
        }
    }
}
