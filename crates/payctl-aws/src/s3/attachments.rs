//! What others attach to a bucket: who else gets its objects, or is told of them.

use payctl_engine::Attachments;

use crate::{Absent as _, AwsError, Cx, Result};

pub(super) const SORTS: &[&str] = &["CORS", "notification", "replication", "website"];

pub(super) async fn look(cx: &Cx<'_>, name: &str, attachments: &mut Attachments<'_>) -> Result<()> {
    let replication = async {
        let request = own!(cx, get_bucket_replication, name);
        let reply = request.send().await;
        let reply = reply.unless_absent("ReplicationConfigurationNotFoundError")?;
        Ok::<_, AwsError>(reply.and_then(|reply| reply.replication_configuration))
    };
    let cors = async {
        let reply = own!(cx, get_bucket_cors, name).send().await;
        let reply = reply.unless_absent("NoSuchCORSConfiguration")?;
        Ok::<_, AwsError>(reply.and_then(|reply| reply.cors_rules).unwrap_or_default())
    };
    let website = async {
        let reply = own!(cx, get_bucket_website, name).send().await;
        reply.unless_absent("NoSuchWebsiteConfiguration")
    };
    // Where the stack declares whom it notifies, that sees who else is.
    let notified = async {
        if attachments.is_declared("s3.notification", &[]) {
            return Ok::<_, AwsError>(Vec::new());
        }
        let request = own!(cx, get_bucket_notification_configuration, name);
        let Some(seen) = request.send().await.unless_absent("NoSuchBucket")? else {
            return Ok(Vec::new());
        };
        let functions = seen.lambda_function_configurations().iter();
        let functions = functions.map(|to| to.lambda_function_arn.clone());
        let queues = seen.queue_configurations().iter().map(|to| to.queue_arn.clone());
        let topics = seen.topic_configurations().iter().map(|to| to.topic_arn.clone());
        let bus = seen.event_bridge_configuration().map(|_| "EventBridge".to_owned());
        Ok(functions.chain(queues).chain(topics).chain(bus).collect())
    };
    let (replication, cors, website, notified) =
        futures::try_join!(replication, cors, website, notified)?;

    for rule in replication.iter().flat_map(|all| &all.rules) {
        let to = rule.destination.as_ref().map_or("nowhere", |to| to.bucket());
        if attachments.meets("replication", &format!("to {to}")) {
            own!(cx, delete_bucket_replication, name).send().await?;
        }
    }
    for rule in cors {
        let (origins, methods) = (rule.allowed_origins.join(", "), rule.allowed_methods.join(", "));
        if attachments.meets("CORS", &format!("of {origins} for {methods}")) {
            own!(cx, delete_bucket_cors, name).send().await?;
        }
    }
    if let Some(website) = website {
        let page = website.index_document().map(|page| format!("of {}", page.suffix()));
        let elsewhere =
            website.redirect_all_requests_to().map(|to| format!("leading to {}", to.host_name()));
        let which = page.or(elsewhere).unwrap_or_default();
        if attachments.meets("website", &which) {
            own!(cx, delete_bucket_website, name).send().await?;
        }
    }
    let mut unwanted = false;
    for whom in notified {
        unwanted |= attachments.meets("notification", &format!("to {whom}"));
    }
    if unwanted {
        // All of them are set at once; none of them is declared.
        let nobody = aws_sdk_s3::types::NotificationConfiguration::builder().build();
        let request = own!(cx, put_bucket_notification_configuration, name);
        request.notification_configuration(nobody).send().await?;
    }
    Ok(())
}
