//! `--sandbox`, and the way of a payment through the handler as it is built.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use payctl_aws::Aws;
use payctl_engine::Plan;
use payctl_tests::binary::{AARCH64, Ended, Payctl, Run, X86_64, printed, put_handler};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server, python};
use payctl_tests::roles::are_used;

const BUCKET: &str = "payment-files-dev-123456789012";
const TABLE: &str = "payment-transactions-dev";
/// A card number as it must never be kept.
const CARD: &str = "4242424242424242";

fn payment(id: &str, card: &str) -> String {
    format!(
        r#"{{"transactionId": "{id}", "amount": 1249.99, "currency": "EUR", "cardLast4": "{card}"}}"#
    )
}

async fn put(aws: &Aws, path: &str, body: String) {
    let request = aws.s3.put_object().bucket(BUCKET).key(path);
    request.body(ByteStream::from(body.into_bytes())).send().await.unwrap();
}

/// The stored transactions of that id, as whoever asks by it alone gets them.
async fn stored(aws: &Aws, id: &str) -> Vec<String> {
    let reply = aws.dynamodb.query().table_name(TABLE);
    let reply = reply
        .key_condition_expression("transactionId = :id")
        .expression_attribute_values(":id", AttributeValue::S(id.to_owned()));
    let reply = reply.send().await.unwrap();
    reply.items().iter().map(|item| format!("{item:?}")).collect()
}

/// Everything that is logged and everything that is stored, as text.
async fn all_that_is_kept(aws: &Aws) -> String {
    let mut all = String::new();
    for group in aws.logs.describe_log_groups().send().await.unwrap().log_groups() {
        let request = aws.logs.filter_log_events();
        let request = request.log_group_name(group.log_group_name().unwrap());
        for event in request.send().await.unwrap().events() {
            all += event.message().unwrap_or_default();
            all += "\n";
        }
    }
    let items = aws.dynamodb.scan().table_name(TABLE).send().await.unwrap();
    all + &format!("{:?}", items.items())
}

fn invoke(payctl: &Payctl, event: &str) -> (i64, serde_json::Value, Ended) {
    let ended = payctl.run(&["invoke", "payment-processor", "--payload", event]);
    ended.exits(0);
    let reply: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let body = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
    (reply["statusCode"].as_i64().unwrap(), body, ended)
}

#[tokio::test]
async fn a_payment_file_becomes_a_row_and_a_card_number_nothing() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).with_real_handlers();
    let payctl = payctl.under_its_own_policy(&server);
    let aws = clients(&server).await;
    payctl.up();

    put(&aws, "payments/one.json", payment("file-1", "4242")).await;
    // Not one of those that are delivered.
    put(&aws, "other/two.json", payment("file-2", "4242")).await;
    let began = Instant::now();
    while stored(&aws, "file-1").await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", all_that_is_kept(&aws).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let row = stored(&aws, "file-1").await;
    assert!(row.len() == 1 && row[0].contains("1249.99") && row[0].contains("EUR"), "{row:?}");

    let direct = |card| format!(r#"{{"payment_data": {}}}"#, payment("direct-1", card));
    let (status, body, _) = invoke(&payctl, &direct("4242"));
    assert_eq!((status, &body["status"]), (200, &"processed".into()));
    let (status, again, _) = invoke(&payctl, &direct("4242"));
    assert_eq!((status, &again["status"]), (200, &"duplicate".into()));
    assert_eq!(again["timestamp"], body["timestamp"]);
    assert_eq!(stored(&aws, "direct-1").await.len(), 1);
    // A file of a payment that came directly is one as well.
    put(&aws, "payments/again.json", payment("direct-1", "4242")).await;

    let (status, body, ended) = invoke(&payctl, &direct(CARD));
    assert_eq!(status, 400, "{body}");
    assert!(!ended.to_string().replace(&direct(CARD), "").contains(CARD), "{ended}");
    put(&aws, "payments/card.json", payment("card-1", CARD)).await;
    put(&aws, "payments/last.json", payment("file-3", "4242")).await;
    let began = Instant::now();
    while stored(&aws, "file-3").await.is_empty()
        || !all_that_is_kept(&aws).await.contains("card.json")
    {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", all_that_is_kept(&aws).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let kept = all_that_is_kept(&aws).await;
    assert!(!kept.contains(CARD), "{kept}");
    assert_eq!(stored(&aws, "direct-1").await.len(), 1);
    assert_eq!(stored(&aws, "file-2").await, [""; 0]);
    assert_eq!(stored(&aws, "card-1").await, [""; 0]);
    // Why it was refused is where people look for it, and counted.
    let listed = aws.s3.list_objects_v2().bucket(BUCKET).prefix("rejected/").send().await.unwrap();
    let [record] = listed.contents() else { panic!("{listed:?}") };
    let key = record.key().unwrap();
    assert!(key.starts_with("rejected/payments/card.json/"), "{key}");
    let record = aws.s3.get_object().bucket(BUCKET).key(key).send().await.unwrap();
    let record = record.body.collect().await.unwrap().into_bytes();
    let record = String::from_utf8(record.to_vec()).unwrap();
    assert!(record.contains("full card number") && !record.contains(CARD), "{record}");
    assert!(kept.contains(r#""rejected":1"#) && kept.contains("CloudWatchMetrics"), "{kept}");
    let described = "the system's description has it: get, list, query, transact, describe";
    let idle = [
        ("dynamodb:GetItem", "the reply to a conflict may not bring the item"),
        ("dynamodb:Query", described),
        ("kms:DescribeKey", described),
        ("s3:GetObject on", "an event without a version; the bucket always has one"),
        ("s3:ListBucket", described),
    ];
    are_used(&server, &aws, |_| true, &idle).await;

    // What is in the bucket is no obstacle.
    payctl.destroy();
}

/// The default of `cost-optimized` is Graviton, which not every sandbox can run: there functions are
/// for this machine, whose handlers stand beside others.
fn runs_functions_on_this_machine(payctl: &Payctl, run: &dyn Fn(&[&str]) -> Ended) {
    let handlers = payctl.folder().join("handlers");
    for handler in ["payments-api", "event-handler"] {
        put_handler(&handlers.join("arm64"), handler, AARCH64);
        put_handler(&handlers.join("x86_64"), handler, X86_64);
        std::fs::remove_dir_all(handlers.join(handler)).unwrap();
    }
    let plan = |args: &[&str]| -> Plan { printed(&run(args).stdout).unwrap() };
    let flow = ["plan", "--sandbox", "--stack", "cost-optimized", "--suffix", "flow", "--json"];
    let architectures = |plan: Plan| -> Vec<String> {
        let functions = plan.steps.into_iter().filter(|s| s.address.kind() == "lambda.function");
        functions.map(|step| step.properties["architecture"].as_str().unwrap().to_owned()).collect()
    };
    let here = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    assert_eq!(architectures(plan(&flow)), [here, here]);
    payctl.configure("[cost-optimized]\narchitecture = \"arm64\"\n");
    assert_eq!(architectures(plan(&flow)), ["arm64", "arm64"]);
    payctl.configure("");
}

#[test]
fn the_sandbox_starts_by_itself_and_keeps_its_contents() {
    let payctl = Payctl::at("http://127.0.0.1:9", "dev");
    let home = tempfile::tempdir().unwrap();
    let venv = python().parent().unwrap().parent().unwrap().to_owned();
    let run = |args: &[&str]| {
        let mut command = payctl.command(args);
        command.env_remove("AWS_ENDPOINT_URL").env_remove("AWS_ACCESS_KEY_ID");
        command.env_remove("AWS_REGION").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env("PAYCTL_SANDBOX_VENV", &venv).env("PAYCTL_SANDBOX_HOME", home.path());
        let ended = Run::start(command).end();
        ended.exits(0);
        ended
    };
    assert_eq!(run(&["sandbox", "status"]).stdout, "stopped\n");
    let up = run(&["up", "--sandbox", "--yes"]);
    up.says("starting the sandbox");
    up.says("us-east-1 · sandbox");
    assert!(payctl.folder().join(".payctl/sandbox/pci-core/dev/state.json").exists());
    assert!(run(&["sandbox", "status"]).stdout.starts_with("running at http://127.0.0.1:"));

    run(&["sandbox", "stop"]).says("stopped; its contents are kept");
    assert_eq!(run(&["sandbox", "status"]).stdout, "stopped\n");
    run(&["plan", "--sandbox", "--detailed-exitcode"]);
    runs_functions_on_this_machine(&payctl, &run);
    run(&["destroy", "--sandbox", "--yes"]).says("nothing is left of pci-core dev");
    assert!(run(&["sandbox", "logs"]).stdout.contains("listening on"));
    run(&["sandbox", "reset"]);
    run(&["sandbox", "stop"]);
}
