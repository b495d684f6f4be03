//! Roles: assumed with credentials, one after the other, over the same endpoint as all other calls.
//!
//! `aws-config` has a provider for a role, too. It knows no MFA and no `duration_seconds`, and a
//! profile's roles it assumes at AWS even where `--endpoint-url` says that all calls go elsewhere.

use std::env;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result as Provided, SharedCredentialsProvider, future,
};
use aws_sdk_sts::Client;
use aws_sdk_sts::types::Credentials as Session;
use futures::future::BoxFuture;
use payctl_engine::{Failure, FailureKind};
use tokio::sync::Mutex;

use super::profiles::Role;
use crate::{AwsError, Present as _};

/// What asks the user for the code that an MFA device shows, given its serial number.
#[derive(Clone)]
pub struct AskCode(Arc<Asked>);

type Asked = dyn Fn(String) -> BoxFuture<'static, Result<String, String>> + Send + Sync;

impl AskCode {
    /// Asks by `ask`, which says why there is no code where there is none.
    pub fn by<F>(ask: F) -> Self
    where
        F: Fn(String) -> BoxFuture<'static, Result<String, String>> + Send + Sync + 'static,
    {
        Self(Arc::new(ask))
    }
}

impl Debug for AskCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("AskCode")
    }
}

/// Credentials that are renewed before they end.
#[derive(Debug)]
pub(super) struct Kept<P> {
    inner: P,
    now: Mutex<Option<Credentials>>,
}

/// How long before their end credentials are no longer used: longer than the SDK's own 10 to 15 s,
/// and as long as a slow call may take.
const MARGIN: Duration = Duration::from_secs(60);

impl<P: ProvideCredentials> Kept<P> {
    pub(super) fn new(inner: P) -> Self {
        Self { inner, now: Mutex::new(None) }
    }

    async fn load(&self) -> Provided {
        let mut now = self.now.lock().await;
        if let Some(known) = &*now
            && known.expiry().is_none_or(|end| end > SystemTime::now() + MARGIN)
        {
            return Ok(known.clone());
        }
        let new = self.inner.provide_credentials().await?;
        *now = Some(new.clone());
        Ok(new)
    }
}

impl<P: ProvideCredentials> ProvideCredentials for Kept<P> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// The last of several roles, each of which is assumed with the one before.
#[derive(Debug)]
pub(super) struct Roles {
    pub(super) base: SharedCredentialsProvider,
    pub(super) roles: Vec<Role>,
    /// How STS is reached.
    pub(super) config: SdkConfig,
    pub(super) ask: Option<AskCode>,
}

impl Roles {
    async fn load(&self) -> Provided {
        let mut credentials = self.base.provide_credentials().await?;
        for role in &self.roles {
            let client = client(&self.config, Some(credentials));
            let assumed = self.assume(&client, role).await;
            credentials = assumed.map_err(CredentialsError::provider_error)?;
        }
        Ok(credentials)
    }

    async fn assume(&self, client: &Client, role: &Role) -> Result<Credentials, AwsError> {
        let code = match &role.mfa_serial {
            Some(serial) => Some(self.code(serial, role).await?),
            None => None,
        };
        let request = client
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(role.session.clone().unwrap_or_else(session_name))
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(role.duration_s)
            .set_serial_number(role.mfa_serial.clone())
            .set_token_code(code);
        let reply = request.send().await.map_err(|error| about(&role.arn, error.into()))?;
        session(reply.credentials, "payctl role")
    }

    async fn code(&self, serial: &str, role: &Role) -> Result<String, AwsError> {
        let failed = |why: String| {
            let message =
                format!("the role {} needs a code of the MFA device {serial}: {why}", role.arn);
            AwsError::from(Failure::new(FailureKind::Credentials, message))
        };
        let Some(ask) = &self.ask else { return Err(failed("there is nobody to ask".to_owned())) };
        let code = ask.0(serial.to_owned()).await.map_err(failed)?;
        let code = code.trim();
        match code.len() == 6 && code.chars().all(|c| c.is_ascii_digit()) {
            true => Ok(code.to_owned()),
            false => Err(failed("what was typed is not one of 6 digits".to_owned())),
        }
    }
}

impl ProvideCredentials for Roles {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// A role that is assumed with a token in a file, as a cluster's or a CI system's workloads do.
#[derive(Debug)]
pub(super) struct WebIdentity {
    pub(super) role: String,
    pub(super) token: std::path::PathBuf,
    pub(super) session: Option<String>,
    pub(super) config: SdkConfig,
}

impl WebIdentity {
    async fn load(&self) -> Provided {
        let assumed = self.assume().await;
        assumed.map_err(CredentialsError::provider_error)
    }

    async fn assume(&self) -> Result<Credentials, AwsError> {
        // It is renewed by whoever put it there.
        let token = std::fs::read_to_string(&self.token).map_err(|source| {
            let shown = self.token.display();
            let message = format!("the web identity token {shown} cannot be read: {source}");
            AwsError::from(Failure::new(FailureKind::Credentials, message))
        })?;
        let request = client(&self.config, None)
            .assume_role_with_web_identity()
            .role_arn(&self.role)
            .role_session_name(self.session.clone().unwrap_or_else(session_name))
            .web_identity_token(token.trim());
        let reply = request.send().await.map_err(|error| about(&self.role, error.into()))?;
        session(reply.credentials, "payctl web identity")
    }
}

impl ProvideCredentials for WebIdentity {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// STS, called with `credentials`.
fn client(config: &SdkConfig, credentials: Option<Credentials>) -> Client {
    let mut builder = config.to_builder().identity_cache(IdentityCache::no_cache());
    builder.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
    Client::new(&builder.build())
}

/// What STS hands out.
fn session(session: Option<Session>, provider: &'static str) -> Result<Credentials, AwsError> {
    let session = session.present("the role's credentials")?;
    let end = SystemTime::try_from(session.expiration)
        .map_err(|source| AwsError::unexpected("time at which a role's credentials end", source))?;
    let token = Some(session.session_token);
    Ok(Credentials::new(
        session.access_key_id,
        session.secret_access_key,
        token,
        Some(end),
        provider,
    ))
}

/// The failure to assume `role`.
fn about(role: &str, error: AwsError) -> AwsError {
    let failure = Failure::from(error);
    match failure.message.contains(role) {
        true => failure.into(),
        false => {
            Failure { message: format!("{} (role {role})", failure.message), ..failure }.into()
        }
    }
}

/// Who is behind a role in CloudTrail, where the user names nobody: `payctl-` and who runs it,
/// of the characters and within the length that STS takes.
fn session_name() -> String {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let user =
        env::var("USER").or_else(|_| env::var("LOGNAME")).ok().filter(|name| !name.is_empty());
    session_name_of(&user.or_else(host).unwrap_or_default())
}

/// botocore 1.44.5's model of `AssumeRole`: `[\w+=,.@-]*`, 2 to 64 characters.
fn session_name_of(who: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(*c);
    let who: String = who.trim().chars().filter(fits).take(56).collect();
    match who.is_empty() {
        true => "payctl".to_owned(),
        false => format!("payctl-{who}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_session_is_named_as_sts_takes_it() {
        assert_eq!(session_name_of("jane.doe"), "payctl-jane.doe");
        assert_eq!(session_name_of("CORP\\jané doe\n"), "payctl-CORPjandoe");
        assert_eq!(session_name_of(""), "payctl");
        assert_eq!(session_name_of(&"x".repeat(500)).len(), 63);
    }

    /// Credentials that end after so many seconds, and how often they were asked for.
    #[derive(Debug)]
    struct Counted(u64, AtomicU64);

    impl ProvideCredentials for Counted {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.1.fetch_add(1, Ordering::Relaxed);
            let end = (self.0 > 0).then(|| SystemTime::now() + Duration::from_secs(self.0));
            let credentials = Credentials::new("id", "secret", None, end, "test");
            future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    #[tokio::test]
    async fn credentials_are_asked_for_again_before_they_end() {
        for (lifetime, asked) in [(0, 1), (3600, 1), (30, 3)] {
            let kept = Kept::new(Counted(lifetime, AtomicU64::new(0)));
            for _ in 0..3 {
                kept.provide_credentials().await.unwrap();
            }
            assert_eq!(kept.inner.1.load(Ordering::Relaxed), asked, "{lifetime} s");
        }
    }
}
