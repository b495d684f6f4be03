//! Verdicts for people: what fails first, then how it stands by requirement.

use payctl_compliance::{Finding, Posture, Verdict};
use payctl_picture::Requirement;

use super::style::width;
use super::text::wrapped;
use crate::check::Check;

/// How far a line may run.
const WIDEST: usize = 100;

/// The page of a check: with `all` every verdict, else those that fail.
pub(crate) fn page(check: &Check, all: bool) -> Vec<String> {
    let width = width().min(WIDEST);
    let mut lines = Vec::new();
    for (verdict, word) in [
        (Verdict::Fail, "fail"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Waived, "waived"),
        (Verdict::Pass, "pass"),
        (Verdict::NotApplicable, "not applicable"),
    ] {
        if all || verdict == Verdict::Fail {
            let of_it: Vec<&Finding> = check.judgement.with(verdict).collect();
            for alike in of_it.chunk_by(|one, other| is_alike(one, other)) {
                findings(&mut lines, word, alike, width);
            }
        }
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(by_requirement(check));
    lines.push(String::new());
    lines.push(check.summary());
    if !check.missing.is_empty() {
        lines.push(format!(
            "declared and not there, of which nothing is said: {}",
            check.missing.len()
        ));
    }
    lines.push(measure(check));
    lines
}

/// What was judged, and by what.
pub(crate) fn measure(check: &Check) -> String {
    let what = if check.is_live { "what stands" } else { "what is declared" };
    let posture = if check.posture == Posture::Strict { "strict" } else { "standard" };
    match check.more_where_strict() {
        0 => format!("{what}, by the posture {posture}"),
        more => format!("{what}, by the posture {posture}; by strict, {more} more fail"),
    }
}

/// Whether the same is said of two resources.
fn is_alike(one: &Finding, other: &Finding) -> bool {
    let reason = |of: &Finding| of.waiver.map(|row| row.reason.clone());
    one.control.id == other.control.id && one.why == other.why && reason(one) == reason(other)
}

/// What is said of all of `alike`, once.
fn findings(lines: &mut Vec<String>, word: &str, alike: &[&Finding], width: usize) {
    let Some(one) = alike.first() else { return };
    let mut say = |begin: &str, text: &str| {
        let indent = begin.len();
        lines.extend(wrapped(begin, indent, text, width).lines().map(str::to_owned));
    };
    let severity = format!("{:?}", one.control.severity).to_lowercase();
    let (id, title) = (&one.control.id, &one.control.title);
    say(&format!("{word} "), &format!("{id} {title} ({severity})"));
    let resources: Vec<&str> = alike.iter().filter_map(|one| one.resource.as_deref()).collect();
    if !resources.is_empty() {
        say("  ", &resources.join(", "));
    }
    if !one.why.is_empty() {
        say("  why: ", &one.why);
    }
    if let Some(row) = one.waiver {
        say("  waived: ", &row.reason);
    }
    if one.verdict == Verdict::Fail {
        say("  asked: ", &one.control.condition);
    }
}

/// How it stands by requirement, as a table.
fn by_requirement(check: &Check) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<13} {:>5} {:>5} {:>6} {:>7}",
        "PCI DSS 4.0.1", "pass", "fail", "waived", "unknown"
    )];
    lines.extend(check.by_requirement().into_iter().map(|one| {
        let Requirement { number, pass, fail, waived, unknown } = one;
        format!("{number:<13} {pass:>5} {fail:>5} {waived:>6} {unknown:>7}")
    }));
    lines
}
