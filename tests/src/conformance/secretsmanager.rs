//! Cases of secrets.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Once;

use payctl_aws::secretsmanager::{Generate, ResourcePolicy, Secret, SecretRef};
use payctl_aws::{Artifacts, Aws, Facts};
use payctl_engine::{Address, Call, FailureKind, Goal, Handle as _, Input, Provider as _, Stack};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use super::{Case, kms, stack, tags};
use crate::emulator::{Emulator, Server};
use crate::environment::Environment;

pub(super) fn secret() -> Secret {
    Secret {
        name: "payment-db-credentials-test".to_owned(),
        description: "the database's user".to_owned(),
        kms_key: None,
        generate: Generate {
            fixed: [("username".to_owned(), "paymentuser".to_owned())].into(),
            key: "password".to_owned(),
            length: 32,
            punctuation: false,
        },
        recovery_window_days: None,
        pending_deletion: false,
        tags: tags("secret"),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let main = s.add("main", kms::key(facts, &[]));
    let other = s.add("other", kms::key(facts, &[]));
    let secret = s.add("main", Secret { kms_key: Some(main.arn()), ..secret() });
    let case = Case::new(s, secret.address());
    let changed: Option<Input<_>> = Some(other.arn());
    cases.push(
        case.edit("description", "another")
            .edit("kms_key", changed)
            .edit("recovery_window_days", 7)
            .edit("tags", tags("other")),
    );

    let (mut s, secret) = one(self::secret());
    let role = |name: &str| format!("arn:aws:iam::{}:role/{name}", facts.account);
    let readers = [role("reads"), role("rotates")].into_iter().collect();
    let policy = s.add("main", ResourcePolicy { secret: secret.arn(), readers });
    cases.push(Case::new(s, policy.address()).edit("readers", [role("reads")]));
}

pub(super) async fn environment(server: &Server) -> Environment {
    Environment::new(server, "conformance", "test", Artifacts::default()).await
}

pub(super) fn one(secret: Secret) -> (Stack, SecretRef) {
    let mut stack = stack();
    let secret = stack.add("main", secret);
    (stack, secret)
}

/// The values of all secrets that the emulator keeps. payctl asks for none.
pub async fn values(aws: &Aws) -> Vec<String> {
    let all = aws.secretsmanager.list_secrets().send().await.unwrap();
    let mut values = Vec::new();
    for secret in all.secret_list() {
        let request = aws.secretsmanager.get_secret_value().secret_id(secret.arn().unwrap());
        values.push(request.send().await.unwrap().secret_string.unwrap());
    }
    values
}

pub(super) async fn value(environment: &Environment) -> Value {
    let values = values(environment.aws()).await;
    let [value] = &values[..] else { panic!("{} secrets", values.len()) };
    serde_json::from_str(value).unwrap()
}

/// One that was deleted with a recovery window is restored, with the value it had.
pub async fn a_deleted_secret_is_taken_back(emulator: Emulator) {
    let server = Server::start(emulator);
    let environment = environment(&server).await;
    let recoverable = Secret { recovery_window_days: Some(7), ..secret() };
    let (stack, secret) = one(recoverable.clone());
    let see = async |stack: &Stack| {
        let mut observed = environment.observe(stack).await;
        observed.resources.remove(secret.address()).unwrap()
    };

    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let (first, its) = (see(&stack).await, value(&environment).await);
    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);

    let gone = see(&stack).await;
    assert_eq!(gone.outputs, first.outputs);
    assert_eq!((&gone.properties["pending_deletion"], gone.found), (&json!(true), true));

    // Restored and changed in one go.
    let (stack, _) = one(Secret { description: "another".to_owned(), ..recoverable });
    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let again = see(&stack).await;
    assert_eq!(again.outputs, first.outputs);
    assert_eq!(again.properties["pending_deletion"], json!(false));
    assert_eq!(again.properties["description"], json!("another"));
    assert_eq!(value(&environment).await, its);
}

/// A call about the secret that is declared like that.
fn call<'a>(
    environment: &'a Environment,
    address: &'a Address,
    properties: &'a Value,
    token: &'a str,
) -> Call<'a> {
    Call { address, owner: &environment.owner, token, properties }
}

pub(super) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A deletion for good ends when the secret is gone, and a new one waits for its name.
pub async fn a_name_is_free_once_the_secret_is_gone() {
    let server = Server::start_slow(2);
    let environment = environment(&server).await;
    let (stack, secret) = one(secret());
    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let (first, its) = (environment.state().resources[secret.address()].clone(), {
        let value = value(&environment).await;
        assert_eq!(value["username"], json!("paymentuser"));
        assert_eq!(value["password"].as_str().unwrap().len(), 32);
        value
    });
    let provider = &environment.provider;
    let call = call(&environment, secret.address(), &first.properties, TOKEN);

    let begun = provider.delete(call, &first.outputs).await.unwrap_err();
    assert_eq!(begun.kind, FailureKind::Pending, "{begun}");
    // What cannot be brought back is not there.
    assert_eq!(provider.read(call, &first.outputs).await.unwrap(), None);
    assert_eq!(provider.find(call, &first.properties).await.unwrap(), Vec::<Value>::new());
    let taken = provider.create(call, &first.properties).await.unwrap_err();
    assert_eq!(taken.kind, FailureKind::Busy, "{taken}");

    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let again = environment.state().resources[secret.address()].clone();
    assert_ne!(again.outputs, first.outputs);
    assert_ne!(value(&environment).await, its);
    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let all = environment.aws().secretsmanager.list_secrets().include_planned_deletion(true);
    assert_eq!(all.send().await.unwrap().secret_list().len(), 0);
}

/// Where the old one can still be brought back, no new one has its name, and no wait helps.
pub async fn a_name_is_taken_while_the_secret_can_be_brought_back() {
    let server = Server::start(Emulator::Sandbox);
    let environment = environment(&server).await;
    let (stack, secret) = one(Secret { recovery_window_days: Some(7), ..secret() });
    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let record = environment.state().resources[secret.address()].clone();
    let provider = &environment.provider;
    let first = call(&environment, secret.address(), &record.properties, TOKEN);
    for _ in 0..2 {
        provider.delete(first, &record.outputs).await.unwrap();
    }
    let second = Call { token: "fedcba9876543210fedcba9876543210", ..first };
    let taken = provider.create(second, &record.properties).await.unwrap_err();
    assert_eq!(taken.kind, FailureKind::Invalid, "{taken}");
    assert!(taken.message.contains("its name is taken until"), "{taken}");
}

/// Collects what payctl's crates log, as `-vv` shows it and in more detail: what each thread logs
/// by itself. It is the whole process's, as `tracing` may take one of a single thread for absent
/// where other threads log the same.
struct Log;

static LOG: Once = Once::new();

thread_local! {
    static LOGGED: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        LOGGED.with_borrow_mut(|logged| {
            let _ = write!(logged, " {field}={value:?}");
        });
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("payctl")
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Log);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Log);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Log);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// From the creation to the deletion, the value is in nothing that payctl has.
pub async fn a_value_is_written_nowhere(emulator: Emulator) {
    let server = Server::start(emulator);
    listen();
    let environment = environment(&server).await;
    let (stack, secret) = one(secret());
    let plan = environment.plan(&stack, Goal::Up).await;
    let outcome = environment.execute(&plan).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let calls = environment.calls.counts();
    assert!(!calls.keys().any(|call| call.contains("SecretValue")), "{calls:?}");
    let value = value(&environment).await;
    let password = value["password"].as_str().unwrap();

    let mut all = vec![format!("{plan:?} {outcome:?} {secret:?}")];
    all.push(serde_json::to_string(&plan).unwrap());
    let observed = environment.observe(&stack).await;
    all.push(format!("{observed:?} {:?}", environment.state()));
    let destroyed = environment.run(&stack, Goal::Destroy).await;
    all.push(format!("{destroyed:?}"));
    let logged = heard();
    assert!(logged.contains("operation=\"CreateSecret\""), "{logged}");
    assert!(logged.contains("operation=\"GetRandomPassword\""), "{logged}");
    all.push(logged);
    all.extend(written(environment.folder()));
    assert!(all.iter().any(|text| text.contains("paymentuser")), "the fixed text is in none");
    assert_absent(password, &all);
}

/// Begins to collect what this thread logs.
pub(super) fn listen() {
    LOG.call_once(|| tracing::subscriber::set_global_default(Log).unwrap());
    LOGGED.take();
}

/// What this thread logged since.
pub(super) fn heard() -> String {
    LOGGED.take()
}

/// What all files below `folder` hold.
pub(super) fn written(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => all.push(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()),
            }
        }
    }
    all
}

/// That a password is in none of the texts, however it may be written.
pub(super) fn assert_absent(password: &str, all: &[String]) {
    let hex: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
    // A byte list, as Debug writes a body that it does not know to be text.
    let bytes = format!("{:?}", password.as_bytes());
    for needle in [password, &hex, bytes.trim_matches(['[', ']'])] {
        let hit = all.iter().position(|text| text.contains(needle));
        assert_eq!(hit, None, "the value is in one of {} texts", all.len());
    }
}
