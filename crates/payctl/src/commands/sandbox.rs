//! `payctl sandbox`: the local AWS emulator.

use payctl_sandbox::{Running, StartOptions, Status};

use crate::cli::SandboxCommand;
use crate::connection::{sandbox, start_sandbox};
use crate::error::{CliError, Exit};
use crate::report;

pub(super) async fn run(command: &SandboxCommand) -> Result<Exit, CliError> {
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
        SandboxCommand::Status => {
            let status = sandbox()?
                .status()
                .await
                .map_err(|error| CliError::failed("failed to ask the sandbox").because(&error))?;
            match status {
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

fn describe(running: &Running) -> String {
    let Running { endpoint, pid, since, time_scale, .. } = running;
    let scale = match time_scale {
        Some(scale) => format!(", simulating AWS delays at {scale}x speed"),
        None => String::new(),
    };
    format!("running at {endpoint} (process {pid}, since {since}{scale})")
}
