//! The context: what differs from one environment to the next.

use std::collections::BTreeMap;

use payctl_aws::ec2::PrefixListId;
use payctl_aws::questions::PREFIX_LISTS;
use payctl_aws::{Arn, CodeSha256, Lookup, Question, Tags, Zone};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Suffix;

/// Where a system is declared.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The environment's suffix.
    pub suffix: &'a Suffix,
    /// The account's id.
    pub account: &'a str,
    /// The region.
    pub region: &'a str,
    /// The partition, such as `aws`.
    pub partition: &'a str,
    /// What was found in the account.
    pub found: &'a Discovered,
    /// The digests of the handlers' code, by handler.
    pub handlers: &'a BTreeMap<String, CodeSha256>,
    /// Tags from the configuration.
    pub tags: &'a Tags,
    /// What every role may do at most, from the configuration.
    pub permissions_boundary: Option<&'a Arn>,
}

/// What of an account and region a system has to know before it is declared there.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The region's zones, in their order.
    pub zones: Vec<Zone>,
    /// What AWS answered to the system's own lookups, by their names.
    answers: BTreeMap<String, Value>,
}

impl Discovered {
    /// What is known of a region with these zones before anything else is asked.
    #[must_use]
    pub fn new(zones: Vec<Zone>) -> Self {
        Self { zones, answers: BTreeMap::new() }
    }

    /// What is taken to be known where nobody is asked.
    #[must_use]
    pub fn assumed(zones: Vec<Zone>, lookups: &[Lookup]) -> Self {
        let mut found = Self::new(zones);
        for lookup in lookups {
            if let Some(answer) = lookup.assumed() {
                found.insert(lookup.name(), answer.clone());
            }
        }
        found
    }

    /// The same with an answer.
    #[must_use]
    pub fn with<T: Serialize>(mut self, question: Question<T>, answer: &T) -> Self {
        if let Ok(value) = serde_json::to_value(answer) {
            self.insert(question.name(), value);
        }
        self
    }

    /// Takes the answer to the lookup of that name up.
    pub fn insert(&mut self, name: &str, answer: Value) {
        self.answers.insert(name.to_owned(), answer);
    }

    /// The answer, where there is one.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, question: Question<T>) -> Option<T> {
        T::deserialize(self.answers.get(question.name())?).ok()
    }
}

/// The tags that every resource has, besides those that say whose it is. The configuration may say
/// other values, and write the names otherwise: only the first is each resource's own.
pub(crate) const OUR_TAGS: [&str; 5] =
    ["Name", "Environment", "DataClassification", "ComplianceScope", "ManagedBy"];

/// Whether two names are of one tag to IAM, which ignores case (its guide, "Tags for IAM resources").
pub(crate) fn is_same_tag(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

impl Context<'_> {
    /// `base` with the suffix, such as `payment-vpc-dev`.
    #[must_use]
    pub fn name(&self, base: &str) -> String {
        format!("{base}-{}", self.suffix)
    }

    /// The name of a bucket: names are shared by all accounts, so it carries ours.
    #[must_use]
    pub fn bucket_name(&self, base: &str) -> String {
        format!("{base}-{}-{}", self.suffix, self.account)
    }

    /// The tags of the resource called `name`.
    #[must_use]
    pub fn tags(&self, name: &str) -> Tags {
        let values = [name, self.suffix.as_str(), "HighlyConfidential", "PCI-DSS", "payctl"]
            .map(str::to_owned);
        let ours = OUR_TAGS.into_iter().zip(values).filter(|(ours, _)| self.chosen(ours).is_none());
        let ours = ours.map(|(ours, value)| (ours.to_owned(), value));
        self.tags.clone().into_iter().chain(ours).collect()
    }

    /// How the tag `ours` is written in this environment.
    #[must_use]
    pub fn tag_name<'a>(&'a self, ours: &'a str) -> &'a str {
        self.chosen(ours).unwrap_or(ours)
    }

    /// What the configuration calls the tag `ours`, where it says it.
    fn chosen(&self, ours: &str) -> Option<&str> {
        self.tags.keys().map(String::as_str).find(|name| is_same_tag(name, ours))
    }

    /// The ARN of `resource` of `service` in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        let Self { partition, region, account, .. } = self;
        Arn::from(format!("arn:{partition}:{service}:{region}:{account}:{resource}"))
    }

    /// The ARN of the account's root, which stands for the whole account.
    #[must_use]
    pub fn root(&self) -> String {
        format!("arn:{}:iam::{}:root", self.partition, self.account)
    }

    /// The ARN of the role called `name`, whether it is there yet or not.
    #[must_use]
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", self.partition, self.account)
    }

    /// The list of the addresses of `service`, such as `s3`.
    #[must_use]
    pub fn prefix_list(&self, service: &str) -> PrefixListId {
        let lists = self.found.get(PREFIX_LISTS).unwrap_or_default();
        lists.get(service).cloned().unwrap_or_else(|| PrefixListId::from(""))
    }

    /// The digest of a handler's code.
    #[must_use]
    pub fn code(&self, handler: &str) -> CodeSha256 {
        self.handlers.get(handler).cloned().unwrap_or_else(|| CodeSha256::from(""))
    }
}
