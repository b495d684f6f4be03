//! Rules: which events on the account's default bus are passed on, and to whom.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::operation::put_rule::builders::PutRuleFluentBuilder;
use aws_sdk_eventbridge::types::{self, RuleState, Tag};

use crate::Document;
use crate::leftovers::names;
use crate::prelude::*;

/// Which events are passed on, and to whom.
#[kind(
    "eventbridge.rule",
    outputs(name: RuleName, arn: Arn),
    stable(name, arn),
    look = "events:DescribeRule ListTagsForResource ListTargetsByRule",
    create = "events:PutRule TagResource",
    change = "events:ListTargetsByRule PutRule PutTargets RemoveTargets TagResource \
        UntagResource",
    delete = "events:DeleteRule ListTargetsByRule RemoveTargets",
    on = "arn:{partition}:events:{region}:{account}:rule/{name}",
)]
pub struct Rule {
    #[prop(
        replaces, unique,
        length(1..=64), pattern = r"[\.\-_A-Za-z0-9]+",
        source = "PutRule.name"
    )]
    pub name: String,
    #[prop(length(..=512), source = "PutRule.description")]
    pub description: String,
    /// Which events, in EventBridge's own structure.
    pub pattern: Document,
    pub enabled: bool,
    /// To whom, by an id within the rule.
    #[prop(later)]
    pub targets: BTreeMap<String, Target>,
    pub tags: Tags,
}

/// Whom events are passed on to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// A queue, topic or function, whose policy has to let EventBridge in.
    pub arn: Input<Arn>,
    /// What it gets in place of the event. None: the event as it is.
    pub input: Option<InputTransformer>,
}

/// A text with parts of the event in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputTransformer {
    /// Where in the event the template's variables are found, such as `$.detail.state`.
    pub paths: BTreeMap<String, String>,
    /// The text, with variables such as `<state>`.
    pub template: String,
}

id! {
    /// A rule's name.
    RuleName,
}

const GONE: &str = "ResourceNotFoundException";

impl Resource for Rule {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<RuleOutputs>> {
        let names = names(cx, ":rule/").await?.into_iter();
        Ok(names.map(|name| outputs(cx, &name)).collect())
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RuleOutputs>> {
        let request = cx.cloud.eventbridge.describe_rule().name(&self.name);
        let seen = request.send().await.unless_absent(GONE)?;
        Ok(seen.map(|_| outputs(cx, &self.name)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &RuleOutputs) -> Result<Option<Self>> {
        let request = cx.cloud.eventbridge.describe_rule().name(&known.name);
        let seen = async { request.send().await.unless_absent(GONE) };
        let (seen, targets, tags) =
            futures::try_join!(seen, targets(cx, &known.name), tags(cx, &known.arn))?;
        let (Some(seen), Some(targets), Some(tags)) = (seen, targets, tags) else {
            return Ok(None);
        };
        Ok(Some(Self {
            name: known.name.to_string(),
            description: seen.description.unwrap_or_default(),
            pattern: Document::parse(&seen.event_pattern.unwrap_or_default()),
            enabled: seen.state != Some(RuleState::Disabled),
            targets: targets.iter().map(|target| (target.id.clone(), target.into())).collect(),
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RuleOutputs> {
        self.put(cx)?.set_tags(Some(written(&self.tags)?)).send().await?;
        Ok(outputs(cx, &self.name))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &RuleOutputs, changed: &Changed) -> Result<()> {
        // The call replaces the rule as a whole, save for its targets and tags.
        if changed.any(&["description", "pattern", "enabled"]) {
            self.put(cx)?.send().await?;
        }
        if changed.has("targets") {
            self.set_targets(cx, known).await?;
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RuleOutputs) -> Result<()> {
        // EventBridge wants them gone before, and is content with a rule that is not there.
        let seen = targets(cx, &known.name).await?.unwrap_or_default();
        remove(cx, &known.name, seen.into_iter().map(|target| target.id).collect()).await?;
        let request = cx.cloud.eventbridge.delete_rule().name(&known.name);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Rule {
    fn put(&self, cx: &Cx<'_>) -> Result<PutRuleFluentBuilder> {
        let state = if self.enabled { RuleState::Enabled } else { RuleState::Disabled };
        let request = cx.cloud.eventbridge.put_rule().name(&self.name);
        let request = request.description(&self.description).state(state);
        Ok(request.event_pattern(self.pattern.text()?))
    }

    async fn set_targets(&self, cx: &Cx<'_>, known: &RuleOutputs) -> Result<()> {
        if !self.targets.is_empty() {
            let all = self.targets.iter().map(|(id, target)| target.written(id));
            let request = cx.cloud.eventbridge.put_targets().rule(&known.name);
            let request = request.set_targets(Some(all.collect::<Result<_>>()?));
            let reply = request.send().await?;
            let failed = reply.failed_entries().first();
            let why = failed.map(|entry| (entry.error_code(), entry.error_message()));
            refuse_failed("PutTargets", reply.failed_entry_count, why)?;
        }
        let seen = targets(cx, &known.name).await?.unwrap_or_default();
        let seen = seen.into_iter().map(|target| target.id);
        let surplus = seen.filter(|id| !self.targets.contains_key(id)).collect();
        remove(cx, &known.name, surplus).await
    }
}

fn outputs(cx: &Cx<'_>, name: &str) -> RuleOutputs {
    let arn = cx.cloud.facts.arn("events", &format!("rule/{name}"));
    RuleOutputs { name: name.into(), arn }
}

impl Target {
    fn written(&self, id: &str) -> Result<types::Target> {
        let target = types::Target::builder().id(id).arn(self.arn.get()?);
        let Some(input) = &self.input else { return Ok(target.build()?) };
        let transformer = types::InputTransformer::builder()
            .set_input_paths_map(Some(input.paths.clone().into_iter().collect()))
            .input_template(&input.template);
        Ok(target.input_transformer(transformer.build()?).build()?)
    }
}

/// The rule's targets. It has five at most, unless AWS allows the account more; a page has 100.
async fn targets(cx: &Cx<'_>, rule: &RuleName) -> Result<Option<Vec<types::Target>>> {
    let request = cx.cloud.eventbridge.list_targets_by_rule().rule(rule);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.map(|reply| reply.targets.unwrap_or_default()))
}

async fn remove(cx: &Cx<'_>, rule: &RuleName, ids: Vec<String>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let request = cx.cloud.eventbridge.remove_targets().rule(rule).set_ids(Some(ids));
    let Some(reply) = request.send().await.unless_absent(GONE)? else { return Ok(()) };
    let failed = reply.failed_entries().first();
    let why = failed.map(|entry| (entry.error_code(), entry.error_message()));
    refuse_failed("RemoveTargets", reply.failed_entry_count, why)
}

/// Refuses an answer that is fine but for some of the targets: `why` is the code and message of
/// the first of them.
fn refuse_failed(
    operation: &str,
    count: i32,
    why: Option<(Option<&str>, Option<&str>)>,
) -> Result<()> {
    match why {
        None if count == 0 => Ok(()),
        why => {
            let (code, message) = why.unwrap_or_default();
            Err(AwsError::of_part(operation, code, message))
        }
    }
}

async fn tags(cx: &Cx<'_>, arn: &Arn) -> Result<Option<Tags>> {
    let request = cx.cloud.eventbridge.list_tags_for_resource().resource_arn(arn);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.map(|reply| {
        let tags = reply.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
        tags.filter(|(key, _)| !crate::is_ignored(key)).collect()
    }))
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let eventbridge = &cx.cloud.eventbridge;
    let seen = tags(cx, arn).await?.unwrap_or_default();
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    eventbridge.tag_resource().resource_arn(arn).set_tags(Some(written(wanted)?)).send().await?;
    if !surplus.is_empty() {
        let request = eventbridge.untag_resource().resource_arn(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().key(key).value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}

impl From<&types::Target> for Target {
    fn from(seen: &types::Target) -> Self {
        let input = seen.input_transformer().map(|input| InputTransformer {
            paths: input.input_paths_map().cloned().unwrap_or_default().into_iter().collect(),
            template: input.input_template().to_owned(),
        });
        Self { arn: Arn::from(seen.arn()).into(), input }
    }
}

#[cfg(test)]
mod tests {
    use payctl_engine::{Failure, FailureKind};

    use super::*;

    #[test]
    fn a_target_that_failed_is_a_failure() {
        let kind = |count, why| {
            let failure = refuse_failed("PutTargets", count, why).err().map(Failure::from);
            failure.map(|failure| failure.kind)
        };
        assert_eq!(kind(0, None), None);
        let busy = (Some("ConcurrentModificationException"), Some("try again"));
        assert_eq!(kind(1, Some(busy)), Some(FailureKind::Busy));
        assert_eq!(kind(1, Some((Some("ValidationException"), None))), Some(FailureKind::Invalid));
        assert!(kind(1, None).is_some());
    }
}
