//! `payctl output`: the outputs of an environment, from its state.

use clap::Args;
use serde_json::Value;

use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::local::Local;
use crate::report;

/// Print the outputs of an environment
///
/// They are read from the state; AWS is not asked.
#[derive(Debug, Args)]
#[command(
    alias = "outputs",
    after_help = "\
Examples:
  payctl output                      all of them
  payctl output vpc_id               one value as it is, for scripts
  payctl output --json --suffix dev  all as JSON, of the environment dev"
)]
pub(crate) struct OutputArgs {
    /// Print this one alone, as it is
    #[arg(value_name = "NAME", conflicts_with_all = ["json", "raw"])]
    pub(crate) name: Option<String>,
    /// Print all as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The same as NAME alone
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    pub(crate) raw: Option<String>,
}

pub(super) fn run(global: &Global, args: &OutputArgs) -> Result<Exit, CliError> {
    let (global, local) = Local::read(global, First::Named)?;
    local.say_guess();
    let outputs = local.load()?.state.map(|state| state.outputs).unwrap_or_default();
    if outputs.is_empty() {
        let (name, suffix) = (local.system.name, &local.suffix);
        let error = CliError::failed(format!("{name} {suffix} has no outputs"));
        let hint = local.meant(&global);
        let hint = hint.unwrap_or_else(|| format!("`{}` makes them", global.command("up")));
        return Err(error.hint(hint));
    }
    if let Some(name) = args.name.as_ref().or(args.raw.as_ref()) {
        let value = outputs.get(name).ok_or_else(|| {
            let error = CliError::failed(format!("there is no output {}", report::quoted(name)));
            error.unknown(name, outputs.keys().map(String::as_str))
        })?;
        report::data(&format!("{}\n", plain(value)));
    } else if args.json {
        let value = serde_json::to_value(&outputs).unwrap_or_default();
        report::data(&format!("{value:#}\n"));
    } else {
        let width = outputs.keys().map(String::len).max().unwrap_or_default();
        for (name, value) in &outputs {
            report::data(&format!("{name:<width$}  {}\n", plain(value)));
        }
    }
    Ok(Exit::Done)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
