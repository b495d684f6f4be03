//! What a report tells: texts that are ready to be read. Whoever fills it leaves out what is secret.

use crate::model::{Action, Colour, Graph};

mod compliance;
mod css;
mod html;
#[cfg(test)]
mod tests;
mod timeline;

pub use html::html;

/// An environment on one page.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Which environment it is, such as `pci-core dev`.
    pub title: String,
    /// Where it is: account and region.
    pub place: String,
    /// When it was made, and by which version.
    pub made: String,
    /// What is to be done, in a line.
    pub headline: String,
    /// What has to be known before anything else: refusals, interrupted runs.
    pub warnings: Vec<String>,
    /// The figures that stand at the top.
    pub figures: Vec<Figure>,
    /// The picture.
    pub graph: Option<Graph>,
    /// What its colours say.
    pub colour: Colour,
    /// What changes, where anything is to be done. What stays is not among it.
    pub changes: Option<Vec<Change>>,
    /// When what happens.
    pub timeline: Option<Timeline>,
    /// What a month costs.
    pub cost: Option<Month>,
    /// What is held against the rules.
    pub compliance: Option<Compliance>,
    /// The outputs, by name.
    pub outputs: Vec<(String, String)>,
    /// What a careful colleague would mention.
    pub notes: Vec<String>,
}

/// A figure and what it counts.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Such as `122`.
    pub value: String,
    /// Such as `to create`.
    pub words: String,
    /// What is done to what it counts, which has a colour.
    pub action: Option<Action>,
}

/// What happens to a resource.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its address.
    pub address: String,
    /// What happens.
    pub action: Action,
    /// Why, where the properties do not say it.
    pub reason: Option<String>,
    /// What is lost with it.
    pub loss: Option<String>,
    /// The properties that change.
    pub properties: Vec<Property>,
}

/// How a property changes.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// What it is.
    pub before: String,
    /// What it will be.
    pub after: String,
    /// Such as `changed outside payctl`.
    pub note: String,
}

/// When what happens, or happened.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// In a line, such as `about 14 min`.
    pub summary: String,
    /// What is done, in the order in which it begins.
    pub bars: Vec<Bar>,
}

/// Something that takes its time.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it is done to.
    pub address: String,
    /// When it begins, in seconds after the beginning of all.
    pub begin_s: f64,
    /// When it ends.
    pub end_s: f64,
    /// Whether all would end earlier if this did.
    pub critical: bool,
}

/// What a month costs, in US dollars.
#[derive(Clone, Debug)]
pub struct Month {
    /// In a line.
    pub summary: String,
    /// What is paid for, the dearest first: what, how much of it, and its price.
    pub items: Vec<MonthItem>,
    /// The sum.
    pub total: String,
    /// What has no known price, and why.
    pub unknown: Vec<(String, String)>,
    /// What changes the sums and cannot be seen in what is declared.
    pub notes: Vec<String>,
}

/// What is paid for.
#[derive(Clone, Debug)]
pub struct MonthItem {
    /// Such as `NAT gateway, per hour`.
    pub what: String,
    /// Such as `730 hour`.
    pub quantity: String,
    /// Such as `32.85`.
    pub monthly: String,
    /// Its part of the sum, in thousandths.
    pub share: u32,
}

/// What is held against the rules.
#[derive(Clone, Debug)]
pub struct Compliance {
    /// In a line, such as `160 pass, 2 fail`.
    pub summary: String,
    /// How it stands by requirement; nothing where that is not told.
    pub requirements: Vec<Requirement>,
    /// One for each rule and resource.
    pub verdicts: Vec<Verdict>,
}

/// How many verdicts of each sort there are under a requirement of PCI DSS.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Requirement {
    /// Its number, or `none` for rules that are no requirement's.
    pub number: String,
    pub pass: usize,
    pub fail: usize,
    pub waived: usize,
    pub unknown: usize,
}

/// How something stands to a rule.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The rule's name.
    pub control: String,
    /// What it asks.
    pub title: String,
    /// The requirements of PCI DSS that it serves.
    pub requirements: String,
    /// The resource; empty where it is about the account.
    pub resource: String,
    /// Whether it is kept.
    pub outcome: Outcome,
    /// Why.
    pub why: String,
    /// What the rule asks, in the rule's words; empty where that is not told.
    pub asked: String,
    /// Whether it is kept by a stricter measure, where that differs.
    pub strict: Option<Outcome>,
    /// What shows it, line by line.
    pub evidence: Vec<String>,
}

/// Whether a rule is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is not.
    Fail,
    /// Nobody can say yet.
    #[default]
    Unknown,
    /// It is not, and that is accepted.
    Waived,
    /// It is.
    Pass,
    /// It is about nothing that is here.
    NotApplicable,
}
