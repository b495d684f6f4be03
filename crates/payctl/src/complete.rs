//! Completion of values by what is known here: the state's folder, the AWS configuration and a
//! list of regions. AWS is not asked.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::engine::complete;
use clap_complete::env::{Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use clap_complete::{ArgValueCandidates, CompletionCandidate};
use payctl_engine::State;
use payctl_stack::Systems;

use crate::environments;
use crate::regions::REGIONS;
use crate::states::{States, folder};

/// The shells that are completed for.
pub(crate) const SHELLS: Shells<'static> = Shells(&[&Bash, &Elvish, &Fish, &Powershell, &Zsh]);

/// What of the process's environment asks for completions, and of which shell.
pub(crate) const VARIABLE: &str = "COMPLETE";

/// Lets each argument that takes a known value say which there are.
pub(crate) fn attach(command: Command, systems: Systems) -> Command {
    let command = command.mut_args(|arg| {
        let candidates: fn(Systems) -> Vec<CompletionCandidate> = match arg.get_id().as_str() {
            "suffix" => suffixes,
            "stack" => stacks,
            "region" => |_| regions(),
            "profile" => |_| profiles(),
            "address" | "allow_data_loss" => addresses,
            "raw" => outputs,
            "function" => functions,
            _ => return arg,
        };
        arg.add(ArgValueCandidates::new(move || candidates(systems)))
    });
    command.mut_subcommands(|command| attach(command, systems))
}

fn stacks(systems: Systems) -> Vec<CompletionCandidate> {
    let told = |system: &payctl_stack::System| {
        CompletionCandidate::new(system.name).help(Some(system.description.into()))
    };
    systems.listed().map(told).collect()
}

fn suffixes(systems: Systems) -> Vec<CompletionCandidate> {
    let line = Line::read();
    let known = environments::known(systems, &line.place()).unwrap_or_default();
    let known =
        known.iter().filter(|known| line.stack.as_deref().is_none_or(|s| s == known.system.name));
    let told = known.filter(|known| known.is_live()).map(|known| {
        CompletionCandidate::new(known.suffix.as_str()).help(Some(known.system.name.into()))
    });
    told.collect()
}

fn regions() -> Vec<CompletionCandidate> {
    let lines = REGIONS.lines().filter_map(|line| line.split_once('\t'));
    lines.map(|(region, name)| CompletionCandidate::new(region).help(Some(name.into()))).collect()
}

fn profiles() -> Vec<CompletionCandidate> {
    let home = std::env::home_dir().unwrap_or_default().join(".aws");
    let read = |variable: &str, name: &str| {
        let path = std::env::var_os(variable).map_or_else(|| home.join(name), PathBuf::from);
        std::fs::read_to_string(path).unwrap_or_default()
    };
    let config = read("AWS_CONFIG_FILE", "config");
    let credentials = read("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    let mut names = sections(&config)
        .filter_map(|name| match name {
            "default" => Some(name),
            name => name.strip_prefix("profile ").map(str::trim),
        })
        .chain(sections(&credentials))
        .collect::<Vec<_>>();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| Some(line.trim().strip_prefix('[')?.split_once(']')?.0.trim()))
}

fn addresses(systems: Systems) -> Vec<CompletionCandidate> {
    let states = Line::read().states(systems);
    let addresses = states.iter().flat_map(|state| state.resources.keys());
    addresses.map(|address| CompletionCandidate::new(address.as_str())).collect()
}

fn functions(systems: Systems) -> Vec<CompletionCandidate> {
    let states = Line::read().states(systems);
    let addresses = states.iter().flat_map(|state| state.resources.keys());
    let functions = addresses.filter(|address| address.kind() == "lambda.function");
    functions.map(|address| CompletionCandidate::new(address.name())).collect()
}

fn outputs(systems: Systems) -> Vec<CompletionCandidate> {
    let states = Line::read().states(systems);
    states.iter().flat_map(|state| state.outputs.keys()).map(CompletionCandidate::new).collect()
}

/// What is typed already, as far as it says which environment is meant.
struct Line {
    state_dir: PathBuf,
    sandbox: bool,
    stack: Option<String>,
    suffix: Option<String>,
}

impl Line {
    fn read() -> Self {
        let words = std::env::args_os().skip_while(|word| word != "--").skip(1);
        Self::of(words.map(|word| word.to_string_lossy().into_owned()).collect())
    }

    fn of(words: Vec<String>) -> Self {
        let typed = |option: &str, short: &str| {
            let mut rest = words.iter();
            while let Some(word) = rest.next() {
                if word == option || word == short {
                    return rest.next().cloned();
                }
                if let Some(value) = word.strip_prefix(option).and_then(|w| w.strip_prefix('=')) {
                    return Some(value.to_owned());
                }
            }
            None
        };
        let named = |option: &str, short: &str, variables: &[&str]| {
            let typed = typed(option, short);
            typed.or_else(|| variables.iter().find_map(|name| std::env::var(name).ok()))
        };
        let state_dir = named("--state-dir", "--state-dir", &["PAYCTL_STATE_DIR"]);
        Self {
            state_dir: state_dir.map_or_else(|| PathBuf::from(".payctl"), PathBuf::from),
            sandbox: words.iter().any(|word| word == "--sandbox"),
            stack: named("--stack", "--stack", &["PAYCTL_STACK"]),
            suffix: named("--suffix", "-s", &["PAYCTL_SUFFIX", environments::ORIGINS_VARIABLE]),
        }
    }

    /// This machine's states: a bucket is not asked while somebody types.
    fn place(&self) -> States {
        States::Folder(folder(&self.state_dir, self.sandbox))
    }

    /// The states of the environments that may be meant.
    fn states(&self, systems: Systems) -> Vec<State> {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|it| it == is);
        let known = environments::known(systems, &self.place()).unwrap_or_default().into_iter();
        let known = known.filter(|known| {
            fits(&self.stack, known.system.name) && fits(&self.suffix, known.suffix.as_str())
        });
        known.filter_map(|known| known.store.load().ok()?.state).collect()
    }
}

/// Bash, which breaks words at `:` and `=`: addresses have a colon, and what it broke is put
/// together again.
struct Bash;

/// `words` as they were typed, and where of them the cursor is.
fn mend(words: Vec<OsString>, index: usize) -> (Vec<OsString>, usize) {
    let (mut whole, mut at, mut broken) = (Vec::<OsString>::new(), 0, false);
    for (nth, word) in words.into_iter().enumerate() {
        let breaks = word == ":" || word == "=";
        match whole.last_mut() {
            Some(last) if breaks || broken => last.push(&word),
            _ => whole.push(word),
        }
        if nth <= index {
            at = whole.len() - 1;
        }
        broken = breaks;
    }
    (whole, at)
}

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        variable: &str,
        _: &str,
        binary: &str,
        completer: &str,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let completer = crate::global::shell_word(completer);
        writeln!(
            out,
            r#"_payctl_complete() {{
    local IFS=$'\n' words=("${{COMP_WORDS[@]}}")
    # No more than what stands before the cursor, unless that is where Bash broke a word.
    if [[ -n "$2" ]]; then words[COMP_CWORD]="$2"; fi
    COMPREPLY=( $({variable}=bash _PAYCTL_INDEX="$COMP_CWORD" {completer} -- "${{words[@]}}" 2>/dev/null) )
    if [[ "${{COMPREPLY-}}" =~ [=/:]$ ]]; then compopt -o nospace; fi
}}
complete -o bashdefault -o nosort -F _payctl_complete {binary}"#
        )
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let index = std::env::var("_PAYCTL_INDEX").ok().and_then(|index| index.parse().ok());
        let (words, index) = mend(words, index.unwrap_or_default());
        let current = words.get(index).map(|word| word.to_string_lossy().into_owned());
        let current = current.unwrap_or_default();
        // Bash keeps what stands before its last break.
        let kept = current.rfind([':', '=']).map_or(0, |at| at + 1);
        for candidate in complete(command, words, index, folder)? {
            let value = candidate.get_value().to_string_lossy();
            writeln!(out, "{}", value.strip_prefix(&current[..kept]).unwrap_or(&value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(words: &[&str], index: usize) -> (Vec<String>, usize) {
        let (words, at) = mend(words.iter().map(OsString::from).collect(), index);
        (words.into_iter().map(|word| word.into_string().unwrap()).collect(), at)
    }

    #[test]
    fn what_bash_broke_is_put_together() {
        for (words, index, whole, at) in [
            (&["payctl", "pl"][..], 1, &["payctl", "pl"][..], 1),
            (&["payctl", "show", "ec2.vpc", ":", "ma"], 4, &["payctl", "show", "ec2.vpc:ma"], 2),
            (&["payctl", "show", "ec2.vpc", ":"], 3, &["payctl", "show", "ec2.vpc:"], 2),
            (&["payctl", "--suffix", "=", "d", "plan"], 3, &["payctl", "--suffix=d", "plan"], 1),
            (&["payctl", ""], 1, &["payctl", ""], 1),
        ] {
            let whole = whole.iter().map(ToString::to_string).collect();
            assert_eq!(mended(words, index), (whole, at), "{words:?}");
        }
    }

    #[test]
    fn the_line_says_which_environment_is_meant() {
        let line = |text: &str| Line::of(text.split(' ').map(str::to_owned).collect());
        let typed = line("payctl output -s dev --stack=migration --state-dir x --sandbox --raw");
        assert_eq!(
            (typed.suffix.as_deref(), typed.stack.as_deref()),
            (Some("dev"), Some("migration"))
        );
        assert_eq!(typed.place().to_string(), "x/sandbox");
    }
}
