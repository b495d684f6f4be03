//! Rules: AWS Config's judgement on how resources are set up, by one of AWS's own rules.

use std::collections::BTreeMap;

use aws_sdk_config::types::{self, ConfigRule, ConfigRuleState, Owner, Source, Tag};
use payctl_engine::{Failure, FailureKind};
use serde_json::Value;

use crate::prelude::*;

/// Judges how resources are set up. It sees what the account's configuration recorder records,
/// and cannot be made where there is none.
#[kind(
    "config.rule",
    // AWS gives it an id of its own, which its ARN ends with.
    outputs(name: RuleName, arn: Arn),
    stable(name),
    typical(1.0, 0.0, 30.0),
    look = "config:DescribeConfigRules ListTagsForResource",
    create = "config:PutConfigRule TagResource",
    change = "config:PutConfigRule TagResource UntagResource",
    delete = "config:DeleteConfigRule",
    unscoped = "config:DescribeConfigRules",
    on = "arn:{partition}:config:{region}:{account}:config-rule/*",
)]
pub struct Rule {
    #[prop(
        replaces, unique,
        length(1..=128),
        source = "PutConfigRule.config_rule.config_rule_name"
    )]
    pub name: String,
    /// Empty for none.
    #[prop(length(..=256), source = "PutConfigRule.config_rule.description")]
    pub description: String,
    /// Which of AWS's managed rules, such as `REQUIRED_TAGS`.
    #[prop(length(1..=256), source = "PutConfigRule.config_rule.source.source_identifier")]
    pub source: String,
    /// What the managed rule takes, such as `tag1Key`.
    pub parameters: BTreeMap<String, String>,
    pub scope: Scope,
    /// How often a rule judges that does so by the clock, such as `TwentyFour_Hours`; as often as
    /// AWS has it do so when unset.
    #[prop(
        one_of("One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"),
        source = "PutConfigRule.config_rule.maximum_execution_frequency"
    )]
    pub frequency: Option<String>,
    pub tags: Tags,
}

/// Which resources a rule judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All that are recorded.
    Everything,
    /// Those of the types, such as `AWS::S3::Bucket`.
    Types(Set<String>),
    /// Those with the tag.
    Tagged { key: String, value: String },
    /// What others made of it. It can be seen, not declared.
    Other(String),
}

id! {
    /// A rule's name.
    RuleName,
}

const GONE: &str = "NoSuchConfigRuleException";

impl Resource for Rule {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RuleOutputs>> {
        let seen = look(cx, &self.name).await?.filter(|seen| !deleting(seen));
        seen.as_ref().map(RuleOutputs::try_from).into_iter().collect()
    }

    async fn read(cx: &Cx<'_>, known: &RuleOutputs) -> Result<Option<Self>> {
        let (seen, tags) = futures::try_join!(look(cx, known.name.as_str()), tags(cx, &known.arn))?;
        let Some(seen) = seen.filter(|seen| !deleting(seen)) else { return Ok(None) };
        Ok(Some(Self { tags, ..Self::try_from(&seen)? }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RuleOutputs> {
        // The call would change a rule of that name, whoever made it.
        if let Some(seen) = look(cx, &self.name).await? {
            if deleting(&seen) {
                return Err(AwsError::pending("the Config rule before it to be deleted"));
            }
            let message = format!("there is a Config rule {} already", self.name);
            return Err(Failure::new(FailureKind::Conflict, message).into());
        }
        self.put(cx).await?;
        // What it answers is empty, and the ARN does not follow from the name.
        let seen = look(cx, &self.name).await?;
        (&seen.ok_or_else(|| AwsError::not_visible("the Config rule"))?).try_into()
    }

    async fn converge(&self, cx: &Cx<'_>, known: &RuleOutputs, changed: &Changed) -> Result<()> {
        // Each call replaces the rule as a whole, save for its tags: those it sets but once.
        if changed.names().any(|name| name != "tags") {
            self.put(cx).await?;
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RuleOutputs) -> Result<()> {
        let Some(seen) = look(cx, known.name.as_str()).await? else { return Ok(()) };
        if !deleting(&seen) {
            let request = cx.cloud.config.delete_config_rule().config_rule_name(&known.name);
            request.send().await.unless_absent(GONE)?;
        }
        Err(AwsError::pending("the Config rule to be deleted"))
    }
}

impl Rule {
    async fn put(&self, cx: &Cx<'_>) -> Result<()> {
        let source = Source::builder().owner(Owner::Aws).source_identifier(&self.source).build()?;
        let parameters = serde_json::to_string(&self.parameters)
            .map_err(|source| AwsError::unexpected("rule's parameters", source))?;
        let rule = ConfigRule::builder()
            .config_rule_name(&self.name)
            .description(&self.description)
            .source(source)
            .input_parameters(parameters)
            .set_scope(self.scope.written()?)
            .set_maximum_execution_frequency(self.frequency.as_deref().map(Into::into))
            .build();
        let request = cx.cloud.config.put_config_rule().config_rule(rule);
        let reply = request.set_tags(Some(written(&self.tags))).send().await;
        reply.map_err(AwsError::from).map_err(with_advice)?;
        Ok(())
    }
}

impl Scope {
    fn written(&self) -> Result<Option<types::Scope>> {
        let scope = types::Scope::builder();
        Ok(Some(match self {
            Self::Everything => return Ok(None),
            Self::Types(names) => {
                let names = names.iter().cloned().collect();
                scope.set_compliance_resource_types(Some(names)).build()
            }
            Self::Tagged { key, value } => scope.tag_key(key).tag_value(value).build(),
            Self::Other(what) => {
                return Err(AwsError::invalid(format!("payctl cannot limit a rule to {what}")));
            }
        }))
    }
}

/// The failure, with what to do where there is no recorder.
fn with_advice(error: AwsError) -> AwsError {
    if error.code() != Some("NoAvailableConfigurationRecorderException") {
        return error;
    }
    let failure = Failure::from(error);
    let message = format!(
        "{}: set up AWS Config's recorder in this region, or do without the rules",
        failure.message.trim_end_matches('.')
    );
    Failure { message, ..failure }.into()
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<ConfigRule>> {
    let request = cx.cloud.config.describe_config_rules().config_rule_names(name);
    let reply = request.send().await.unless_absent(GONE)?;
    let rules = reply.and_then(|reply| reply.config_rules).unwrap_or_default();
    Ok(rules.into_iter().find(|rule| rule.config_rule_name() == Some(name)))
}

fn deleting(seen: &ConfigRule) -> bool {
    seen.config_rule_state() == Some(&ConfigRuleState::Deleting)
}

async fn tags(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let pages = cx.cloud.config.list_tags_for_resource().resource_arn(arn).into_paginator();
    let tags = pages.items().send().collect::<std::result::Result<Vec<_>, _>>().await;
    let tags = tags.unless_absent("ResourceNotFoundException")?.unwrap_or_default();
    let read = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    let tags = tags.into_iter().filter_map(read);
    Ok(tags.filter(|(key, _)| !crate::is_ignored(key)).collect())
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let config = &cx.cloud.config;
    let seen = tags(cx, arn).await?;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    config.tag_resource().resource_arn(arn).set_tags(Some(written(wanted))).send().await?;
    if !surplus.is_empty() {
        let request = config.untag_resource().resource_arn(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

impl TryFrom<&ConfigRule> for RuleOutputs {
    type Error = AwsError;

    fn try_from(seen: &ConfigRule) -> Result<Self> {
        Ok(Self {
            name: seen.config_rule_name().present("config_rule_name")?.into(),
            arn: seen.config_rule_arn().present("config_rule_arn")?.into(),
        })
    }
}

impl TryFrom<&ConfigRule> for Rule {
    type Error = AwsError;

    fn try_from(seen: &ConfigRule) -> Result<Self> {
        let source = seen.source().present("source")?;
        let identifier = source.source_identifier().unwrap_or_default();
        Ok(Self {
            name: seen.config_rule_name().present("config_rule_name")?.to_owned(),
            description: seen.description().unwrap_or_default().to_owned(),
            source: match source.owner() {
                Owner::Aws => identifier.to_owned(),
                other => format!("{other} {identifier}"),
            },
            parameters: parameters(seen.input_parameters().unwrap_or_default())?,
            scope: seen.scope().into(),
            frequency: seen.maximum_execution_frequency().map(|often| often.as_str().to_owned()),
            tags: Tags::new(),
        })
    }
}

impl From<Option<&types::Scope>> for Scope {
    fn from(seen: Option<&types::Scope>) -> Self {
        let Some(seen) = seen else { return Self::Everything };
        let types = seen.compliance_resource_types();
        match (seen.compliance_resource_id(), seen.tag_key(), seen.tag_value()) {
            (Some(id), ..) => Self::Other(format!("the {} {id}", types.join(", "))),
            (_, Some(key), Some(value)) => {
                Self::Tagged { key: key.to_owned(), value: value.to_owned() }
            }
            (_, Some(key), None) => Self::Other(format!("what has a tag {key}")),
            _ if types.is_empty() => Self::Everything,
            _ => Self::Types(types.iter().cloned().collect()),
        }
    }
}

/// A rule's parameters as AWS writes them: a JSON object of texts, or nothing.
fn parameters(text: &str) -> Result<BTreeMap<String, String>> {
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let all: BTreeMap<String, Value> = serde_json::from_str(text)
        .map_err(|source| AwsError::unexpected("rule's input_parameters", source))?;
    let plain = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(all.into_iter().map(|(name, value)| (name, plain(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_as_it_is_written() {
        let types = ["AWS::S3::Bucket", "AWS::EC2::Instance"].map(str::to_owned);
        let tagged = Scope::Tagged { key: "Suffix".to_owned(), value: "dev".to_owned() };
        for scope in [Scope::Everything, Scope::Types(types.into_iter().collect()), tagged] {
            assert_eq!(Scope::from(scope.written().unwrap().as_ref()), scope);
        }
        let none = types::Scope::builder().set_compliance_resource_types(Some(Vec::new()));
        assert_eq!(Scope::from(Some(&none.build())), Scope::Everything);
    }

    #[test]
    fn a_scope_that_others_made_is_seen_and_not_declared() {
        let one = types::Scope::builder()
            .compliance_resource_types("AWS::S3::Bucket")
            .compliance_resource_id("files");
        let seen = Scope::from(Some(&one.build()));
        assert_eq!(seen, Scope::Other("the AWS::S3::Bucket files".to_owned()));
        assert!(seen.written().is_err());
        let key = types::Scope::builder().tag_key("Suffix").build();
        assert_eq!(Scope::from(Some(&key)), Scope::Other("what has a tag Suffix".to_owned()));
    }

    #[test]
    fn parameters_are_texts_however_aws_writes_them() {
        let seen = parameters(r#"{"tag1Key":"Environment","maximum":30}"#).unwrap();
        let expected = [("maximum", "30"), ("tag1Key", "Environment")];
        assert_eq!(seen, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert!(parameters("").unwrap().is_empty());
        assert!(parameters("[]").is_err());
    }
}
