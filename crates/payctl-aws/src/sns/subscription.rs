//! Subscriptions: who is told what is published to a topic.

use crate::prelude::*;

/// One who is told what is published to a topic.
///
/// The owner of an e-mail address has to confirm it, in a mail that SNS sends. Until then it is
/// told nothing, and SNS drops what is not confirmed within two days.
#[kind(
    "sns.subscription",
    // It has an ARN, which SNS does not list before it is confirmed.
    outputs(topic: Arn, protocol: String, endpoint: String),
    stable(topic, protocol, endpoint),
    look = "sns:ListSubscriptionsByTopic",
    create = "sns:Subscribe",
    delete = "sns:Unsubscribe",
    unscoped = "sns:Unsubscribe",
)]
pub struct Subscription {
    // A second call changes nothing, though the mail to confirm is sent once more.
    #[prop(replaces, unique, parent)]
    pub topic: Input<Arn>,
    /// Such as `email`.
    #[prop(
        replaces,
        unique,
        one_of(
            "http",
            "https",
            "email",
            "email-json",
            "sms",
            "sqs",
            "application",
            "lambda",
            "firehose"
        ),
        source = "SNS Subscribe Protocol"
    )]
    pub protocol: String,
    /// Who is told: an address, or the ARN of a queue or function.
    #[prop(replaces, unique)]
    pub endpoint: Input<String>,
}

const GONE: &str = "NotFound";

/// What SNS lists in place of an ARN for three days, where another account unsubscribed.
const DELETED: &str = "Deleted";

impl Resource for Subscription {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<SubscriptionOutputs>> {
        let Ok(known) = self.outputs() else { return Ok(Vec::new()) };
        let there = look(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &SubscriptionOutputs) -> Result<Option<Self>> {
        let seen = look(cx, known).await?;
        Ok(seen.map(|_| Self {
            topic: known.topic.clone().into(),
            protocol: known.protocol.clone(),
            endpoint: known.endpoint.clone().into(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<SubscriptionOutputs> {
        let known = self.outputs()?;
        let request = cx.cloud.sns.subscribe().topic_arn(&known.topic);
        request.protocol(&known.protocol).endpoint(&known.endpoint).send().await?;
        Ok(known)
    }

    async fn converge(&self, _: &Cx<'_>, _: &SubscriptionOutputs, _: &Changed) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &SubscriptionOutputs) -> Result<()> {
        let Some(arn) = look(cx, known).await? else { return Ok(()) };
        // Nobody can delete what is not confirmed: it goes with its topic, or by itself.
        if arn.starts_with("arn:") {
            let request = cx.cloud.sns.unsubscribe().subscription_arn(arn);
            request.send().await.unless_absent(GONE)?;
        }
        Ok(())
    }
}

impl Subscription {
    fn outputs(&self) -> Result<SubscriptionOutputs> {
        Ok(SubscriptionOutputs {
            topic: self.topic.get()?.clone(),
            protocol: self.protocol.clone(),
            endpoint: self.endpoint.get()?.clone(),
        })
    }
}

/// What SNS lists as its ARN: before it is confirmed that is only a word that says so.
async fn look(cx: &Cx<'_>, known: &SubscriptionOutputs) -> Result<Option<String>> {
    let request = cx.cloud.sns.list_subscriptions_by_topic().topic_arn(&known.topic);
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.unless_absent(GONE)? else { return Ok(None) };
        let mut of_page = page.subscriptions.unwrap_or_default().into_iter();
        let seen = of_page.find(|seen| {
            seen.protocol() == Some(&known.protocol)
                && seen.endpoint() == Some(&known.endpoint)
                && seen.subscription_arn() != Some(DELETED)
        });
        if let Some(arn) = seen.and_then(|seen| seen.subscription_arn) {
            return Ok(Some(arn));
        }
    }
    Ok(None)
}
