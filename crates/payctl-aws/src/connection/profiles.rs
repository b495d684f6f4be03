//! The profiles of the user's AWS configuration, and which of them is meant.
//!
//! `--profile`, else `AWS_DEFAULT_PROFILE` or `AWS_PROFILE`, else `default`; one that is named has
//! to exist (botocore 1.44.5: `configprovider.py`, `session.get_scoped_config`). They are in
//! `~/.aws/config` and `~/.aws/credentials`, or where `AWS_CONFIG_FILE` and
//! `AWS_SHARED_CREDENTIALS_FILE` say
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>, 2026-11-29).

use std::env;
use std::error::Error as _;
use std::io::ErrorKind;
use std::path::PathBuf;

use aws_config::profile::{Profile, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::error::ConnectionError;

/// What some editors begin a file with.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What is configured, and which profile is meant.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    set: ProfileSet,
    name: String,
    /// It was named by an option, and so wins over the environment's keys.
    is_explicit: bool,
}

/// How a profile signs in, where its keys are not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// As the profile says.
    Profile(String),
    /// By the profile's keys alone, whatever else it says.
    Keys(String),
    /// By a token that is a file, for a role.
    WebIdentity { role: String, token: PathBuf, session: Option<String> },
    /// `credential_source`.
    Source(Source),
}

/// Where a profile has credentials from that are not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Environment,
    Instance,
    Container,
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session: Option<String>,
    pub(super) duration_s: Option<i32>,
    pub(super) mfa_serial: Option<String>,
}

/// How a profile comes to its credentials: from where, and over which roles, first one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) base: Base,
    pub(super) roles: Vec<Role>,
}

impl Profiles {
    /// Reads them; `option` is the profile that the user names.
    pub(super) async fn read(option: Option<&str>) -> Result<Self, ConnectionError> {
        let variable = |name| Some((name, env::var(name).ok().filter(|name| !name.is_empty())?));
        let named = match option {
            Some(name) => Some(("--profile", name.to_owned())),
            None => variable("AWS_DEFAULT_PROFILE").or_else(|| variable("AWS_PROFILE")),
        };
        let name = named.as_ref().map_or("default", |(_, name)| name).to_owned();
        let files = EnvConfigFiles::default();
        let read = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None).await;
        let set = read.map_err(|error| {
            let why = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            let marked = paths().into_iter().find(|path| {
                std::fs::read(path).is_ok_and(|text| text.starts_with(BYTE_ORDER_MARK))
            });
            let marked = marked.map(|path| {
                let path = path.display();
                format!("; {path} begins with a byte order mark: save it as UTF-8 without one")
            });
            let marked = marked.unwrap_or_default();
            ConnectionError::Configuration(format!("{error}{why}{marked}"))
        })?;
        if let Some((by, _)) = named
            && set.get_profile(&name).is_none()
        {
            let mut known: Vec<String> = set.profiles().map(str::to_owned).collect();
            known.sort();
            let (files, unread) = (paths(), unread());
            return Err(ConnectionError::UnknownProfile { name, by, known, unread, files });
        }
        Ok(Self { set, name, is_explicit: option.is_some() })
    }

    /// The region of the environment, or else of the profile. A variable that is empty, as where it
    /// was passed on without being set, counts as none.
    pub(super) fn region(&self) -> Option<String> {
        let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let mut set = variables.into_iter().filter_map(|name| env::var(name).ok());
        let of_profile = || self.setting("region").map(str::to_owned);
        set.find(|region| !region.is_empty()).or_else(of_profile)
    }

    /// The profile's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether an option names it.
    pub(super) fn is_explicit(&self) -> bool {
        self.is_explicit
    }

    /// Whether there is such a profile: `default` need not exist.
    pub(super) fn exists(&self) -> bool {
        self.chosen().is_some()
    }

    /// What the profile says.
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        self.chosen()?.get(key)
    }

    fn chosen(&self) -> Option<&Profile> {
        self.set.get_profile(&self.name)
    }

    /// Whether `name` signs in over IAM Identity Center.
    pub(super) fn is_sso(&self, name: &str) -> bool {
        let profile = self.set.get_profile(name);
        ["sso_session", "sso_start_url"]
            .iter()
            .any(|key| profile.is_some_and(|profile| profile.get(key).is_some()))
    }

    /// Whether `name` has a session that `aws login` began, and none of IAM Identity Center, which goes
    /// before it, as keys do (botocore 1.44.5, `credentials.ProfileProviderBuilder`).
    pub(super) fn is_login(&self, name: &str) -> bool {
        let begun = |profile: &Profile| profile.get("login_session").is_some();
        self.set.get_profile(name).is_some_and(begun) && !self.is_sso(name)
    }

    /// The keys that `name` holds.
    pub(super) fn keys(&self, name: &str) -> Option<(&str, &str, Option<&str>)> {
        let profile = self.set.get_profile(name)?;
        let (id, secret) =
            (profile.get("aws_access_key_id")?, profile.get("aws_secret_access_key")?);
        Some((id, secret, profile.get("aws_session_token")))
    }

    /// How the profile comes to its credentials, as botocore's `AssumeRoleProvider` works it out:
    /// a profile's `role_arn` is assumed with what its `source_profile` or `credential_source`
    /// gives; a profile that is a source uses its own keys first.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(super) fn way(&self) -> Result<Way, String> {
        let (mut name, mut roles) = (self.name.as_str(), Vec::new());
        let mut seen: Vec<&str> = Vec::new();
        let base = loop {
            let Some(profile) = self.set.get_profile(name) else {
                let Some(last) = seen.last() else { break Base::Profile(name.to_owned()) };
                return Err(format!(
                    "the profile {last} names {name} as its source_profile, which does not exist"
                ));
            };
            if seen.contains(&name) {
                seen.push(name);
                return Err(format!(
                    "these profiles are each other's source_profile: {}",
                    seen.join(" → ")
                ));
            }
            seen.push(name);
            if seen.len() > 1 && self.keys(name).is_some() {
                break Base::Keys(name.to_owned());
            }
            let token = profile.get("web_identity_token_file");
            let Some(role) = profile.get("role_arn") else { break Base::Profile(name.to_owned()) };
            if let Some(token) = token {
                let (role, token) = (role.to_owned(), PathBuf::from(token));
                let session = profile.get("role_session_name").map(str::to_owned);
                break Base::WebIdentity { role, token, session };
            }
            roles.push(Role::of(profile, role)?);
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(source), None) if source == name => match self.keys(name) {
                    Some(_) => break Base::Keys(name.to_owned()),
                    None => {
                        let why = "is its own source_profile and has no keys";
                        return Err(format!("the profile {name} {why}"));
                    }
                },
                (Some(source), None) => name = source,
                (None, Some("Environment")) => break Base::Source(Source::Environment),
                (None, Some("Ec2InstanceMetadata")) => break Base::Source(Source::Instance),
                (None, Some("EcsContainer")) => break Base::Source(Source::Container),
                (None, Some(other)) => {
                    return Err(format!(
                        "credential_source of the profile {name} is {other}: it has to be \
                         Environment, Ec2InstanceMetadata or EcsContainer"
                    ));
                }
                (both, _) => {
                    let why = match both {
                        Some(_) => "both source_profile and credential_source: one has to go",
                        None => "role_arn, and neither source_profile nor credential_source",
                    };
                    return Err(format!("the profile {name} has {why}"));
                }
            }
        };
        roles.reverse();
        Ok(Way { base, roles })
    }
}

impl Role {
    fn of(profile: &Profile, arn: &str) -> Result<Self, String> {
        let text = |key| profile.get(key).map(str::to_owned);
        let duration_s = profile.get("duration_seconds").map(|seconds| {
            seconds.parse().map_err(|_| {
                let name = profile.name();
                format!("duration_seconds of the profile {name} is {seconds}, which is no number")
            })
        });
        Ok(Self {
            arn: arn.to_owned(),
            external_id: text("external_id"),
            session: text("role_session_name"),
            duration_s: duration_s.transpose()?,
            mfa_serial: text("mfa_serial"),
        })
    }
}

/// Where profiles are read from.
pub(super) fn paths() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
        .map(|(variable, name)| match env::var(variable) {
            Ok(path) => match path.strip_prefix("~/") {
                Some(rest) => home.join(rest),
                None => PathBuf::from(path),
            },
            Err(_) => home.join(".aws").join(name),
        })
        .into()
}

/// Those of them that are there and cannot be read, and why. What is in them is passed over, as the
/// AWS CLI does it: they may be somebody else's, and not needed.
pub(super) fn unread() -> Vec<String> {
    let why = |path: &PathBuf| match std::fs::read_to_string(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Some(format!("{} cannot be read: {error}", path.display()))
        }
        _ => None,
    };
    paths().iter().filter_map(why).collect()
}

#[cfg(test)]
mod tests {
    use aws_runtime::env_config::file::EnvConfigFileKind;

    use super::*;

    async fn profiles(name: &str, text: &str) -> Profiles {
        let files =
            EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
        let (fs, env) = (Fs::from_slice(&[]), Env::from_slice(&[]));
        let set = aws_config::profile::load(&fs, &env, &files, None).await.unwrap();
        Profiles { set, name: name.to_owned(), is_explicit: true }
    }

    async fn way(name: &str, text: &str) -> Result<Way, String> {
        profiles(name, text).await.way()
    }

    fn role(arn: &str) -> Role {
        let (external_id, session) = (None, None);
        Role { arn: arn.to_owned(), external_id, session, duration_s: None, mfa_serial: None }
    }

    #[tokio::test]
    async fn roles_are_assumed_from_the_source_on() {
        let text = "[profile top]\nrole_arn = arn:top\nsource_profile = middle\n\
                    duration_seconds = 900\nexternal_id = e\nrole_session_name = s\n\
                    mfa_serial = m\n\
                    [profile middle]\nrole_arn = arn:middle\nsource_profile = keys\n\
                    [profile keys]\naws_access_key_id = a\naws_secret_access_key = b\n\
                    role_arn = arn:ignored\nsource_profile = none\n";
        let top = Role {
            external_id: Some("e".to_owned()),
            session: Some("s".to_owned()),
            duration_s: Some(900),
            mfa_serial: Some("m".to_owned()),
            ..role("arn:top")
        };
        let expected =
            Way { base: Base::Keys("keys".to_owned()), roles: vec![role("arn:middle"), top] };
        assert_eq!(way("top", text).await, Ok(expected));
        let plain = Way { base: Base::Profile("default".to_owned()), roles: Vec::new() };
        assert_eq!(way("default", "").await, Ok(plain));
    }

    #[tokio::test]
    async fn a_profile_may_be_its_own_source() {
        let keys = "aws_access_key_id = a\naws_secret_access_key = b\n";
        let own = "[profile x]\nrole_arn = arn:x\nsource_profile = x\n";
        let expected = Way { base: Base::Keys("x".to_owned()), roles: vec![role("arn:x")] };
        assert_eq!(way("x", &format!("{own}{keys}")).await, Ok(expected));
        assert!(way("x", own).await.unwrap_err().contains("has no keys"));
    }

    #[tokio::test]
    async fn a_web_identity_is_a_beginning() {
        let text = "[profile x]\nrole_arn = arn:x\nweb_identity_token_file = /token\n";
        let (role, token) = ("arn:x".to_owned(), PathBuf::from("/token"));
        let base = Base::WebIdentity { role, token, session: None };
        assert_eq!(way("x", text).await, Ok(Way { base, roles: Vec::new() }));
    }

    #[tokio::test]
    async fn what_cannot_be_followed_is_told() {
        for (text, why) in [
            ("source_profile = gone", "names gone as its source_profile, which does not exist"),
            ("source_profile = y", "each other's source_profile: x → y → x"),
            ("", "neither source_profile nor credential_source"),
            ("source_profile = y\ncredential_source = Environment", "both source_profile and"),
            ("credential_source = Elsewhere", "it has to be Environment"),
            ("credential_source = Environment\nduration_seconds = long", "is no number"),
        ] {
            let text = format!(
                "[profile x]\nrole_arn = arn:x\n{text}\n\
                 [profile y]\nrole_arn = arn:y\nsource_profile = x\n"
            );
            let told = way("x", &text).await.unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
        let text = "[profile x]\nrole_arn = arn:x\ncredential_source = EcsContainer\n";
        let base = Base::Source(Source::Container);
        assert_eq!(way("x", text).await, Ok(Way { base, roles: vec![role("arn:x")] }));
    }

    #[tokio::test]
    async fn identity_center_is_recognized() {
        let text =
            "[profile new]\nsso_session = s\n[profile old]\nsso_start_url = u\n[profile x]\n";
        let all = profiles("x", text).await;
        assert!(all.is_sso("new") && all.is_sso("old") && !all.is_sso("x") && !all.is_sso("gone"));
    }
}
