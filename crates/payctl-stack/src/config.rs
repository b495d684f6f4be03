//! The configuration: `payctl.toml`, of which every key has a default.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use payctl_aws::{Architecture, Arn, IgnoreTags, Partition, Tags};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::check::BadValue;
use crate::check::Section;
use crate::context::{OUR_TAGS, is_same_tag};
use crate::life::Life;
pub use crate::settings::{Authorization, Nat, Posture, REGION, is_region};
pub use crate::shared::SharedState;
use crate::{Suffix, cost_optimized, migration, pci_core, secure_api};

/// How many tags a resource may have (AWS's guide "Tagging AWS resources"; its own do not count).
const MOST_TAGS: usize = 50;

/// One resource of an environment carries a tag more: that of its end.
const END_TAGS: usize = 1;

/// What `payctl.toml` may say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The stack, where `--stack` names none.
    pub stack: Option<String>,
    /// The document of a stack of one's own, where `--stack-file` names none: its path from here.
    pub stack_file: Option<PathBuf>,
    /// Parameters of that stack, and of the system that it extends.
    pub parameters: BTreeMap<String, Value>,
    /// The same as they were typed, or given by the process's environment.
    #[serde(skip)]
    pub typed_parameters: BTreeMap<String, String>,
    /// The processors of this machine, where functions run on it.
    #[serde(skip)]
    pub architecture_here: Option<Architecture>,
    /// The suffix, where `--suffix` names none.
    pub suffix: Option<String>,
    /// The region, where `--region` names none.
    pub region: Option<String>,
    /// Suffixes that `destroy` refuses.
    pub protected: Vec<String>,
    /// How long an environment is to be there after each `up`, such as `72h`, where `--ttl` does not
    /// say it. What is protected has no end.
    pub ttl: Option<String>,
    /// Further tags for every resource.
    pub tags: Tags,
    /// Tags that are others' to set.
    pub ignore_tags: IgnoreTags,
    /// Where the states of a team are.
    pub state: SharedState,
    /// What is used in a month, as a file of `payctl cost --usage` says it.
    pub usage: BTreeMap<String, Value>,
    /// Sorts of attachments that are others' to make, such as `subscription filter`.
    pub ignore_attachments: Vec<String>,
    /// The managed policy that says what any role may do at most.
    pub permissions_boundary: Option<Arn>,
    /// Parameters of the stack `pci-core`.
    #[serde(rename = "pci-core")]
    pub pci_core: pci_core::Parameters,
    /// Parameters of the stack `secure-api`.
    #[serde(rename = "secure-api")]
    pub secure_api: secure_api::Parameters,
    /// Parameters of the stack `cost-optimized`.
    #[serde(rename = "cost-optimized")]
    pub cost_optimized: cost_optimized::Parameters,
    /// Parameters of the stack `migration`.
    pub migration: migration::Parameters,
}

/// The JSON Schema of `payctl.toml`.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<Config>().to_value();
    schema["title"] = "payctl.toml".into();
    schema
}

impl Config {
    /// Lets functions run on `architecture` where the configuration does not choose one.
    pub fn default_architecture(&mut self, architecture: Architecture) {
        self.architecture_here = Some(architecture);
        let Self { pci_core, secure_api, cost_optimized, migration, .. } = self;
        for chosen in [
            &mut pci_core.architecture,
            &mut secure_api.architecture,
            &mut cost_optimized.architecture,
            &mut migration.architecture,
        ] {
            chosen.get_or_insert(architecture);
        }
    }

    /// Takes from `other` what no file says.
    pub fn keep_unwritten(&mut self, other: &Self) {
        self.typed_parameters.clone_from(&other.typed_parameters);
        self.architecture_here = other.architecture_here;
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first value that cannot be.
    pub fn check(&self) -> Result<(), BadValue> {
        let own = self.suffix.iter().map(|suffix| ("suffix", "a suffix", suffix));
        let protected = self.protected.iter().map(|one| ("protected", "made of suffixes", one));
        for (key, what, suffix) in own.chain(protected) {
            if let Err(error) = suffix.parse::<Suffix>() {
                let (key, value) = (key.to_owned(), format!("{suffix:?}"));
                return Err(BadValue { key, value, rule: format!("{what}: {error}") });
            }
        }
        if let Some(value) = &self.ttl
            && let Err(error) = value.parse::<Life>()
        {
            let (key, value) = ("ttl".to_owned(), format!("{value:?}"));
            return Err(BadValue { key, value, rule: format!("a time: {error}") });
        }
        let chosen = |ours: &&&str| self.tags.keys().any(|name| is_same_tag(name, ours));
        let chosen = OUR_TAGS.iter().filter(chosen).count();
        let most = MOST_TAGS - OUR_TAGS.len() - payctl_engine::OWNER_TAGS - END_TAGS + chosen;
        if self.tags.len() > most {
            return Err(BadValue {
                key: "tags".to_owned(),
                value: format!("{}", self.tags.len()),
                rule: format!(
                    "{most} at most: a resource has no more than {MOST_TAGS} on AWS, and payctl sets the others"
                ),
            });
        }
        let mut seen = BTreeMap::new();
        for (name, value) in &self.tags {
            let bad = |rule: &str| BadValue {
                key: format!("tags.{name}"),
                value: format!("{value:?}"),
                rule: rule.to_owned(),
            };
            let lower = name.to_lowercase();
            if lower.starts_with("payctl:") || lower.starts_with("aws:") {
                return Err(bad("named otherwise: payctl: and aws: are reserved"));
            }
            let [own, ..] = OUR_TAGS;
            if is_same_tag(name, own) {
                return Err(bad("left out: every resource has a name of its own"));
            }
            if let Some(other) = seen.insert(lower, name) {
                return Err(bad(&format!("named otherwise: {other} is the same to IAM")));
            }
            if name.is_empty() || name.chars().count() > 128 || value.chars().count() > 256 {
                return Err(bad("a name of 1 to 128 characters with a value of at most 256"));
            }
            let fits = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
            if !name.chars().all(fits) || !value.chars().all(fits) {
                return Err(bad("made of letters, digits, spaces and _ . : / = + - @"));
            }
        }
        self.check_region()?;
        self.state.check()?;
        self.check_ignored()?;
        self.check_attachments()?;
        self.check_boundary()?;
        self.pci_core.check()?;
        self.secure_api.check()?;
        self.cost_optimized.check()?;
        self.migration.check()
    }

    /// Checks what depends on the region that `stack` is to be in.
    ///
    /// # Errors
    /// The first value that cannot be there.
    pub fn check_place(&self, stack: &str, region: &str) -> Result<(), BadValue> {
        let (name, topic) = match stack {
            pci_core::NAME => (pci_core::NAME, &self.pci_core.alert_topic_arn),
            secure_api::NAME => (secure_api::NAME, &self.secure_api.alert_topic_arn),
            cost_optimized::NAME => (cost_optimized::NAME, &self.cost_optimized.alert_topic_arn),
            migration::NAME => (migration::NAME, &self.migration.alert_topic_arn),
            _ => return Ok(()),
        };
        if let Some(topic) = topic {
            // "Invalid region … specified" (cds-snc/notification-terraform#128, 2021).
            let why = "CloudWatch's alarms act on topics of their own region";
            Section(name).in_region("alert_topic_arn", topic.as_str(), region, why)?;
        }
        if let Some(arn) =
            self.migration.certificate_arn.as_ref().filter(|_| stack == migration::NAME)
        {
            // CreateListener: CertificateNotFound (ACM's guide, "Services integrated with ACM").
            let why = "load balancers use certificates of their own region";
            Section(name).in_region("certificate_arn", arn, region, why)?;
        }
        let partition = Partition::of_region(region).id;
        match &self.permissions_boundary {
            Some(arn) if arn.as_str().split(':').nth(1) != Some(partition) => Err(BadValue {
                key: "permissions_boundary".to_owned(),
                value: arn.to_string(),
                rule: format!("of the partition {partition}, which {region} is in"),
            }),
            _ => Ok(()),
        }
    }

    /// A region that is none would be told by the name of a host that nobody has.
    fn check_region(&self) -> Result<(), BadValue> {
        match &self.region {
            Some(region) if !is_region(region) => Err(BadValue {
                key: "region".to_owned(),
                value: format!("{region:?}"),
                rule: REGION.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Only what is looked for can be left alone.
    fn check_attachments(&self) -> Result<(), BadValue> {
        let kinds = payctl_aws::kinds();
        let all: BTreeSet<&str> =
            kinds.kinds().values().flat_map(|kind| kind.attachments).copied().collect();
        match self.ignore_attachments.iter().find(|sort| !all.contains(sort.as_str())) {
            None => Ok(()),
            Some(sort) => Err(BadValue {
                key: "ignore_attachments".to_owned(),
                value: format!("{sort:?}"),
                rule: format!("made of these: {}", all.into_iter().collect::<Vec<_>>().join(", ")),
            }),
        }
    }

    /// What payctl sets itself cannot be others' to set.
    fn check_ignored(&self) -> Result<(), BadValue> {
        let IgnoreTags { keys, key_prefixes } = &self.ignore_tags;
        let ours = || OUR_TAGS.into_iter().chain(self.tags.keys().map(String::as_str));
        let bad = |list: &str, value: &str, rule: String| BadValue {
            key: format!("ignore_tags.{list}"),
            value: format!("{value:?}"),
            rule,
        };
        for key in keys {
            if key.starts_with("payctl:") || ours().any(|name| name == key) {
                let rule = "made of names that payctl does not set itself".to_owned();
                return Err(bad("keys", key, rule));
            }
        }
        for prefix in key_prefixes {
            let reserved = prefix.starts_with("payctl:") || "payctl:".starts_with(prefix);
            if reserved || ours().any(|name| name.starts_with(prefix)) {
                let rule = "made of beginnings that no tag of payctl's has".to_owned();
                return Err(bad("key_prefixes", prefix, rule));
            }
        }
        Ok(())
    }

    /// The ARN of a managed policy, the account's or AWS's own: IAM takes nothing else
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>).
    fn check_boundary(&self) -> Result<(), BadValue> {
        let Some(arn) = &self.permissions_boundary else { return Ok(()) };
        let parts: Vec<&str> = arn.as_str().splitn(6, ':').collect();
        let account =
            |id: &str| id == "aws" || id.len() == 12 && id.bytes().all(|c| c.is_ascii_digit());
        let fits = match parts[..] {
            ["arn", partition, "iam", "", id, resource] => {
                !partition.is_empty()
                    && account(id)
                    && resource.len() > "policy/".len()
                    && resource.starts_with("policy/")
            }
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let rule = "the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/NAME";
        Err(BadValue {
            key: "permissions_boundary".to_owned(),
            value: format!("{:?}", arn.as_str()),
            rule: rule.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(tags: &[(&str, &str)]) -> Option<String> {
        let tags = tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config = Config { tags: tags.collect(), ..Config::default() };
        config.check().err().map(|bad| bad.to_string())
    }

    #[test]
    fn tags_that_iam_takes_for_one_are_refused() {
        assert_eq!(refused(&[("team", "red"), ("Cost", "1")]), None);
        assert_eq!(refused(&[("environment", "shop"), ("ManagedBy", "platform")]), None);
        for (tags, why) in [
            (&[("Name", "x")][..], "every resource has a name of its own"),
            (&[("name", "x")], "every resource has a name of its own"),
            (&[("Environment", "a"), ("environment", "b")], "Environment is the same to IAM"),
            (&[("Team", "a"), ("team", "b")], "Team is the same to IAM"),
            (&[("AWS:x", "y")], "payctl: and aws: are reserved"),
        ] {
            let said = refused(tags).unwrap_or_default();
            assert!(said.contains(why), "{tags:?}: {said}");
        }
    }

    #[test]
    fn what_is_of_another_region_is_refused() {
        let mut config = Config::default();
        config.pci_core.alert_topic_arn = Some("arn:aws:sns:us-east-1:123456789012:alerts".into());
        config.migration.certificate_arn =
            Some("arn:aws:acm:us-east-1:123456789012:certificate/x".to_owned());
        config.permissions_boundary = Some("arn:aws:iam::123456789012:policy/boundary".into());
        assert_eq!(config.check(), Ok(()));
        let refused = |stack: &str, region: &str| {
            config.check_place(stack, region).err().map(|bad| bad.to_string()).unwrap_or_default()
        };
        for stack in ["pci-core", "migration", "secure-api"] {
            assert_eq!(refused(stack, "us-east-1"), "");
        }
        assert_eq!(refused("secure-api", "eu-west-1"), "");
        assert_eq!(
            refused("pci-core", "eu-west-1"),
            "pci-core.alert_topic_arn must be of the region eu-west-1: CloudWatch's alarms act on \
             topics of their own region (found arn:aws:sns:us-east-1:123456789012:alerts)"
        );
        assert!(refused("migration", "eu-west-1").starts_with("migration.certificate_arn must be"));
        let said = refused("secure-api", "us-gov-west-1");
        assert!(said.contains("of the partition aws-us-gov, which us-gov-west-1 is in"), "{said}");
    }

    #[test]
    fn more_tags_than_a_resource_may_have_are_refused() {
        let names: Vec<String> = (1..=41).map(|nth| format!("Team{nth}")).collect();
        let tags: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!(refused(&tags[..40]), None);
        let chosen = [&tags[..40], &[("environment", "shop")]].concat();
        assert_eq!(refused(&chosen), None);
        let said = refused(&tags).unwrap_or_default();
        assert!(said.contains("40 at most") && said.contains("no more than 50"), "{said}");
    }
}
