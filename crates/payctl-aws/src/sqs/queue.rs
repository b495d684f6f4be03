//! Queues: where messages wait until somebody has worked on them.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;

use crate::leftovers::names;
use crate::prelude::*;

/// Where messages wait until somebody has worked on them.
#[kind(
    "sqs.queue",
    outputs(url: QueueUrl, arn: Arn, name: QueueName),
    stable(arn, name),
    // What waits in it is payments that nobody has worked on.
    keeps_data,
    typical(0.5, 1.0, 30.0),
    look = "sqs:GetQueueAttributes GetQueueUrl ListQueueTags",
    create = "sqs:CreateQueue TagQueue",
    change = "sqs:SetQueueAttributes TagQueue UntagQueue",
    delete = "sqs:DeleteQueue",
    on = "arn:{partition}:sqs:{region}:{account}:{name}",
)]
pub struct Queue {
    // CreateQueue answers for a queue that exists as if it had made it, but only where the
    // attributes and tags are the same, and the ownership tags are nobody else's.
    #[prop(
        replaces,
        unique,
        pattern = "[A-Za-z0-9_-]{1,80}",
        source = "SQS CreateQueue QueueName"
    )]
    pub name: String,
    /// How long a message that was received is hidden from all others.
    #[prop(range(0..=43_200), source = "SQS CreateQueue VisibilityTimeout")]
    pub visibility_timeout_s: u32,
    /// How long a message is kept that nobody deletes: one minute to 14 days.
    #[prop(range(60..=1_209_600), source = "SQS CreateQueue MessageRetentionPeriod")]
    pub retention_s: u32,
    /// How long a receive waits for a message, at most 20.
    #[prop(range(0..=20), source = "SQS CreateQueue ReceiveMessageWaitTimeSeconds")]
    pub receive_wait_s: u32,
    /// How long a new message is held back.
    #[prop(range(0..=900), source = "SQS CreateQueue DelaySeconds")]
    pub delay_s: u32,
    /// The longest message, 1 KiB to 1 MiB.
    #[prop(range(1024..=1_048_576), source = "SQS CreateQueue MaximumMessageSize")]
    pub max_message_bytes: u32,
    pub encryption: Encryption,
    /// Who may do what with it. None: whom its account lets.
    pub policy: Option<Policy>,
    /// None: messages stay, however often they are received.
    pub redrive: Option<Redrive>,
    /// The queues that may move messages here. None: all of the account and region.
    pub redrive_allow: Option<Set<Input<Arn>>>,
    pub tags: Tags,
}

/// How messages are encrypted while they wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// With keys that SQS keeps itself.
    Managed,
    /// With a key of KMS. A data key of it is used for so long before KMS is asked for another:
    /// one minute to a day.
    Kms { key: Input<Arn>, reuse_s: u32 },
    /// Not at all. It can be seen, not declared.
    Off,
}

/// What becomes of messages that are received again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Redrive {
    /// The queue they are moved to.
    pub dead_letter: Input<Arn>,
    /// After how many receives.
    pub max_receives: u32,
}

id! {
    /// A queue's name.
    QueueName,
    /// Where a queue is reached. Its host is that of the endpoint that answered it.
    QueueUrl,
}

const GONE: &str = "QueueDoesNotExist";

impl Resource for Queue {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<QueueOutputs>> {
        let mut ours = Vec::new();
        for name in names(cx, ":").await? {
            ours.extend(url(cx, &name).await?.map(|url| outputs(cx, &name, url)));
        }
        Ok(ours)
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<QueueOutputs>> {
        let url = url(cx, &self.name).await?;
        Ok(url.map(|url| outputs(cx, &self.name, url)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &QueueOutputs) -> Result<Option<Self>> {
        let url = &known.url;
        let (seen, tags) = futures::try_join!(attributes(cx, url), tags(cx, url))?;
        let (Some(seen), Some(tags)) = (seen, tags) else { return Ok(None) };
        Self::of(known.name.as_str(), &seen, tags).map(Some)
    }

    async fn deletion_view(
        cx: &Cx<'_>,
        known: &QueueOutputs,
    ) -> Result<Option<DeletionView<Self>>> {
        Ok(tags(cx, &known.url).await?.map(|tags| DeletionView::Some(json!({ "tags": tags }))))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<QueueOutputs> {
        let request = cx.cloud.sqs.create_queue().queue_name(&self.name);
        let request = request.set_attributes(Some(self.attributes()?));
        let tags = self.tags.clone().into_iter().collect();
        let reply = match request.set_tags(Some(tags)).send().await.map_err(AwsError::from) {
            Err(error) if error.code().is_some_and(|code| code.ends_with(RECENTLY)) => {
                return Err(AwsError::pending(
                    "SQS to free the name, a minute after its queue was deleted",
                ));
            }
            reply => reply?,
        };
        Ok(outputs(cx, &self.name, reply.queue_url.present("queue_url")?.into()))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &QueueOutputs, changed: &Changed) -> Result<()> {
        let url = url(cx, known.name.as_str()).await?;
        let url = url.ok_or_else(|| AwsError::not_visible("the queue"))?;
        let attributes = self.attributes_of(changed.names())?;
        if !attributes.is_empty() {
            let request = cx.cloud.sqs.set_queue_attributes().queue_url(&url);
            request.set_attributes(Some(attributes)).send().await?;
        }
        if changed.has("tags") {
            replace_tags(cx, &url, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &QueueOutputs) -> Result<()> {
        let name = known.name.as_str();
        let Some(at) = url(cx, name).await? else { return Ok(()) };
        let request = cx.cloud.sqs.delete_queue().queue_url(&at);
        if request.send().await.unless_absent(GONE)?.is_none() || url(cx, name).await?.is_none() {
            return Ok(());
        }
        // Whoever looks while it still answers would take it for one that stays.
        Err(AwsError::pending("the queue to be gone, which takes up to a minute"))
    }

    async fn ready(cx: &Cx<'_>, known: &QueueOutputs) -> Result<Readiness> {
        Ok(match url(cx, known.name.as_str()).await? {
            Some(_) => Readiness::Ready,
            None => Readiness::NotYet("the new queue to be known everywhere".to_owned()),
        })
    }
}

/// Both forms of the code, with and without the service's name before it, end like this.
const RECENTLY: &str = "QueueDeletedRecently";

impl Queue {}

fn outputs(cx: &Cx<'_>, name: &str, url: QueueUrl) -> QueueOutputs {
    QueueOutputs { url, arn: cx.cloud.facts.arn("sqs", name), name: name.into() }
}

/// Where the queue of that name is reached. A URL on record may be of another endpoint.
async fn url(cx: &Cx<'_>, name: &str) -> Result<Option<QueueUrl>> {
    let request = cx.cloud.sqs.get_queue_url().queue_name(name);
    let reply = request.send().await.unless_absent(GONE)?;
    reply.map(|reply| Ok(reply.queue_url.present("queue_url")?.into())).transpose()
}

async fn attributes(
    cx: &Cx<'_>,
    url: &QueueUrl,
) -> Result<Option<HashMap<QueueAttributeName, String>>> {
    let request = cx.cloud.sqs.get_queue_attributes().queue_url(url);
    let request = request.attribute_names(QueueAttributeName::All);
    let reply = request.send().await.unless_absent(GONE)?;
    reply.map(|reply| reply.attributes.present("attributes")).transpose()
}

async fn tags(cx: &Cx<'_>, url: &QueueUrl) -> Result<Option<Tags>> {
    let request = cx.cloud.sqs.list_queue_tags().queue_url(url);
    let reply = request.send().await.unless_absent(GONE)?;
    let tags = reply.map(|reply| reply.tags.unwrap_or_default().into_iter());
    Ok(tags.map(|tags| tags.filter(|(key, _)| !crate::is_ignored(key)).collect()))
}

async fn replace_tags(cx: &Cx<'_>, url: &QueueUrl, wanted: &Tags) -> Result<()> {
    let sqs = &cx.cloud.sqs;
    let seen = tags(cx, url).await?.unwrap_or_default();
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    let wanted = wanted.clone().into_iter().collect();
    sqs.tag_queue().queue_url(url).set_tags(Some(wanted)).send().await?;
    if !surplus.is_empty() {
        sqs.untag_queue().queue_url(url).set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}
