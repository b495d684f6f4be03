//! Many resources that have nothing to do with each other, by payctl and by plain requests.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, VersioningConfiguration,
};
use aws_sdk_ssm::types::ParameterType;
use futures::future::{BoxFuture, FutureExt as _, try_join_all};
use payctl_aws::{Artifacts, Aws, Calls, ClientOptions, Connection};

use super::{Error, Peak, measured};

/// How many there are of each kind, as in the stack.
const EACH: usize = 8;

/// Requests that are sent all at once.
type Requests<'a> = Vec<BoxFuture<'a, Result<(), Error>>>;
/// Those for the six of one number.
type Of = fn(&Aws, usize) -> Requests<'_>;

/// One step of the environment's life: seconds, memory and calls.
struct Measured {
    seconds: f64,
    memory: Peak,
    calls: u64,
}

/// Deploys, plans and destroys the stack `wide`, and does the same with nothing but requests.
pub(super) fn wide(payctl: &Path) -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    let run = |arguments: &[&str]| -> Result<Measured, Error> {
        let mut command = Command::new(payctl);
        command.args(arguments).args(["--stack", "wide", "--suffix", "bench", "--sandbox", "-v"]);
        command.current_dir(folder.path());
        let began = Instant::now();
        let (output, memory) = measured(command)?;
        let seconds = began.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(text.into());
        }
        let line = text.lines().find(|line| line.contains("AWS calls")).unwrap_or_default();
        let calls = line.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_default();
        Ok(Measured { seconds, memory, calls })
    };
    let status = Command::new(payctl).args(["sandbox", "start"]).output()?;
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    let endpoint = status.split_whitespace().find(|word| word.starts_with("http://"));
    let endpoint = endpoint.ok_or("the sandbox does not say where it is")?.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (aws, calls) = runtime.block_on(connect(&endpoint))?;
    let plain = |of: Of| {
        let (began, before) = (Instant::now(), calls.total());
        let all = (1..=EACH).flat_map(|nth| of(&aws, nth));
        runtime.block_on(try_join_all(all))?;
        Ok::<_, Error>((began.elapsed().as_secs_f64(), calls.total() - before))
    };
    let steps: [(&str, &[&str], Of); 3] = [
        ("up", &["up", "--yes"], make),
        ("unchanged plan", &["plan", "--detailed-exitcode"], look),
        ("destroy", &["destroy", "--yes"], delete),
    ];
    for (what, arguments, requests) in steps {
        let Measured { seconds, memory, calls } = run(arguments)?;
        let (plainly, requests) = plain(requests)?;
        #[allow(clippy::cast_precision_loss)]
        let for_each = (seconds / calls as f64) / (plainly / requests as f64);
        println!(
            "wide, {what:<14}               {seconds:.2} s, {calls} calls, {memory}; plainly {plainly:.2} s, {requests} calls: {:.2} times, {for_each:.2} times for each call (bound: 3, 60 MB)",
            seconds / plainly
        );
    }
    Ok(())
}

async fn connect(endpoint: &str) -> Result<(Aws, Calls), Error> {
    let reach = ClientOptions {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(endpoint.to_owned()),
        credentials: Some(("sandbox".to_owned(), "sandbox".to_owned())),
        ..ClientOptions::default()
    };
    let connection = Connection::open(&reach).await?;
    let facts = Arc::new(connection.facts().await?);
    let aws = connection.retrying(&facts, &Arc::new(Artifacts::default()));
    Ok((aws, connection.calls().clone()))
}

/// What makes the six of one number, each after the other where one needs the other.
fn make(aws: &Aws, nth: usize) -> Requests<'_> {
    let name = format!("plain-{nth}");
    let bucket = name.clone();
    let of_bucket = async move {
        aws.s3.create_bucket().bucket(&bucket).send().await?;
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::AwsKms)
            .build()?;
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default)
            .bucket_key_enabled(true)
            .build();
        let encryption = ServerSideEncryptionConfiguration::builder().rules(rule).build()?;
        let request = aws.s3.put_bucket_encryption().bucket(&bucket);
        request.server_side_encryption_configuration(encryption).send().await?;
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = aws.s3.put_bucket_versioning().bucket(&bucket);
        request.versioning_configuration(on).send().await?;
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::BucketOwnerEnforced)
            .build()?;
        let owner = OwnershipControls::builder().rules(rule).build()?;
        let request = aws.s3.put_bucket_ownership_controls().bucket(&bucket);
        request.ownership_controls(owner).send().await?;
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true)
            .build();
        let request = aws.s3.put_public_access_block().bucket(&bucket);
        request.public_access_block_configuration(block).send().await?;
        Ok(())
    };
    let table = name.clone();
    let of_table = async move {
        let id = AttributeDefinition::builder()
            .attribute_name("id")
            .attribute_type(ScalarAttributeType::S)
            .build()?;
        let key =
            KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build()?;
        let request = aws.dynamodb.create_table().table_name(table);
        let request = request.attribute_definitions(id).key_schema(key);
        request.billing_mode(BillingMode::PayPerRequest).send().await?;
        Ok(())
    };
    let (queue, topic, parameter, group) = (name.clone(), name.clone(), name.clone(), name);
    vec![
        of_bucket.boxed(),
        of_table.boxed(),
        async move { Ok(aws.sqs.create_queue().queue_name(queue).send().await.map(drop)?) }.boxed(),
        async move { Ok(aws.sns.create_topic().name(topic).send().await.map(drop)?) }.boxed(),
        async move {
            let request = aws.ssm.put_parameter().name(format!("/plain/{parameter}"));
            let request = request.value("measured").r#type(ParameterType::String);
            Ok(request.send().await.map(drop)?)
        }
        .boxed(),
        async move {
            aws.logs.create_log_group().log_group_name(&group).send().await?;
            let request = aws.logs.put_retention_policy().log_group_name(group);
            Ok(request.retention_in_days(7).send().await.map(drop)?)
        }
        .boxed(),
    ]
}

/// One look at each.
fn look(aws: &Aws, nth: usize) -> Requests<'_> {
    let name = format!("plain-{nth}");
    let topic = aws.facts.arn("sns", &name);
    let url = format!("http://localhost/{}/{name}", aws.facts.account);
    let names = [name.clone(), name.clone(), name.clone()];
    let [bucket, table, group] = names;
    vec![
        async move { Ok(aws.s3.get_bucket_versioning().bucket(bucket).send().await.map(drop)?) }
            .boxed(),
        async move { Ok(aws.dynamodb.describe_table().table_name(table).send().await.map(drop)?) }
            .boxed(),
        async move { Ok(aws.sqs.get_queue_attributes().queue_url(url).send().await.map(drop)?) }
            .boxed(),
        async move { Ok(aws.sns.get_topic_attributes().topic_arn(topic).send().await.map(drop)?) }
            .boxed(),
        async move {
            let request = aws.ssm.get_parameter().name(format!("/plain/{name}"));
            Ok(request.send().await.map(drop)?)
        }
        .boxed(),
        async move {
            let request = aws.logs.describe_log_groups().log_group_name_prefix(group);
            Ok(request.send().await.map(drop)?)
        }
        .boxed(),
    ]
}

/// What deletes them.
fn delete(aws: &Aws, nth: usize) -> Requests<'_> {
    let name = format!("plain-{nth}");
    let topic = aws.facts.arn("sns", &name);
    let url = format!("http://localhost/{}/{name}", aws.facts.account);
    let names = [name.clone(), name.clone(), name.clone()];
    let [bucket, table, group] = names;
    vec![
        async move { Ok(aws.s3.delete_bucket().bucket(bucket).send().await.map(drop)?) }.boxed(),
        async move { Ok(aws.dynamodb.delete_table().table_name(table).send().await.map(drop)?) }
            .boxed(),
        async move { Ok(aws.sqs.delete_queue().queue_url(url).send().await.map(drop)?) }.boxed(),
        async move { Ok(aws.sns.delete_topic().topic_arn(topic).send().await.map(drop)?) }.boxed(),
        async move {
            let request = aws.ssm.delete_parameter().name(format!("/plain/{name}"));
            Ok(request.send().await.map(drop)?)
        }
        .boxed(),
        async move { Ok(aws.logs.delete_log_group().log_group_name(group).send().await.map(drop)?) }
            .boxed(),
    ]
}
