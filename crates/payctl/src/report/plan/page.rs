//! A plan as a page: the same that its text tells, with the picture, the timeline and the month.

use payctl_cost::Estimate;
use payctl_engine::diff::UNDECLARED;
use payctl_engine::{Action, Change, Goal, Origin, Plan, Provider as _, Step};
use payctl_picture::{
    Action as Drawn, Bar, Change as PageChange, Colour, Compliance, Figure, Graph, Month,
    MonthItem, Outcome, Property, Report, Timeline,
};

use super::{counts, removal, situation};
use crate::check::Check;
use crate::environment::Environment;
use crate::prediction::Prediction;
use crate::report::checked;
use crate::report::text::sentence;
use crate::report::value::{is_large, long, short};
use crate::{cost, picture};

/// The page of what `up` would do.
pub(crate) fn page(environment: &Environment, plan: &Plan) -> Report {
    let basis = &environment.local.basis;
    let month = cost::after_plan(plan, basis);
    let place = if environment.sandbox { " · sandbox" } else { "" };
    let place = format!("Account {} · {}{place}", plan.account, plan.region);
    let refusals = plan
        .refusals
        .iter()
        .map(|one| format!("Refused: {}: {}. {}", one.address, one.why, one.hint));
    let prediction = Prediction::of(plan, environment.provider.kinds(), &environment.durations);
    let unchanged = plan.is_up_to_date();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    Report {
        title: picture::title(&environment.local),
        graph: Some(Graph {
            title: picture::title(&environment.local),
            subtitle: place.clone(),
            nodes: picture::planned(plan, &environment.state, &month),
        }),
        place,
        made: format!("Made by payctl {} on {now}.", env!("CARGO_PKG_VERSION")),
        headline: sentence(&counts(plan)),
        warnings: situation(environment)
            .into_iter()
            .map(|one| sentence(&one))
            .chain(refusals)
            .collect(),
        figures: figures(plan, &month),
        // Of what does not change, the action says nothing.
        colour: if unchanged { Colour::Health } else { Colour::Action },
        changes: Some(plan.steps.iter().flat_map(changes).collect()),
        timeline: timeline(plan, &prediction),
        cost: Some(month_of(&month, cost::line(plan, basis))),
        compliance: (plan.goal == Goal::Up).then(|| compliance(environment)),
        outputs: outputs(environment, plan),
        notes: environment.stack.notes().iter().map(|note| sentence(note)).collect(),
    }
}

/// What the controls say of what is declared, without what passes: that is counted.
fn compliance(environment: &Environment) -> Compliance {
    let check = Check::declared(environment);
    let open = check.judgement.findings.iter().map(checked::verdict);
    Compliance {
        summary: check.summary(),
        requirements: Vec::new(),
        verdicts: open.filter(|one| one.outcome <= Outcome::Waived).collect(),
    }
}

fn figures(plan: &Plan, month: &Estimate) -> Vec<Figure> {
    let counts = plan.counts();
    let figure = |count: usize, words: &str, action| Figure {
        value: count.to_string(),
        words: words.to_owned(),
        action: Some(action),
    };
    let mut all = vec![
        figure(counts.delete, "to delete", Drawn::Delete),
        figure(counts.replace, "to replace", Drawn::Replace),
        figure(counts.update, "to update", Drawn::Update),
        figure(counts.adopt, "to adopt", Drawn::Adopt),
        figure(counts.create, "to create", Drawn::Create),
        figure(counts.keep, "unchanged", Drawn::Keep),
    ];
    all.retain(|figure| figure.value != "0");
    let at_least = if month.is_complete() { "" } else { ", at least" };
    all.push(Figure {
        value: month.idle_total().to_string(),
        words: format!("USD a month when idle{at_least}"),
        action: None,
    });
    all
}

/// What happens to a resource, and to what it replaced earlier.
fn changes(step: &Step) -> Vec<PageChange> {
    let Step { address, action, reason, before, .. } = step;
    let deposed = step.deposed.iter().map(|old| PageChange {
        address: address.to_string(),
        action: Drawn::Delete,
        reason: Some("it was replaced earlier".to_owned()),
        loss: removal::loss(address.kind(), &old.properties).map(|loss| sentence(&loss)),
        properties: Vec::new(),
    });
    let mut all: Vec<PageChange> = deposed.collect();
    if step.is_as_declared() && *action != Action::Adopt {
        return all;
    }
    let goes = *action == Action::Delete || action.replaces();
    let loss = goes.then(|| removal::loss(address.kind(), before)).flatten();
    let shows = !matches!(action, Action::Create | Action::Delete | Action::Forget);
    let properties = if shows { &step.changes[..] } else { &[] };
    all.push(PageChange {
        address: address.to_string(),
        action: picture::drawn(*action),
        reason: reason.clone(),
        loss: loss.map(|loss| sentence(loss.strip_prefix("and its data: ").unwrap_or(&loss))),
        properties: properties.iter().map(property).collect(),
    });
    all
}

fn property(change: &Change) -> Property {
    let text = |value: &serde_json::Value| match is_large(value) {
        true => long(value),
        false => short(value),
    };
    let mut notes = Vec::new();
    match change.origin {
        _ if change.property == UNDECLARED => notes.push("attached outside payctl".to_owned()),
        Origin::Drift => notes.push("changed outside payctl".to_owned()),
        Origin::Unknown => {
            let names: Vec<String> = change.known_after.iter().map(ToString::to_string).collect();
            notes.push(format!("known after {}", names.join(", ")));
        }
        Origin::Declared => {}
    }
    notes.extend(change.replaces.then(|| "forces the replacement".to_owned()));
    Property {
        name: change.property.clone(),
        before: text(&change.before),
        after: text(&change.after),
        note: notes.join(", "),
    }
}

/// When what happens as predicted, each as early as it can.
fn timeline(plan: &Plan, prediction: &Prediction<'_>) -> Option<Timeline> {
    if plan.is_up_to_date() {
        return None;
    }
    let summary = sentence(&prediction.line()?);
    let begins = prediction.begins();
    let bars = prediction.operations().zip(begins).enumerate();
    let bars = bars.map(|(nth, ((operation, takes), begin_s))| Bar {
        address: operation.step.address.to_string(),
        begin_s,
        end_s: begin_s + takes.all,
        critical: prediction.is_critical(nth),
    });
    let bars = bars.filter(|bar| bar.end_s > bar.begin_s).collect();
    Some(Timeline { summary, bars })
}

fn month_of(month: &Estimate, line: Option<String>) -> Month {
    let total = month.total().micros().max(1);
    let items = month.idle_items().into_iter().map(|item| MonthItem {
        what: item.line.what.clone(),
        quantity: format!("{} {}", item.quantity, item.line.unit),
        monthly: item.monthly.to_string(),
        share: u32::try_from(item.monthly.micros() * 1000 / total).unwrap_or_default(),
    });
    let mut unknown: Vec<(String, String)> =
        month.unknown.iter().map(|one| (one.what.clone(), one.why.clone())).collect();
    unknown.dedup();
    let nothing = || "It costs nothing while nothing happens".to_owned();
    Month {
        summary: sentence(&line.unwrap_or_else(nothing)) + ".",
        items: items.collect(),
        total: month.total().to_string(),
        unknown,
        notes: month.notes.iter().map(|note| sentence(note)).collect(),
    }
}

/// The outputs as they are recorded, else what they will be.
fn outputs(environment: &Environment, plan: &Plan) -> Vec<(String, String)> {
    let recorded = &environment.state.outputs;
    let all = plan.outputs.iter().map(|(name, declared)| {
        let text = match recorded.get(name) {
            Some(there) => short(there),
            None => format!("known after up: {}", short(declared)),
        };
        (name.clone(), text)
    });
    all.collect()
}
