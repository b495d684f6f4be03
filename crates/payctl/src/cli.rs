//! The command line. The doc comments are the help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use payctl_engine::Address;
use payctl_stack::Suffix;

use crate::commands::history::HistoryArgs;

/// Provisions PCI-DSS payment infrastructure on AWS, directly through the AWS SDK.
///
/// `payctl plan --suffix dev` shows what would change, `payctl up --suffix dev` makes it so,
/// `payctl destroy --suffix dev` leaves nothing behind. Kill it anywhere and run it again: it
/// finds what exists and finishes the work.
///
/// Exit codes: 0 done; 1 failed or wrong usage; 2 changes present (plan --detailed-exitcode
/// only); 3 locked by another run; 4 state not readable or writable; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "payctl", version, max_term_width = 80)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The environment: part of every name, such as dev or pr-142
    #[arg(long, short, global = true, env = "PAYCTL_SUFFIX", value_name = "SUFFIX")]
    pub(crate) suffix: Option<Suffix>,
    /// The system; `payctl stacks` lists them [default: pci-core]
    #[arg(long, global = true, env = "PAYCTL_STACK", value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The AWS region [default: from payctl.toml or the AWS configuration]
    #[arg(long, global = true, value_name = "REGION", value_parser = region)]
    pub(crate) region: Option<String>,
    /// The profile of the AWS configuration
    #[arg(long, global = true, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Another endpoint for all AWS services, such as an emulator's
    #[arg(long, global = true, env = "AWS_ENDPOINT_URL", value_name = "URL", value_parser = endpoint)]
    pub(crate) endpoint_url: Option<String>,
    /// Run against a local AWS emulator, which is set up and started when needed
    #[arg(long, global = true, conflicts_with_all = ["profile", "region"])]
    pub(crate) sandbox: bool,
    /// How many operations run at once
    #[arg(long, global = true, default_value_t = 40, value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallelism: u16,
    /// The configuration [default: payctl.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where the state is kept
    #[arg(
        long,
        global = true,
        default_value = ".payctl",
        env = "PAYCTL_STATE_DIR",
        value_name = "DIR"
    )]
    pub(crate) state_dir: PathBuf,
    /// How long to wait for another run's end, in seconds, before giving up
    #[arg(long, global = true, default_value_t = 0, value_name = "SECONDS")]
    pub(crate) lock_timeout: u64,
    /// Where the built handlers are, as DIR/NAME/bootstrap
    #[arg(
        long,
        global = true,
        default_value = "lambda-src/target/lambda",
        env = "PAYCTL_HANDLERS",
        value_name = "DIR"
    )]
    pub(crate) handlers: PathBuf,
    /// Say more: -v every value and retry, -vv every AWS call
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Whether to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

impl Global {
    /// A command for the same environment, as a hint repeats it: whoever copies it is to end up
    /// where this run was.
    pub(crate) fn command(&self, verb: &str) -> String {
        let mut command = format!("payctl {verb}");
        let mut add = |option: &str, value: &str| command += &format!(" --{option} {value}");
        if let Some(suffix) = &self.suffix {
            add("suffix", suffix.as_str());
        }
        if let Some(stack) = self.stack.as_deref().filter(|s| *s != payctl_stack::SYSTEMS[0].name) {
            add("stack", stack);
        }
        for (option, value) in [("region", &self.region), ("profile", &self.profile)] {
            if let Some(value) = value {
                add(option, value);
            }
        }
        if let Some(config) = &self.config {
            add("config", &config.display().to_string());
        }
        if self.state_dir.as_os_str() != ".payctl" {
            add("state-dir", &self.state_dir.display().to_string());
        }
        if self.sandbox {
            command += " --sandbox";
        }
        command
    }
}

/// Whether to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what `up` would change, property by property, and why
    ///
    /// Reads AWS and writes nothing, neither there nor here.
    Plan(PlanArgs),
    /// Create or update an environment
    Up(UpArgs),
    /// Delete everything of an environment
    ///
    /// Buckets are emptied and keys scheduled for deletion. `up` with the same suffix works at
    /// once.
    Destroy(DestroyArgs),
    /// Print the outputs of an environment
    Output(OutputArgs),
    /// Show who ran what in an environment, and with which outcome
    History(HistoryArgs),
    /// List the systems that can be deployed
    Stacks,
    /// Look at the state, or take something out of it
    #[command(subcommand)]
    State(StateCommand),
    /// Start, stop or empty the local AWS emulator
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Invoke a function of the environment and print its answer
    Invoke(InvokeArgs),
    /// Move requests from the blue target group to the green one
    ///
    /// Without options it says how requests are divided. A gradual shift watches green's health
    /// and the stack's alarms, and goes back to the last healthy share by itself. Killed or stopped,
    /// the same command goes on; `--back` goes back. What was moved stays: `up` does not undo it.
    Shift(ShiftArgs),
    /// Print the IAM policy that an operator of this environment needs
    ///
    /// What plan, up, destroy and shift call, on what the stack declares, and nothing more.
    Policy(PolicyArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Save the plan, for `payctl up FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Plan the deletion of everything instead
    #[arg(long)]
    pub(crate) destroy: bool,
    #[command(flatten)]
    pub(crate) permissions: PermissionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// A plan saved by `payctl plan --out`: exactly that is done, or nothing when AWS has changed
    pub(crate) plan: Option<PathBuf>,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) permissions: PermissionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DestroyArgs {
    /// Skip the confirmation prompt
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) permissions: PermissionArgs,
}

/// What is only done when asked for by name.
#[derive(Debug, Args)]
pub(crate) struct PermissionArgs {
    /// Allow the replacement or removal of this resource though its data is lost (repeatable)
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) allow_data_loss: Vec<Address>,
    /// Lift protection against deletion where `destroy` meets it
    #[arg(long)]
    pub(crate) lift_protection: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Print all as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print one value as it is
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    pub(crate) raw: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List what is recorded
    List,
    /// Show one resource as it is recorded
    Show {
        /// Its address, such as ec2.vpc:main
        #[arg(value_parser = address)]
        address: Address,
    },
    /// Tell whether state, journal and backups can be used, without asking AWS
    ///
    /// Exits with 1 when they cannot.
    Check {
        /// Print all as JSON
        #[arg(long)]
        json: bool,
    },
    /// Recover from a damaged or missing state or journal
    ///
    /// What is damaged is moved aside, the newest that can be read is used, and the next `up` or
    /// `destroy` finds by tag what was made after it. Nothing is deleted, and AWS is not asked.
    Recover {
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
    /// Take a resource out of the state and leave it alone in AWS
    Forget {
        /// Its address, such as ec2.vpc:main
        #[arg(value_parser = address)]
        address: Address,
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Set it up and start it
    Start {
        /// Simulate AWS delays, this many times faster: at 100, a minute takes 0.6 s
        #[arg(long, value_name = "FACTOR", value_parser = factor)]
        time_scale: Option<f64>,
        /// The port to listen on [default: a free one, kept]
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
    },
    /// Stop it; its contents are kept
    Stop,
    /// Tell whether it runs, and where
    Status,
    /// Empty it
    Reset,
    /// Print its log
    Logs,
}

#[derive(Debug, Args)]
pub(crate) struct InvokeArgs {
    /// The function: its logical name, such as payment-processor, or its name in AWS
    pub(crate) function: String,
    /// What it is invoked with: JSON, @FILE, or @- for stdin
    #[arg(long, default_value = "{}", value_name = "JSON")]
    pub(crate) payload: String,
}

#[derive(Debug, Args)]
pub(crate) struct ShiftArgs {
    /// Give green so many of a hundred requests, at once and unwatched
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100),
          conflicts_with_all = ["gradual", "back"])]
    pub(crate) green: Option<u32>,
    /// Give it more and more, such as 10,25,50,100, as long as it is well
    #[arg(long, value_name = "PERCENT,...", value_parser = shares, conflicts_with = "back")]
    pub(crate) gradual: Option<Shares>,
    /// How long each share is watched, such as 90s [default: 5m]
    #[arg(long, value_name = "TIME", requires = "gradual", value_parser = step)]
    pub(crate) step: Option<Duration>,
    /// Give up the gradual shift that is under way: back to its last healthy share
    #[arg(long)]
    pub(crate) back: bool,
    /// With --green: send requests to green though it has no healthy target
    #[arg(long, requires = "green")]
    pub(crate) force: bool,
}

/// Of a hundred requests, how many green gets, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shares(pub(crate) Vec<u32>);

#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// What the operator is to do (repeatable) [default: all]
    #[arg(long = "for", value_enum, value_name = "COMMAND")]
    pub(crate) tasks: Vec<PolicyTask>,
    /// The account [default: that of the credentials]
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(crate) account: Option<String>,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyTask {
    /// payctl plan
    Plan,
    /// payctl up
    Up,
    /// payctl destroy
    Destroy,
    /// payctl shift
    Shift,
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account id has 12 digits".to_owned()),
    }
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

fn shares(text: &str) -> Result<Shares, String> {
    let shares: Result<Vec<u32>, _> = text.split(',').map(|share| share.trim().parse()).collect();
    let rising = |shares: &[u32]| shares.is_sorted_by(|a, b| a < b);
    match shares {
        Ok(shares) if rising(&shares) && shares.iter().all(|share| (1..=100).contains(share)) => {
            Ok(Shares(shares))
        }
        _ => Err("shares rise from 1 to 100 at most, such as 10,25,50,100".to_owned()),
    }
}

fn step(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let time = parsed.and_then(|time| Duration::try_from(time).ok());
    let day = Duration::from_secs(24 * 3600);
    time.filter(|time| (Duration::from_secs(1)..=day).contains(time))
        .ok_or_else(|| "a time is written like 90s or 5m, from 1s to 24h".to_owned())
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && (1.0..=100_000.0).contains(&factor) => Ok(factor),
        _ => Err("it is a number from 1 to 100000".to_owned()),
    }
}

fn region(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let parts = text.split('-').count();
    if text.len() <= 32 && parts >= 3 && text.chars().all(fits) && !text.contains("--") {
        Ok(text.to_owned())
    } else {
        Err("a region is written like us-east-1".to_owned())
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn values_are_checked_before_anything_else() {
        let parse = |args: &[&str]| {
            Cli::try_parse_from(["payctl"].iter().chain(args)).map_err(|e| e.to_string())
        };
        assert!(parse(&["plan", "--suffix", "dev"]).is_ok());
        for (args, why) in [
            (["plan", "--suffix", "../x"], "lower-case letters"),
            (["plan", "--region", "useast"], "us-east-1"),
            (["plan", "--endpoint-url", "localhost"], "http://127.0.0.1:5000"),
            (["plan", "--parallelism", "0"], "1..=256"),
            (["shift", "--green", "101"], "0..=100"),
            (["shift", "--gradual", "50,25"], "10,25,50,100"),
            (["shift", "--gradual", "0,100"], "10,25,50,100"),
            (["shift", "--gradual", "10,,50"], "10,25,50,100"),
            (["shift", "--step", "5"], "90s or 5m"),
            (["shift", "--step", "0s"], "90s or 5m"),
        ] {
            let error = parse(&args).unwrap_err();
            assert!(error.contains(why), "{args:?}: {error}");
        }
    }
}
