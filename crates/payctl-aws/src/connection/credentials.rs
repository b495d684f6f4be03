//! Where credentials come from, in the AWS CLI's order.
//!
//! The environment's keys, the profile (its roles first), a web identity that the environment
//! names, the container, the instance. A profile that an option names makes the environment's
//! credentials be passed over; `AWS_PROFILE` does not (botocore 1.44.5,
//! `credentials.create_credential_resolver`).

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_config::credential_process::CredentialProcessProvider;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result as Provided, SharedCredentialsProvider, future,
};

use super::options::ClientOptions;
use super::profiles::{Base, Profiles, Role, Source, Way, paths, unread};
use super::roles::{Kept, Roles, WebIdentity};

/// What credentials are worked out from.
pub(super) struct CredentialContext<'a> {
    pub(super) options: &'a ClientOptions,
    pub(super) profiles: &'a Profiles,
    /// How STS is reached.
    pub(super) config: &'a SdkConfig,
    /// How the rest is reached that hands credentials out.
    pub(super) provider: &'a ProviderConfig,
}

/// Says what is wrong instead of giving credentials.
#[derive(Debug)]
struct Wrong(String);

impl ProvideCredentials for Wrong {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let why = CredentialsError::invalid_configuration(self.0.clone());
        future::ProvideCredentials::ready(Err(why))
    }
}

/// Any provider.
#[derive(Clone, Debug)]
struct Any(Arc<dyn ProvideCredentials>);

impl Any {
    fn of(provider: impl ProvideCredentials + 'static) -> Self {
        Self(Arc::new(provider))
    }
}

impl ProvideCredentials for Any {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.0.provide_credentials()
    }
}

impl CredentialContext<'_> {
    /// The credentials, of the role that the options name where they name one. Makes no call.
    pub(super) fn credentials(&self) -> SharedCredentialsProvider {
        let chain = self.chain();
        let Some(arn) = &self.options.role_arn else {
            return SharedCredentialsProvider::new(Kept::new(chain));
        };
        let text = |key| self.profiles.setting(key).map(str::to_owned);
        // A profile that has a role of its own has used the device for that.
        let mfa_serial = text("mfa_serial").filter(|_| self.profiles.setting("role_arn").is_none());
        let role = Role {
            arn: arn.clone(),
            external_id: self.options.external_id.clone(),
            session: text("role_session_name"),
            duration_s: None,
            mfa_serial,
        };
        SharedCredentialsProvider::new(Kept::new(self.over(chain, vec![role])))
    }

    fn chain(&self) -> CredentialsProviderChain {
        let explicit = self.profiles.is_explicit();
        let way = self.profiles.way();
        let over_roles = way.as_ref().is_ok_and(|way| !way.roles.is_empty());
        let profile = match way {
            Ok(way) => self.profile(way),
            Err(why) => Any::of(Wrong(why)),
        };
        let mut links = Vec::new();
        if !explicit {
            links.push(("environment", self.environment()));
        }
        match self.token().filter(|_| !explicit) {
            Some(token) if over_roles => links.extend([("profile", profile), ("token", token)]),
            Some(token) => links.extend([("token", token), ("profile", profile)]),
            None => links.push(("profile", profile)),
        }
        let mut chain = CredentialsProviderChain::first_try("", NotLoaded);
        for (name, link) in links {
            chain = chain.or_else(name, link);
        }
        chain.or_else("container", self.container()).or_else("instance", Last(self.instance()))
    }

    /// Half of a pair of keys is a mistake, and others' credentials are not to be taken instead.
    fn environment(&self) -> Any {
        let has = |name| env::var(name).is_ok_and(|value| !value.trim().is_empty());
        let (id, secret) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
        // A line end at a secret's end, as files have it, would go into a header, where none may be.
        let odd = |name: &str| {
            let value = env::var(name).unwrap_or_default();
            !value.trim().is_empty() && value.chars().any(|c| !c.is_ascii_graphic())
        };
        if let Some(name) = [id, secret, "AWS_SESSION_TOKEN"].into_iter().find(|name| odd(name)) {
            return Any::of(Wrong(format!(
                "{name} holds white space, such as a line end at its end"
            )));
        }
        match (has(id), has(secret) || has("SECRET_ACCESS_KEY")) {
            (true, false) => Any::of(Wrong(format!("{id} is set, and {secret} is not"))),
            (false, true) => Any::of(Wrong(format!("{secret} is set, and {id} is not"))),
            _ => Any::of(EnvironmentVariableCredentialsProvider::new()),
        }
    }

    fn profile(&self, way: Way) -> Any {
        let Way { base, roles } = way;
        let base = match base {
            Base::Profile(name) if self.profiles.is_login(&name) => {
                self.keys(&name).unwrap_or_else(|| Any::of(by_the_cli(&name)))
            }
            Base::Profile(name) => {
                let builder = ProfileFileCredentialsProvider::builder().configure(self.provider);
                Any::of(builder.profile_name(name).build())
            }
            Base::Keys(name) => self
                .keys(&name)
                .unwrap_or_else(|| Any::of(Wrong(format!("the profile {name} has no keys")))),
            Base::WebIdentity { role, token, session } => {
                let config = self.config.clone();
                Any::of(WebIdentity { role, token, session, config })
            }
            Base::Source(Source::Environment) => self.environment(),
            Base::Source(Source::Instance) => self.instance(),
            Base::Source(Source::Container) => self.container(),
        };
        match roles.is_empty() {
            true => base,
            false => Any::of(self.over(base, roles)),
        }
    }

    /// The profile's own keys.
    fn keys(&self, name: &str) -> Option<Any> {
        let (id, secret, token) = self.profiles.keys(name)?;
        let token = token.map(str::to_owned);
        Some(Any::of(Credentials::new(id, secret, token, None, "payctl profile")))
    }

    fn over(&self, base: impl ProvideCredentials + 'static, roles: Vec<Role>) -> Roles {
        let base = SharedCredentialsProvider::new(base);
        Roles { base, roles, config: self.config.clone(), ask: self.options.ask_code.clone() }
    }

    /// The web identity that the environment names.
    fn token(&self) -> Option<Any> {
        let token = PathBuf::from(env::var_os("AWS_WEB_IDENTITY_TOKEN_FILE")?);
        let session = env::var("AWS_ROLE_SESSION_NAME").ok();
        Some(match env::var("AWS_ROLE_ARN") {
            Ok(role) => Any::of(WebIdentity { role, token, session, config: self.config.clone() }),
            Err(_) => {
                let why = "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not";
                Any::of(Wrong(why.to_owned()))
            }
        })
    }

    fn container(&self) -> Any {
        Any::of(EcsCredentialsProvider::builder().configure(self.provider).build())
    }

    fn instance(&self) -> Any {
        Any::of(ImdsCredentialsProvider::builder().configure(self.provider).build())
    }
}

/// What the AWS CLI gives of a session that `aws login` began. It keeps and renews the session, and hands
/// out credentials to others so (its guide, "Sharing Login credentials as process credentials",
/// 2026-11-30).
fn by_the_cli(profile: &str) -> CredentialProcessProvider {
    // A profile's name goes to a shell.
    let name = profile.replace('\'', r"'\''");
    let command = format!("aws configure export-credentials --profile '{name}' --format process");
    CredentialProcessProvider::new(command)
}

/// The end of every chain: metadata that refuse, as where nobody serves them, give no credentials, and
/// are no error either. The AWS CLI goes on in the same way (botocore 1.44.5,
/// `utils.InstanceMetadataFetcher.retrieve_iam_role_credentials`).
#[derive(Debug)]
struct Last(Any);

impl ProvideCredentials for Last {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.0.provide_credentials().await.map_err(CredentialsError::not_loaded)
        })
    }
}

/// The beginning of every chain.
#[derive(Debug)]
struct NotLoaded;

impl ProvideCredentials for NotLoaded {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let nothing: Provided = Err(CredentialsError::not_loaded_no_source());
        future::ProvideCredentials::ready(nothing)
    }
}

/// Where credentials were looked for, in that order, and what was found there: nothing.
pub(super) fn looked(profiles: &Profiles) -> String {
    let set = |name: &str| match env::var_os(name) {
        Some(_) => format!("{name} gives none"),
        None => format!("{name} is not set"),
    };
    let mut text = String::new();
    let mut line = |what: &str, found: &str| {
        let _ = write!(text, "\n{what}: {found}");
    };
    let explicit = profiles.is_explicit();
    let over = "passed over, as --profile is given";
    let keys = set("AWS_ACCESS_KEY_ID");
    line("environment", if explicit { over } else { &keys });
    let name = profiles.name();
    let files: Vec<String> = paths().iter().map(|path| path.display().to_string()).collect();
    let found = match (profiles.exists(), unread()) {
        (_, unread) if !unread.is_empty() => unread.join(", "),
        (true, _) => "it holds no credentials".to_owned(),
        (false, _) => "there is no such profile".to_owned(),
    };
    line(&format!("profile {name} in {}", files.join(", ")), &found);
    let token = set("AWS_WEB_IDENTITY_TOKEN_FILE");
    line("web identity", if explicit { over } else { &token });
    let container = match env::var_os("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        Some(_) => set("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        None => set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    };
    line("container", &container);
    let disabled = env::var("AWS_EC2_METADATA_DISABLED");
    let instance = match disabled.is_ok_and(|value| value.eq_ignore_ascii_case("true")) {
        true => "not asked, as AWS_EC2_METADATA_DISABLED is true",
        false => "its metadata gives none: not on EC2, or no role is attached",
    };
    line("EC2 instance", instance);
    text
}
