//! `payctl init`: a first document of a stack of one's own, and a configuration that names it.

use std::io::Write as _;
use std::path::Path;

use clap::Args;

use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::report;

/// Begin a stack of your own
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl init refunds                        a queue, a function's first lines, and what to do next
  payctl init refunds --extends pci-core     a system of payctl's, with changes")]
pub(crate) struct InitArgs {
    /// What the stack is called
    #[arg(value_name = "NAME", default_value = "my-stack")]
    name: String,
    /// The system to start from
    #[arg(long, value_name = "SYSTEM")]
    extends: Option<String>,
}

const ALONE: &str = include_str!("init/alone.toml");
const EXTENDING: &str = include_str!("init/extending.toml");

pub(super) fn run(global: &Global, args: &InitArgs) -> Result<Exit, CliError> {
    let InitArgs { name, extends } = args;
    if !payctl_document::is_name(name) {
        let longest = payctl_document::LONGEST_NAME;
        return Err(CliError::failed(format!("{} is no name of a stack", report::quoted(name)))
            .hint(format!(
                "it has lower-case letters, digits and single dashes, at most {longest}"
            )));
    }
    if global.systems.named(name).is_some() {
        return Err(CliError::failed(format!("{name} is a system of payctl's"))
            .hint(format!("give it a name of its own: `payctl init my-{name} --extends {name}`")));
    }
    let text = match extends {
        None => ALONE.to_owned(),
        Some(system) => {
            let systems = global.systems.listed().map(|system| system.name);
            if !systems.clone().any(|known| known == system) {
                let error =
                    CliError::failed(format!("there is no system {}", report::quoted(system)));
                return Err(error.unknown(system, systems));
            }
            EXTENDING.replace("SYSTEM", system)
        }
    };
    let file = format!("{name}.stack.toml");
    write(Path::new(&file), &text.replace("NAME", name))?;
    let configuration = Path::new("payctl.toml");
    let line = format!("stack_file = \"{file}\"\n");
    if configuration.exists() {
        report::say(&format!("wrote {file}"));
        report::say(&format!("payctl.toml is there already: add `{}` to it", line.trim_end()));
    } else {
        write(configuration, &line)?;
        report::say(&format!("wrote {file} and payctl.toml, which names it"));
    }
    report::say("try it: `payctl plan --sandbox`, then `payctl up --sandbox`");
    report::say("for your editor: `payctl schema stack > stack.schema.json`");
    Ok(Exit::Done)
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| {
        let error = CliError::failed(format!("failed to write {}", path.display()));
        match source.kind() {
            std::io::ErrorKind::AlreadyExists => {
                error.because_of("it is there already").hint("nothing was written over")
            }
            _ => error.because(&source),
        }
    })
}
