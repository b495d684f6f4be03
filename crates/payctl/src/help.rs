//! The help: commands in groups, a command's own options before those of all, on one screen.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::{StyledStr, Styles};

/// The group that has the commands of systems as well.
const OPERATE: &str = "Operate";

/// The commands, in the order in which they are met.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Environments",
        &[
            "init",
            "plan",
            "preflight",
            "cost",
            "check",
            "up",
            "destroy",
            "sweep",
            "output",
            "status",
            "list",
            "history",
            "timeline",
        ],
    ),
    (OPERATE, &["invoke", "policy"]),
    ("Look up", &["graph", "report", "stacks", "kinds", "explain", "schema", "prices"]),
    ("Other", &["state", "sandbox", "completions"]),
];

const EXAMPLES: &str = "\
Try it on a local AWS emulator, without an account:
  payctl up --sandbox";

const DETAILS: &str = "\
Kill it anywhere and run it again: it finds what exists and finishes the work.

Exit codes: 0 done; 1 failed or wrong usage; 2 changes present (only with
plan --detailed-exitcode); 3 locked by another run; 4 state not readable or
writable; 5 over the --budget; 6 a control of check fails; 130
interrupted.";

/// The commands with what their help says besides of all of them; `of_systems` are those of systems.
pub(crate) fn complete(command: Command, of_systems: &[&str]) -> Command {
    let groups = write_groups(&command, of_systems);
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}   (payctl COMMAND -h shows them)\n\n\
         {}{{after-help}}",
        groups.ansi()
    );
    let command = command
        .override_usage("payctl COMMAND [OPTIONS]")
        .arg_required_else_help(true)
        .help_template(template)
        .after_help(EXAMPLES)
        .after_long_help(format!("{EXAMPLES}\n\n{DETAILS}"));
    name_variables(command)
}

/// The groups, in which the commands of systems stand before what is last.
fn groups<'a>(of_systems: &[&'a str]) -> Vec<(&'a str, Vec<&'a str>)> {
    let whole = |(name, commands): (&'static str, &'static [&'static str])| {
        let mut commands: Vec<&str> = commands.to_vec();
        if name == OPERATE {
            let last = commands.len().saturating_sub(1);
            commands.splice(last..last, of_systems.iter().copied());
        }
        (name, commands)
    };
    GROUPS.into_iter().map(whole).collect()
}

/// Each group with a line for each of its commands, as it says of itself.
fn write_groups(command: &Command, of_systems: &[&str]) -> StyledStr {
    let styles = Styles::default();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = StyledStr::new();
    for (nth, (name, commands)) in groups(of_systems).into_iter().enumerate() {
        let gap = if nth == 0 { "" } else { "\n\n" };
        let _ = write!(text, "{gap}{header}{name}:{header:#}");
        for command in commands.iter().filter_map(|name| command.find_subcommand(name)) {
            let (name, about) = (command.get_name(), command.get_about());
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = write!(text, "\n  {literal}{name:<11}{literal:#}  {about}");
        }
    }
    text
}

/// The long help names the variable of the process's environment that an option is read from; the
/// short one has no room. What is in it is never said: that may be a secret, such as a password in
/// a URL.
fn name_variables(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let arg = arg.hide_env_values(true);
        let Some(name) = arg.get_env().map(|name| name.to_string_lossy().into_owned()) else {
            return arg;
        };
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
        arg.hide_env(true).long_help(format!("{}\n\n[env: {name}]", help.unwrap_or_default()))
    });
    command.mut_subcommands(name_variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, command};

    /// The lines of all examples.
    fn examples(command: &Command) -> Vec<String> {
        let own = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let own = own.lines().filter(|line| line.trim_start().starts_with("payctl "));
        let within = command.get_subcommands().flat_map(examples);
        own.map(str::to_owned).chain(within).collect()
    }

    #[test]
    fn what_examples_say_can_be_typed() {
        let all = examples(&command(payctl_stack::ALL));
        assert!(all.len() > 20, "{all:?}");
        for line in all {
            // What is said of it stands behind; what goes to a file is the shell's.
            let line = line.trim().split("  ").next().unwrap().replace(" without credentials", "");
            let line = line.replace(" all as JSON, of the environment dev", "");
            let line = line.split(" > ").next().unwrap().replace('\'', "");
            let line = line.replace(": {}}", ":{}}");
            let words = line.split(' ').map(std::ffi::OsString::from);
            assert!(Cli::read(words, payctl_stack::ALL).is_ok(), "{line}");
        }
    }

    #[test]
    fn every_command_is_in_one_group() {
        let command = command(payctl_stack::ALL);
        let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
        let mut visible: Vec<&str> = visible.map(Command::get_name).collect();
        let mut grouped: Vec<&str> =
            groups(&["shift"]).into_iter().flat_map(|(_, commands)| commands).collect();
        visible.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, visible);
    }
}
