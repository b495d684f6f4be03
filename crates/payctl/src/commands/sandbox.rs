//! `payctl sandbox`: the local AWS emulator.

use clap::Subcommand;
use payctl_sandbox::{Running, StartOptions, Status};
use serde_json::json;

use crate::connection::{sandbox, start_sandbox};
use crate::error::{CliError, Exit};
use crate::{report, signals};

/// Start, stop or empty the local AWS emulator
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
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Empty it
    Reset,
    /// Print its log
    Logs,
}

pub(super) async fn run(command: &SandboxCommand) -> Result<Exit, CliError> {
    signals::changing();
    match command {
        SandboxCommand::Start { time_scale, port } => {
            let options = StartOptions { time_scale: *time_scale, port: *port };
            let running = start_sandbox(&options).await?;
            report::data(&format!("{}\n", describe(&running)));
        }
        SandboxCommand::Stop => {
            let stopped = sandbox()?
                .stop()
                .await
                .map_err(|error| CliError::failed("failed to stop the sandbox").because(&error))?;
            report::say(if stopped {
                "stopped; its contents are kept"
            } else {
                "it was not running"
            });
        }
        SandboxCommand::Status { json } => {
            let status = sandbox()?
                .status()
                .await
                .map_err(|error| CliError::failed("failed to ask the sandbox").because(&error))?;
            match status {
                _ if *json => report::json(&as_json(&status))?,
                Status::Running(running) => report::data(&format!("{}\n", describe(&running))),
                Status::Stopped => report::data("stopped\n"),
            }
        }
        SandboxCommand::Reset => {
            sandbox()?
                .reset()
                .await
                .map_err(|error| CliError::failed("failed to empty the sandbox").because(&error))?;
            report::say("emptied; states in .payctl/sandbox still record what was in it");
        }
        SandboxCommand::Logs => {
            let path = sandbox()?.log_path();
            let text = std::fs::read(&path).map_err(|source| {
                let message = format!("failed to read {}", path.display());
                CliError::failed(message).because(&source).hint("it is made by the first start")
            })?;
            report::data(&String::from_utf8_lossy(&text));
        }
    }
    Ok(Exit::Done)
}

/// The format of `status --json`.
const FORMAT: u32 = 1;

fn as_json(status: &Status) -> serde_json::Value {
    let sandbox = match status {
        Status::Stopped => None,
        Status::Running(Running { endpoint, pid, port, time_scale, since, log }) => Some(json!({
            "endpoint": endpoint,
            "pid": pid,
            "port": port,
            "since": since,
            "time_scale": time_scale,
            "log": log,
        })),
    };
    json!({ "format": FORMAT, "running": sandbox.is_some(), "sandbox": sandbox })
}

fn describe(running: &Running) -> String {
    let Running { endpoint, pid, since, time_scale, .. } = running;
    let scale = match time_scale {
        Some(scale) => format!(", simulating AWS delays at {scale}x speed"),
        None => String::new(),
    };
    format!("running at {endpoint} (process {pid}, since {since}{scale})")
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && (1.0..=100_000.0).contains(&factor) => Ok(factor),
        _ => Err("it is a number from 1 to 100000".to_owned()),
    }
}
