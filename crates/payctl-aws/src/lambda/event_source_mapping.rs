//! Event source mappings: queues whose messages Lambda takes to a function.

use std::collections::HashMap;

use aws_sdk_lambda::operation::get_event_source_mapping::GetEventSourceMappingOutput;
use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionResponseType, ScalingConfig};

use super::FunctionName;
use crate::prelude::*;

/// A queue whose messages Lambda takes to a function.
///
/// Lambda does so as the function's role, and refuses a queue that hides a message for a shorter
/// time than the function may run.
#[kind(
    "lambda.event_source_mapping",
    outputs(id: EventSourceMappingId, arn: Arn),
    typical(1.0, 10.0, 10.0),
    look = "lambda:GetEventSourceMapping ListEventSourceMappings ListTags",
    create = "lambda:CreateEventSourceMapping TagResource",
    change = "lambda:TagResource UntagResource UpdateEventSourceMapping",
    delete = "lambda:DeleteEventSourceMapping",
    // Of these IAM knows no resource, as the one has no id yet and the other has many.
    unscoped = "lambda:CreateEventSourceMapping ListEventSourceMappings",
    on = "arn:{partition}:lambda:{region}:{account}:event-source-mapping:*",
)]
pub struct EventSourceMapping {
    /// The queue.
    #[prop(replaces, unique)]
    pub source: Input<Arn>,
    #[prop(unique)]
    pub function: Input<FunctionName>,
    /// How many messages one call is given at most.
    #[prop(range(1..=10_000), source = "CreateEventSourceMapping.batch_size")]
    pub batch_size: u32,
    /// How long Lambda waits for a batch to fill; more than 10 messages need a second at least.
    #[prop(range(0..=300), source = "CreateEventSourceMapping.maximum_batching_window_in_seconds")]
    pub batching_window_s: u32,
    /// Whether the function tells which messages failed, so that only those come again.
    pub partial_responses: bool,
    /// How many calls run at once, 2 to 1000; as many as the function may run when unset.
    #[prop(range(2..=1000), source = "CreateEventSourceMapping.scaling_config.maximum_concurrency")]
    pub maximum_concurrency: Option<u32>,
    pub enabled: bool,
    pub tags: Tags,
}

id! {
    /// An event source mapping's id, a UUID.
    EventSourceMappingId,
}

const GONE: &str = "ResourceNotFoundException";
const DELETING: &str = "Deleting";

impl Resource for EventSourceMapping {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<EventSourceMappingOutputs>> {
        let mut all = self.list(cx).await?;
        all.retain(|(_, deleting)| !deleting);
        Ok(all.into_iter().map(|(id, _)| outputs(cx, id)).collect())
    }

    async fn read(cx: &Cx<'_>, known: &EventSourceMappingOutputs) -> Result<Option<Self>> {
        let (seen, tags) = futures::try_join!(look(cx, known), tags(cx, &known.arn))?;
        let seen = seen.filter(|seen| seen.state() != Some(DELETING));
        let Some(seen) = seen else { return Ok(None) };
        let enabled = match seen.state() {
            Some("Enabled" | "Enabling") => true,
            Some("Disabled" | "Disabling") => false,
            // What it will be when it is made or changed is not told.
            _ => cx.properties.get("enabled").and_then(serde_json::Value::as_bool).unwrap_or(true),
        };
        Ok(Some(Self { enabled, tags, ..Self::try_from(&seen)? }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<EventSourceMappingOutputs> {
        // Until an earlier one is gone, another is refused as if that was there to stay.
        if self.list(cx).await?.iter().any(|(_, deleting)| *deleting) {
            return Err(AwsError::pending("the event source mapping before it to be deleted"));
        }
        let request = cx.cloud.lambda.create_event_source_mapping();
        let reply = request
            .event_source_arn(self.source.get()?)
            .function_name(self.function.get()?)
            .batch_size(self.batch_size.cast_signed())
            .maximum_batching_window_in_seconds(self.batching_window_s.cast_signed())
            .set_function_response_types(Some(self.response_types()))
            .set_scaling_config(self.maximum_concurrency.map(|_| self.scaling()))
            .enabled(self.enabled)
            .set_tags(Some(self.tags.clone().into_iter().collect()))
            .send()
            .await?;
        Ok(outputs(cx, reply.uuid.present("uuid")?))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &EventSourceMappingOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.names().any(|name| name != "tags") {
            // What is left out stays as it is.
            let request = cx.cloud.lambda.update_event_source_mapping().uuid(&known.id);
            let mut request = request
                .function_name(self.function.get()?)
                .batch_size(self.batch_size.cast_signed())
                .maximum_batching_window_in_seconds(self.batching_window_s.cast_signed())
                .set_function_response_types(Some(self.response_types()))
                .enabled(self.enabled);
            if changed.has("maximum_concurrency") {
                request = request.scaling_config(self.scaling());
            }
            request.send().await?;
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &EventSourceMappingOutputs) -> Result<()> {
        let Some(seen) = look(cx, known).await? else { return Ok(()) };
        if seen.state() != Some(DELETING) {
            let request = cx.cloud.lambda.delete_event_source_mapping().uuid(&known.id);
            request.send().await.unless_absent(GONE)?;
        }
        Err(AwsError::pending("the event source mapping to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &EventSourceMappingOutputs) -> Result<Readiness> {
        let request = cx.cloud.lambda.get_event_source_mapping().uuid(&known.id);
        let seen = request.send().await?;
        Ok(match seen.state() {
            Some("Enabled" | "Disabled") => Readiness::Ready,
            _ => Readiness::NotYet("the event source mapping to be set up".to_owned()),
        })
    }
}

impl EventSourceMapping {
    /// The ids of the queue's mappings to the function, and whether they are on their way out.
    async fn list(&self, cx: &Cx<'_>) -> Result<Vec<(String, bool)>> {
        let (Ok(source), Ok(function)) = (self.source.get(), self.function.get()) else {
            return Ok(Vec::new());
        };
        let request = cx.cloud.lambda.list_event_source_mappings().event_source_arn(source);
        let pages = request.function_name(function).into_paginator().items().send();
        let all = pages.collect::<std::result::Result<Vec<_>, _>>().await;
        // A function that is not there has none.
        let all = all.unless_absent(GONE)?.unwrap_or_default();
        let id = |seen: EventSourceMappingConfiguration| {
            let deleting = seen.state() == Some(DELETING);
            Ok((seen.uuid.present("uuid")?, deleting))
        };
        all.into_iter().map(id).collect()
    }

    fn response_types(&self) -> Vec<FunctionResponseType> {
        let partial = FunctionResponseType::ReportBatchItemFailures;
        self.partial_responses.then_some(partial).into_iter().collect()
    }

    /// An empty one lifts the limit.
    fn scaling(&self) -> ScalingConfig {
        let limit = self.maximum_concurrency.map(u32::cast_signed);
        ScalingConfig::builder().set_maximum_concurrency(limit).build()
    }
}

async fn look(
    cx: &Cx<'_>,
    known: &EventSourceMappingOutputs,
) -> Result<Option<GetEventSourceMappingOutput>> {
    let request = cx.cloud.lambda.get_event_source_mapping().uuid(&known.id);
    request.send().await.unless_absent(GONE)
}

fn outputs(cx: &Cx<'_>, id: String) -> EventSourceMappingOutputs {
    let arn = cx.cloud.facts.arn("lambda", &format!("event-source-mapping:{id}"));
    EventSourceMappingOutputs { id: id.into(), arn }
}

async fn tags(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let reply = cx.cloud.lambda.list_tags().resource(arn).send().await.unless_absent(GONE)?;
    let tags = reply.and_then(|reply| reply.tags).unwrap_or_default();
    Ok(tags.into_iter().filter(|(key, _)| !crate::is_ignored(key)).collect())
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let lambda = &cx.cloud.lambda;
    let seen = tags(cx, arn).await?;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    let wanted: HashMap<String, String> = wanted.clone().into_iter().collect();
    lambda.tag_resource().resource(arn).set_tags(Some(wanted)).send().await?;
    if !surplus.is_empty() {
        lambda.untag_resource().resource(arn).set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

impl TryFrom<&GetEventSourceMappingOutput> for EventSourceMapping {
    type Error = AwsError;

    fn try_from(seen: &GetEventSourceMappingOutput) -> Result<Self> {
        let source = seen.event_source_arn().present("event_source_arn")?;
        let function = seen.function_arn().present("function_arn")?;
        let number = |number: Option<i32>| number.unwrap_or_default().cast_unsigned();
        let limit = seen.scaling_config().and_then(ScalingConfig::maximum_concurrency);
        Ok(Self {
            source: Arn::from(source).into(),
            function: FunctionName::from(name(function)).into(),
            batch_size: number(seen.batch_size()),
            batching_window_s: number(seen.maximum_batching_window_in_seconds()),
            partial_responses: seen
                .function_response_types()
                .contains(&FunctionResponseType::ReportBatchItemFailures),
            maximum_concurrency: limit.map(i32::cast_unsigned),
            enabled: true,
            tags: Tags::new(),
        })
    }
}

/// What the function of an ARN is declared by: its name, and a version or alias where it has one.
fn name(arn: &str) -> &str {
    arn.split_once(":function:").map_or(arn, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_what_its_arn_ends_with() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:handler";
        assert_eq!(name(arn), "handler");
        assert_eq!(name(&format!("{arn}:live")), "handler:live");
        assert_eq!(name("handler"), "handler");
    }
}
