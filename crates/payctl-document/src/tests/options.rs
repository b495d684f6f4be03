//! What parts make when more is said than they need.

use super::*;

fn names<'a>(stack: &'a Stack, kind: &str) -> Vec<&'a str> {
    let of_kind = stack.resources().iter().filter(|one| one.address.kind() == kind);
    of_kind.map(|one| one.address.name()).collect()
}

#[test]
fn a_body_is_held_against_its_model_and_one_permission_is_enough_for_a_function() {
    let stack = declared(
        "name = \"a\"\n[part.rest_api.pay]\nrequests = \"/*/*/payments*\"\njson_errors = false\n\
         log_level = \"info\"\n[part.rest_api.pay.models.Payment]\nschema = { type = \"object\" }\n\
         [part.rest_api.pay.routes]\n\"GET /payments\" = \"f\"\n\"GET /payments/{id}\" = \"g\"\n\
         \"POST /payments\" = { function = \"f\", model = \"Payment\" }\n",
    );
    assert_eq!(names(&stack, "lambda.permission"), ["pay", "pay-2"]);
    let permission = &resource(&stack, "lambda.permission:pay-2").properties;
    assert_eq!(permission["function"], "g");
    let api = json!({ "$ref": "apigateway.rest_api:pay.execution_arn" });
    assert_eq!(permission["source_arn"], json!({ "$join": [api, "/*/*/payments*"] }));
    let post = &resource(&stack, "apigateway.method:pay/POST/payments").properties;
    let model = json!({ "$ref": "apigateway.model:pay-Payment.name" });
    assert_eq!(post["request_models"], json!({ "application/json": model }));
    let validator = json!({ "$ref": "apigateway.request_validator:pay-body.id" });
    assert_eq!(post["request_validator"], validator);
    let get = &resource(&stack, "apigateway.method:pay/GET/payments").properties;
    assert_eq!(get["request_validator"], Json::Null);
    assert_eq!(names(&stack, "apigateway.gateway_response"), [""; 0]);
    let stage = &resource(&stack, "apigateway.stage:pay").properties;
    assert_eq!(stage["logging_level"], "INFO");
}

#[test]
fn a_function_is_in_groups_that_are_there_and_may_do_what_a_managed_policy_says() {
    let stack = declared(
        "name = \"a\"\n[part.function.f]\nhandler = \"f\"\nvpc = \"v\"\nsubnets = [\"s\"]\n\
         groups = [\"sg-1\"]\nlog_key = \"arn:logs\"\nrole_description = \"r\"\n\
         policy = { name = \"may\", description = \"d\" }\n",
    );
    assert_eq!(names(&stack, "ec2.security_group"), [""; 0]);
    assert_eq!(
        resource(&stack, "lambda.function:f").properties["security_groups"],
        json!(["sg-1"])
    );
    assert_eq!(resource(&stack, "logs.group:f").properties["kms_key"], "arn:logs");
    let policy = &resource(&stack, "iam.policy:f").properties;
    let sids = policy["document"]["Statement"].as_array().unwrap().iter().map(|one| &one["Sid"]);
    assert_eq!(sids.collect::<Vec<_>>(), ["Environment", "NetworkInterfaces", "Logs"]);
    let role = &resource(&stack, "iam.role:f").properties;
    assert_eq!((&role["inline"], &role["description"]), (&json!({}), &json!("r")));
    assert_eq!(role["managed"], json!([{ "$ref": "iam.policy:f.arn" }]));
}

#[test]
fn queues_networks_and_alarms_take_what_differs_from_their_own() {
    let stack = declared(
        "name = \"a\"\n[part.queue.q]\n\
         dead_letters = { name = \"aside\", retention_s = 60, alarm_name = \"depth\" }\n\
         [part.network.main]\ncidr = \"10.0.0.0/16\"\ntiers = [\"app\", \"data\"]\n\
         one_table = [\"data\"]\nendpoints = []\n\
         [part.bucket.lines]\ns3_key = true\n\
         [[part.alarms.main.others]]\ncalled = \"slow\"\ndescription = \"d\"\nnamespace = \"N\"\n\
         metric = \"m\"\nabove = 2\nstatistic = \"p99\"\nperiod_s = 60\nperiods = 3\n",
    );
    let queue = &resource(&stack, "sqs.queue:q-dead").properties;
    assert_eq!((&queue["name"], &queue["retention_s"]), (&json!("aside-dev"), &json!(60)));
    assert_eq!(resource(&stack, "cloudwatch.alarm:q-dead").properties["name"], "depth-dev");
    assert_eq!(names(&stack, "ec2.route_table"), ["app-1", "app-2", "data"]);
    assert_eq!(resource(&stack, "s3.bucket:lines").properties["kms_key"], Json::Null);
    let alarm = &resource(&stack, "cloudwatch.alarm:slow").properties;
    let (statistic, period) = (&alarm["statistic"], &alarm["period_s"]);
    assert_eq!((statistic, period), (&json!("p99"), &json!(60)));
    assert_eq!(alarm["evaluation_periods"], 3);
}
