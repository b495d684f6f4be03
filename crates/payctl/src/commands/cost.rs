//! `payctl cost`: what an environment costs a month. Asks AWS nothing and writes nothing.

use std::path::PathBuf;

use clap::Args;
use payctl_cost::{Usd, render};

use crate::cost;
use crate::declared::declared;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::local::Local;
use crate::report;

/// Print what an environment costs a month
///
/// List prices of what the stack declares, without tax, discount or free allowance; what has no
/// known price is said to be unknown. AWS is not asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl cost --suffix dev                      when nothing happens
  payctl cost --suffix dev --usage march.toml   the month that is expected
  payctl cost --suffix dev --budget 150         ends with 5 where it is more")]
pub(crate) struct CostArgs {
    /// What is used in a month: docs/costs.md says what can be said
    ///
    /// Without it, [usage] in payctl.toml says it, if anything does.
    #[arg(long, value_name = "FILE")]
    pub(crate) usage: Option<PathBuf>,
    /// End with 5 where the month costs more than that, in US dollars
    #[arg(long, value_name = "USD", value_parser = cost::amount, allow_negative_numbers = true)]
    pub(crate) budget: Option<Usd>,
    /// Print all of it as JSON: docs/schema/cost.json
    #[arg(long)]
    pub(crate) json: bool,
}

/// How far a price may stand from what it is of.
const WIDEST: usize = 100;

pub(super) async fn run(global: &Global, args: &CostArgs) -> Result<Exit, CliError> {
    let said = args.usage.as_deref().map(cost::Said::read).transpose()?;
    let (global, mut local) = Local::read(global, First::Dev)?;
    let (stack, region) = declared(&global, &mut local).await?;
    match said {
        Some(said) => {
            said.check(&stack)?;
            local.basis.said = said;
        }
        None => local.basis.said.warn_of_undeclared(&stack),
    }
    let basis = &local.basis;
    let month = cost::declared(&stack, &region, basis);
    let state = local.load()?.state.filter(|state| !state.resources.is_empty());
    let difference = state
        .map(|state| cost::recorded(&state, basis))
        .and_then(|before| cost::difference(&before, &month));
    if args.json {
        report::json(&payctl_cost::json(&month, difference.as_ref(), &basis.prices))?;
    } else {
        let width = report::width().min(WIDEST);
        report::say(&format!("{} · {region}", local.title()));
        let mut lines = render::page(&month, width);
        if global.verbose > 0 {
            lines.push(String::new());
            lines.push("by resource".to_owned());
            lines.extend(render::resources(&month));
        }
        if let Some(difference) = &difference {
            lines.push(String::new());
            lines.extend(render::difference(difference, width));
        }
        report::data(&(lines.join("\n") + "\n"));
    }
    cost::check(&month, args.budget)?;
    Ok(Exit::Done)
}
