//! Cases of what is written into a secret.

use std::collections::BTreeMap;

use payctl_aws::secretsmanager::TargetAttachment;
use payctl_engine::{Address, Call, Changed, FailureKind, Goal, Handle as _, Provider as _, Stack};
use serde_json::json;

use super::Case;
use super::secretsmanager::{
    TOKEN, assert_absent, environment, heard, listen, one, secret, value, written,
};
use crate::emulator::{Emulator, Server};
use crate::environment::Environment;

pub(super) fn cases(cases: &mut Vec<Case>) {
    let (s, attachment) = attached("payment-db-test.cluster-abc.us-east-1.rds.amazonaws.com");
    let moved: BTreeMap<_, _> =
        [("host", "other"), ("port", "5433"), ("dbname", "payments")].into();
    cases.push(Case::new(s, &attachment).edit("fields", moved));
}

/// A secret, and where its database is.
fn attached(host: &str) -> (Stack, Address) {
    let (mut s, secret) = one(secret());
    let fields = [("host", host), ("port", "5432"), ("dbname", "payments")];
    let fields = fields.map(|(name, text)| (name.to_owned(), text.into())).into();
    let attachment = s.add("database", TargetAttachment { secret: secret.arn(), fields });
    (s, attachment.address().clone())
}

/// Brings the stack about: what payctl says and keeps of it.
async fn make(environment: &Environment, stack: &Stack) -> Vec<String> {
    let plan = environment.plan(stack, Goal::Up).await;
    let outcome = environment.execute(&plan).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let observed = environment.observe(stack).await;
    let written = serde_json::to_string(&plan).unwrap();
    let said = format!("{plan:?} {outcome:?} {stack:?}");
    vec![said, written, format!("{observed:?} {:?}", environment.state())]
}

/// What payctl says of a field that it refuses, and of a value that it cannot add to.
async fn refused(environment: &Environment, attachment: &Address) -> Vec<String> {
    let record = environment.state().resources[attachment].clone();
    let (owner, outputs) = (&environment.owner, &record.outputs);
    let mut properties = record.properties.clone();
    properties["fields"]["password"] = json!("mine");
    let provider = &environment.provider;
    let changed = Changed::new(["fields"]);
    let call = Call { address: attachment, owner, token: TOKEN, properties: &properties };
    let mine = provider.converge(call, &properties, outputs, &changed).await.unwrap_err();
    assert_eq!(mine.kind, FailureKind::Invalid, "{mine}");
    let read = provider.read(call, outputs).await.unwrap().unwrap();
    assert_eq!(read, record.properties, "the password is read with the fields");

    let secrets = &environment.aws().secretsmanager;
    let arn = outputs["secret"].as_str().unwrap();
    let kept = secrets.get_secret_value().secret_id(arn).send().await.unwrap().secret_string;
    let spoilt = kept.as_ref().map(|text| format!("{text}, and more"));
    secrets.put_secret_value().secret_id(arn).set_secret_string(spoilt).send().await.unwrap();
    let call = Call { properties: &record.properties, ..call };
    assert_eq!(provider.read(call, outputs).await.unwrap(), None);
    let no_json = provider.create(call, &record.properties).await.unwrap_err();
    assert_eq!(no_json.kind, FailureKind::Invalid, "{no_json}");
    provider.delete(call, outputs).await.unwrap();
    secrets.put_secret_value().secret_id(arn).set_secret_string(kept).send().await.unwrap();
    [mine, no_json].map(|failure| format!("{failure:?}")).into()
}

/// The password passes through payctl with the fields, and is in nothing that payctl has.
pub async fn a_value_is_written_nowhere(emulator: Emulator) {
    let server = Server::start(emulator);
    listen();
    let environment = environment(&server).await;
    let (stack, address) = attached("first");
    let mut all = make(&environment, &stack).await;
    let first = value(&environment).await;
    let (stack, _) = attached("second");
    all.extend(make(&environment, &stack).await);
    let second = value(&environment).await;
    assert_eq!((&first["host"], &second["host"]), (&json!("first"), &json!("second")));
    assert_eq!(first["password"], second["password"]);
    all.extend(refused(&environment, &address).await);

    let destroyed = environment.run(&stack, Goal::Destroy).await;
    all.push(format!("{destroyed:?}"));
    let logged = heard();
    for operation in ["GetSecretValue", "PutSecretValue"] {
        assert!(logged.contains(&format!("operation=\"{operation}\"")), "{logged}");
    }
    all.push(logged);
    all.extend(written(environment.folder()));
    assert!(all.iter().any(|text| text.contains("second")), "the fields are in none");
    assert_absent(first["password"].as_str().unwrap(), &all);
}

/// A secret that was deleted and can still be brought back has no value to read or to change.
pub async fn a_deleted_secret_holds_nothing() {
    let server = Server::start(Emulator::Sandbox);
    let environment = environment(&server).await;
    let (stack, address) = attached("first");
    make(&environment, &stack).await;
    let record = environment.state().resources[&address].clone();
    let secrets = &environment.aws().secretsmanager;
    let arn = record.outputs["secret"].as_str().unwrap();
    secrets.delete_secret().secret_id(arn).recovery_window_in_days(7).send().await.unwrap();

    let (owner, properties) = (&environment.owner, &record.properties);
    let call = Call { address: &address, owner, token: TOKEN, properties };
    let provider = &environment.provider;
    assert_eq!(provider.read(call, &record.outputs).await.unwrap(), None);
    provider.delete(call, &record.outputs).await.unwrap();
    // It is brought back, and the fields are what they were.
    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert_eq!(value(&environment).await["host"], json!("first"));
}
