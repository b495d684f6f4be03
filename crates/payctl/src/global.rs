//! What every command takes, as it is typed. The doc comments are the help.

use std::path::PathBuf;

use clap::Args;
use payctl_engine::Address;
use payctl_stack::{Suffix, Systems};

use crate::report::Color;
use crate::states::{Shared, States, folder};

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Which environment, such as dev or pr-142
    ///
    /// Where it is left out: ENVIRONMENT_SUFFIX, else `suffix` of the configuration, else the only
    /// environment that this folder's state knows; for `plan` and `up` of a first one, dev.
    #[arg(long, short, global = true, env = "PAYCTL_SUFFIX", value_name = "SUFFIX",
          help_heading = ENVIRONMENT)]
    pub(crate) suffix: Option<Suffix>,
    // Its help names the systems: `cli::command` adds it.
    #[arg(long, global = true, env = "PAYCTL_STACK", value_name = "NAME",
          help_heading = ENVIRONMENT)]
    pub(crate) stack: Option<String>,
    /// The document of a stack of your own
    ///
    /// In TOML or JSON; - is standard input. `payctl init` writes one, `payctl schema stack` prints its schema. Where it is left out:
    /// `stack_file` of the configuration, if any.
    #[arg(long, global = true, env = "PAYCTL_STACK_FILE", value_name = "FILE",
          help_heading = ENVIRONMENT)]
    pub(crate) stack_file: Option<PathBuf>,
    /// A parameter of that stack; again for further ones
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = parameter,
          hide_short_help = true, help_heading = ENVIRONMENT)]
    pub(crate) set: Vec<(String, String)>,
    /// Use a local AWS emulator, started when needed
    #[arg(long, global = true, conflicts_with_all = ["profile", "region", "role_arn"],
          help_heading = ENVIRONMENT)]
    pub(crate) sandbox: bool,
    /// The configuration [default: payctl.toml, if any]
    #[arg(long, global = true, value_name = "FILE", help_heading = ENVIRONMENT)]
    pub(crate) config: Option<PathBuf>,
    /// Where the state is kept
    #[arg(long, global = true, default_value = ".payctl", env = "PAYCTL_STATE_DIR",
          value_name = "DIR", help_heading = ENVIRONMENT)]
    pub(crate) state_dir: PathBuf,
    /// Keep the state there, not in the team's bucket
    ///
    /// Whatever `[state]` of the configuration names. Where CI runs and no bucket is named, it says that
    /// a folder is meant.
    #[arg(long, global = true, hide_short_help = true, help_heading = ENVIRONMENT)]
    pub(crate) local_state: bool,
    /// How long to wait for another run
    ///
    /// In seconds; after that payctl gives up and ends with 3.
    #[arg(long, global = true, default_value_t = 0, value_name = "SECONDS",
          help_heading = ENVIRONMENT)]
    pub(crate) lock_timeout: u64,
    /// Where the built handlers are
    ///
    /// Each is DIR/NAME/bootstrap, as lambda-src/build.sh leaves it. [default: lambda-src/target/lambda]
    #[arg(long, global = true, default_value = "lambda-src/target/lambda",
          hide_default_value = true, env = "PAYCTL_HANDLERS", value_name = "DIR",
          help_heading = ENVIRONMENT)]
    pub(crate) handlers: PathBuf,
    /// The AWS region [default: as configured]
    ///
    /// Where it is left out: `region` of the configuration, else that of the AWS configuration.
    #[arg(long, global = true, value_name = "REGION", value_parser = region, help_heading = AWS)]
    pub(crate) region: Option<String>,
    /// The profile of the AWS configuration
    #[arg(long, global = true, value_name = "PROFILE", help_heading = AWS)]
    pub(crate) profile: Option<String>,
    /// A role to assume with the credentials
    #[arg(long, global = true, value_name = "ARN", value_parser = role,
          help_heading = AWS)]
    pub(crate) role_arn: Option<String>,
    /// The external ID that the role asks for
    #[arg(long, global = true, value_name = "ID", requires = "role_arn",
          hide_short_help = true, help_heading = AWS)]
    pub(crate) external_id: Option<String>,
    /// Another endpoint for all AWS services
    #[arg(long, global = true, env = "AWS_ENDPOINT_URL", value_name = "URL",
          value_parser = endpoint, help_heading = AWS)]
    pub(crate) endpoint_url: Option<String>,
    /// How many operations run at once
    #[arg(long, global = true, default_value_t = 40, value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=256), help_heading = AWS)]
    pub(crate) parallelism: u16,
    /// -v shows every value and retry, -vv every AWS call
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = OUTPUT)]
    pub(crate) verbose: u8,
    /// Only warnings, errors and how it ended
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = OUTPUT)]
    pub(crate) quiet: bool,
    /// Use colour: auto, always or never [default: auto]
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN",
          hide_default_value = true, hide_possible_values = true, help_heading = OUTPUT)]
    pub(crate) color: Color,
    /// The options that were typed, by their names in this struct; the others are from the
    /// process's environment, or defaults.
    #[arg(skip)]
    pub(crate) typed: Vec<String>,
    /// The systems that there are.
    #[arg(skip = payctl_stack::ALL)]
    pub(crate) systems: Systems,
    /// The bucket of the team's states, if the configuration names one.
    #[arg(skip)]
    pub(crate) shared: Option<Shared>,
    /// Whether a system was named that is meant before a document.
    #[arg(skip)]
    pub(crate) names_stack: bool,
    /// What the variable of the systems' origins says, ENVIRONMENT_SUFFIX.
    #[arg(skip)]
    pub(crate) origins_suffix: Option<String>,
}

// A command's own options come first; these headings, in this order, after them.
const ENVIRONMENT: &str = "Environment";
const AWS: &str = "AWS";
const OUTPUT: &str = "Output";

impl Global {
    /// Whether `option` was typed.
    pub(crate) fn is_typed(&self, option: &str) -> bool {
        self.typed.iter().any(|typed| typed == option)
    }

    /// Where all environments' states are: those of the sandbox on this machine.
    pub(crate) fn states(&self, sandbox: bool) -> States {
        match (&self.shared, sandbox) {
            (Some(shared), false) => States::Bucket(shared.clone()),
            _ => States::Folder(folder(&self.state_dir, sandbox)),
        }
    }

    /// The same environment in the sandbox, where no account is needed.
    pub(crate) fn in_sandbox(&self, verb: &str) -> String {
        let place = Self {
            region: None,
            profile: None,
            role_arn: None,
            external_id: None,
            endpoint_url: None,
            sandbox: true,
            ..self.clone()
        };
        place.command(verb)
    }

    /// A command for the same environment, as a hint repeats it: whoever copies it is to end up
    /// where this run was.
    pub(crate) fn command(&self, verb: &str) -> String {
        let mut command = format!("payctl {verb}");
        let mut add = |option: &str, value: &str| {
            command += &format!(" --{option} {}", shell_word(value));
        };
        if let Some(suffix) = &self.suffix {
            add("suffix", suffix.as_str());
        }
        match &self.stack_file {
            Some(file) if self.is_typed("stack_file") => {
                add("stack-file", &file.display().to_string());
            }
            _ => {
                let first = self.systems.first().name;
                let goes_without = |stack: &&str| *stack == first && !self.names_stack;
                if let Some(stack) = self.stack.as_deref().filter(|stack| !goes_without(stack)) {
                    add("stack", stack);
                }
            }
        }
        for (name, value) in &self.set {
            add("set", &format!("{name}={value}"));
        }
        for (option, value) in [
            ("region", &self.region),
            ("profile", &self.profile),
            ("role-arn", &self.role_arn),
            ("external-id", &self.external_id),
        ] {
            if let Some(value) = value {
                add(option, value);
            }
        }
        if let Some(endpoint) = self.endpoint_url.as_ref().filter(|_| self.is_typed("endpoint_url"))
        {
            add("endpoint-url", endpoint);
        }
        if let Some(config) = &self.config {
            add("config", &config.display().to_string());
        }
        if self.state_dir.as_os_str() != ".payctl" {
            add("state-dir", &self.state_dir.display().to_string());
        }
        if self.is_typed("handlers") {
            add("handlers", &self.handlers.display().to_string());
        }
        if self.sandbox {
            command += " --sandbox";
        }
        command
    }
}

/// `text` as one word of a shell.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A parameter with its value.
fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is given as NAME=VALUE".to_owned()),
    }
}

/// A resource's address.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

pub(crate) fn region(text: &str) -> Result<String, String> {
    match payctl_stack::config::is_region(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("a region is {}", payctl_stack::config::REGION)),
    }
}

fn endpoint(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.map(|rest| rest.trim_end_matches('/')).unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if !host.is_empty() && host.chars().all(fits) {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("an endpoint is written like http://127.0.0.1:5000".to_owned())
    }
}

/// The ARN of a role, checked before anything else.
fn role(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let fits = match parts.as_slice() {
        ["arn", partition, "iam", "", account, name] => {
            partition.starts_with("aws")
                && account.len() == 12
                && account.chars().all(|c| c.is_ascii_digit())
                && name.strip_prefix("role/").is_some_and(|name| !name.is_empty())
                && name.chars().all(|c| c.is_ascii_graphic())
        }
        _ => false,
    };
    match fits {
        true => Ok(text.to_owned()),
        false => Err("a role is written like arn:aws:iam::123456789012:role/deploy".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_it_otherwise() {
        for (text, word) in [
            ("dev", "dev"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("", "''"),
            ("my state", "'my state'"),
            ("$(id)", "'$(id)'"),
            ("it's", r"'it'\''s'"),
            ("~/x", "'~/x'"),
            ("{\"a\":1}", "'{\"a\":1}'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
