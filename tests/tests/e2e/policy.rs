//! What `payctl policy` prints fits AWS's own reference and is what IAM takes.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use payctl_aws::{PARTITIONS, Partition};
use payctl_tests::binary::{Payctl, calls, changing_calls};
use payctl_tests::emulator::{Emulator, Server, python, root};
use serde_json::{Value, json};

/// Part of every name of a stack, and of nothing else.
const SUFFIX: &str = "zq7x";
const SYSTEMS: [&str; 4] = ["pci-core", "secure-api", "cost-optimized", "migration"];
const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/boundary";

/// What a script of Python says, given `input`.
fn says(script: &[&str], input: &str) -> String {
    let mut command = Command::new(python());
    command.args(script).current_dir(root()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A system in an account that is asked nothing.
fn offline(system: &str) -> Payctl {
    Payctl::at("http://127.0.0.1:1", SUFFIX).of(system)
}

fn printed(payctl: &Payctl, more: &[&str]) -> Value {
    let args = [&["policy", "--account", "123456789012"][..], more].concat();
    let ended = payctl.run(&args);
    ended.exits(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn statements(policy: &Value) -> Vec<&Value> {
    policy["Statement"].as_array().unwrap().iter().collect()
}

/// The statements that allow `action`.
fn allowing<'a>(policy: &'a Value, action: &str) -> Vec<&'a Value> {
    let has = |one: &&Value| one["Action"].as_array().unwrap().contains(&json!(action));
    statements(policy).into_iter().filter(has).collect()
}

/// What AWS's reference has against `policies`.
fn problems(policies: &[(String, bool, Value)]) -> String {
    let all: Vec<Value> = policies
        .iter()
        .map(|(name, reads, document)| {
            json!({ "name": name, "suffix": SUFFIX, "reads": reads, "document": document })
        })
        .collect();
    says(&["tests/policies.py"], &json!(all).to_string())
}

#[test]
fn the_reference_is_as_aws_publishes_it() {
    says(&["scripts/access_reference.py", "--check"], "");
}

#[test]
fn partitions_are_those_of_botocore() {
    let script = "import json, pathlib, botocore\n\
        data = pathlib.Path(botocore.__file__).parent / 'data' / 'partitions.json'\n\
        print(json.dumps([[p['id'], p['outputs']['dnsSuffix'], list(p['regions'])]\n\
                          for p in json.loads(data.read_text())['partitions']]))";
    let theirs: Vec<(String, String, Vec<String>)> =
        serde_json::from_str(&says(&["-c", script], "")).unwrap();
    let ours: BTreeSet<_> = PARTITIONS.iter().map(|one| (one.id, one.dns_suffix)).collect();
    let named: BTreeSet<_> = theirs.iter().map(|(id, suffix, _)| (&**id, &**suffix)).collect();
    assert_eq!(ours, named);
    for (id, _, regions) in &theirs {
        // `aws-global` and the like are no regions.
        for region in regions.iter().filter(|region| !region.ends_with("-global")) {
            assert_eq!(Partition::of_region(region).id, id, "{region}");
        }
    }
}

#[test]
fn every_statement_fits_awss_reference() {
    let mut policies = Vec::new();
    for system in SYSTEMS {
        let payctl = offline(system);
        for task in ["plan", "up", "destroy", "shift", "invoke", "check"] {
            let document = printed(&payctl, &["--for", task]);
            let looks = matches!(task, "plan" | "check");
            policies.push((format!("{system} {task}"), looks, document));
        }
        policies.push((system.to_owned(), false, printed(&payctl, &[])));
        payctl.configure(&format!("permissions_boundary = \"{BOUNDARY}\"\n"));
        policies.push((format!("{system} with a boundary"), false, printed(&payctl, &[])));
    }
    let found = problems(&policies);
    assert!(found.is_empty(), "{found}");
}

/// Each sort of fault that the reference is there to find.
#[test]
fn what_does_not_fit_awss_reference_is_found() {
    let fault = |name: &str, reads: bool, statement: Value| {
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        (name.to_owned(), reads, document)
    };
    let on = |action: &str, arn: &str| json!({ "Action": [action], "Resource": [arn] });
    let key = "arn:aws:kms:us-east-1:123456789012:key/*";
    let mut condition = on("kms:PutKeyPolicy", key);
    condition["Condition"] = json!({ "StringEquals": { "aws:RequestTag/payctl:suffix": SUFFIX } });
    let tag = json!({ "StringEquals": { "aws:ResourceTag/payctl:suffix": SUFFIX } });
    let mut half = on("ec2:CreateSubnet", "arn:aws:ec2:us-east-1:123456789012:vpc/*");
    half["Condition"] = tag;
    for (policy, text) in [
        (fault("a", false, on("kms:PutKeyPolicies", key)), "there is no kms:PutKeyPolicies"),
        (fault("b", false, on("kms:PutKeyPolicy", "*")), "kms:PutKeyPolicy is allowed everywhere"),
        (
            fault("c", false, on("kms:PutKeyPolicy", &key.replace("kms", "sqs"))),
            "has no resource like",
        ),
        (fault("d", false, on("kms:PutKeyPolicy", key)), "neither by a name nor by tags"),
        (fault("e", false, condition), "knows no aws:RequestTag/payctl:suffix"),
        (fault("f", false, half), "ec2:CreateSubnet names ['subnet'] too"),
        (fault("g", true, on("sqs:DeleteQueue", "arn:aws:sqs:us-east-1:1:q")), "more than looking"),
        (fault("h", true, on("secretsmanager:GetSecretValue", "*")), "more than looking"),
    ] {
        let found = problems(&[policy]);
        assert!(found.contains(text), "{text}: {found:?}");
    }
}

#[test]
fn a_boundary_is_asked_of_every_role() {
    let payctl = offline("pci-core");
    let ended = payctl.run(&["policy", "--account", "123456789012"]);
    ended.says("can become an administrator");
    let free: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(allowing(&free, "iam:PutRolePermissionsBoundary").is_empty());
    assert_eq!(allowing(&free, "iam:DeleteRolePermissionsBoundary").len(), 1);

    payctl.configure(&format!("permissions_boundary = \"{BOUNDARY}\"\n"));
    let ended = payctl.run(&["policy", "--account", "123456789012"]);
    assert!(!ended.stderr.contains("administrator"), "{ended}");
    let bound: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(allowing(&bound, "iam:DeleteRolePermissionsBoundary").is_empty());
    for action in ["CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary"]
    {
        let those = allowing(&bound, &format!("iam:{action}"));
        assert!(!those.is_empty(), "{action}");
        for statement in those {
            let condition = &statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"];
            assert_eq!(condition, BOUNDARY, "{action}");
        }
    }
    // To look and to leave is nobody's right.
    let looks = printed(&payctl, &["--for", "plan"]);
    assert!(!looks.to_string().contains("iam:PermissionsBoundary"));
}

#[test]
fn what_iam_takes_is_what_it_is_divided_into() {
    let payctl = offline("migration");
    let whole = printed(&payctl, &[]);
    let pairs = |documents: &[Value]| -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for one in documents.iter().flat_map(statements) {
            for action in one["Action"].as_array().unwrap() {
                for resource in one["Resource"].as_array().unwrap() {
                    all.insert(format!("{action} {resource} {}", one["Condition"]));
                }
            }
        }
        all
    };
    let length = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let split = |args: &[&str]| {
        let ended = payctl.run(&[&["policy", "--account", "123456789012"][..], args].concat());
        ended.exits(0);
        let mut files: Vec<_> = ended.stdout.lines().map(str::to_owned).collect();
        files.sort();
        files.into_iter().map(|path| payctl.folder().join(path)).collect::<Vec<_>>()
    };
    let files = split(&["--split", "parts"]);
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    assert!(texts.len() > 1 && texts.len() <= 10, "{}", texts.len());
    assert!(texts.iter().all(|text| length(text) <= 6144));
    let parts: Vec<Value> = texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(pairs(&parts), pairs(std::slice::from_ref(&whole)));
    let named = format!("payctl-migration-{SUFFIX}-1.json");
    assert!(files[0].ends_with(&named), "{files:?}");

    // The folder holds them and nothing else, so that none of an earlier division is attached.
    let again = payctl.run(&["policy", "--account", "123456789012", "--split", "parts"]);
    again.exits(1);
    again.says("parts is not empty");

    let templates = split(&["--split", "templates", "--format", "cloudformation"]);
    let documents = templates.iter().map(|path| {
        let template: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let resources = template["Resources"].as_object().unwrap();
        assert_eq!(resources.len(), 1);
        let (_, policy) = resources.iter().next().unwrap();
        assert_eq!(policy["Type"], "AWS::IAM::ManagedPolicy");
        policy["Properties"]["PolicyDocument"].clone()
    });
    assert_eq!(pairs(&documents.collect::<Vec<_>>()), pairs(std::slice::from_ref(&whole)));

    let all = payctl.run(&["policy", "--account", "123456789012", "--format", "terraform"]);
    all.exits(0);
    let documents = all.stdout.split("jsonencode(").skip(1).map(|text| {
        let (document, _) =
            text.rsplit_once("})\n}").map(|(text, end)| (format!("{text}}}"), end)).unwrap();
        serde_json::from_str(&document).unwrap()
    });
    assert_eq!(pairs(&documents.collect::<Vec<_>>()), pairs(&[whole]));
}

/// A partition has ARNs and host names of its own; service principals are the same everywhere.
#[test]
fn every_partition_has_its_own_names() {
    for (region, partition, host) in [
        ("eusc-de-east-1", "aws-eusc", "dynamodb.eusc-de-east-1.amazonaws.eu"),
        ("cn-north-1", "aws-cn", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "dynamodb.us-gov-west-1.amazonaws.com"),
        ("us-isob-east-1", "aws-iso-b", "dynamodb.us-isob-east-1.sc2s.sgov.gov"),
    ] {
        let policy = printed(&offline("pci-core"), &["--region", region]);
        let text = policy.to_string();
        assert!(
            text.contains(&format!("arn:{partition}:")) && !text.contains("arn:aws:"),
            "{region}"
        );
        let hosts = allowing(&policy, "kms:CreateGrant");
        assert!(hosts.iter().any(|one| one["Condition"].to_string().contains(host)), "{hosts:?}");
        assert!(text.contains("\"iam:PassedToService\":\"lambda.amazonaws.com\""), "{region}");
    }
}

/// What `payctl policy` prints, without two actions and with the right to ask, is simulated as
/// lacking those two and nothing else.
#[tokio::test]
async fn what_the_operator_lacks_is_told_before_anything_is_made() {
    let server = Server::start(Emulator::Sandbox);
    let lacking = ["kms:CreateGrant", "rds:CreateDBCluster"];
    let mut policy = printed(&Payctl::new(&server).of("migration"), &[]);
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let actions = statement["Action"].as_array_mut().unwrap();
        actions.retain(|action| !lacking.contains(&action.as_str().unwrap()));
        // A statement without an action is none.
        if actions.is_empty() {
            actions.push(json!("sts:GetCallerIdentity"));
        }
    }
    let asking = json!({
        "Sid": "Asking", "Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"
    });
    policy["Statement"].as_array_mut().unwrap().push(asking);
    let payctl = Payctl::new(&server).of("migration").under_policy(&server, &policy.to_string());
    calls(&server);
    let ended = payctl.run(&["preflight", "--json"]);
    ended.exits(1);
    ended.says("`up` would stop half-way: 2 checks say so");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(told["permissions"]["verdict"], "stops");
    let denied: Vec<&String> = told["permissions"]["denied"].as_object().unwrap().keys().collect();
    assert_eq!(denied, lacking);
    let linked = json!({
        "elasticloadbalancing.amazonaws.com": false,
        "ops.apigateway.amazonaws.com": false,
        "rds.amazonaws.com": false,
    });
    assert_eq!(told["service_linked_roles"], linked);
    assert!(calls(&server)["iam.SimulatePrincipalPolicy"] > 1);
    let planned = payctl.run(&["plan"]);
    planned.exits(0);
    let line = "these credentials are not allowed kms:CreateGrant and 1 more";
    assert!(planned.stdout.contains(line), "{planned}");
    assert_eq!(changing_calls(&server), [].into());
    // Whoever may do everything is told so by one call for each page of answers.
    let anybody = Payctl::new(&server).of("migration");
    calls(&server);
    let ended = anybody.run(&["preflight"]);
    ended.exits(0);
    assert!(
        ended.stdout.contains("permissions                        as IAM simulates them"),
        "{ended}"
    );
    assert!(calls(&server)["iam.SimulatePrincipalPolicy"] <= 3);
}
