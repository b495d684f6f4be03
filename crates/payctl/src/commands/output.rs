//! `payctl output`: the outputs of an environment, from its state.

use serde_json::Value;

use crate::cli::{Global, OutputArgs};
use crate::environment::Local;
use crate::error::{CliError, Exit};
use crate::report;

pub(super) fn run(global: &Global, args: &OutputArgs) -> Result<Exit, CliError> {
    let local = Local::read(global)?;
    let outputs = local.load()?.state.map(|state| state.outputs).unwrap_or_default();
    if outputs.is_empty() {
        let (name, suffix) = (local.system.name, &local.suffix);
        return Err(CliError::failed(format!("{name} {suffix} has no outputs"))
            .hint(format!("`{}` makes them", global.command("up"))));
    }
    if let Some(name) = &args.raw {
        let value = outputs.get(name).ok_or_else(|| {
            let known: Vec<&str> = outputs.keys().map(String::as_str).collect();
            let error = CliError::failed(format!("there is no output {name:?}"));
            error.hint(format!("available: {}", known.join(", ")))
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
