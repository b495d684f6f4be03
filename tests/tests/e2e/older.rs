//! Environments that an older payctl made: `tests/environments/` has what was asked and answered then, and
//! the state. Brought up to date they keep their data, and nobody has to help.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use aws_sdk_kms::types::KeyState;
use aws_sdk_s3::primitives::ByteStream;
use payctl_aws::Aws;
use payctl_engine::plan::Step;
use payctl_engine::{Action, Plan};
use payctl_tests::binary::{Payctl, differences};
use payctl_tests::cloud::{clients, difference, everything, keys};
use payctl_tests::emulator::{Emulator, Server, python, root};
use serde_json::{Value, json};

macro_rules! systems {
    ($($name:ident: $system:literal;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                is_brought_up_to_date($system).await;
            }
        )*
    };
}

systems! {
    of_pci_core: "pci-core";
    of_secure_api: "secure-api";
    of_cost_optimized: "cost-optimized";
    of_migration: "migration";
}

/// Makes the recorded environment again, and puts its state where payctl looks for it.
fn replay(server: &Server, payctl: &Payctl, system: &str) {
    let file = format!("tests/environments/{system}.jsonl.gz");
    let mut command = Command::new(python());
    command.args(["tests/recording.py", "replay", &server.endpoint, &file]).current_dir(root());
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let mut state: Value = serde_json::from_slice(&ended.stdout).unwrap();
    state.sort_all_objects();
    let checksum = blake3::hash(state.to_string().as_bytes()).to_hex().to_string();
    fs::create_dir_all(payctl.state()).unwrap();
    let document = json!({ "checksum": checksum, "state": state });
    fs::write(payctl.state().join("state.json"), document.to_string()).unwrap();
}

/// What people would miss, by where it is.
async fn data(aws: &Aws) -> Vec<String> {
    let mut all = Vec::new();
    for table in aws.dynamodb.list_tables().send().await.unwrap().table_names.unwrap_or_default() {
        let rows = aws.dynamodb.scan().table_name(&table).send().await.unwrap();
        let rows = rows.items().iter().map(|row| row.iter().collect::<BTreeMap<_, _>>());
        all.extend(rows.map(|row| format!("{table}: {row:?}")));
    }
    for bucket in aws.s3.list_buckets().send().await.unwrap().buckets.unwrap_or_default() {
        let bucket = bucket.name.unwrap();
        let kept = aws.s3.list_object_versions().bucket(&bucket).send().await.unwrap();
        let kept = kept.versions.unwrap_or_default().into_iter();
        all.extend(kept.map(|one| format!("{bucket}: {:?} {:?}", one.key, one.version_id)));
    }
    let secrets = aws.secretsmanager.list_secrets().send().await.unwrap();
    for secret in secrets.secret_list.unwrap_or_default() {
        let value = aws.secretsmanager.get_secret_value().secret_id(secret.arn.unwrap());
        let value = value.send().await.unwrap();
        all.push(format!("{:?}: {:?}", value.name, value.version_id));
    }
    let keys = keys(aws).await.into_iter().filter(|(_, state)| *state == KeyState::Enabled);
    all.extend(keys.map(|(id, _)| format!("key {id}")));
    let clusters = aws.rds.describe_db_clusters().send().await.unwrap();
    let clusters = clusters.db_clusters.unwrap_or_default().into_iter();
    all.extend(clusters.map(|one| format!("cluster {:?}", one.db_cluster_resource_id)));
    all
}

/// A row in each table and an object in each bucket.
async fn fill(aws: &Aws) {
    for table in aws.dynamodb.list_tables().send().await.unwrap().table_names.unwrap_or_default() {
        let seen = aws.dynamodb.describe_table().table_name(&table).send().await.unwrap();
        let seen = seen.table.unwrap();
        let mut put = aws.dynamodb.put_item().table_name(&table);
        for attribute in seen.attribute_definitions() {
            let value = match attribute.attribute_type() {
                ScalarAttributeType::N => AttributeValue::N("7".to_owned()),
                _ => AttributeValue::S("seven".to_owned()),
            };
            put = put.item(attribute.attribute_name(), value);
        }
        put.send().await.unwrap();
    }
    for bucket in aws.s3.list_buckets().send().await.unwrap().buckets.unwrap_or_default() {
        let put = aws.s3.put_object().bucket(bucket.name.unwrap()).key("kept/seven");
        put.body(ByteStream::from_static(b"seven")).send().await.unwrap();
    }
}

/// Nothing that is there is deleted, but what is made anew with each change of an API.
fn keeps_everything(plan: &Plan) {
    use Action::{Adopt, Create, CreateThenDelete, Keep, Update};
    assert!(plan.refusals.is_empty(), "{:#?}", differences(plan));
    let kept = |step: &Step| match step.action {
        CreateThenDelete => step.address.kind() == "apigateway.deployment",
        action => matches!(action, Keep | Adopt | Create | Update),
    };
    assert!(plan.steps.iter().all(kept), "{:#?}", differences(plan));
}

async fn is_brought_up_to_date(system: &str) {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(system);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    replay(&server, &payctl, system);
    fill(&aws).await;
    let before = data(&aws).await;
    assert!(before.len() > 2, "{before:?}");

    let plan = payctl.plan();
    keeps_everything(&plan);
    assert!(plan.steps.iter().any(|step| step.known.is_some()), "the state is not read");
    payctl.up();
    payctl.is_as_declared();
    let after = data(&aws).await;
    let lost: Vec<&String> = before.iter().filter(|one| !after.contains(one)).collect();
    assert_eq!(lost, Vec::<&String>::new(), "{after:#?}");

    payctl.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}
