//! A system of one's own in Rust: `payctl::run` makes a whole payctl of it, with the same commands, state and
//! recovery.
//!
//!     cargo run --package payctl --example webhooks -- plan --sandbox --suffix dev

use std::process::ExitCode;

use payctl_aws::kms::{Alias, Key};
use payctl_aws::sqs::{Encryption, Queue, Redrive};
use payctl_aws::ssm::Parameter;
use payctl_aws::{Architecture, Policy, Statement};
use payctl_engine::Stack;
use payctl_stack::{BuiltIn, Context, System};

/// The systems of this command line; the first one is meant where none is named.
const SYSTEMS: &[System] = &[System {
    name: "webhooks",
    description: "what card schemes send, kept until somebody has worked on it",
    handlers: &[],
    zones: 0,
    commands: &[],
    folder: "",
    declares: &BuiltIn {
        lookups: |_| Vec::new(),
        architecture: |_| Architecture::X86_64,
        declare: |context, _| declare(context),
    },
}];

/// How long SQS keeps a message at most (CreateQueue, `MessageRetentionPeriod`).
const LONGEST_S: u32 = 14 * 24 * 60 * 60;

fn main() -> ExitCode {
    payctl::run(SYSTEMS)
}

/// Every `add` answers a handle by which others refer to the resource.
fn declare(context: &Context<'_>) -> Stack {
    let mut stack = Stack::new("webhooks", context.suffix.as_str());
    let name = context.name("webhooks");
    let account = Statement::allow("Account", &["kms:*"]).for_arn(&context.root()).on_all();
    let key = stack.add(
        "main",
        Key {
            description: "Encrypts what card schemes send".to_owned(),
            policy: Policy::new([account]),
            rotation: true,
            deletion_window_days: 7,
            pending_deletion: false,
            enabled: true,
            tags: context.tags(&name),
        },
    );
    stack.add("main", Alias { name: format!("alias/{name}"), key: key.id() });
    let queue = |name: String, retention_s: u32, redrive: Option<Redrive>| Queue {
        visibility_timeout_s: 60,
        retention_s,
        receive_wait_s: 20,
        delay_s: 0,
        max_message_bytes: 256 * 1024,
        encryption: Encryption::Kms { key: key.arn(), reuse_s: 300 },
        policy: None,
        redrive,
        redrive_allow: None,
        tags: context.tags(&name),
        name,
    };
    let dead = stack.add("dead", queue(context.name("webhooks-dead"), LONGEST_S, None));
    let redrive = Redrive { dead_letter: dead.arn(), max_receives: 5 };
    let work = stack.add("work", queue(name.clone(), LONGEST_S / 2, Some(redrive)));
    stack.add(
        "queue",
        Parameter {
            name: format!("/{name}/queue"),
            description: "Where webhooks are put".to_owned(),
            value: work.url().cast(),
            tier: "Standard".to_owned(),
            tags: context.tags(&name),
        },
    );
    stack.output("queue_url", &work.url());
    stack
}
