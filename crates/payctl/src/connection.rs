//! The connection to AWS, or to the sandbox.

use payctl_aws::{AskCode, ClientOptions, Connection, ConnectionError, Facts, StateBucket};
use payctl_sandbox::{Sandbox, StartOptions};
use payctl_stack::config::Config;

use crate::error::CliError;
use crate::global::Global;
use crate::regions::REGIONS;
use crate::states::Shared;
use crate::{ask, report};

/// The connection to AWS, or to the sandbox.
pub(crate) async fn connect(global: &Global, config: &Config) -> Result<Connection, CliError> {
    let mut reach = ClientOptions {
        region: global.region.clone().or_else(|| config.region.clone()),
        profile: global.profile.clone(),
        endpoint: global.endpoint_url.clone(),
        ended: None,
        credentials: None,
        role_arn: global.role_arn.clone(),
        external_id: global.external_id.clone(),
        ask_code: Some(ask_code_of_mfa()),
    };
    if global.sandbox {
        if global.is_typed("endpoint_url") {
            return Err(CliError::failed("--sandbox has an endpoint of its own")
                .hint("leave --endpoint-url out, or --sandbox"));
        }
        let running = start_sandbox(&StartOptions::default()).await?;
        reach.ended = Some(format!(
            "the sandbox has ended, and nobody answers at {}: `payctl sandbox logs` says why",
            running.endpoint
        ));
        reach.endpoint = Some(running.endpoint);
        reach.region = Some(config.region.clone().unwrap_or_else(|| "us-east-1".to_owned()));
        reach.credentials = Some(("sandbox".to_owned(), "sandbox".to_owned()));
    }
    Connection::open(&reach).await.map_err(|error| refused(global, error))
}

/// The bucket that the configuration names, if any. Makes no call.
pub(crate) fn shared(global: &Global, config: &Config) -> Result<Option<Shared>, CliError> {
    let state = &config.state;
    // The sandbox's environments stay on the machine.
    let is_meant = !global.local_state && !global.sandbox;
    let Some(name) = state.bucket.as_ref().filter(|_| is_meant) else {
        return Ok(None);
    };
    let own_role = state.profile.is_some() || state.role_arn.is_some();
    let options = ClientOptions {
        region: [&state.region, &global.region, &config.region]
            .into_iter()
            .flatten()
            .next()
            .cloned(),
        profile: state.profile.clone().or_else(|| global.profile.clone()),
        endpoint: state.endpoint_url.clone().or_else(|| global.endpoint_url.clone()),
        ended: None,
        credentials: None,
        // A role of the bucket's own is assumed with the credentials, not with the other role.
        role_arn: state.role_arn.clone().or_else(|| global.role_arn.clone().filter(|_| !own_role)),
        external_id: global.external_id.clone().filter(|_| !own_role),
        ask_code: Some(ask_code_of_mfa()),
    };
    let bucket = StateBucket::open(name, state.kms_key.clone(), options);
    let bucket = bucket.map_err(|error| refused(global, *error))?;
    Ok(Some(Shared { bucket, prefix: state.prefix().to_owned() }))
}

/// Who is asking, and of which account.
pub(crate) async fn facts(global: &Global, connection: &Connection) -> Result<Facts, CliError> {
    connection.facts().await.map_err(|error| refused(global, error))
}

/// Asks whoever is at the terminal for the code of an MFA device.
pub(crate) fn ask_code_of_mfa() -> AskCode {
    AskCode::by(|serial| Box::pin(ask_code(serial)))
}

/// Why AWS cannot be reached, and what to do.
pub(crate) fn refused(global: &Global, error: ConnectionError) -> CliError {
    let unverified = "could not verify the AWS credentials";
    match error {
        ConnectionError::UnknownProfile { ref name, ref known, ref unread, ref files, .. } => {
            let mut told = CliError::failed(error.to_string());
            told.causes.extend_from_slice(unread);
            let near = known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(name, known), known))
                .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
                .min();
            if let Some((_, near)) = near {
                told = told.hint(format!("did you mean {near}?"));
            }
            let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            match known.is_empty() {
                true => told.hint(format!("there are no profiles in {}", files.join(", "))),
                false => told.hint(format!("available: {}", known.join(", "))),
            }
        }
        ConnectionError::NoRegion => {
            CliError::failed(error.to_string()).hint("name one with --region or AWS_REGION")
        }
        ConnectionError::NoCredentials { .. } => CliError::failed(unverified)
            .because(&error)
            .hint("name a profile with --profile or AWS_PROFILE, or sign in: `aws configure sso`")
            .hint(format!("without an account: `{}`", global.in_sandbox("plan"))),
        ConnectionError::SignIn { ref profile, .. } => {
            let login = match profile.as_str() {
                "default" => "aws sso login".to_owned(),
                name => format!("aws sso login --profile {name}"),
            };
            CliError::failed(error.to_string()).hint(format!("`{login}`, then run it again"))
        }
        ConnectionError::Region { region, why, source } => {
            let mut told = CliError::aws(unverified, &source.into());
            told.causes.push(why);
            told.hints = vec![
                format!("enable it: `aws account enable-region --region-name {region}`"),
                "or are the credentials wrong: `aws sts get-caller-identity --region us-east-1` \
                 tells"
                    .to_owned(),
            ];
            told
        }
        ConnectionError::Call(error) => {
            let told = CliError::aws(unverified, &error.into());
            match unknown_region(&told.causes.concat()) {
                Some(hint) => told.hint(hint),
                None => told,
            }
        }
        ConnectionError::Configuration(_) => CliError::failed(error.to_string()),
    }
}

/// Where no host of AWS is found: whether its region is none that is known.
fn unknown_region(said: &str) -> Option<String> {
    let (_, host) = said.split_once("cannot find the host sts.")?;
    let (region, _) = host.split_once(".amazonaws.com")?;
    let known = || REGIONS.lines().filter_map(|line| Some(line.split_once('\t')?.0));
    if known().any(|name| name == region) {
        return None;
    }
    let near = report::nearest(region, known());
    let near = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
    Some(format!("{region} is no region that payctl knows{near}"))
}

/// Asks for the code that an MFA device shows.
async fn ask_code(serial: String) -> Result<String, String> {
    if !ask::is_possible() {
        return Err("there is no terminal to ask for it".to_owned());
    }
    let answer = ask::line(&format!("MFA code of {serial}: ")).await;
    answer.map_err(|source| format!("it could not be read: {source}"))
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
