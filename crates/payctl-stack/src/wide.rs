//! `wide`: many resources that have nothing to do with each other. It is there to be measured,
//! and is not listed.

use std::collections::BTreeMap;

use payctl_aws::dynamodb::{Attribute, AttributeKind, Table};
use payctl_aws::logs::{LogGroup, LogGroupName};
use payctl_aws::s3::Bucket;
use payctl_aws::sns::Topic;
use payctl_aws::sqs::{Encryption, Queue};
use payctl_aws::ssm::Parameter;
use payctl_aws::{Architecture, Policy, Statement};
use payctl_engine::{Input, Stack};

use crate::{BuiltIn, Context, System};

/// The stack's name.
const NAME: &str = "wide";

/// The system, which is there to be measured.
pub(crate) const SYSTEM: System = System {
    name: NAME,
    description: "resources that have nothing to do with each other",
    handlers: &[],
    zones: 0,
    commands: &[],
    folder: "",
    declares: &BuiltIn {
        lookups: |_| Vec::new(),
        architecture: |_| Architecture::X86_64,
        declare: |context, _| declare(context),
    },
};

/// How many there are of each kind.
const EACH: usize = 8;

/// Declares the stack.
fn declare(context: &Context<'_>) -> Stack {
    let mut stack = Stack::new(NAME, context.suffix.as_str());
    for nth in 1..=EACH {
        let logical = nth.to_string();
        let name = context.name(&format!("wide-{nth}"));
        stack.add(&logical, bucket(context, nth));
        stack.add(&logical, table(context, &name));
        stack.add(&logical, queue(context, &name));
        stack.add(&logical, topic(context, &name));
        stack.add(
            &logical,
            Parameter {
                name: format!("/wide/{}/{nth}", context.suffix),
                description: String::new(),
                value: "measured".into(),
                tier: "Standard".to_owned(),
                tags: context.tags(&name),
            },
        );
        stack.add(
            &logical,
            LogGroup {
                name: LogGroupName::from(format!("/wide/{name}")).into(),
                retention_days: 7,
                kms_key: None,
                tags: context.tags(&name),
            },
        );
    }
    stack
}

fn bucket(context: &Context<'_>, nth: usize) -> Bucket {
    let name = context.bucket_name(&format!("wide-{nth}"));
    Bucket {
        kms_key: Some(Input::Known(context.arn("kms", "alias/aws/s3"))),
        bucket_key: true,
        versioning: true,
        lock: None,
        ownership: "BucketOwnerEnforced".to_owned(),
        block_public: true,
        lifecycle: Vec::new(),
        small_objects_stay: true,
        access_log: None,
        policy: None,
        tags: context.tags(&name),
        name,
    }
}

fn table(context: &Context<'_>, name: &str) -> Table {
    Table {
        name: name.to_owned(),
        hash_key: Attribute::new("id", AttributeKind::S),
        range_key: None,
        indexes: BTreeMap::new(),
        billing: "PAY_PER_REQUEST".to_owned(),
        kms_key: None,
        point_in_time_recovery: false,
        deletion_protection: false,
        stream: None,
        ttl: None,
        tags: context.tags(name),
    }
}

fn queue(context: &Context<'_>, name: &str) -> Queue {
    Queue {
        name: name.to_owned(),
        visibility_timeout_s: 30,
        retention_s: 345_600,
        receive_wait_s: 0,
        delay_s: 0,
        max_message_bytes: 256 * 1024,
        encryption: Encryption::Managed,
        policy: None,
        redrive: None,
        redrive_allow: None,
        tags: context.tags(name),
    }
}

fn topic(context: &Context<'_>, name: &str) -> Topic {
    let arn = context.arn("sns", name);
    let publish = Statement::allow("Account", &["sns:Publish"]);
    Topic {
        name: name.to_owned(),
        display_name: String::new(),
        kms_key: None,
        policy: Policy::new([publish.for_arn(&context.root()).on([Input::Known(arn)])]),
        tags: context.tags(name),
    }
}
