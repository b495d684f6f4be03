//! The words that other tools have for what payctl does, where they are no aliases: each gets a
//! hint. None of them ever runs anything, least of all `destroy`.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use payctl_stack::Systems;

use crate::commands::systems::offered;
use crate::error::CliError;
use crate::{cli, environments, report};

/// A group of commands, words of other tools within it, and what to type instead.
type Words = (&'static str, &'static [&'static str], &'static str);

const WORDS: &[Words] = &[
    (
        "",
        &["delete", "down", "rm", "remove", "teardown", "undeploy", "nuke", "del"],
        "`payctl destroy` deletes an environment",
    ),
    (
        "",
        &["create", "make", "provision", "update", "upgrade", "sync"],
        "`payctl up` creates or updates an environment",
    ),
    (
        "",
        &["configure", "bootstrap", "setup", "new"],
        "nothing has to be initialized: `payctl plan` works at once",
    ),
    (
        "",
        &["import", "adopt"],
        "`payctl up` adopts what carries the environment's tags, and `payctl plan` names it",
    ),
    (
        "",
        &["refresh", "drift", "detect-drift"],
        "`payctl plan` reads AWS each time and shows drift; there is nothing to refresh",
    ),
    (
        "",
        &["ps", "env", "envs", "environments", "workspace", "workspaces"],
        "`payctl list` shows the environments, `payctl status` how one is, `payctl plan` whether it has \
         to change",
    ),
    (
        "",
        &["logs", "log", "tail"],
        "functions log to CloudWatch: `aws logs tail /aws/lambda/payment-processor-SUFFIX --follow`; \
         `payctl sandbox logs` prints the sandbox's log",
    ),
    (
        "",
        &["validate", "lint", "verify", "fmt"],
        "`payctl plan` checks the configuration before its first call, `payctl state check` the \
         state",
    ),
    (
        "",
        &["console", "shell", "repl"],
        "there is no console: `payctl output --json` and `payctl state show ADDRESS` print what \
         is recorded",
    ),
    (
        "",
        &["show", "describe", "get", "inspect"],
        "`payctl state show ADDRESS` prints what is recorded of a resource, `payctl output` the \
         outputs",
    ),
    ("", &["run", "call", "exec"], "`payctl invoke FUNCTION` invokes a function"),
    (
        "",
        &["start", "stop", "local", "emulator", "dev"],
        "`payctl sandbox start` starts the local AWS emulator, `--sandbox` uses it",
    ),
    (
        "",
        &["unlock", "force-unlock", "cancel"],
        "a lock ends with the process that holds it, which the error about it names",
    ),
    (
        "",
        &["login", "auth"],
        "payctl signs in as the AWS CLI does: `aws configure sso`, then --profile NAME",
    ),
    ("", &["version"], "`payctl --version` prints it"),
    ("", &["stack", "systems"], "`payctl stacks` lists the systems"),
    (
        "state",
        &["rm", "remove", "delete", "drop", "untrack"],
        "`payctl state forget ADDRESS` takes a resource out of the state and leaves it in AWS",
    ),
    (
        "state",
        &["mv", "move", "rename", "replace-provider"],
        "addresses are the stack's own and do not move",
    ),
    (
        "state",
        &["export", "import", "backup"],
        "`payctl state pull` prints the state as it is kept, and `payctl state push FILE` puts it back",
    ),
    ("state", &["repair", "fix", "restore"], "`payctl state recover` uses what can be read"),
    ("state", &["verify", "validate"], "`payctl state check` says what can be used"),
    ("state", &["get", "cat", "describe"], "`payctl state show ADDRESS` prints a resource"),
    ("sandbox", &["up", "run"], "`payctl sandbox start` starts it"),
    ("sandbox", &["down", "kill"], "`payctl sandbox stop` stops it"),
    (
        "sandbox",
        &["clear", "clean", "empty", "delete", "rm", "destroy"],
        "`payctl sandbox reset` empties it",
    ),
    ("sandbox", &["log", "tail"], "`payctl sandbox logs` prints its log"),
    ("sandbox", &["ps", "list", "ls"], "`payctl sandbox status` says whether it runs"),
];

/// Options of other tools and what to type instead.
const OPTIONS: &[(&[&str], &str)] = &[
    (
        &[
            "--auto-approve",
            "--approve",
            "--assume-yes",
            "--force",
            "--no-confirm",
            "--require-approval",
            "--skip-preview",
        ],
        "--yes skips the question",
    ),
    (
        &["--env", "--environment", "--name", "--stage", "--workspace"],
        "--suffix NAME names the environment",
    ),
    (&["--system", "--template"], "--stack NAME names the system"),
    (&["--dry-run", "--check", "--no-execute-changeset"], "`payctl plan` changes nothing"),
    (
        &["--var", "--var-file", "--parameter", "--parameters", "--context"],
        "parameters are in payctl.toml, or in what --config FILE names; --set NAME=VALUE gives a stack of \
         your own one",
    ),
    (&["--target", "--only", "--include"], "a plan is always of the whole environment"),
    (&["--no-color", "--no-colour"], "--color never, or NO_COLOR=1 in the environment"),
    (&["--state", "--backend-config"], "--state-dir DIR says where the state is kept"),
    (&["--debug", "--trace"], "-v tells more, -vv each call to AWS"),
];

/// The error for a command line that cannot be read.
pub(crate) fn told(error: &clap::Error, words: &[String], systems: Systems) -> CliError {
    let command = cli::command(systems);
    let known = unknown_command(error, words, &command, systems);
    let known = known.or_else(|| unknown_argument(error, words, &command, systems));
    known.unwrap_or_else(|| in_our_form(error, words, command))
}

/// What clap says, less how it is used: that is what the help is for.
fn in_our_form(error: &clap::Error, words: &[String], command: clap::Command) -> CliError {
    let text = error.render().to_string();
    let paragraphs = || text.split("\n\n").map(str::trim);
    let words_of = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = paragraphs().next().map(words_of).unwrap_or_default();
    let message = message.trim_start_matches("error: ");
    let mut told = match message.split_once("': ") {
        Some((what, why)) => CliError::failed(format!("{what}'")).because_of(why),
        None => CliError::failed(message),
    };
    let tips = paragraphs().flat_map(|paragraph| paragraph.split("tip: ").skip(1));
    told.hints.extend(tips.map(words_of));
    let (line, _) = named(words, command);
    told.hint(format!("`{line} -h` shows what there is"))
}

/// The command of `command` that the words name, as it is typed and as it is.
fn named(words: &[String], mut command: clap::Command) -> (String, clap::Command) {
    let mut line = "payctl".to_owned();
    for word in words.iter().skip(1) {
        if let Some(next) = command.find_subcommand(word).cloned() {
            line += &format!(" {}", next.get_name());
            command = next;
        }
    }
    (line, command)
}

/// The error for an argument that a command does not take, where it is known what is meant.
fn unknown_argument(
    error: &clap::Error,
    words: &[String],
    command: &clap::Command,
    systems: Systems,
) -> Option<CliError> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    if given.starts_with('-') {
        // With one dash, as Terraform has them, clap sees the first letter only.
        let dashed = |word: &&String| word.trim_start_matches('-').starts_with(&given[1..]);
        let whole = words.iter().find(|word| word.starts_with('-') && dashed(word));
        let whole = whole.unwrap_or(given).split('=').next().unwrap_or_default();
        let option = format!("--{}", whole.trim_start_matches('-'));
        let mut fitting = OPTIONS.iter().filter(|(options, _)| options.contains(&&*option));
        let error = CliError::failed(format!("unknown option {}", report::quoted(whole)));
        if let Some((_, hint)) = fitting.next() {
            return Some(error.hint(*hint));
        }
        // Terraform's have one dash.
        let single = whole.len() > 2 && !whole.starts_with("--");
        let (line, command) = named(words, command.clone());
        let long = |arg: &clap::Arg| arg.get_long().is_some_and(|long| option[2..] == *long);
        return single.then(|| match command.get_arguments().any(long) {
            true => error.hint(format!("did you mean {option}?")),
            false => error.hint(format!("`{line} -h` shows what there is")),
        });
    }
    let name = words.iter().find(|word| command.find_subcommand(word.as_str()).is_some())?;
    let option = environments::option_for(systems, given)?;
    let error = CliError::failed(format!("`{name}` takes no {}", report::quoted(given)));
    Some(error.hint(format!("is it an environment or a system? `payctl {name} {option}`")))
}

/// The error for a command that is none, with what may be meant.
fn unknown_command(
    error: &clap::Error,
    words: &[String],
    command: &clap::Command,
    systems: Systems,
) -> Option<CliError> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let groups = command.get_subcommands().filter(|command| command.has_subcommands());
    let groups: Vec<&str> = groups.map(clap::Command::get_name).collect();
    let before = words.iter().map(String::as_str).take_while(|before| before != word);
    let group = before.filter(|before| groups.contains(before)).last();
    let group = group.unwrap_or_default();
    let error = CliError::failed(format!("unknown command {}", report::quoted(word)));
    Some(match hint(group, word, systems) {
        Some(hint) => error.hint(hint),
        None => error.hint(nearest(command, group, word)),
    })
}

fn hint(group: &str, word: &str, systems: Systems) -> Option<&'static str> {
    let word = word.to_lowercase();
    let mut fitting = all(systems).filter(|(of, words, _)| *of == group && words.contains(&&*word));
    fitting.next().map(|(_, _, hint)| hint)
}

/// All words that get a hint, those of systems' commands among them.
fn all(systems: Systems) -> impl Iterator<Item = Words> {
    let of_systems = offered(systems).map(|command| ("", command.words, command.hint));
    WORDS.iter().copied().chain(of_systems)
}

/// The command of `group` that is nearest to `word`, else where they all are.
fn nearest(command: &clap::Command, group: &str, word: &str) -> String {
    let within = command.find_subcommand(group);
    let known =
        within.unwrap_or(command).get_subcommands().filter(|command| !command.is_hide_set());
    let space = if group.is_empty() { "" } else { " " };
    match report::nearest(word, known.map(clap::Command::get_name)) {
        Some(near) => format!("did you mean `payctl {group}{space}{near}`?"),
        None => format!("`payctl{space}{group} -h` lists the commands"),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Chosen, Cli, Command};

    const ALL: Systems = payctl_stack::ALL;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(line.split(' ').map(OsString::from), ALL)
    }

    fn told(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = parse(line).unwrap_err();
        let told = unknown_command(&error, &words, &cli::command(ALL), ALL);
        let error = told.unwrap_or_else(|| panic!("{line}: {error}"));
        format!("{}: {}", error.message, error.hints.join("; "))
    }

    fn argument(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = unknown_argument(&parse(line).unwrap_err(), &words, &cli::command(ALL), ALL)?;
        Some(format!("{}: {}", error.message, error.hints.join("; ")))
    }

    #[test]
    fn options_of_other_tools_and_names_alone_get_a_hint() {
        for (options, hint) in OPTIONS {
            for option in *options {
                let told = Some(format!("unknown option \"{option}\": {hint}"));
                assert_eq!(argument(&format!("payctl up --suffix dev {option}")), told);
                assert_eq!(argument(&format!("payctl plan {option}=x")), told);
            }
        }
        let single = argument("payctl up -auto-approve").unwrap();
        assert_eq!(single, "unknown option \"-auto-approve\": --yes skips the question");
        let single = argument("payctl plan -out=x").unwrap();
        assert_eq!(single, "unknown option \"-out\": did you mean --out?");
        let single = argument("payctl plan -refresh=false").unwrap();
        assert_eq!(single, "unknown option \"-refresh\": `payctl plan -h` shows what there is");
        let told = |line: &str| argument(line).unwrap();
        assert_eq!(
            told("payctl destroy dev"),
            "`destroy` takes no \"dev\": is it an environment or a system? `payctl destroy \
             --suffix dev`"
        );
        assert!(told("payctl plan migration").ends_with("`payctl plan --stack migration`"));
        assert_eq!(argument("payctl plan --surprise"), None);
        assert_eq!(argument("payctl plan Not_A_Name"), None);
    }

    #[test]
    fn whatever_else_is_wrong_is_told_in_the_form_of_all_errors() {
        let told = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let error = super::told(&parse(line).unwrap_err(), &words, ALL);
            format!("{}: {}", error.message, error.hints.join("; "))
        };
        assert_eq!(
            told("payctl plan --surprise"),
            "unexpected argument '--surprise' found: `payctl plan -h` shows what there is"
        );
        assert_eq!(
            told("payctl plan --sufix dev"),
            "unexpected argument '--sufix' found: a similar argument exists: '--suffix'; `payctl plan \
             -h` shows what there is"
        );
        assert_eq!(
            told("payctl state show"),
            "the following required arguments were not provided: <ADDRESS>: `payctl state show -h` \
             shows what there is"
        );
        assert_eq!(
            told("payctl plan --color blue"),
            "invalid value 'blue' for '--color <WHEN>' [possible values: auto, always, never]: \
             `payctl plan -h` shows what there is"
        );
    }

    #[test]
    fn unmistakable_words_are_aliases() {
        for word in ["apply", "deploy"] {
            assert!(matches!(
                parse(&format!("payctl {word}")).unwrap().command,
                Chosen::Own(Command::Up(_))
            ));
        }
        for word in ["preview", "diff"] {
            assert!(matches!(
                parse(&format!("payctl {word}")).unwrap().command,
                Chosen::Own(Command::Plan(_))
            ));
        }
        let outputs = parse("payctl outputs --json").unwrap().command;
        assert!(matches!(outputs, Chosen::Own(Command::Output(_))));
        assert!(matches!(
            parse("payctl state ls").unwrap().command,
            Chosen::Own(Command::State(_))
        ));
    }

    #[test]
    fn no_word_but_its_own_destroys() {
        let command = cli::command(ALL);
        let destroy = command.find_subcommand("destroy").unwrap();
        assert_eq!(destroy.get_all_aliases().count(), 0);
        for (group, words, hint) in all(ALL) {
            for word in words {
                let line = format!("payctl {group} {word}").replace("  ", " ");
                assert_eq!(told(&line), format!("unknown command \"{word}\": {hint}"), "{line}");
            }
        }
        let hint = "`payctl destroy` deletes an environment";
        for word in ["delete", "down", "rm", "remove", "teardown"] {
            assert_eq!(
                told(&format!("payctl {word}")),
                format!("unknown command \"{word}\": {hint}")
            );
        }
    }

    #[test]
    fn a_typing_error_gets_the_nearest_command() {
        assert_eq!(
            told("payctl destory"),
            "unknown command \"destory\": did you mean `payctl destroy`?"
        );
        let list = "unknown command \"lits\": did you mean `payctl state list`?";
        assert_eq!(told("payctl state lits"), list);
        let none = "unknown command \"qwertyuiop\": `payctl -h` lists the commands";
        assert_eq!(told("payctl qwertyuiop"), none);
    }

    #[test]
    fn what_a_hint_says_can_be_typed() {
        for (_, _, hint) in all(ALL) {
            let commands = hint.split('`').skip(1).step_by(2);
            for line in commands.filter(|line| line.starts_with("payctl ")) {
                let line = line.replace("ADDRESS", "ec2.vpc:main");
                if line != "payctl --version" {
                    assert!(parse(&line).is_ok(), "{line}");
                }
            }
        }
    }
}
