//! The environments that a folder's state tells of, and which of them a command is about.
//!
//! What is typed counts first, then the process's environment, then the configuration, then the
//! state. Nothing is ever chosen among several: they are listed, each with the command to copy.

use payctl_engine::Store;
use payctl_engine::state::Loaded;
use payctl_stack::config::Config;
use payctl_stack::{Suffix, System, Systems};

use crate::error::CliError;
use crate::global::{Global, shell_word};
use crate::report;
use crate::states::States;

/// The suffix of a first environment.
const FIRST: &str = "dev";
/// The variable that the systems' origins read.
pub(crate) const ORIGINS_VARIABLE: &str = "ENVIRONMENT_SUFFIX";

/// An environment that has a folder in the state's.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) system: &'static System,
    /// Whether that is the system that is meant where none is named.
    is_first: bool,
    pub(crate) suffix: Suffix,
    pub(crate) store: Store,
}

/// Which environment a command is about.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) system: &'static System,
    pub(crate) suffix: Suffix,
    /// What told so, as far as it was not typed, such as `PAYCTL_SUFFIX`; else empty.
    pub(crate) origin: String,
    /// Whether the state told, or nothing did.
    pub(crate) guessed: bool,
}

/// What is done where no environment is named and none is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// It becomes `dev`.
    Dev,
    /// It has to be named: there is nothing the command could be about.
    Named,
}

/// Every environment of `systems` that `states` tell of, by stack and suffix.
pub(crate) fn known(systems: Systems, states: &States) -> Result<Vec<Known>, CliError> {
    let mut all = Vec::new();
    // Each may be a request that goes far.
    let suffixes: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = systems
            .listed()
            .map(|system| (system, scope.spawn(|| states.suffixes(system.name))))
            .collect();
        asked.into_iter().map(|(system, asked)| (system, asked.join())).collect()
    });
    for (system, suffixes) in suffixes {
        let suffixes = suffixes.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let suffixes = suffixes.into_iter();
        let suffixes = suffixes.filter_map(|name| name.parse::<Suffix>().ok());
        all.extend(suffixes.map(|suffix| {
            let store = states.store(system.name, suffix.as_str());
            let is_first = system.name == systems.first().name;
            Known { system, is_first, suffix, store }
        }));
    }
    Ok(all)
}

/// The environments in `states` of stacks that are not among `systems`, whose documents are not named:
/// stack, suffix and where the state is.
pub(crate) fn of_documents(
    systems: Systems,
    states: &States,
) -> Result<Vec<(String, Suffix, Store)>, CliError> {
    let mut all = Vec::new();
    // `sandbox` has environments of its own, of systems as well.
    let stacks = states.stacks()?.into_iter().filter(|name| name != "sandbox");
    for stack in stacks.filter(|name| systems.named(name).is_none()) {
        for suffix in states.suffixes(&stack)? {
            let store = states.store(&stack, &suffix);
            let Ok(suffix) = suffix.parse() else { continue };
            if matches!(store.load(), Ok(Loaded { state: Some(_), .. })) {
                all.push((stack.clone(), suffix, store));
            }
        }
    }
    Ok(all)
}

/// Whether something exists or may exist of what a state is about. What cannot be read may.
fn is_live(store: &Store) -> bool {
    match store.load() {
        Ok(Loaded { state, .. }) => state.is_some_and(|state| !state.is_empty()),
        Err(_) => true,
    }
}

impl Known {
    /// Whether something of it exists or may exist.
    pub(crate) fn is_live(&self) -> bool {
        is_live(&self.store)
    }

    fn is(&self, system: Option<&System>, suffix: Option<&Suffix>) -> bool {
        system.is_none_or(|system| system.name == self.system.name)
            && suffix.is_none_or(|suffix| *suffix == self.suffix)
    }
}

/// Which environment `global` is about.
pub(crate) fn choose(global: &Global, config: &Config, first: First) -> Result<Chosen, CliError> {
    let mut origins = Vec::new();
    let (system, suffix) = (system(global, config)?, suffix(global, config)?);
    let system = system.map(|(system, origin)| {
        origins.push(origin);
        system
    });
    let suffix = suffix.map(|(suffix, origin)| {
        origins.push(origin);
        suffix
    });
    if let (Some(system), Some(suffix)) = (system, &suffix) {
        return Ok(Chosen::new(system, suffix.clone(), &origins, false));
    }
    let known = known(global.systems, &global.states(global.sandbox))?;
    let known: Vec<Known> =
        known.into_iter().filter(|known| known.is(system, suffix.as_ref())).collect();
    let live: Vec<&Known> = known.iter().filter(|known| known.is_live()).collect();
    match (&*live, suffix) {
        ([Known { system, suffix, .. }], None) => {
            origins.push("the only environment here".to_owned());
            Ok(Chosen::new(system, suffix.clone(), &origins, true))
        }
        // One suffix holds one system: that of the environment that is there.
        ([Known { system, .. }], Some(suffix)) => {
            let other = system.name != global.systems.first().name;
            origins.extend(other.then(|| "known here".to_owned()));
            Ok(Chosen::new(system, suffix, &origins, other))
        }
        ([], Some(suffix)) => match document_of(global, &suffix)?.filter(|_| system.is_none()) {
            Some(stack) => Err(CliError::failed(format!(
                "{stack} {suffix} is of a stack document"
            ))
            .hint(format!(
                "name the document with --stack-file, or the stack with --stack {stack}"
            ))),
            None => Ok(Chosen::new(global.systems.first(), suffix, &origins, false)),
        },
        ([], None) if first == First::Dev => {
            origins.push("default".to_owned());
            let suffix = FIRST.parse().map_err(|source| {
                CliError::failed("failed to name the first environment").because(&source)
            })?;
            Ok(Chosen::new(system.unwrap_or(global.systems.first()), suffix, &origins, true))
        }
        ([], None) => Err(none(global, system, &known)?),
        (several, suffix) => Err(choice(several, suffix.is_none())),
    }
}

/// The stack of an environment of that suffix whose document is not named.
fn document_of(global: &Global, suffix: &Suffix) -> Result<Option<String>, CliError> {
    let states = global.states(global.sandbox);
    let all = of_documents(global.systems, &states)?.into_iter();
    let mut of_suffix = all.filter(|(_, one, store)| one == suffix && is_live(store));
    Ok(of_suffix.next().map(|(stack, ..)| stack))
}

/// The other system that has the suffix there, as far as `states` tell, and where.
pub(crate) fn neighbour(
    systems: Systems,
    (system, suffix): (&System, &Suffix),
    states: &States,
    account: &str,
    region: &str,
) -> Result<Option<(&'static str, String)>, CliError> {
    let others = known(systems, states)?.into_iter();
    let mut others =
        others.filter(|other| other.suffix == *suffix && other.system.name != system.name);
    Ok(others.find_map(|other| {
        let state = other.store.load().ok()?.state?;
        let here = state.account == account && state.region == region && !state.is_empty();
        let count = report::plural(state.resources.len(), "resource");
        let place = format!("{count}, by the state in {}", other.store.folder().display());
        here.then_some((other.system.name, place))
    }))
}

/// Where an environment of that suffix is that may be meant, when nothing is known of the one that was
/// named: of another system, or in the sandbox.
pub(crate) fn meant(global: &Global, system: &System, suffix: &Suffix) -> Option<String> {
    let place = |sandbox| {
        let known = known(global.systems, &global.states(sandbox)).unwrap_or_default();
        known.into_iter().filter(|one| one.suffix == *suffix && one.is_live()).collect::<Vec<_>>()
    };
    let here = place(global.sandbox);
    if here.iter().any(|one| one.system.name == system.name) {
        return None;
    }
    if let [Known { system, .. }] = here[..] {
        return Some(format!("here {suffix} is {}: leave --stack out, or name that", system.name));
    }
    let there = if global.sandbox { Vec::new() } else { place(true) };
    let one = there.first().filter(|_| there.len() == 1)?;
    let words = [one.words(false), vec!["--sandbox"]].concat();
    Some(format!("the sandbox has one: `{}`", again(&words)))
}

/// The option that somebody may mean who types the name of an environment or a system alone.
pub(crate) fn option_for(systems: Systems, word: &str) -> Option<String> {
    if systems.named(word).is_some() {
        return Some(format!("--stack {word}"));
    }
    word.parse::<Suffix>().ok().map(|suffix| format!("--suffix {suffix}"))
}

/// Why another system cannot be made under `suffix`, which `stack` has in `place`.
pub(crate) fn suffix_is_taken(
    suffix: &Suffix,
    stack: &str,
    place: &str,
    sandbox: bool,
) -> CliError {
    let place_of_it = if sandbox { " --sandbox" } else { "" };
    CliError::failed(format!("the suffix {suffix} is taken by {stack}: {place}"))
        .hint("systems have names in common: each takes a suffix of its own")
        .hint(format!(
            "choose another suffix, or `payctl destroy --stack {stack} --suffix \
             {suffix}{place_of_it}` first"
        ))
}

impl Chosen {
    fn new(system: &'static System, suffix: Suffix, origins: &[String], guessed: bool) -> Self {
        let mut told: Vec<&str> = origins.iter().map(String::as_str).collect();
        told.retain(|origin| !origin.is_empty());
        told.dedup();
        Self { system, suffix, origin: told.join(", "), guessed }
    }
}

/// The system that is named, and by what if it was not typed.
fn system(global: &Global, config: &Config) -> Result<Option<(&'static System, String)>, CliError> {
    let (name, origin) = match (&global.stack, &config.stack) {
        (Some(name), _) if global.is_typed("stack") => (name, String::new()),
        (Some(name), _) => (name, "PAYCTL_STACK".to_owned()),
        (None, Some(name)) => (name, configuration(global)),
        (None, None) => return Ok(None),
    };
    let system = global.systems.named(name).ok_or_else(|| {
        let known = global.systems.listed().map(|system| system.name);
        let error = CliError::failed(format!("there is no stack {}", report::quoted(name)));
        let is_near = report::nearest(name, known.clone()).is_some();
        let error = error.unknown(name, known);
        match is_near {
            true => error,
            false => error.hint("a stack of your own is named by its document: --stack-file FILE"),
        }
    })?;
    Ok(Some((system, origin)))
}

/// The suffix that is named, and by what if it was not typed.
fn suffix(global: &Global, config: &Config) -> Result<Option<(Suffix, String)>, CliError> {
    if let Some(suffix) = &global.suffix {
        let origin = if global.is_typed("suffix") { "" } else { "PAYCTL_SUFFIX" };
        return Ok(Some((suffix.clone(), origin.to_owned())));
    }
    if let Some(text) = &global.origins_suffix {
        let suffix = text.parse().map_err(|source| {
            let message = format!("invalid value {} of {ORIGINS_VARIABLE}", report::quoted(text));
            CliError::failed(message).because(&source).hint("set it to another, or use --suffix")
        })?;
        return Ok(Some((suffix, ORIGINS_VARIABLE.to_owned())));
    }
    // The configuration is checked already.
    let configured = config.suffix.as_ref().and_then(|text| text.parse().ok());
    Ok(configured.map(|suffix| (suffix, configuration(global))))
}

/// What the configuration is called.
fn configuration(global: &Global) -> String {
    let name = global.config.as_ref().and_then(|path| path.file_name());
    name.map_or_else(|| "payctl.toml".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Several environments are there, and which is meant is not said.
fn choice(several: &[&Known], suffix_is_missing: bool) -> CliError {
    let message = match suffix_is_missing {
        true => format!("{} environments are known here: name one", several.len()),
        false => format!("{} environments of that suffix are known here: name one", several.len()),
    };
    let hints = several.iter().map(|known| {
        let alone = several.iter().filter(|other| other.suffix == known.suffix).count() == 1;
        format!("`{}`", again(&known.words(!alone)))
    });
    hints.fold(CliError::failed(message), CliError::hint)
}

/// No environment is there, and none is named.
fn none(global: &Global, system: Option<&System>, deleted: &[Known]) -> Result<CliError, CliError> {
    let of = system.map_or_else(String::new, |system| format!(" of {}", system.name));
    let states = global.states(global.sandbox);
    let message = format!("no environment{of} is named, and none is known in {states}");
    let mut error = CliError::failed(message);
    if let [one] = deleted {
        let Known { system, suffix, .. } = one;
        error.causes.push(format!("{} {suffix} is deleted: its state is empty", system.name));
    }
    let mut of_documents = of_documents(global.systems, &states)?.into_iter();
    if let Some((stack, suffix, _)) = of_documents.find(|(_, _, store)| is_live(store)) {
        error = error
            .hint(format!("there is {stack} {suffix}: name its stack document with --stack-file"));
    }
    error = error.hint(format!("name it, such as `{}`", again(&["--suffix", FIRST])));
    if global.sandbox {
        return Ok(error);
    }
    // Whoever forgot which of the two it was.
    let sandbox = known(global.systems, &global.states(true))?;
    let live: Vec<&Known> =
        sandbox.iter().filter(|known| known.is(system, None) && known.is_live()).collect();
    if let [one] = live[..] {
        let words = [one.words(false), vec!["--sandbox"]].concat();
        error = error.hint(format!("the sandbox has one: `{}`", again(&words)));
    }
    Ok(error.hint("`payctl list --account` shows what the account has"))
}

impl Known {
    /// The options that name it; the default system goes without saying unless `whole`.
    fn words(&self, whole: bool) -> Vec<&str> {
        let mut words = vec!["--suffix", self.suffix.as_str()];
        if whole || !self.is_first {
            words.extend(["--stack", self.system.name]);
        }
        words
    }
}

/// What was typed, with `more` options. One that was typed already is not repeated.
fn again(more: &[&str]) -> String {
    let typed: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let has = |option: &str| {
        let equals = format!("{option}=");
        let short = |word: &str| option == "--suffix" && word.starts_with("-s");
        typed.iter().any(|word| word == option || word.starts_with(&equals) || short(word))
    };
    let mut words: Vec<&str> = typed.iter().map(String::as_str).collect();
    for option in more.chunk_by(|_, next| !next.starts_with("--")) {
        if !has(option[0]) {
            words.extend(option);
        }
    }
    let words: Vec<String> = words.into_iter().map(shell_word).collect();
    format!("payctl {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use payctl_engine::state::State;
    use payctl_engine::{Address, Holder, Status};

    use super::*;

    fn global(folder: &Path) -> Global {
        let folder = folder.to_str().unwrap();
        let words = ["payctl", "plan", "--state-dir", folder];
        let words = words.into_iter().map(std::ffi::OsString::from);
        let mut global = crate::cli::Cli::read(words, payctl_stack::ALL).unwrap().global;
        // Not of whoever runs the tests.
        (global.suffix, global.stack) = (None, None);
        global
    }

    /// Leaves the state of an environment behind, with one resource or with none.
    fn leave(folder: &Path, system: &str, suffix: &str, live: bool) {
        let holder = Holder { pid: 1, host: "h".into(), command: "up".into(), since: "s".into() };
        let session = Store::at(folder.join(system).join(suffix)).lock(&holder).unwrap();
        let mut state = State::empty(system, suffix, "1", "us-east-1", "l");
        if live {
            let record = payctl_engine::state::Record {
                status: Status::Complete,
                outputs: serde_json::json!({}),
                properties: serde_json::json!({}),
                depends_on: [].into(),
                deposed: Vec::new(),
            };
            state.resources.insert(Address::new("ec2.vpc", "main"), record);
        }
        session.save(&mut state).unwrap();
    }

    fn chosen(global: &Global, config: &Config, first: First) -> Result<String, CliError> {
        let chosen = choose(global, config, first)?;
        Ok(format!("{} {} ({})", chosen.system.name, chosen.suffix, chosen.origin))
    }

    #[test]
    fn what_is_named_counts_first_and_what_is_known_last() {
        let folder = tempfile::tempdir().unwrap();
        let (mut global, mut config) = (global(folder.path()), Config::default());
        let both = |global: &Global, config: &Config| {
            [First::Dev, First::Named].map(|first| chosen(global, config, first).ok())
        };
        let said = |text: &str| [Some(text.to_owned()), Some(text.to_owned())];

        assert_eq!(both(&global, &config), [Some("pci-core dev (default)".to_owned()), None]);
        leave(folder.path(), "migration", "old", false);
        assert_eq!(both(&global, &config), [Some("pci-core dev (default)".to_owned()), None]);
        leave(folder.path(), "secure-api", "pr-1", true);
        let only = "secure-api pr-1 (the only environment here)";
        assert_eq!(both(&global, &config), said(only));

        // What is named is taken, and where only its suffix is, its system is looked up.
        global.suffix = Some("pr-1".parse().unwrap());
        let known = "secure-api pr-1 (PAYCTL_SUFFIX, known here)";
        assert_eq!(both(&global, &config), said(known));
        global.typed = vec!["suffix".to_owned()];
        assert_eq!(both(&global, &config), said("secure-api pr-1 (known here)"));
        global.suffix = Some("new".parse().unwrap());
        assert_eq!(both(&global, &config), said("pci-core new ()"));
        global.suffix = None;
        config.suffix = Some("conf".to_owned());
        assert_eq!(both(&global, &config), said("pci-core conf (payctl.toml)"));
        config.stack = Some("migration".to_owned());
        assert_eq!(both(&global, &config), said("migration conf (payctl.toml)"));
        config.suffix = None;
        let default = Some("migration dev (payctl.toml, default)".to_owned());
        assert_eq!(both(&global, &config), [default, None]);
    }

    #[test]
    fn among_several_nothing_is_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let (mut global, config) = (global(folder.path()), Config::default());
        leave(folder.path(), "pci-core", "dev", true);
        leave(folder.path(), "pci-core", "pr-1", true);
        leave(folder.path(), "secure-api", "dev", true);
        for first in [First::Dev, First::Named] {
            let error = chosen(&global, &config, first).unwrap_err();
            assert_eq!(error.message, "3 environments are known here: name one");
            let ends = [
                " --suffix dev --stack pci-core`",
                " --suffix pr-1`",
                " --suffix dev --stack secure-api`",
            ];
            assert_eq!(error.hints.len(), ends.len());
            for (hint, end) in error.hints.iter().zip(ends) {
                assert!(hint.ends_with(end), "{hint}");
            }
        }
        global.suffix = Some("dev".parse().unwrap());
        let error = chosen(&global, &config, First::Named).unwrap_err();
        assert_eq!(error.message, "2 environments of that suffix are known here: name one");
        global.stack = Some("secure-api".to_owned());
        global.typed = vec!["suffix".to_owned(), "stack".to_owned()];
        assert_eq!(chosen(&global, &config, First::Named).unwrap(), "secure-api dev ()");
    }

    #[test]
    fn what_cannot_be_read_may_be_there_and_the_sandbox_is_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (mut global, config) = (global(folder.path()), Config::default());
        leave(&folder.path().join("sandbox"), "pci-core", "local", true);
        let error = chosen(&global, &config, First::Named).unwrap_err();
        let hint = error.hints.iter().find(|hint| hint.contains("sandbox")).unwrap();
        assert!(hint.ends_with(" --suffix local --sandbox`"), "{hint}");
        leave(folder.path(), "pci-core", "dev", false);
        let error = chosen(&global, &config, First::Named).unwrap_err();
        assert_eq!(error.causes, ["pci-core dev is deleted: its state is empty"]);
        std::fs::write(folder.path().join("pci-core/dev/state.json"), "{").unwrap();
        let only = "(the only environment here)";
        assert_eq!(chosen(&global, &config, First::Named).unwrap(), format!("pci-core dev {only}"));
        global.sandbox = true;
        let local = format!("pci-core local {only}");
        assert_eq!(chosen(&global, &config, First::Named).unwrap(), local);
    }
}
