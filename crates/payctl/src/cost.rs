//! What an environment costs a month: of what is declared, of what is there, and what a plan changes.

use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use payctl_cost::{Budget, Difference, Estimate, Prices, Resource, Usage, Usd, estimate};
use payctl_engine::plan::Step;
use payctl_engine::state::Status;
use payctl_engine::{Goal, Plan, Stack, State};
use serde_json::Value;

use crate::error::{CliError, Exit};
use crate::{configuration, report};

/// How much a month may cost.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct BudgetArgs {
    /// Fail with 5 where a month costs more than that, in US dollars
    #[arg(
        long,
        value_name = "USD",
        value_parser = amount,
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    pub(crate) budget: Option<Usd>,
}

impl BudgetArgs {
    /// Refuses a budget for a deletion, of which nothing is left that it could be held against.
    pub(crate) fn refuse_for(&self, goal: Goal) -> Result<(), CliError> {
        match (goal, self.budget) {
            (Goal::Destroy, Some(_)) => {
                let message =
                    "--budget is held against the month after a plan, and this one deletes";
                Err(CliError::failed(message).hint("leave --budget out"))
            }
            _ => Ok(()),
        }
    }

    /// Holds the month after a plan against it, where it is said.
    pub(crate) fn check(&self, plan: &Plan, basis: &Basis) -> Result<(), CliError> {
        match self.budget {
            Some(_) => check(&month(plan, after, basis), self.budget),
            None => Ok(()),
        }
    }
}

/// Reads an amount of money.
pub(crate) fn amount(text: &str) -> Result<Usd, String> {
    Usd::parse(text).ok_or_else(|| "an amount in US dollars, such as 150 or 99.50".to_owned())
}

/// What a month is counted by.
pub(crate) struct Basis {
    pub(crate) prices: Cow<'static, Prices>,
    /// What the configuration says is used in a month.
    pub(crate) said: Said,
}

/// The file of prices beside the configuration, as `payctl prices update` writes it.
pub(crate) fn price_file(config: Option<&Path>) -> PathBuf {
    configuration::path(config).with_file_name("payctl.prices.toml")
}

impl Basis {
    /// The built-in prices with those of the file beside the configuration in their places.
    ///
    /// # Errors
    /// When that file is there and is not as it has to be.
    pub(crate) fn read(config: Option<&Path>, said: Said) -> Result<Self, CliError> {
        let built_in = Prices::built_in();
        let prices = match read_prices(&price_file(config))? {
            None => Cow::Borrowed(built_in),
            Some((path, text)) => Cow::Owned(built_in.clone().updated(&text).map_err(|source| {
                CliError::failed(format!("invalid prices in {}", path.display()))
                    .because(&source)
                    .hint("`payctl prices update` writes the file; without it the built-in prices count")
            })?),
        };
        Ok(Self { prices, said })
    }

    fn usage(&self) -> &Usage {
        self.said.usage()
    }
}

/// The text of a file of prices, where it is there.
pub(crate) fn read_prices(path: &Path) -> Result<Option<(&Path, String)>, CliError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path, text))),
        Err(source) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => {
            let message = format!("failed to read the prices {}", path.display());
            Err(CliError::failed(message).because(&source))
        }
    }
}

/// The month of what a stack declares.
pub(crate) fn declared(stack: &Stack, region: &str, basis: &Basis) -> Estimate {
    let all = stack.resources().iter().map(|one| (one.address.as_str(), &one.properties));
    estimate(&basis.prices, all, region, basis.usage())
}

/// The month of what a state records.
pub(crate) fn recorded(state: &State, basis: &Basis) -> Estimate {
    let there = state.resources.iter().filter(|(_, record)| record.status != Status::Gone);
    let all = there.map(|(address, record)| Resource {
        address: address.as_str(),
        properties: &record.properties,
        outputs: Some(&record.outputs),
    });
    estimate(&basis.prices, all, &state.region, basis.usage())
}

/// What a plan changes of a month, in a line; none where there is nothing, before and after.
pub(crate) fn line(plan: &Plan, basis: &Basis) -> Option<String> {
    let (before, after) = (month(plan, before, basis), month(plan, after, basis));
    let is_empty = |one: &Estimate| one.idle.is_empty() && one.is_complete();
    match (is_empty(&before), is_empty(&after)) {
        (true, true) => None,
        (false, true) => {
            let about = if before.is_complete() { "about" } else { "at least" };
            Some(format!("{about} {} USD a month less", before.total()))
        }
        _ => Some(payctl_cost::render::summary(&after, Some(&before))),
    }
}

/// The month after a plan.
pub(crate) fn after_plan(plan: &Plan, basis: &Basis) -> Estimate {
    month(plan, after, basis)
}

/// What a plan changes of a month, for programs.
pub(crate) fn json(plan: &Plan, basis: &Basis) -> Value {
    payctl_cost::change(&month(plan, before, basis), &month(plan, after, basis))
}

/// The month before or after a plan.
fn month(plan: &Plan, of: fn(&Step) -> Resource<'_>, basis: &Basis) -> Estimate {
    let all = plan.steps.iter().map(of).filter(|one| !one.properties.is_null());
    estimate(&basis.prices, all, &plan.region, basis.usage())
}

/// What a step leaves there.
fn after(step: &Step) -> Resource<'_> {
    Resource { address: step.address.as_str(), properties: &step.properties, outputs: None }
}

/// What is there before a step.
fn before(step: &Step) -> Resource<'_> {
    let Step { address, before, known, .. } = step;
    Resource { address: address.as_str(), properties: before, outputs: known.as_ref() }
}

/// Refuses a month that costs more than the budget, or of which nobody can say that it does not.
pub(crate) fn check(month: &Estimate, budget: Option<Usd>) -> Result<(), CliError> {
    let Some(budget) = budget else { return Ok(()) };
    let over = |message| CliError { exit: Exit::OverBudget, ..CliError::failed(message) };
    match month.against(budget) {
        Budget::Kept => Ok(()),
        Budget::Exceeded { by } => {
            let message = format!(
                "a month costs {} USD, {by} more than the budget of {budget}",
                month.total()
            );
            let dearest = month.idle_items().into_iter().next();
            let why = dearest.map(|item| {
                format!("the most of it, {} USD, is for: {}", item.monthly, item.line.what)
            });
            let error = why.into_iter().fold(over(message), CliError::because_of);
            Err(error.hint("`payctl cost` says what everything costs"))
        }
        Budget::Unknown { left } => {
            let unknown = report::plural(month.unknown.len(), "item");
            let message = format!(
                "nobody can say whether a month keeps within {budget} USD: {left} are left for \
                 {unknown} at unknown prices"
            );
            let error = month.unknown.iter().take(3).fold(over(message), |error, one| {
                error.because_of(format!("{}: {}: {}", one.address, one.what, one.why))
            });
            Err(error
                .hint("`payctl cost` lists them all; without --budget nothing is held against it"))
        }
    }
}

/// The difference between what is there and what is declared, where there is one.
pub(crate) fn difference(before: &Estimate, after: &Estimate) -> Option<Difference> {
    let difference = Difference::between(before, after);
    (!difference.changes.is_empty() || !difference.unknown.is_empty()).then_some(difference)
}

/// A file of usage, and what it says.
#[derive(Default)]
pub(crate) struct Said {
    name: String,
    text: String,
    usage: Usage,
}

impl Said {
    /// Reads it.
    ///
    /// # Errors
    /// All that is wrong with it, each mistake with its line.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        Self::read_as(path, Usage::read)
    }

    /// Reads the usage in a configuration.
    ///
    /// # Errors
    /// All that is wrong with it, each mistake with its line.
    pub(crate) fn of_configuration(path: &Path) -> Result<Self, CliError> {
        Self::read_as(path, Usage::read_within)
    }

    fn read_as(
        path: &Path,
        read: fn(&str) -> Result<Usage, Vec<payctl_cost::Problem>>,
    ) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let failed = || CliError::failed(format!("failed to read the usage {name}"));
        let text = fs::read_to_string(path).map_err(|source| failed().because(&source))?;
        match read(&text) {
            Ok(usage) => Ok(Self { name, text, usage }),
            Err(problems) => Err(told(&name, &text, problems)),
        }
    }

    /// What it says, be it declared or not: one configuration may be of several stacks.
    fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Warns of what it says of resources that are not declared.
    pub(crate) fn warn_of_undeclared(&self, stack: &Stack) {
        let declared = stack.resources().iter().map(|one| one.address.as_str());
        for problem in self.usage.check(declared).err().into_iter().flatten() {
            report::warn(&format!("[usage] in {}: {}", self.name, problem.message));
        }
    }

    /// Whether it speaks of nothing but what is declared.
    ///
    /// # Errors
    /// What is not.
    pub(crate) fn check(&self, stack: &Stack) -> Result<(), CliError> {
        let declared = stack.resources().iter().map(|one| one.address.as_str());
        let checked = self.usage.check(declared);
        checked.map_err(|problems| told(&self.name, &self.text, problems))
    }
}

/// The mistakes of a file of usage, where they are.
fn told(name: &str, text: &str, problems: Vec<payctl_cost::Problem>) -> CliError {
    let count = report::plural(problems.len(), "mistake");
    let error = CliError::failed(format!("{name} has {count}"));
    let shown = problems.into_iter().map(|problem| {
        let at = payctl_document::Span { start: problem.at.start, end: problem.at.end };
        let payctl_cost::Problem { message, label, .. } = problem;
        report::snippet(name, text, &payctl_document::Problem { at, message, label, hint: None })
    });
    let error = shown.fold(error, CliError::showing);
    error.hint("docs/costs.md lists what can be said")
}
