//! What is held against the rules: what is not kept first, all of it below.

use maud::{Markup, html};

use super::{Compliance, Outcome, Requirement, Verdict};
use crate::names::plain;

pub(super) fn section(compliance: &Compliance) -> Markup {
    let Compliance { summary, requirements, verdicts } = compliance;
    let mut open: Vec<&Verdict> =
        verdicts.iter().filter(|one| one.outcome <= Outcome::Waived).collect();
    open.sort_by_key(|one| (one.outcome, &one.control, &one.resource));
    html! {
        p { (plain(summary)) }
        @if !requirements.is_empty() { (by_requirement(requirements)) }
        @if !open.is_empty() { (table("Not kept, accepted, or not known", &open)) }
        details {
            summary { "All " (verdicts.len()) " verdicts" }
            (table("All verdicts", &verdicts.iter().collect::<Vec<_>>()))
        }
    }
}

fn by_requirement(requirements: &[Requirement]) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label="By requirement" {
            table {
                caption { "By requirement of PCI DSS; a verdict counts under each of its own" }
                thead { tr {
                    th scope="col" { "Requirement" }
                    th scope="col" .number { "Pass" }
                    th scope="col" .number { "Fail" }
                    th scope="col" .number { "Waived" }
                    th scope="col" .number { "Unknown" }
                } }
                tbody {
                    @for one in requirements {
                        tr {
                            th scope="row" { (plain(&one.number)) }
                            td .number { (one.pass) }
                            td .number { (one.fail) }
                            td .number { (one.waived) }
                            td .number { (one.unknown) }
                        }
                    }
                }
            }
        }
    }
}

fn table(caption: &str, verdicts: &[&Verdict]) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label=(caption) {
            table .stack {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Verdict" }
                    th scope="col" { "Control" }
                    th scope="col" { "PCI DSS" }
                    th scope="col" { "Resource" }
                    th scope="col" { "Why" }
                } }
                tbody {
                    @for one in verdicts {
                        tr {
                            td { span .tag .(ink(one.outcome)) { (words(one.outcome)) } }
                            th scope="row" {
                                code { (plain(&one.control)) } br; (plain(&one.title))
                            }
                            td { (plain(&one.requirements)) }
                            td { code { (plain(&one.resource)) } }
                            td { (why(one)) }
                        }
                    }
                }
            }
        }
    }
}

fn why(one: &Verdict) -> Markup {
    html! {
        (plain(&one.why))
        @if let Some(strict) = one.strict { p .dim { "By strict: " (words(strict)) } }
        @if !one.asked.is_empty() { p .dim { "Asked: " code { (plain(&one.asked)) } } }
        @if !one.evidence.is_empty() {
            details {
                summary { "Evidence" }
                ul .values { @for line in &one.evidence { li { code { (plain(line)) } } } }
            }
        }
    }
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "fail",
        Outcome::Unknown => "unknown",
        Outcome::Waived => "waived",
        Outcome::Pass => "pass",
        Outcome::NotApplicable => "not applicable",
    }
}

fn ink(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "ink-red",
        Outcome::Unknown => "ink-amber",
        Outcome::Waived => "ink-purple",
        Outcome::Pass => "ink-green",
        Outcome::NotApplicable => "ink-grey",
    }
}
