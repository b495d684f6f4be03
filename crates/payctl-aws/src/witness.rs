//! Which replies of AWS's show something: they are noted while somebody who wants to know waits for a
//! future, and by nobody else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// That AWS replied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reply {
    /// When it was there.
    pub at: SystemTime,
    /// The service, as the SDK calls it, such as `S3`.
    pub service: String,
    /// What was called, such as `GetBucketVersioning`.
    pub operation: String,
    /// The HTTP status: what does not exist is shown by one that is no success.
    pub status: u16,
    /// The id of the request; an emulator may give none.
    pub request_id: Option<String>,
}

tokio::task_local! {
    static NOTED: Arc<Mutex<Vec<Reply>>>;
}

/// Waits for `work`, and answers which replies it had as well.
pub async fn witnessed<F: Future>(work: F) -> (F::Output, Vec<Reply>) {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let output = NOTED.scope(noted.clone(), work).await;
    let replies = std::mem::take(&mut *noted.lock().unwrap_or_else(PoisonError::into_inner));
    (output, replies)
}

/// Notes replies, where somebody wants to know.
pub(crate) fn note(replies: impl IntoIterator<Item = Reply>) {
    // Without anybody there is no such place.
    let _ = NOTED.try_with(|noted| {
        noted.lock().unwrap_or_else(PoisonError::into_inner).extend(replies);
    });
}
