//! The way to AWS, or to the sandbox.

use payctl_aws::{ClientOptions, Connection};
use payctl_sandbox::{Sandbox, StartOptions};
use payctl_stack::config::Config;

use crate::cli::Global;
use crate::error::CliError;
use crate::report;

/// The way to AWS, or to the sandbox.
pub(crate) async fn connect(global: &Global, config: &Config) -> Result<Connection, CliError> {
    let mut reach = ClientOptions {
        region: global.region.clone().or_else(|| config.region.clone()),
        profile: global.profile.clone(),
        endpoint: global.endpoint_url.clone(),
        credentials: None,
    };
    if global.sandbox {
        let running = start_sandbox(&StartOptions::default()).await?;
        reach.endpoint = Some(running.endpoint);
        reach.region = Some(config.region.clone().unwrap_or_else(|| "us-east-1".to_owned()));
        reach.credentials = Some(("sandbox".to_owned(), "sandbox".to_owned()));
    }
    Connection::open(&reach)
        .await
        .map_err(|error| CliError::aws("could not load the AWS configuration", &error.into()))
}

/// Starts the sandbox, or finds it running.
pub(crate) async fn start_sandbox(
    options: &StartOptions,
) -> Result<payctl_sandbox::Running, CliError> {
    let sandbox = sandbox()?;
    let started = sandbox.start(options, &|line| report::say(line)).await;
    started.map_err(|error| CliError::failed("failed to start the sandbox").because(&error))
}

/// The user's sandbox.
pub(crate) fn sandbox() -> Result<Sandbox, CliError> {
    let home = Sandbox::default_home()
        .map_err(|error| CliError::failed("failed to find the sandbox").because(&error))?;
    Ok(Sandbox::at(home))
}
