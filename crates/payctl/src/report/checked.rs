//! A check as a page: how it stands by requirement, and every verdict with what shows it.

use payctl_aws::Reply;
use payctl_compliance::{Finding, Verdict as Judged};
use payctl_picture::{Compliance, Figure, Outcome, Report, Verdict};
use serde_json::Value;

use super::check::measure;
use super::text::{plural, sentence};
use super::value::short;
use crate::check::{Check, NOTICE, time};

/// The page of a check.
pub(crate) fn page(check: &Check) -> Report {
    let count = |verdict| check.judgement.count(verdict);
    let figure = |count: usize, words: &str| Figure {
        value: count.to_string(),
        words: words.to_owned(),
        action: None,
    };
    let mut warnings = vec![sentence(NOTICE) + "."];
    if !check.missing.is_empty() {
        let missing = plural(check.missing.len(), "resource");
        let all = check.missing.join(", ");
        warnings
            .push(format!("{missing} declared and not there, of which nothing is said: {all}."));
    }
    let verdicts = check.findings().map(|(one, strict)| Verdict {
        asked: one.control.condition.clone(),
        strict: (strict != one.verdict).then(|| outcome(strict)),
        evidence: evidence(check, one),
        ..verdict(one)
    });
    Report {
        title: format!("Compliance of {} {}", check.stack, check.suffix),
        place: match &check.account {
            Some(account) => format!("Account {account} · {}", check.region),
            None => check.region.clone(),
        },
        made: format!("Made by payctl {} on {}.", env!("CARGO_PKG_VERSION"), check.time()),
        headline: sentence(&measure(check)) + ".",
        warnings,
        figures: vec![
            figure(count(Judged::Fail), "fail"),
            figure(count(Judged::Unknown), "unknown"),
            figure(count(Judged::Waived), "waived"),
            figure(count(Judged::Pass), "pass"),
            figure(count(Judged::NotApplicable), "not applicable"),
        ],
        compliance: Some(Compliance {
            summary: sentence(&check.summary()) + ".",
            requirements: check.by_requirement(),
            verdicts: verdicts.collect(),
        }),
        ..Report::default()
    }
}

/// A finding in a table.
pub(crate) fn verdict(one: &Finding) -> Verdict {
    Verdict {
        control: one.control.id.clone(),
        title: one.control.title.clone(),
        requirements: one.control.pci.join(", "),
        resource: one.resource.clone().unwrap_or_default(),
        outcome: outcome(one.verdict),
        why: sentence(one.waiver.map_or(&*one.why, |waiver| &*waiver.reason)),
        ..Verdict::default()
    }
}

fn outcome(verdict: Judged) -> Outcome {
    match verdict {
        Judged::Fail => Outcome::Fail,
        Judged::Unknown => Outcome::Unknown,
        Judged::Waived => Outcome::Waived,
        Judged::Pass => Outcome::Pass,
        Judged::NotApplicable => Outcome::NotApplicable,
    }
}

/// What was looked at, and the replies that show it.
fn evidence(check: &Check, one: &Finding) -> Vec<String> {
    let property = |(name, value): (&String, &Value)| format!("{name} = {}", short(value));
    let reply = |one: &Reply| {
        let request = one.request_id.as_deref().unwrap_or("none");
        let Reply { service, operation, status, .. } = one;
        format!("{} {service} {operation}: {status}, request {request}", time(one))
    };
    one.evidence.iter().map(property).chain(check.replies(one).map(reply)).collect()
}
