//! Cases of rotations, and how they go with what is written into the secret.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_secretsmanager::operation::rotate_secret::RotateSecretOutput;
use payctl_aws::lambda::Permission;
use payctl_aws::secretsmanager::{Rotation, SecretRef, TargetAttachment};
use payctl_aws::{Arn, Facts};
use payctl_engine::{
    Address, Call, Changed, Failure, FailureKind, Goal, Handle as _, Input, Provider as _, Stack,
};
use serde_json::{Value, json};

use super::secretsmanager::{TOKEN, secret, value};
use super::{Case, lambda, stack};
use crate::emulator::Emulator::{Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

/// A secret, and two functions that may rotate it.
fn rotated(facts: &Facts, s: &mut Stack) -> (SecretRef, [Input<Arn>; 2]) {
    let secret = s.add("main", secret());
    let functions = lambda::two(s);
    for (nth, function) in functions.iter().enumerate() {
        let permission = Permission {
            function: function.name(),
            statement: "rotation".to_owned(),
            action: "lambda:InvokeFunction".to_owned(),
            principal: "secretsmanager.amazonaws.com".to_owned(),
            source_arn: Some(secret.arn()),
            source_account: Some(facts.account.as_str().into()),
        };
        s.add(&format!("rotation-{nth}"), permission);
    }
    (secret, functions.map(|function| function.arn()))
}

fn rotation(secret: Input<Arn>, function: Input<Arn>) -> Rotation {
    let duration = "3h".to_owned();
    Rotation { secret, function, automatically_after_days: 30, duration }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let (secret, [first, second]) = rotated(facts, &mut s);
    let rotation = s.add("main", rotation(secret.arn(), first));
    cases.push(
        Case::new(s, rotation.address())
            .edit("function", second)
            .edit("automatically_after_days", 7)
            .edit("duration", "2h")
            .except(Moto, "create", "RotateSecret runs the function in Docker")
            .except(Ministack, "create", "CancelRotateSecret is missing"),
    );
}

/// A stack with a rotation and an attachment, and its secret as it is in the cloud.
struct Rotated {
    environment: Environment,
    attachment: Address,
    secret: String,
    _server: Server,
}

fn declared(facts: &Facts, host: &str) -> (Stack, Address) {
    let mut s = stack();
    let (secret, [function, _]) = rotated(facts, &mut s);
    let fields: BTreeMap<_, _> = [("host".to_owned(), host.into())].into();
    let attachment = s.add("database", TargetAttachment { secret: secret.arn(), fields });
    // Its function needs to know where the database is.
    s.add("main", rotation(attachment.secret(), function));
    (s, attachment.address().clone())
}

impl Rotated {
    /// Sets it up, and waits until AWS is through with the function's test.
    async fn up() -> Self {
        let server = Server::start(Sandbox);
        let artifacts = lambda::artifacts();
        let environment = Environment::new(&server, "conformance", "test", artifacts).await;
        let (stack, attachment) = declared(&environment.facts, "first");
        let (_, outcome) = environment.run(&stack, Goal::Up).await;
        assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
        let secret = environment.state().resources[&attachment].outputs["secret"].clone();
        let secret = secret.as_str().unwrap().to_owned();
        let this = Self { environment, attachment, secret, _server: server };
        while this.labelled("AWSPENDING").await.is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        this
    }

    /// The version with that label.
    async fn labelled(&self, label: &str) -> Option<String> {
        let secrets = &self.environment.aws().secretsmanager;
        let seen = secrets.describe_secret().secret_id(&self.secret).send().await.unwrap();
        let versions = seen.version_ids_to_stages.unwrap_or_default();
        let has = |labels: &Vec<String>| labels.iter().any(|one| one == label);
        versions.into_iter().find_map(|(version, labels)| has(&labels).then_some(version))
    }

    /// Rotates as a user does. The case's function fails, so that the rotation goes on.
    async fn rotate(&self) -> RotateSecretOutput {
        let secrets = &self.environment.aws().secretsmanager;
        secrets.rotate_secret().secret_id(&self.secret).send().await.unwrap()
    }

    fn call<'a>(&'a self, properties: &'a Value) -> Call<'a> {
        let owner = &self.environment.owner;
        Call { address: &self.attachment, owner, token: TOKEN, properties }
    }

    async fn converge(&self, host: &str) -> Result<(), Failure> {
        let properties = json!({ "secret": self.secret, "fields": { "host": host } });
        let (outputs, changed) = (json!({ "secret": self.secret }), Changed::new(["fields"]));
        let provider = &self.environment.provider;
        provider.converge(self.call(&properties), &properties, &outputs, &changed).await
    }

    async fn delete(&self) -> Result<(), Failure> {
        let record = self.environment.state().resources[&self.attachment].clone();
        let call = self.call(&record.properties);
        self.environment.provider.delete(call, &record.outputs).await
    }

    async fn destroy(&self) {
        let (stack, _) = declared(&self.environment.facts, "first");
        let (_, outcome) = self.environment.run(&stack, Goal::Destroy).await;
        assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    }
}

/// Between its steps, nothing is written into the secret. A destroy breaks it off.
pub async fn a_rotation_under_way_is_waited_for() {
    let this = Rotated::up().await;
    let current = this.labelled("AWSCURRENT").await;
    let version = this.rotate().await.version_id;
    assert_eq!(this.labelled("AWSPENDING").await, version);
    for answer in [this.converge("second").await, this.delete().await] {
        let failure = answer.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Pending, "{failure}");
    }
    // What is as declared need not wait.
    this.converge("first").await.unwrap();
    assert_eq!(this.labelled("AWSCURRENT").await, current);

    this.destroy().await;
    let all = this.environment.aws().secretsmanager.list_secrets().send().await.unwrap();
    assert_eq!(all.secret_list().len(), 0);
}

/// The function takes the fields over into the new version, and what is written after it leaves
/// nothing behind that would keep the next rotation from beginning.
pub async fn fields_stay_through_a_rotation() {
    let this = Rotated::up().await;
    let secrets = &this.environment.aws().secretsmanager;
    let before = value(&this.environment).await;
    assert_eq!(before["host"], json!("first"));
    let version = this.rotate().await.version_id.unwrap();
    let mut after = before.clone();
    after["password"] = json!("rotated");
    let put = secrets.put_secret_value().secret_id(&this.secret).client_request_token(&version);
    let put = put.version_stages("AWSPENDING").secret_string(after.to_string());
    put.send().await.unwrap();
    let request = secrets.update_secret_version_stage().secret_id(&this.secret);
    let request = request.version_stage("AWSCURRENT").move_to_version_id(&version);
    let from = this.labelled("AWSCURRENT").await;
    request.set_remove_from_version_id(from).send().await.unwrap();
    assert_eq!(value(&this.environment).await, after);

    let (stack, _) = declared(&this.environment.facts, "first");
    assert!(this.environment.plan(&stack, Goal::Up).await.is_empty());
    this.converge("second").await.unwrap();
    let written = value(&this.environment).await;
    assert_eq!((&written["host"], &written["password"]), (&json!("second"), &json!("rotated")));
    assert_eq!(this.labelled("AWSPREVIOUS").await.as_ref(), Some(&version));
    assert_eq!(this.labelled("AWSPENDING").await, this.labelled("AWSCURRENT").await);
    this.rotate().await;
    this.destroy().await;
}
