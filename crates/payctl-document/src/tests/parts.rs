//! Parts: what they make, what they say of themselves, and what is wrong with them.

use payctl_stack::parts::PARTS;

use super::*;

/// Every part with all that makes it declare something.
const ALL_PARTS: &str = r#"
name = "a"
[part.network.main]
cidr = "10.0.0.0/16"
tiers = ["app", "data"]
[part.egress.main]
vpc = "${part.network:main.vpc}"
public = "${part.network:main.free}"
tables = ["${part.network:main.app_tables}", "${part.network:main.data_tables}"]
gateways = "per-zone"
[part.key.stack]
[part.table.payments]
hash_key = { name = "id", kind = "S" }
[part.bucket.files]
access_log = "${s3.bucket:lines.name}"
event_bridge = true
[part.bucket.lines]
access_logs_of = ["files"]
[part.queue.jobs]
alarm = ["${sns.topic:ops.arn}"]
[part.topic.ops]
mail = ["a@shop.example", "b@shop.example"]
[part.function.pay]
handler = "pay"
vpc = "${part.network:main.vpc}"
subnets = "${part.network:main.app}"
reaches = [{ group = "${ec2.security_group:orders.id}", port = 5432 }]
may = [{ do = ["sqs:SendMessage"], on = ["${sqs.queue:jobs.arn}"], when = { Bool = { "aws:SecureTransport" = "true" } } }]
failed = "${sqs.queue:jobs-dead.arn}"
policy = { name = "pay-policy", description = "What pay may do" }
tracing = true
[part.database.orders]
vpc = "${part.network:main.vpc}"
subnets = "${part.network:main.data}"
clients = ["${ec2.security_group:pay.id}"]
version = "16.11"
class = "db.t4g.medium"
[part.http_api.shop]
cors_origins = ["https://shop.example"]
[part.http_api.shop.routes]
"POST /payments" = "${lambda.function:pay.name}"
"ANY /hooks/{proxy+}" = { function = "${lambda.function:pay.name}", authorization = "none" }
[part.rest_api.office]
web_acl = "${wafv2.web_acl:guard.arn}"
models = { Payment = { schema = { type = "object" } } }
[part.rest_api.office.routes]
"GET /payments/{id}" = "${lambda.function:pay.name}"
"POST /payments" = { function = "${lambda.function:pay.name}", model = "Payment" }
[part.web_acl.guard]
before = ["${elbv2.load_balancer:front.arn}"]
[part.alarms.ops]
tell = ["${sns.topic:ops.arn}"]
functions = ["${lambda.function:pay.name}"]
queues = ["${sqs.queue:jobs.name}"]
dead_letters = ["${sqs.queue:jobs-dead.name}"]
tables = ["${dynamodb.table:payments.name}"]
http_apis = ["${apigatewayv2.api:shop.id}"]
rest_apis = ["${part.rest_api:office.name}"]
databases = ["${rds.cluster:orders.identifier}"]
[elbv2.load_balancer.front]
vpc = "${part.network:main.vpc}"
subnets = "${part.egress:main.public}"
security_groups = []
"#;

/// The part of the document that declares one.
fn section(name: &str) -> String {
    let rest = ALL_PARTS.split_once(&format!("[part.{name}.")).unwrap().1;
    rest.split_once('.').map_or(rest, |(own, _)| own).to_owned()
}

#[test]
fn parts_make_what_they_say_and_each_is_tried() {
    let stack = declared(ALL_PARTS);
    let kinds: BTreeSet<&str> = stack.resources().iter().map(|one| one.address.kind()).collect();
    let registry = payctl_aws::kinds();
    for part in PARTS {
        assert!(!section(part.name).is_empty());
        for (kind, called) in part.declares {
            assert!(registry.kinds().contains_key(kind), "{}: {kind}", part.name);
            assert!(kinds.contains(kind), "{} made no {kind}", part.name);
            assert!(called.starts_with("NAME") || called.starts_with("account/"), "{called}");
        }
    }
    let said: BTreeSet<&str> =
        PARTS.iter().flat_map(|part| part.declares).map(|(kind, _)| *kind).collect();
    let beside = BTreeSet::from(["elbv2.load_balancer"]);
    assert_eq!(kinds, said.union(&beside).copied().collect());
}

/// Each part by itself makes no kind that it does not name.
#[test]
fn parts_make_nothing_besides() {
    for (name, text) in [
        ("network", "cidr = \"10.0.0.0/16\""),
        ("egress", "vpc = \"vpc-1\"\npublic = [\"10.0.0.0/24\"]\ntables = [\"rtb-1\"]"),
        ("key", ""),
        ("table", "hash_key = { name = \"id\", kind = \"S\" }"),
        ("bucket", "event_bridge = true"),
        ("queue", ""),
        ("topic", "mail = [\"a@b.example\"]"),
        (
            "function",
            "handler = \"f\"\nvpc = \"vpc-1\"\nsubnets = [\"subnet-1\"]\n\
             policy = { name = \"p\", description = \"\" }",
        ),
        (
            "database",
            "vpc = \"vpc-1\"\nsubnets = [\"subnet-1\", \"subnet-2\"]\nclients = [\"sg-1\"]\n\
             version = \"16.11\"\nclass = \"db.t4g.medium\"",
        ),
        ("http_api", "routes = { \"GET /\" = \"f\" }"),
        (
            "rest_api",
            "routes = { \"GET /a\" = \"f\" }\nweb_acl = \"arn:x\"\nmodels = { A = { schema = {} } }",
        ),
        ("web_acl", "before = [\"arn:x\"]"),
        ("alarms", "functions = [\"f\"]"),
    ] {
        let stack = declared(&format!("name = \"a\"\n[part.{name}.x]\n{text}\n"));
        let part = PARTS.iter().find(|part| part.name == name).unwrap();
        let said: BTreeSet<&str> = part.declares.iter().map(|(kind, _)| *kind).collect();
        let made = stack.resources().iter();
        // The stack's key is everybody's.
        let made = made.filter(|one| one.address.name() != "stack");
        let made: BTreeSet<&str> = made.map(|one| one.address.kind()).collect();
        assert_eq!(made, said, "{name}");
        let outputs = declared(ALL_PARTS);
        assert!(outputs.check().is_ok());
    }
}

/// What a part makes where nothing is said is what the house makes of the same resource.
#[test]
fn parts_are_as_the_house_has_it() {
    let statement = |properties: &Json, sid: &str| {
        let all = properties["policy"]["Statement"].as_array().unwrap();
        all.iter().find(|one| one["Sid"] == sid).cloned()
    };
    for (part, kind, given, other) in [
        ("bucket", "s3.bucket", "", &["policy"][..]),
        ("table", "dynamodb.table", "hash_key = { name = \"id\", kind = \"S\" }", &[]),
        ("key", "kms.key", "", &[]),
        ("key", "kms.alias", "", &["key"]),
        ("topic", "sns.topic", "", &[]),
        // Messages are worked on by functions, which take longer than half a minute.
        ("queue", "sqs.queue", "", &["visibility_timeout_s", "redrive"]),
        ("web_acl", "wafv2.web_acl", "", &[]),
    ] {
        let of_part = declared(&format!("name = \"a\"\n[part.{part}.x]\n{given}\n"));
        let more = if kind == "kms.alias" { "key = \"key-1\"" } else { given };
        let by_hand = declared(&format!("name = \"a\"\n[{kind}.x]\n{more}\n"));
        let address = format!("{kind}:x");
        let (mut left, mut right) = (
            resource(&of_part, &address).properties.clone(),
            resource(&by_hand, &address).properties.clone(),
        );
        if kind == "s3.bucket" {
            let [left, right] = [&left, &right].map(|one| statement(one, "DenyWithoutTls"));
            assert!(left.is_some() && left == right, "{left:?} {right:?}");
        }
        for name in other {
            let (left, right) = (left[*name].take(), right[*name].take());
            assert_ne!(left, right, "{address} {name}");
        }
        assert_eq!(left, right, "{address}");
    }
}

#[test]
fn what_is_wrong_with_parts_is_told() {
    let one = |part: &str, text: &str| format!("name = \"a\"\n[part.{part}.x]\n{text}\n");
    let network = |text: &str| one("network", &format!("cidr = \"10.0.0.0/16\"\n{text}"));
    let database = |text: &str| {
        let base = "vpc = \"vpc-1\"\nclass = \"db.t4g.medium\"";
        one("database", &format!("{base}\n{text}"))
    };
    let two = "subnets = [\"subnet-1\", \"subnet-2\"]";
    let routes = |route: &str| one("http_api", &format!("routes = {{ \"{route}\" = \"f\" }}"));
    let cases = [
        // Words, types and ranges.
        (one("buckt", ""), 2, "no part `buckt` | did you mean `bucket`?"),
        (one("bucket", "acces_log = \"x\""), 3, "has no property `acces_log` | did you mean `access_log`?"),
        (one("bucket", "uploads = \"its-kee\""), 3, "did you mean `its-key`?"),
        (one("bucket", "expire_after_days = 0"), 3, "has to be 1 to 36500"),
        (one("bucket", "versions_only = 1"), 3, "has to be true or false | this is a whole number"),
        (one("key", "deletion_window_days = 3"), 3, "has to be 7 to 30"),
        (one("key", "services = [\"log\"]"), 3, "did you mean `logs`?"),
        (one("queue", "visibility_timeout = 3"), 3, "did you mean `visibility_timeout_s`?"),
        (one("queue", "max_receives = 0"), 3, "has to be 1 to 1000"),
        (one("function", "handler = \"f\"\nmemory_mb = 64"), 4, "has to be 128 to 10240"),
        (one("function", "handler = \"f\"\narchitecture = \"arm\""), 4, "did you mean `arm64`?"),
        (one("table", ""), 2, "part.table.x needs `hash_key`"),
        (one("table", "hash_key = { name = \"id\", kind = \"s\" }"), 3, "one of"),
        (one("function", "handler = \"a\"\nmay = [{ do = [\"nonsense\"], on = \"*\" }]"), 4, "an action \"nonsense\""),
        (one("function", "handler = \"a\"\nmay = [{ do = [\"sqs:*\"], on = \"hello\" }]"), 4, "on \"hello\""),
        (one("function", "handler = \"a\"\nmay = [{ do = [], on = \"*\" }]"), 4, "nothing in `do`"),
        (one("function", "handler = \"a\"\nenvironment = { AWS_REGION = \"x\" }"), 4, "AWS_REGION"),
        (one("function", "handler = \"a\"\nenvironment = { \"A B\" = \"x\" }"), 4, "a variable \"A B\""),
        (one("alarms", "functions = [\"f\"]\nerrors_above = -1"), 4, "has to be at least 0"),
        (one("egress", "vpc = \"v\"\npublic = [\"10.0.0.0/24\"]\ngateways = \"per-zon\""), 5, "did you mean `per-zone`?"),
        (database("version = \"16.11\""), 2, "part.database.x needs `subnets` | The ids of"),
        // What goes together and what does not.
        (one("bucket", "access_logs_of = [\"y\"]\nlock_days = 3"), 4, "no `key`, `access_log` or `lock_days`"),
        (one("bucket", "archive_after_days = 9\nexpire_after_days = 9"), 4, "no later than"),
        (one("bucket", "versions_only = true"), 3, "for `versions_only`"),
        (one("topic", "mail = [\"ops\"]"), 2, "no mail address"),
        (one("function", "handler = \"f\"\nreaches = [{ group = \"sg-1\", port = 1 }]"), 4, "is in no VPC"),
        (one("function", "handler = \"f\"\nlog_retention_days = 31"), 2, "cannot keep its log for 31 days"),
        (one("web_acl", "rate_limit = 9"), 3, "under 10"),
        (one("alarms", ""), 2, "watches nothing"),
        (one("alarms", "functions = [\"f\", \"f\"]"), 2, "watches f twice"),
        (one("alarms", "others = [{ called = \"a b\", description = \"\", namespace = \"N\", metric = \"m\", above = 1 }]"), 2, "has an alarm `a b`"),
        (one("egress", "vpc = \"v\"\npublic = [\"10.0.0.0/24\"]"), 2, "that nobody uses"),
        (one("egress", "vpc = \"v\"\npublic = [\"10.0.0.0/24\"]\ntables = [\"t\"]\ngateways = \"none\""), 5, "no way out"),
        (network("zones = \"${param.n}\"\n[parameter.n]\ntype = \"integer\"\ndefault = 2"), 4, "has to be written as a number"),
        (network("zones = 7"), 4, "has to be 1 to 6"),
        (network("tiers = [\"App\"]"), 2, "has a tier `App`"),
        (network("tiers = [\"a\", \"a\"]"), 2, "the tier `a` twice"),
        (network("tiers = { a = [\"10.0.0.0/24\"] }"), 2, "has 1 subnets in the tier `a`, and `zones` is 2"),
        (network("zones = 1\ntiers = { a = [\"10.1.0.0/24\"] }"), 2, "inside 10.0.0.0/16"),
        (network("zones = 1\ntiers = { a = [\"10.0.0.0/24\"], b = [\"10.0.0.0/25\"] }"), 2, "apart from each other"),
        (one("network", "cidr = \"10.0.1.0/16\""), 3, "not the first address"),
        (one("network", "cidr = \"10.0.0.0/24\""), 3, "/16 to /22"),
        (one("network", "cidr = \"10.0.0.0\""), 3, "part.network.x"),
        (database("version = \"16.11\"\nsubnets = [\"subnet-1\"]"), 6, "two zones at least"),
        (database(&format!("version = \"16\"\n{two}")), 5, "such as 16.11"),
        (database(&format!("version = \"16.11\"\n{two}\nuser = \"admin\"")), 7, "word of PostgreSQL's own"),
        (database(&format!("version = \"16.11\"\n{two}\ninstances = 17")), 7, "has to be 1 to 16"),
        (database(&format!("version = \"16.11\"\n{two}\nparameters = {{ \"rds.force_ssl\" = \"0\" }}")), 2, "is TLS only"),
        (routes("/payments"), 2, "a route is a method and a path"),
        (one("http_api", "routes = {}"), 2, "has no routes"),
        (one("http_api", "routes = { \"GET /\" = 1 }"), 3, "none of the forms"),
        (one("http_api", "cors_origins = [\"shop\"]\nroutes = { \"GET /\" = \"f\" }"), 2, "has an origin `shop`"),
        (one("rest_api", "routes = { \"GET /{a}\" = \"f\" }\nstage = \"a b\""), 2, "has a stage `a b`"),
        (one("rest_api", "routes = { \"GET /a\" = { function = \"f\", model = \"A\" } }"), 2, "the `model` A in GET /a, which `models` lacks"),
        (one("rest_api", "routes = { \"GET /a\" = \"f\" }\nmodels = { A-B = { schema = {} } }"), 2, "has a model `A-B`"),
        (one("http_api", "routes = { \"GET /a\" = { function = \"f\", model = \"A\" } }"), 2, "holds no body against one"),
        (one("http_api", "statement = \"s\"\nroutes = { \"GET /a\" = \"f\", \"GET /b\" = \"f\" }"), 3, "one `statement` for two routes"),
        (one("function", "handler = \"f\"\ngroups = [\"sg-1\"]"), 4, "or has `groups`"),
        (one("function", "handler = \"f\"\nvpc = \"v\"\nsubnets = [\"s\"]\ngroups = [\"sg-1\"]\ngroup_name = \"g\""), 7, "beside `groups`"),
        (one("web_acl", "log_group = \"seen\""), 3, "writes to aws-waf-logs-"),
        (one("bucket", "s3_key = true\nkey = \"arn:k\""), 4, "no `key` beside `s3_key`"),
        (network("one_table = [\"b\"]"), 4, "has the tier `b` in `one_table`"),
        (one("alarms", "others = [{ called = \"a\", description = \"\", namespace = \"N\", metric = \"m\", above = 1, period_s = 45 }]"), 2, "`period_s` = 45"),
        // References.
        (network("[outputs]\nx = \"${part.netwrk:x.vpc}\""), 5, "no part.netwrk:x in this stack | did you mean `part.network:x`?"),
        (network("[outputs]\nx = \"${part.network:x.vpcs}\""), 5, "has no output `vpcs` | did you mean `vpc`?"),
        (network("[outputs]\nx = \"${part.network}\""), 5, "part.PART:NAME.OUTPUT"),
        (one("key", "[outputs]\nx = \"${part.key:x.arn}\""), 4, "payctl explain part"),
        (one("function", "handler = \"f\"\nvpc = \"${sqs.queue:q.arn}\"\nsubnets = [\"s\"]\n[sqs.queue.q]"), 4, "none of what is taken here"),
        (
            "name = \"a\"\n[part.egress.e]\nvpc = \"v\"\ngateways = \"none\"\npublic = \"${part.egress:f.public}\"\n\
             [part.egress.f]\nvpc = \"v\"\ngateways = \"none\"\npublic = \"${part.egress:e.public}\"\n".to_owned(),
            2,
            "dependency cycle: part.egress:e → part.egress:f → part.egress:e",
        ),
    ];
    let mut missed = Vec::new();
    for (text, line, why) in &cases {
        let all = wrong(text, Format::Toml, &Config::default());
        if !all.iter().any(|(at, _, said)| at == line && said.contains(why)) || all.len() != 1 {
            missed.push(format!("{text}\nexpected {line}: {why}\nfound {all:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// What refers to a part that is wrong is no further mistake.
#[test]
fn one_wrong_part_is_one_mistake() {
    let wrong_all = |text: &str| wrong(text, Format::Toml, &Config::default());
    let text = ALL_PARTS.replace("cidr = \"10.0.0.0/16\"", "cidr = \"10.0.0.0/30\"");
    let text = format!(
        "{text}\n[outputs]\nv = \"${{ec2.vpc:main.id}}\"\na = \"${{part.network:main.app}}\"\n"
    );
    let all = wrong_all(&text);
    assert_eq!(all.len(), 1, "{all:#?}");
}

#[test]
fn parts_refer_to_each_other_in_any_order() {
    let stack = declared(ALL_PARTS);
    let function = &resource(&stack, "lambda.function:pay").properties;
    let subnet = |nth| json!({ "$ref": format!("ec2.subnet:app-{nth}.id") });
    assert_eq!(function["subnets"], json!([subnet(1), subnet(2)]));
    let egress = resource(&stack, "ec2.route:data-2").properties["target"].clone();
    let gateway = json!({ "$ref": "ec2.nat_gateway:main-2.id", "$needs": "created" });
    assert_eq!(egress["nat_gateway"], gateway);
    // The first of the addresses that are kept free.
    assert_eq!(resource(&stack, "ec2.subnet:public-1").properties["cidr"], "10.0.216.0/22");
    assert_eq!(resource(&stack, "ec2.subnet:data-1").properties["cidr"], "10.0.24.0/22");
    let alarms = stack.resources().iter().filter(|one| one.address.kind() == "cloudwatch.alarm");
    let alarms: BTreeSet<&str> = alarms.map(|one| one.address.name()).collect();
    for name in
        ["ops-pay-errors", "ops-jobs-age", "ops-office-latency", "ops-orders-cpu", "jobs-dead"]
    {
        assert!(alarms.contains(name), "{name}: {alarms:?}");
    }
    let key = resource(&stack, "s3.bucket:files").properties["kms_key"].clone();
    assert_eq!(key, json!({ "$ref": "kms.key:stack.arn" }));
    assert_eq!(resource(&stack, "s3.bucket:lines").properties["kms_key"], Json::Null);
    // The part is the only key: none is made beside it.
    let keys = stack.resources().iter().filter(|one| one.address.kind() == "kms.key");
    assert_eq!(keys.count(), 1);
    let notes = stack.notes().join("\n");
    assert!(notes.contains("anyone may call ANY /hooks/{proxy+} of the API shop"), "{notes}");
    assert!(notes.contains("AWS mails a@shop.example"), "{notes}");
}

#[test]
fn a_part_s_deployment_is_of_what_the_document_adds_as_well() {
    let api = |name: &str| format!("[part.rest_api.{name}]\nroutes = {{ \"GET /a\" = \"f\" }}\n");
    let more = "[apigateway.resource.more]\napi = \"${apigateway.rest_api:one.id}\"\n\
                parent = \"${apigateway.rest_api:one.root}\"\npath_part = \"more\"\n";
    let stack = declared(&format!("name = \"a\"\n{}{}{more}", api("one"), api("two")));
    let content = &resource(&stack, "apigateway.deployment:one").properties["content"];
    let content = content.as_object().unwrap();
    assert!(content.contains_key("apigateway.resource:more"), "{content:?}");
    assert!(content.contains_key("apigateway.method:one/GET/a"), "{content:?}");
    let other = &resource(&stack, "apigateway.deployment:two").properties["content"];
    assert!(other.get("apigateway.resource:more").is_none());
    // Both log as the account's one role.
    let shared = stack.resources().iter().filter(|one| one.address.is_shared());
    assert_eq!(shared.count(), 2);
}

#[test]
fn what_is_asked_for_parts_is_asked_once_and_zones_are_counted() {
    let config = Config::default();
    let of = |text: &str| read(text, Format::Toml, &config).unwrap();
    let document = of(ALL_PARTS);
    assert_eq!(document.zones(), 3);
    let lookups = document.lookups(None);
    assert_eq!(lookups.len(), 1);
    let document = of("name = \"a\"\n[part.network.n]\ncidr = \"10.0.0.0/16\"\nzones = 4\n");
    assert_eq!((document.zones(), document.lookups(None).len()), (4, 0));
}

#[test]
fn what_a_part_is_given_is_filled_in_once() {
    let stack = declared(
        "name = \"a\"\n[parameter.p]\ntype = \"string\"\ndefault = \"${x}\"\n[part.function.f]\nhandler = \"f\"\n\
         environment = { AN = \"$${aws:username}\", BN = \"${param.p}\", CN = \"${sqs.queue:q.url}\" }\n\
         may = [{ do = [\"sqs:SendMessage\"], on = \"${sqs.queue:q.arn}\" }]\n[sqs.queue.q]\n",
    );
    let environment = &resource(&stack, "lambda.function:f").properties["environment"];
    assert_eq!(environment["AN"], "${aws:username}");
    assert_eq!(environment["BN"], "${x}");
    assert_eq!(environment["CN"], json!({ "$ref": "sqs.queue:q.url" }));
    let role = &resource(&stack, "iam.role:f").properties;
    let may = &role["inline"]["permissions"]["Statement"][0];
    assert_eq!(may["Resource"], json!({ "$ref": "sqs.queue:q.arn" }));
    assert_eq!(resource(&stack, "logs.group:f").properties["name"], "/aws/lambda/f-dev");
}

/// Who says more of what a function may do says it once.
#[test]
fn a_statement_that_is_given_takes_the_place_of_one_that_is_there_anyway() {
    let statements = |more: &str| {
        let text = format!("name = \"a\"\n[part.function.f]\nhandler = \"f\"\n{more}");
        let role = resource(&declared(&text), "iam.role:f").properties.clone();
        let all = role["inline"]["permissions"]["Statement"].as_array().unwrap().clone();
        all.iter().map(|one| one["Sid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(statements(""), ["Environment", "Logs"]);
    let logs =
        "{ Sid = \"Logs\", Effect = \"Allow\", Action = \"logs:PutLogEvents\", Resource = \"*\" }";
    assert_eq!(statements(&format!("statements = [{logs}]")), ["Logs", "Environment"]);
    let key = "{ do = [\"kms:Decrypt\", \"kms:GenerateDataKey\"], on = \"${key.arn}\" }";
    assert_eq!(statements(&format!("may = [{key}]")), ["May1", "Logs"]);
    let other = key.replace("${key.arn}", "arn:x");
    assert_eq!(statements(&format!("may = [{other}]")), ["May1", "Environment", "Logs"]);
}

#[test]
fn a_network_has_one_route_table_for_each_tier_and_narrow_endpoints_where_that_is_said() {
    let stack = declared(
        "name = \"a\"\n[part.network.main]\ncidr = \"10.0.0.0/16\"\none_table = true\nflow_log = false\n\
         [part.network.main.endpoints]\n\
         s3 = [{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"arn:aws:s3:::x/*\" }]\n\
         [[part.alarms.main.others]]\ncalled = \"refused\"\ndescription = \"d\"\nnamespace = \"N\"\nmetric = \"m\"\nabove = 2\n",
    );
    let names = |kind: &str| {
        let of_kind = stack.resources().iter().filter(|one| one.address.kind() == kind);
        of_kind.map(|one| one.address.name()).collect::<Vec<_>>()
    };
    assert_eq!(names("ec2.route_table"), ["private"]);
    assert_eq!(names("ec2.route_table_association"), ["private-1", "private-2"]);
    assert_eq!(names("ec2.gateway_endpoint"), ["s3"]);
    let statement =
        &resource(&stack, "ec2.gateway_endpoint:s3").properties["policy"]["Statement"][0];
    assert_eq!(statement["Action"], "s3:GetObject");
    assert_eq!(statement["Condition"]["StringEquals"]["aws:PrincipalAccount"], "123456789012");
    let alarm = &resource(&stack, "cloudwatch.alarm:refused").properties;
    assert_eq!((&alarm["name"], &alarm["threshold"]), (&json!("refused-dev"), &json!(2.0)));
}

/// Where there are too few zones, as a state may know that was made for fewer, nothing of the document is
/// declared, and that is an error: what is left out would be deleted.
#[test]
fn what_cannot_be_declared_where_it_is_to_be_is_refused() {
    let text =
        "name = \"net\"\n[sqs.queue.q]\n[part.network.main]\ncidr = \"10.0.0.0/16\"\nzones = 4\n";
    let config = Config::default();
    let document = read(text, Format::Toml, &config).unwrap();
    let system = document.into_system(payctl_aws::kinds().kinds().clone());
    // There are three.
    let stack = in_dev(Vec::new(), &config, |context| system.declare(context, &config));
    assert!(stack.resources().is_empty());
    let why = stack.check().unwrap_err().to_string();
    assert!(why.contains("part.network.main") && why.contains("zones"), "{why}");
}
