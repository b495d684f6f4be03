//! What a plan refuses, and what to do about it.

use std::collections::BTreeSet;

use payctl_engine::{Address, Plan, Refusal};

use crate::error::CliError;
use crate::report::error::hinted;
use crate::report::text::wrapped;
use crate::report::{RED, paint};

/// How many resources are refused.
pub(super) fn count(plan: &Plan) -> usize {
    plan.refusals.iter().map(|refusal| &refusal.address).collect::<BTreeSet<&Address>>().len()
}

/// The hint that all refusals share: the error says it.
fn shared_hint(plan: &Plan) -> Option<&str> {
    let (first, others) = plan.refusals.split_first()?;
    others.iter().all(|other| other.hint == first.hint).then_some(first.hint.as_str())
}

/// Each refusal; and below those that have the same hint, that hint.
pub(super) fn list(plan: &Plan, width: usize) -> String {
    let mut out = Vec::new();
    let mut refusals = plan.refusals.iter().peekable();
    while let Some(Refusal { address, why, hint }) = refusals.next() {
        let begin = format!("refused: {address}: ");
        let line = wrapped(&begin, 2, why, width);
        out.push(line.replacen("refused:", &paint(RED, "refused:"), 1));
        let last = refusals.peek().is_none_or(|next| next.hint != *hint);
        if last && shared_hint(plan).is_none() {
            out.push(hinted(hint, width));
        }
    }
    out.join("\n")
}

/// That nothing was changed, and what to do before `command` is run again.
pub(crate) fn refused(plan: &Plan, command: &str) -> CliError {
    let refused = match count(plan) {
        1 => "1 resource is refused".to_owned(),
        count => format!("{count} resources are refused"),
    };
    let error = CliError::failed(format!("{refused}, nothing was changed"));
    match shared_hint(plan) {
        Some(hint) => error.hint(hint),
        None => error.hint(format!("do what the hints above say, then run `{command}` again")),
    }
}
