//! What is held against the rules: what is not kept first, all of it below.

use maud::{Markup, html};

use super::{Compliance, Outcome, Verdict};
use crate::names::plain;

pub(super) fn section(compliance: &Compliance) -> Markup {
    let Compliance { summary, verdicts } = compliance;
    let mut open: Vec<&Verdict> =
        verdicts.iter().filter(|one| one.outcome <= Outcome::Waived).collect();
    open.sort_by_key(|one| (one.outcome, &one.control, &one.resource));
    html! {
        p { (plain(summary)) }
        @if !open.is_empty() { (table("Not kept, accepted, or not known", &open)) }
        details {
            summary { "All " (verdicts.len()) " verdicts" }
            (table("All verdicts", &verdicts.iter().collect::<Vec<_>>()))
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
                            td { (plain(&one.why)) }
                        }
                    }
                }
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
