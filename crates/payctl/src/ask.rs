//! Questions, on a terminal only.

use std::io::{self, IsTerminal as _};

use tokio::sync::oneshot;

use crate::error::CliError;
use crate::{report, signals};

/// Whether there is a terminal to ask on.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and waits for a line.
pub(crate) async fn line(question: &str) -> io::Result<String> {
    let _asking = signals::asking();
    report::ask(question);
    let (send, answer) = oneshot::channel();
    // It may read for ever: nobody waits for its end.
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = send.send(io::stdin().read_line(&mut line).map(|_| line));
    });
    answer.await.unwrap_or_else(|lost| Err(io::Error::other(lost)))
}

/// Asks a question that is answered by typing `wanted`.
pub(crate) async fn typed(question: &str, wanted: &str, hint: &str) -> Result<(), CliError> {
    if !is_possible() {
        return Err(
            CliError::failed("there is no terminal to ask on, and nothing was changed").hint(hint)
        );
    }
    let answer = line(question).await;
    let answer =
        answer.map_err(|source| CliError::failed("failed to read the answer").because(&source))?;
    if !answer.ends_with('\n') {
        report::say("");
    }
    match answer.trim() == wanted {
        true => Ok(()),
        false => Err(CliError::failed("not approved, and nothing was changed")),
    }
}

/// Asks for a `yes`, unless it was given.
pub(crate) async fn approve(yes: bool, question: &str, hint: &str) -> Result<(), CliError> {
    if yes { Ok(()) } else { typed(question, "yes", hint).await }
}
