//! Work that blocks a thread, beside what waits without one. A process that ends does not wait for it.

use tokio::sync::oneshot;

use crate::error::CliError;

/// Begins `work` on a thread of its own; answers what it comes to.
pub(crate) fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CliError> + Send + 'static,
) -> impl Future<Output = Result<T, CliError>> {
    let (send, answer) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody listens any more where the command has ended.
        let _ = send.send(work());
    });
    async {
        let ended = || CliError::failed("internal error: a thread has ended (please report)");
        answer.await.unwrap_or_else(|_| Err(ended()))
    }
}
