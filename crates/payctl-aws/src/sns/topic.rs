//! Topics: what is published to one is told to everybody who subscribed to it.

use std::collections::HashMap;

use aws_sdk_sns::types::Tag;

use crate::leftovers::names;
use crate::prelude::*;

/// What is published to it is told to everybody who subscribed.
#[kind(
    "sns.topic",
    outputs(name: TopicName, arn: Arn),
    stable(name, arn),
    look = "sns:GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource",
    create = "sns:CreateTopic TagResource",
    change = "sns:SetTopicAttributes TagResource Unsubscribe UntagResource",
    delete = "sns:DeleteTopic",
    unscoped = "sns:Unsubscribe",
    on = "arn:{partition}:sns:{region}:{account}:{name}",
    attachments = ["subscription"],
)]
pub struct Topic {
    // CreateTopic answers for a topic that exists as if it had made it, but only where the
    // attributes and tags are the same, and the ownership tags are nobody else's.
    #[prop(replaces, unique, pattern = "[A-Za-z0-9_-]{1,256}", source = "SNS CreateTopic Name")]
    pub name: String,
    /// From whom its e-mails say they are. Empty for none.
    pub display_name: String,
    /// The key that messages are encrypted with. Its policy has to let the services that publish
    /// use it, which that of SNS's own key, `alias/aws/sns`, does not. None: not encrypted.
    pub kms_key: Option<Input<Arn>>,
    /// Who may do what with it. A topic always has one: AWS gives its own where none is declared.
    pub policy: Policy,
    pub tags: Tags,
}

id! {
    /// A topic's name.
    TopicName,
}

const GONE: &str = "NotFound";

impl Resource for Topic {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<TopicOutputs>> {
        let names = names(cx, ":").await?.into_iter();
        let outputs = |name: String| {
            let arn = cx.cloud.facts.arn("sns", &name);
            TopicOutputs { name: name.into(), arn }
        };
        Ok(names.map(outputs).collect())
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<TopicOutputs>> {
        let arn = cx.cloud.facts.arn("sns", &self.name);
        let seen = attributes(cx, &arn).await?;
        let name = self.name.as_str().into();
        Ok(seen.map(|_| TopicOutputs { name, arn }).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &TopicOutputs) -> Result<Option<Self>> {
        let (seen, tags) = futures::try_join!(attributes(cx, &known.arn), tags(cx, &known.arn))?;
        let (Some(mut seen), Some(tags)) = (seen, tags) else { return Ok(None) };
        let key = seen.remove("KmsMasterKeyId").filter(|key| !key.is_empty());
        Ok(Some(Self {
            name: known.name.to_string(),
            display_name: seen.remove("DisplayName").unwrap_or_default(),
            kms_key: key.map(|key| Arn::from(key).into()),
            policy: Policy::parse(&seen.remove("Policy").present("Policy")?)?,
            tags,
        }))
    }

    /// Queues, functions and streams of other accounts. People subscribe to a topic by themselves.
    async fn attachments(
        cx: &Cx<'_>,
        known: &TopicOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        let sns = &cx.cloud.sns;
        let request = sns.list_subscriptions_by_topic().topic_arn(&known.arn);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.unless_absent(GONE)? else { break };
            for seen in page.subscriptions() {
                let endpoint = seen.endpoint().unwrap_or_default();
                // Before it is confirmed, and when it is deleted, that is only a word that says so.
                let arn = seen.subscription_arn().filter(|arn| arn.starts_with("arn:"));
                let (Some(arn), true) =
                    (arn, cx.cloud.facts.is_of_another_account(&Arn::from(endpoint)))
                else {
                    continue;
                };
                if attachments.is_declared("sns.subscription", &[("endpoint", endpoint)]) {
                    continue;
                }
                if attachments.meets("subscription", &format!("of {endpoint}")) {
                    let request = sns.unsubscribe().subscription_arn(arn);
                    request.send().await.unless_absent(GONE)?;
                }
            }
        }
        Ok(())
    }

    async fn deletion_view(
        cx: &Cx<'_>,
        known: &TopicOutputs,
    ) -> Result<Option<DeletionView<Self>>> {
        Ok(tags(cx, &known.arn).await?.map(|tags| DeletionView::Some(json!({ "tags": tags }))))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<TopicOutputs> {
        // With the call, so that it never is without its key or open to others.
        let mut attributes = HashMap::new();
        for property in ["display_name", "kms_key", "policy"] {
            attributes.extend(self.attribute(property)?.filter(|(_, value)| !value.is_empty()));
        }
        let request = cx.cloud.sns.create_topic().name(&self.name);
        let reply = request
            .set_attributes(Some(attributes))
            .set_tags(Some(written(&self.tags)?))
            .send()
            .await?;
        let arn = reply.topic_arn.present("topic_arn")?.into();
        Ok(TopicOutputs { name: self.name.as_str().into(), arn })
    }

    async fn converge(&self, cx: &Cx<'_>, known: &TopicOutputs, changed: &Changed) -> Result<()> {
        for property in changed.names() {
            if let Some((name, value)) = self.attribute(property)? {
                let request = cx.cloud.sns.set_topic_attributes().topic_arn(&known.arn);
                request.attribute_name(name).attribute_value(value).send().await?;
            }
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &TopicOutputs) -> Result<()> {
        let request = cx.cloud.sns.delete_topic().topic_arn(&known.arn);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Topic {
    /// The attribute that a property is, and its value; an empty one takes it away.
    fn attribute(&self, property: &str) -> Result<Option<(String, String)>> {
        let (name, value) = match property {
            "display_name" => ("DisplayName", self.display_name.clone()),
            "kms_key" => {
                let key = self.kms_key.as_ref().map(Input::get).transpose()?;
                ("KmsMasterKeyId", key.map(String::from).unwrap_or_default())
            }
            "policy" => ("Policy", self.policy.document()?),
            _ => return Ok(None),
        };
        Ok(Some((name.to_owned(), value)))
    }
}

async fn attributes(cx: &Cx<'_>, arn: &Arn) -> Result<Option<HashMap<String, String>>> {
    let request = cx.cloud.sns.get_topic_attributes().topic_arn(arn);
    let reply = request.send().await.unless_absent(GONE)?;
    reply.map(|reply| reply.attributes.present("attributes")).transpose()
}

async fn tags(cx: &Cx<'_>, arn: &Arn) -> Result<Option<Tags>> {
    let request = cx.cloud.sns.list_tags_for_resource().resource_arn(arn);
    let Some(reply) = request.send().await.unless_absent("ResourceNotFound")? else {
        return Ok(None);
    };
    let tags = reply.tags().iter().filter(|tag| !crate::is_ignored(tag.key()));
    Ok(Some(tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()))
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let sns = &cx.cloud.sns;
    let seen = tags(cx, arn).await?.unwrap_or_default();
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    sns.tag_resource().resource_arn(arn).set_tags(Some(written(wanted)?)).send().await?;
    if !surplus.is_empty() {
        sns.untag_resource().resource_arn(arn).set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().key(key).value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}
