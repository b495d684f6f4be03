//! Topics, queues and secrets.

use serde_json::Value;

use super::account;
use super::secret_scan::is_secret;
use crate::policy::{allows, condition, is_fenced, is_for_everybody, name, services};
use crate::rule::{Rule, Said, holds, none};

const TOPIC: &[&str] = &["sns.topic"];
const QUEUE: &[&str] = &["sqs.queue"];
const SECRET: &[&str] = &["secretsmanager.secret"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-MSG-01", TOPIC, &["kms_key"], |of| {
        // SNS's own key lets no alarm through.
        let key = of.this.text("kms_key");
        holds(of.this.has("kms_key") && key != "alias/aws/sns", "no customer's key")
    }),
    Rule::of("PAY-MSG-02", TOPIC, &["policy"], |of| {
        let alarms = |service: &str| service == "cloudwatch.amazonaws.com";
        let open = allows(of.this.get("policy")).find(|one| {
            let unfenced =
                services(one).any(alarms) && condition(one, "aws:SourceAccount").next().is_none();
            (is_for_everybody(one) && !is_fenced(one)) || (unfenced && !is_fenced(one))
        });
        none(open.map(name), "is for everybody")
    }),
    Rule::of("PAY-MSG-03", &["sns.subscription"], &["protocol"], |of| {
        holds(of.this.text("protocol") != "http", "messages go out over plain HTTP")
    }),
    Rule::of("PAY-MSG-04", QUEUE, &["encryption"], |of| {
        let encryption = of.this.get("encryption");
        holds(!encryption.is_null() && encryption != "off", "messages are not encrypted")
    }),
    Rule::of("PAY-MSG-05", QUEUE, &["policy"], |of| {
        let open =
            allows(of.this.get("policy")).find(|one| is_for_everybody(one) && !is_fenced(one));
        none(open.map(name), "is for everybody")
    }),
    Rule::of("PAY-MSG-06", QUEUE, &["redrive"], |of| {
        // What takes dead letters needs none itself.
        let takes = of
            .all()
            .of("sqs.queue")
            .any(|one| of.all().is(&one.get("redrive")["dead_letter"], of.this))
            || of
                .all()
                .of("lambda.function")
                .any(|one| of.all().is(one.get("dead_letters"), of.this));
        if takes {
            return Said::Skip;
        }
        let times = of.this.get("redrive")["max_receives"].as_i64().unwrap_or_default();
        holds((1..=10).contains(&times), "messages that nobody can handle come again for ever")
    }),
    Rule::of("PAY-SEC-01", SECRET, &["kms_key"], |of| {
        holds(of.this.has("kms_key"), "it is encrypted with a key of AWS's own")
    }),
    Rule::of("PAY-SEC-02", SECRET, &[], |of| {
        let mut all = of.all().with("secretsmanager.rotation", "secret", of.this);
        let rotates =
            all.any(|one| one.number("automatically_after_days").is_some_and(|days| days <= 90));
        holds(rotates, "it does not rotate by itself")
    }),
    Rule::of("PAY-SEC-03", SECRET, &[], |of| {
        let mut all = of.all().with("secretsmanager.resource_policy", "secret", of.this);
        let Some(policy) = all.next() else {
            return Said::Fail("no policy names its readers".to_owned());
        };
        // What somebody wrote into the policy is read as one more reader, in words.
        let other = policy
            .list("readers")
            .iter()
            .filter_map(Value::as_str)
            .find(|one| !one.starts_with("arn:") || one.starts_with("*"));
        let attached = of.this.attached.iter().find(|one| one.starts_with("resource policy"));
        none(other.or(attached.map(String::as_str)), "is among its readers")
    }),
    Rule::of("PAY-SEC-04", SECRET, &["recovery_window_days"], |of| {
        holds(of.this.has("recovery_window_days"), "it is deleted for good at once")
    }),
    Rule::of("PAY-SEC-05", &["ssm.parameter"], &["name"], |of| {
        let secret = is_secret(of.this.text("name"), of.this.get("value"));
        holds(!secret, "it looks like a secret that is written down")
    }),
    // The kinds have no bus of their own: rules stand on the account's.
    account::EVENT_BUS,
];
