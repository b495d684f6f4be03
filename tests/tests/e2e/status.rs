//! `payctl status`: what is wrong with an environment, as AWS tells it.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StateValue};
use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_wrong_comes_first() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let none = payctl.run(&["status"]);
    none.exits(0);
    assert!(none.stdout.contains("not deployed"), "{none}");
    none.says("payctl up");

    payctl.up();
    let aws = clients(&server).await;
    // Each call is counted until it is told.
    assert!(!changing_calls(&server).is_empty());
    // Whoever may only look may ask how it is.
    let printed = payctl.run(&["policy", "--for", "plan"]);
    let payctl = payctl.under_policy(&server, &printed.stdout);
    let well = payctl.run(&["status"]);
    well.exits(0);
    for said in [
        "deployed  43 resources, changed ",
        "drift     none when last looked, ",
        "cost      about 37.80 USD a month when idle",
        "health    4 healthy\n",
    ] {
        assert!(well.stdout.contains(said), "{said}\n{well}");
    }
    assert!(changing_calls(&server).is_empty());

    let alarm = "payment-lambda-errors-dev";
    let request = aws.cloudwatch.set_alarm_state().alarm_name(alarm).state_reason("a test");
    request.state_value(StateValue::Alarm).send().await.unwrap();
    let alarm = "payment-dynamodb-throttle-dev";
    aws.cloudwatch.delete_alarms().alarm_names(alarm).send().await.unwrap();
    let shown = payctl.run(&["state", "show", "lambda.function:payment-processor", "--json"]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let function = shown["outputs"]["name"].as_str().unwrap();
    // What is of the very second in which it is asked for is left out.
    let before = SystemTime::now() - Duration::from_secs(60);
    for (metric, count) in [("Invocations", 9.0), ("Errors", 2.0)] {
        let dimension = Dimension::builder().name("FunctionName").value(function).build();
        let datum = MetricDatum::builder().metric_name(metric).value(count).dimensions(dimension);
        let request = aws.cloudwatch.put_metric_data().namespace("AWS/Lambda");
        request.metric_data(datum.timestamp(before.into()).build()).send().await.unwrap();
    }
    let ill = payctl.run(&["status"]);
    ill.exits(0);
    for said in [
        "health    2 unhealthy, 1 attention, 1 healthy\n",
        "unhealthy cloudwatch.alarm:dynamodb-throttle is gone",
        "unhealthy cloudwatch.alarm:lambda-errors is firing since ",
        "UTC: a test\n",
        "attention lambda.function:payment-processor failed 2 of 9 calls in the last hour\n",
    ] {
        assert!(ill.stdout.contains(said), "{said}\n{ill}");
    }
    assert!(!ill.stdout.contains("cloudwatch.alarm:rejected"), "{ill}");
    let all = payctl.run(&["status", "-v"]);
    assert!(all.stdout.contains("healthy   cloudwatch.alarm:rejected "), "{all}");
    // The plan looks, and tells the next status: one alarm is gone, another is changed.
    let shown = payctl.run(&["state", "show", "cloudwatch.alarm:rejected", "--json"]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let name = shown["outputs"]["name"].as_str().unwrap();
    aws.cloudwatch.disable_alarm_actions().alarm_names(name).send().await.unwrap();
    payctl.run(&["plan"]).exits(0);
    payctl.run(&["status"]).shows("drift     2 resources when last looked, ");
    let told = payctl.run(&["status", "--json"]);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let drifted = json!(["cloudwatch.alarm:dynamodb-throttle", "cloudwatch.alarm:rejected"]);
    assert_eq!(told["drift"]["resources"], drifted);
    assert_eq!((&told["health"], &told["run"]), (&json!("unhealthy"), &Value::Null));

    // Who may ask nothing of it is told so of each, and sees the rest.
    let nothing = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*" },
    ] });
    let payctl = payctl.under_policy(&server, &nothing.to_string());
    let refused = payctl.run(&["status"]);
    refused.exits(0);
    assert!(refused.stdout.contains("health    4 unknown\n"), "{refused}");
}
