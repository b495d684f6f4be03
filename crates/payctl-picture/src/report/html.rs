//! A report as one page: no script, and nothing from elsewhere, which its policy forbids as well.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Change, Figure, Month, Property, Report, compliance, css, timeline};
use crate::model::{Action, Colour, Graph, Mark};
use crate::names::plain;
use crate::svg::picture;

/// How wide the picture is, in px.
const PICTURE: u32 = 1240;

/// The page.
#[must_use]
pub fn html(report: &Report) -> String {
    let sections = sections(report);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="referrer" content="no-referrer";
                title { (plain(&report.title)) " · payctl" }
                style { (PreEscaped(css::css())) }
            }
            body {
                header {
                    h1 { (plain(&report.title)) }
                    p .dim { (plain(&report.place)) }
                    p .headline { (plain(&report.headline)) }
                    @if !report.figures.is_empty() { (figures(&report.figures)) }
                    @if !report.warnings.is_empty() {
                        ul .warnings aria-label="Warnings" {
                            @for warning in &report.warnings { li { (plain(warning)) } }
                        }
                    }
                }
                nav aria-label="Sections" {
                    ul {
                        @for Section { id, title, .. } in &sections {
                            li { a href={ "#" (id) } { (title) } }
                        }
                    }
                }
                main {
                    @for Section { id, title, content } in &sections {
                        section aria-labelledby=(id) {
                            h2 id=(id) { (title) }
                            (content)
                        }
                    }
                }
                footer { p { (plain(&report.made)) } }
            }
        }
    };
    page.into_string()
}

struct Section {
    id: &'static str,
    title: &'static str,
    content: Markup,
}

/// What there is something to tell of.
fn sections(report: &Report) -> Vec<Section> {
    let mut all = Vec::new();
    let mut add = |id, title, content| all.push(Section { id, title, content });
    if let Some(graph) = &report.graph {
        add("picture", "Picture", drawn(graph, report.colour));
    }
    if let Some(all) = &report.changes {
        add("changes", "Changes", changes(all));
    }
    if let Some(timeline) = &report.timeline {
        add("timeline", "Timeline", timeline::section(timeline));
    }
    if let Some(cost) = &report.cost {
        add("cost", "Cost", month(cost));
    }
    if let Some(compliance) = &report.compliance {
        add("compliance", "Compliance", compliance::section(compliance));
    }
    if !report.outputs.is_empty() {
        add("outputs", "Outputs", outputs(&report.outputs));
    }
    if !report.notes.is_empty() {
        let notes = html! { ul { @for note in &report.notes { li { (plain(note)) } } } };
        add("notes", "Notes", notes);
    }
    all
}

fn figures(figures: &[Figure]) -> Markup {
    html! {
        ul .figures aria-label="In figures" {
            @for Figure { value, words, action } in figures {
                li .(action.map_or("", ink)) {
                    b { (plain(value)) }
                    span { (plain(words)) }
                }
            }
        }
    }
}

fn drawn(graph: &Graph, colour: Colour) -> Markup {
    html! {
        figure {
            div .scroll tabindex="0" role="region" aria-label="Picture of the environment" {
                (picture(graph, colour, PICTURE))
            }
            figcaption {
                "Arrows lead from what uses something to what it uses. What is pointed at says \
                 more; what is done to each resource is listed below as well."
            }
        }
    }
}

/// The colour of what is done.
fn ink(action: Action) -> &'static str {
    match Mark::of_action(action).hue {
        "green" => "ink-green",
        "cyan" => "ink-cyan",
        "amber" => "ink-amber",
        "purple" => "ink-purple",
        "red" => "ink-red",
        _ => "ink-grey",
    }
}

/// What needs a look first: what goes, then what is made anew.
const ORDER: [(Action, &str); 6] = [
    (Action::Delete, "Deleted"),
    (Action::Replace, "Replaced"),
    (Action::Update, "Changed in place"),
    (Action::Adopt, "Adopted"),
    (Action::Create, "Created"),
    (Action::Forget, "Forgotten: removed from the state, not from AWS"),
];

fn changes(changes: &[Change]) -> Markup {
    if changes.is_empty() {
        return html! { p { "Nothing changes." } };
    }
    let of = |action: Action| {
        changes.iter().filter(move |change| change.action == action).collect::<Vec<_>>()
    };
    let groups = ORDER.into_iter().map(|(action, title)| (action, title, of(action)));
    html! {
        @for (action, title, all) in groups.filter(|(.., all)| !all.is_empty()) {
            h3 { span .tag .(ink(action)) { (all.len()) } " " (title) }
            @match action {
                Action::Create => (created(&all)),
                _ => (listed(title, &all)),
            }
        }
    }
}

/// By kind: of what is new, all properties are.
fn created(changes: &[&Change]) -> Markup {
    let mut kinds: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        let kind = change.address.split_once(':').map_or("", |(kind, _)| kind);
        kinds.entry(kind).or_default().push(change);
    }
    html! {
        div .scroll tabindex="0" role="region" aria-label="Created, by kind" {
            table .stack {
                thead { tr {
                    th .kind scope="col" { "Kind" }
                    th scope="col" .number { "Count" }
                    th scope="col" { "Names" }
                } }
                tbody {
                    @for (kind, changes) in kinds {
                        tr {
                            th scope="row" { code { (plain(kind)) } }
                            td .number { (changes.len()) }
                            td {
                                @for (nth, change) in changes.iter().enumerate() {
                                    @if nth > 0 { ", " }
                                    (name(change))
                                    @if let Some(reason) = &change.reason {
                                        span .dim { " (" (plain(reason)) ")" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn name(change: &Change) -> String {
    plain(change.address.split_once(':').map_or(change.address.as_str(), |(_, name)| name))
}

fn listed(title: &str, changes: &[&Change]) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label=(title) {
            table .stack {
                thead { tr {
                    th .resource scope="col" { "Resource" }
                    th scope="col" { "What and why" }
                } }
                tbody {
                    @for change in changes {
                        tr {
                            th scope="row" { code { (plain(&change.address)) } }
                            td { (why(change)) }
                        }
                    }
                }
            }
        }
    }
}

fn why(change: &Change) -> Markup {
    html! {
        @if let Some(loss) = &change.loss {
            p .ink-red { b { (plain(loss)) } }
        }
        @if let Some(reason) = &change.reason { p { (plain(reason)) } }
        @if !change.properties.is_empty() {
            ul .values { @for property in &change.properties { li { (value(property)) } } }
        }
    }
}

/// Lines are kept, what else cannot be shown is not.
fn lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

fn value(Property { name, before, after, note }: &Property) -> Markup {
    let is_long = before.len() + after.len() > 60 || (before.clone() + after).contains('\n');
    html! {
        code { b { (plain(name)) } }
        @if !note.is_empty() { span .dim { " (" (plain(note)) ")" } }
        @if is_long {
            pre .before .mono { (lines(before)) }
            pre .after .mono { (lines(after)) }
        } @else {
            " " code .ink-red { (plain(before)) } " → " code .ink-green { (plain(after)) }
        }
    }
}

fn month(month: &Month) -> Markup {
    html! {
        p { (plain(&month.summary)) }
        @if !month.items.is_empty() {
            div .scroll tabindex="0" role="region" aria-label="What a month costs" {
                table {
                    caption { "US dollars a month, at list prices without tax or discount" }
                    thead { tr {
                        th scope="col" { "What" }
                        th scope="col" .number { "How much" }
                        th scope="col" .number { "USD" }
                        th scope="col" .bar { "Share" }
                    } }
                    tbody {
                        @for item in &month.items {
                            tr {
                                th scope="row" { (plain(&item.what)) }
                                td .number { (plain(&item.quantity)) }
                                td .number { (plain(&item.monthly)) }
                                td .bar {
                                    i style={ "width:" (item.share / 10) "%" } {}
                                }
                            }
                        }
                    }
                    tfoot { tr {
                        th scope="row" { "In all" }
                        td {}
                        td .number { (plain(&month.total)) }
                        td .bar {}
                    } }
                }
            }
        }
        @if !month.unknown.is_empty() {
            h3 { "At prices that are not known" }
            ul {
                @for (what, why) in &month.unknown { li { (plain(what)) ": " (plain(why)) } }
            }
        }
        @if !month.notes.is_empty() {
            ul .dim { @for note in &month.notes { li { (plain(note)) } } }
        }
    }
}

fn outputs(outputs: &[(String, String)]) -> Markup {
    html! {
        dl .outputs {
            @for (name, value) in outputs {
                dt { code { (plain(name)) } }
                dd { code { (plain(value)) } }
            }
        }
    }
}
