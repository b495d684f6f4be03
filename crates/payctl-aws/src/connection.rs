//! How AWS is reached: region, endpoint, credentials, certificates, proxies.
//!
//! All of it is worked out as the AWS CLI does, from the options, the environment and the profile;
//! `docs/credentials.md` tells the user. Nothing here makes a call before the first is needed.

use std::error::Error;
use std::io;

use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_runtime::auth::sigv4;

use self::credentials::{CredentialContext, looked};
pub use self::error::ConnectionError;
pub use self::options::ClientOptions;
use self::profiles::{Base, Profiles};
pub use self::roles::AskCode;
use crate::http::trust::Trust;
use crate::http::{CONNECTING, SILENCE, Server};
use crate::{AwsError, Calls, Facts, Present as _, Result};

mod credentials;
mod error;
mod options;
mod profiles;
mod regions;
mod roles;

/// The AWS configuration, loaded, before any call is made.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) config: SdkConfig,
    credentials: SharedCredentialsProvider,
    /// Where there are any: fixed credentials need none.
    profiles: Option<Profiles>,
    region: String,
    pub(crate) calls: Calls,
}

/// The calls that may be repeated.
pub(crate) fn retrying() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(5)
}

impl Connection {
    /// Works out region and credentials as the AWS CLI does. Makes no AWS call of its own.
    ///
    /// # Errors
    /// When the configuration cannot be used, or says too little.
    pub async fn open(options: &ClientOptions) -> Result<Self, ConnectionError> {
        let profiles = match &options.credentials {
            Some(_) => None,
            None => Some(Profiles::read(options.profile.as_deref()).await?),
        };
        let bundle = profiles
            .as_ref()
            .and_then(|profiles| Some((profiles.name(), profiles.setting("ca_bundle")?)));
        let server = options.endpoint.clone().zip(options.ended.clone());
        let server = server.map(|(endpoint, ended)| Server { endpoint, ended });
        let calls = Calls::default();
        let http = crate::http::client(Trust::chosen(bundle), server, calls.gate.clone());
        // Time limits follow what moves: see `http::flow`. A limit on an attempt, or the SDK's
        // own watch over what moves, would end an upload that is slow and well.
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECTING).read_timeout(SILENCE).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts.clone())
            // Each client has its own. The environment's would end the process where it is none that
            // the SDK knows, such as `legacy`, which the AWS CLI takes (smithy-rs#741).
            .retry_config(retrying())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // Of another that the environment prefers, the SDK would sign what no bucket here takes.
            .auth_scheme_preference([sigv4::SCHEME_ID])
            .http_client(http.clone());
        let configured = || profiles.as_ref().and_then(Profiles::region);
        if let Some(region) = options.region.clone().or_else(configured) {
            loader = loader.region(Region::new(region));
        }
        if let Some(profiles) = &profiles {
            loader = loader.profile_name(profiles.name());
        }
        if let Some(endpoint) = &options.endpoint {
            // It is the one meant, whatever is set for AWS's own.
            loader = loader.endpoint_url(endpoint).use_fips(false).use_dual_stack(false);
        }
        let mut config = loader.no_credentials().load().await;
        if config.endpoint_url().is_some() {
            // So is one that the profile names.
            config = config.into_builder().use_fips(false).use_dual_stack(false).build();
        }
        let region = config.region().map(ToString::to_string);
        let Some(region) = region.filter(|region| !region.is_empty()) else {
            return Err(ConnectionError::NoRegion);
        };
        if !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let why = format!("the region {region:?} is no region's name, such as us-east-1");
            return Err(ConnectionError::Configuration(why));
        }
        let provider = ProviderConfig::without_region()
            .with_region(config.region().cloned())
            .with_http_client(http)
            .with_timeout_config(timeouts)
            .with_use_fips(config.use_fips())
            .with_use_dual_stack(config.use_dual_stack());
        let credentials = match (&options.credentials, &profiles) {
            (Some((id, secret)), _) => {
                SharedCredentialsProvider::new(Credentials::new(id, secret, None, None, "payctl"))
            }
            (None, Some(profiles)) => {
                CredentialContext { options, profiles, config: &config, provider: &provider }
                    .credentials()
            }
            (None, None) => return Err(ConnectionError::Configuration("it is empty".to_owned())),
        };
        let config = config.into_builder().credentials_provider(credentials.clone()).build();
        Ok(Self { config, credentials, profiles, region, calls })
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The same, to another region.
    #[must_use]
    pub fn to_region(&self, region: &str) -> Self {
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        Self { config, region: region.to_owned(), ..self.clone() }
    }

    /// What was called so far.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Asks who is asking, and of which account.
    ///
    /// # Errors
    /// When the credentials are missing or wrong, or AWS cannot be reached.
    pub async fn facts(&self) -> Result<Facts, ConnectionError> {
        // Before the SDK asks for them: it would not wait for an MFA code to be typed.
        let known = self.credentials.provide_credentials().await;
        known.map_err(|error| self.explain(&error))?;
        let config = aws_sdk_sts::config::Builder::from(&self.config)
            .interceptor(self.calls.clone())
            .retry_config(retrying())
            .build();
        let asked = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
        let reply = asked.map_err(|error| regions::explain(&self.region, error.into()))?;
        let caller = reply.arn().present("the caller's ARN")?.to_owned();
        let partition = caller.split(':').nth(1).unwrap_or("aws").to_owned();
        let account = reply.account().present("the account id")?.to_owned();
        Ok(Facts { account, caller, partition, region: self.region.clone() })
    }

    /// Why there are no credentials.
    fn explain(&self, error: &CredentialsError) -> ConnectionError {
        let failure = match AwsError::of_credentials(error) {
            Some(failure) => failure,
            None => {
                let looked = self.profiles.as_ref().map(looked).unwrap_or_default();
                return ConnectionError::NoCredentials { looked };
            }
        };
        match self.signs_in_over_sso() {
            Some(profile) if failure.is_about_a_session() => {
                ConnectionError::SignIn { profile, why: session_state(error) }
            }
            _ => regions::explain(&self.region, failure),
        }
    }

    /// The profile that the credentials come from, where it is one of IAM Identity Center.
    fn signs_in_over_sso(&self) -> Option<String> {
        let profiles = self.profiles.as_ref()?;
        match profiles.way().ok()?.base {
            Base::Profile(name) => profiles.is_sso(&name).then_some(name),
            _ => None,
        }
    }
}

/// What the matter is with a session of IAM Identity Center, which is a file of the AWS CLI's.
fn session_state(error: &CredentialsError) -> String {
    let causes = || std::iter::successors(Some(error as &dyn Error), |&error| error.source());
    let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let last = causes().last().map(ToString::to_string).unwrap_or_default();
    // aws-config 1.13 says why for sessions without a name only.
    let unread = last.contains("failed to load the cached SSO token");
    if unread || causes().any(|cause| cause.downcast_ref().is_some_and(missing)) {
        return "there is no session".to_owned();
    }
    match last.contains("expired") || last.contains("Unauthorized") {
        true => "its session has expired".to_owned(),
        false => last,
    }
}
