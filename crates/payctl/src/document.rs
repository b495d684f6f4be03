//! The document of a stack of one's own: read, checked, and shown where it is wrong.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use payctl_document::{Document, Format, MOST_BYTES, Problems, Source};
use payctl_stack::config::Config;

use crate::error::CliError;
use crate::global::Global;
use crate::{environments, report};

/// What the names of variables begin with that give parameters.
const VARIABLE: &str = "PAYCTL_PARAM_";

/// What is known of the document of a stack of one's own; of a system, nothing.
#[derive(Default)]
pub(crate) struct Known {
    /// What is wrong with it, which keeps only what makes something of it from going on.
    pub(crate) mistakes: Option<CliError>,
    /// Where it stands, unless it was read from standard input.
    pub(crate) places: Option<Places>,
}

/// Where a document stands, and what it declares in it.
pub(crate) struct Places {
    pub(crate) file: PathBuf,
    /// By address.
    pub(crate) lines: BTreeMap<String, usize>,
}

/// Makes the document that is named, if one is, the stack that is meant.
pub(crate) fn load(global: &mut Global, config: &mut Config) -> Result<Known, CliError> {
    if global.systems.own().is_some() {
        return Ok(Known::default());
    }
    let named = global.stack_file.clone().or_else(|| config.stack_file.clone());
    // Who types the name of a system means that, whatever the environment or the configuration says.
    let system = global.stack.as_deref().and_then(|name| global.systems.named(name));
    if let (Some(system), true) = (system, global.is_typed("stack_file")) {
        return Err(CliError::failed(format!(
            "--stack {} is not the document's stack",
            system.name
        ))
        .hint("leave one of the two out"));
    }
    global.names_stack = system.is_some() && named.is_some();
    let (Some(path), None) = (named, system) else {
        if let Some(lost) = lost(global, system.is_some()) {
            return Ok(Known { mistakes: Some(lost), places: None });
        }
        let given = global.set.iter().map(|(name, _)| name).chain(config.parameters.keys());
        return match given.into_iter().next() {
            Some(name) if global.stack.is_none() || !global.set.is_empty() => Err(CliError::failed(
                format!("the parameter `{name}` is given, and there is no stack document"),
            )
            .hint("name it with --stack-file; parameters of payctl's systems stand in payctl.toml")),
            _ => Ok(Known::default()),
        };
    };
    let source = read(&path)?;
    let kinds = payctl_aws::kinds();
    let kinds = kinds.kinds();
    let document = Document::read(source, global.systems, kinds)
        .map_err(|misread| wrong(&misread.0, misread.1))?;
    let by_environment = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let name = name.strip_prefix(VARIABLE)?.to_lowercase();
        // The environment may hold what other documents ask.
        document.takes(&name, config).then(|| (name, value.to_string_lossy().into_owned()))
    });
    let by_environment: Vec<_> = by_environment.collect();
    let by_environment = by_environment.into_iter();
    config.typed_parameters = by_environment.chain(global.set.iter().cloned()).collect();
    let checked =
        document.check(kinds, config).map_err(|problems| wrong(&document.source, problems));
    let is_file = path.as_os_str() != "-";
    let places = is_file.then(|| Places { file: path, lines: document.lines() });
    global.systems = global.systems.with_own(document.into_system(kinds.clone()));
    Ok(Known { mistakes: checked.err(), places })
}

/// Where the stack that is named is one that the state knows and no document tells of: it can be looked
/// at and deleted.
fn lost(global: &mut Global, is_system: bool) -> Option<CliError> {
    let name = global.stack.clone().filter(|_| !is_system)?;
    let states = global.states(global.sandbox);
    let known = environments::of_documents(global.systems, &states).unwrap_or_default();
    known.iter().find(|(stack, ..)| *stack == name)?;
    name_lost(global, &name);
    let error = CliError::failed(format!("{name} is a stack of a document, which is not named"));
    Some(error.hint("name it with --stack-file"))
}

/// Makes the stack `name` the one that is meant, of which no document tells.
pub(crate) fn name_lost(global: &mut Global, name: &str) {
    let kinds = payctl_aws::kinds().kinds().clone();
    global.names_stack = true;
    global.systems = global.systems.with_own(Document::lost(name).into_system(kinds));
}

fn read(path: &Path) -> Result<Source, CliError> {
    let failed = |source: std::io::Error| {
        let message = format!("failed to read the stack document {}", path.display());
        CliError::failed(message).because(&source)
    };
    let is_stdin = path.as_os_str() == "-";
    // One byte more than may be tells that there are too many.
    let most = MOST_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    match is_stdin {
        true => std::io::stdin().lock().take(most).read_to_end(&mut bytes),
        false => {
            let file = std::fs::File::open(path).map_err(failed)?;
            file.take(most).read_to_end(&mut bytes)
        }
    }
    .map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|source| {
        let message = format!("failed to read the stack document {}", path.display());
        CliError::failed(message).because(&source).hint("a document is UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let is_json = match is_stdin {
        true => text.trim_start().starts_with('{'),
        false => path.extension().is_some_and(|extension| extension == "json"),
    };
    let folder = match is_stdin {
        true => PathBuf::new(),
        false => path.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let format = if is_json { Format::Json } else { Format::Toml };
    Ok(Source { name, folder, format, text })
}

/// How many mistakes are shown at once.
const MOST_SHOWN: usize = 20;

fn wrong(source: &Source, problems: Problems) -> CliError {
    let all = problems.sorted();
    let count = report::plural(all.len(), "mistake");
    let error = CliError::failed(format!("{} has {count}", source.name));
    let error = all.iter().take(MOST_SHOWN).fold(error, |error, problem| {
        error.showing(report::snippet(&source.name, &source.text, problem))
    });
    match all.len() > MOST_SHOWN {
        true => error.hint(format!("the first {MOST_SHOWN} are shown")),
        false => error.hint("nothing was asked of AWS"),
    }
}
