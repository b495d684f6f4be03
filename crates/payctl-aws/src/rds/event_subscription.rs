//! Event subscriptions: what RDS tells a topic of.

use aws_sdk_rds::types;

use super::tags;
use crate::prelude::*;

/// What RDS tells a topic of.
#[kind(
    "rds.event_subscription",
    outputs(name: EventSubscriptionName, arn: Arn),
    stable(name, arn),
    typical(1.0, 5.0, 5.0),
    look = "rds:DescribeEventSubscriptions ListTagsForResource",
    create = "rds:AddTagsToResource CreateEventSubscription",
    change = "rds:AddTagsToResource ListTagsForResource ModifyEventSubscription \
        RemoveTagsFromResource",
    delete = "rds:DeleteEventSubscription",
    on = "arn:{partition}:rds:{region}:{account}:es:{name}",
)]
pub struct EventSubscription {
    /// In lower case, as AWS writes it so.
    // Sources are added and removed one by one: it holds nothing, so that one made anew is as good.
    #[prop(replaces, unique)]
    pub name: String,
    /// Its policy, and that of its key, have to let `events.rds.amazonaws.com` publish.
    pub topic: Input<Arn>,
    /// What the events are of, such as `db-instance`.
    #[prop(replaces)]
    pub source_type: String,
    /// Which of them, by their names. Empty: all of the account and region.
    #[prop(replaces)]
    pub sources: Set<Input<String>>,
    /// Such as `failure`.
    pub categories: Set<String>,
    pub enabled: bool,
    pub tags: Tags,
}

id! {
    /// An event subscription's name.
    EventSubscriptionName,
}

const GONE: &str = "SubscriptionNotFound";

impl Resource for EventSubscription {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<EventSubscriptionOutputs>> {
        let seen = alive(describe(cx, &self.name).await?);
        Ok(seen.map(|_| self.outputs(cx)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &EventSubscriptionOutputs) -> Result<Option<Self>> {
        let Some(seen) = alive(describe(cx, known.name.as_str()).await?) else { return Ok(None) };
        Ok(Some(Self {
            name: known.name.to_string(),
            topic: Arn::from(seen.sns_topic_arn().present("sns_topic_arn")?).into(),
            source_type: seen.source_type().unwrap_or_default().to_owned(),
            sources: seen.source_ids_list().iter().map(|id| Input::from(id.as_str())).collect(),
            categories: seen.event_categories_list().iter().cloned().collect(),
            enabled: seen.enabled().unwrap_or_default(),
            tags: tags::all(cx, &known.arn).await?,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<EventSubscriptionOutputs> {
        let sources = self.sources.iter().map(|source| source.get().cloned());
        let sources = sources.collect::<std::result::Result<Vec<_>, _>>()?;
        let request = cx.cloud.rds.create_event_subscription().subscription_name(&self.name);
        request
            .sns_topic_arn(self.topic.get()?)
            .source_type(&self.source_type)
            // An empty list is not the same as none.
            .set_source_ids((!sources.is_empty()).then_some(sources))
            .set_event_categories(Some(self.categories.iter().cloned().collect()))
            .enabled(self.enabled)
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await?;
        Ok(self.outputs(cx))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &EventSubscriptionOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.names().any(|name| name != "tags") {
            let request = cx.cloud.rds.modify_event_subscription().subscription_name(&known.name);
            request
                .sns_topic_arn(self.topic.get()?)
                .source_type(&self.source_type)
                .set_event_categories(Some(self.categories.iter().cloned().collect()))
                .enabled(self.enabled)
                .send()
                .await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &EventSubscriptionOutputs) -> Result<()> {
        let Some(seen) = describe(cx, known.name.as_str()).await? else { return Ok(()) };
        if !deleting(&seen) {
            let request = cx.cloud.rds.delete_event_subscription();
            let request = request.subscription_name(&known.name);
            request.send().await.unless_absent(GONE)?;
        }
        Err(AwsError::pending("the event subscription to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &EventSubscriptionOutputs) -> Result<Readiness> {
        let seen = describe(cx, known.name.as_str()).await?;
        match seen.as_ref().and_then(|seen| seen.status()) {
            Some("active") => Ok(Readiness::Ready),
            // Nobody would hear of anything.
            Some(status @ ("no-permission" | "topic-not-exist")) => {
                Err(AwsError::invalid(format!(
                    "the event subscription has status {status}: its topic is not there for it"
                )))
            }
            _ => Ok(Readiness::NotYet("the event subscription to become active".to_owned())),
        }
    }
}

impl EventSubscription {
    fn outputs(&self, cx: &Cx<'_>) -> EventSubscriptionOutputs {
        let arn = cx.cloud.facts.arn("rds", &format!("es:{}", self.name));
        EventSubscriptionOutputs { name: self.name.as_str().into(), arn }
    }
}

fn deleting(seen: &types::EventSubscription) -> bool {
    seen.status() == Some("deleting")
}

/// One on its way out is as good as gone.
fn alive(seen: Option<types::EventSubscription>) -> Option<types::EventSubscription> {
    seen.filter(|seen| !deleting(seen))
}

async fn describe(cx: &Cx<'_>, name: &str) -> Result<Option<types::EventSubscription>> {
    let request = cx.cloud.rds.describe_event_subscriptions().subscription_name(name);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.event_subscriptions_list).unwrap_or_default().pop())
}
