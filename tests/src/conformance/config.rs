//! Cases of AWS Config's rules.

use aws_sdk_config::types::ConfigurationRecorder;
use payctl_aws::config::{Rule, Scope};
use payctl_aws::{Artifacts, Aws, Facts};
use payctl_engine::{FailureKind, Goal, Handle as _, Stack};

use super::{Case, stack, tags};
use crate::cloud;
use crate::emulator::Emulator::{Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

/// Without parameters, like the one of its edit.
const SOURCE: &str = "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED";

fn rule(name: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        description: "conformance".to_owned(),
        source: SOURCE.to_owned(),
        parameters: [].into(),
        scope: Scope::Everything,
        frequency: None,
        tags: tags(name),
    }
}

fn declare(rule: Rule) -> Stack {
    let mut s = stack();
    s.add("main", rule);
    s
}

/// The account's recorder, which is of no kind: payctl makes none.
pub async fn set_up_recorder(aws: &Aws) {
    let role = aws.facts.arn("iam", "role/config");
    let recorder = ConfigurationRecorder::builder().name("default").role_arn(role).build();
    let request = aws.config.put_configuration_recorder().configuration_recorder(recorder);
    request.send().await.unwrap();
}

pub(super) fn cases(_: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let main = s.add("main", rule("conformance-test"));
    // One whose name begins with the other's.
    s.add("longer", rule("conformance-test-longer"));
    let tagged = Scope::Tagged { key: "Environment".to_owned(), value: "test".to_owned() };
    cases.push(
        Case::new(s, main.address())
            .edit("description", "")
            .edit("source", "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED")
            .edit("parameters", serde_json::json!({ "excludedPublicBuckets": "logs" }))
            .edit("scope", tagged)
            .edit("frequency", "TwentyFour_Hours")
            .edit("tags", tags("other"))
            .except(Moto, "scope", "DescribeConfigRules leaves a tag out")
            .except(Ministack, "create", "ListTagsForResource is missing"),
    );
}

async fn on_the_sandbox(server: &Server) -> Environment {
    Environment::new(server, "conformance", "test", Artifacts::default()).await
}

/// A rule comes and goes at AWS's pace; types and parameters read as they are declared.
pub async fn a_rule_takes_its_time() {
    let server = Server::start_slow(100);
    set_up_recorder(&cloud::clients(&server).await).await;
    let environment = on_the_sandbox(&server).await;
    let types = ["AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::DynamoDB::Table"];
    let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let s = declare(Rule {
        source: "REQUIRED_TAGS".to_owned(),
        parameters: [tag("tag1Key", "Environment"), tag("tag1Value", "test")].into(),
        scope: Scope::Types(types.map(str::to_owned).into_iter().collect()),
        ..rule("required")
    });
    for _ in 0..2 {
        let (_, outcome) = environment.run(&s, Goal::Up).await;
        assert!(outcome.is_complete(), "{:?}", outcome.failed);
        assert!(environment.plan(&s, Goal::Up).await.is_empty());
        let (_, outcome) = environment.run(&s, Goal::Destroy).await;
        assert!(outcome.is_complete(), "{:?}", outcome.failed);
        let left = environment.aws().config.describe_config_rules().send().await.unwrap();
        assert!(left.config_rules().is_empty());
    }
}

/// Where nothing records, the failure says what to do.
pub async fn a_rule_needs_a_recorder() {
    let server = Server::start(Sandbox);
    let environment = on_the_sandbox(&server).await;
    let (_, outcome) = environment.run(&declare(rule("early")), Goal::Up).await;
    let failure = &outcome.failed.first().expect("it cannot be made").1;
    assert_eq!(failure.kind, FailureKind::Invalid);
    assert!(failure.message.contains("set up AWS Config's recorder"), "{failure}");
}

/// `PutConfigRule` would change a rule that someone else made in the meantime.
pub async fn a_rule_of_that_name_is_left_alone() {
    let server = Server::start(Sandbox);
    let aws = cloud::clients(&server).await;
    set_up_recorder(&aws).await;
    let environment = on_the_sandbox(&server).await;
    let s = declare(rule("taken"));
    let plan = environment.plan(&s, Goal::Up).await;

    let elsewhere = Environment::new(&server, "other", "test", Artifacts::default()).await;
    let theirs = Rule { description: "theirs".to_owned(), tags: [].into(), ..rule("taken") };
    let mut other = Stack::new("other", "test");
    other.add("main", theirs);
    let (_, outcome) = elsewhere.run(&other, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);

    let outcome = environment.execute(&plan).await;
    let failure = &outcome.failed.first().expect("it is there already").1;
    assert_eq!(failure.kind, FailureKind::Conflict);
    let seen = aws.config.describe_config_rules().config_rule_names("taken").send().await.unwrap();
    assert_eq!(seen.config_rules()[0].description(), Some("theirs"));
    // And a plan that sees it is refused.
    assert!(!environment.plan(&s, Goal::Up).await.refusals.is_empty());
}
