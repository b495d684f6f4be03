//! The two functions, and what each may do.

use payctl_aws::ec2::{Peer, SecurityGroupId, SubnetRef};
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::{EventSourceMapping, FunctionRef};
use payctl_aws::sqs::QueueRef;
use payctl_aws::{Arn, Set, Statement};
use payctl_engine::{Input, Stack};

use super::parameters::Parameters;
use super::system::{API_HANDLER, EVENT_HANDLER, Stores, System};
use crate::parts::{Function, NetworkMade, function, network};

/// What both functions have in common.
pub(super) struct Shared<'a> {
    pub(super) network: &'a NetworkMade,
    pub(super) group: Input<SecurityGroupId>,
    pub(super) key: &'a KeyRef,
    pub(super) stores: &'a Stores,
    /// The queue of what they fail at.
    pub(super) failed: Option<Input<Arn>>,
}

impl System<'_> {
    /// The security group of both functions.
    pub(super) fn function_group(
        &self,
        stack: &mut Stack,
        network: &NetworkMade,
    ) -> Input<SecurityGroupId> {
        let out = network::tls(Peer::Cidr(network::ANYWHERE.into()), "TLS to AWS services");
        let description = "The payment functions: TLS to the outside, nothing from there";
        let (vpc, none) = (&network.vpc, Some(Set::new()));
        let group =
            function::security_group(self.context, vpc, "lambda-sg", description, none, [out]);
        stack.add("functions", group).id()
    }

    /// The function behind the API: it stores payments, queues them and serves what is stored.
    pub(super) fn api_function(&self, shared: &Shared<'_>) -> Function {
        let parameters = self.parameters;
        let Stores { payments, queue, .. } = shared.stores;
        let of_table = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"];
        let statements = [
            Statement::allow("Payments", &of_table).on([payments.arn()]),
            Statement::allow("Status", &["dynamodb:Query"]).on([payments.arn().then("/index/*")]),
            Statement::allow("Queue", &["sqs:SendMessage"]).on([queue.arn()]),
        ];
        let mut function = self.function(shared, "payment-processor", API_HANDLER, statements);
        function.environment.insert("QUEUE_URL".to_owned(), queue.url().cast());
        Function {
            description: "Takes payments, queues them, and tells what became of them".to_owned(),
            timeout_s: parameters.timeout_s,
            reserved_concurrency: parameters
                .posture
                .reserved_concurrency(parameters.reserved_concurrency),
            ..function
        }
    }

    /// The function that the queue feeds: it completes payments.
    pub(super) fn event_handler(&self, shared: &Shared<'_>) -> Function {
        let Stores { payments, queue, .. } = shared.stores;
        let receive = [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ];
        let statements = [
            Statement::allow("Payments", &["dynamodb:GetItem", "dynamodb:UpdateItem"])
                .on([payments.arn()]),
            Statement::allow("Queue", &receive).on([queue.arn()]),
        ];
        Function {
            description: "Completes queued payments, each by itself".to_owned(),
            timeout_s: self.parameters.event_timeout_s,
            reserved_concurrency: self.queue_concurrency(),
            ..self.function(shared, "event-handler", EVENT_HANDLER, statements)
        }
    }

    /// What both have in common: they write audit objects.
    fn function(
        &self,
        shared: &Shared<'_>,
        name: &str,
        handler: &str,
        statements: impl IntoIterator<Item = Statement>,
    ) -> Function {
        let (parameters, Shared { network, key, stores, .. }) = (self.parameters, shared);
        let of_key = ["kms:Decrypt", "kms:GenerateDataKey"];
        let shared_statements = [
            Statement::allow("Audit", &["s3:PutObject"]).on([stores.audit.arn().then("/audit/*")]),
            Statement::allow("Key", &of_key).on([key.arn()]),
        ];
        let environment: [(&str, Input<String>); 3] = [
            ("TABLE_NAME", stores.payments.name().cast()),
            ("BUCKET_NAME", stores.audit.name().cast()),
            // A request for encryption that names no key gets one of AWS's own.
            ("KMS_KEY_ID", key.arn().cast()),
        ];
        Function {
            handler: Some(handler.to_owned()),
            role_name: Some(format!("{name}-role")),
            role_description: Some(format!("What {name} runs as")),
            statements: statements.into_iter().chain(shared_statements).collect(),
            memory_mb: parameters.memory_mb,
            log_retention_days: parameters.log_retention_days(),
            tracing: self.is_strict(),
            vpc: Some(network.vpc.id()),
            subnets: network.subnets("private").iter().map(SubnetRef::id).collect(),
            groups: vec![shared.group.clone()],
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            failed: shared.failed.clone(),
            ..Function::default()
        }
    }

    /// How many of it run at once, where every control is asked for; the queue takes no less than 2.
    fn queue_concurrency(&self) -> Option<u32> {
        let Parameters { posture, reserved_concurrency, .. } = *self.parameters;
        let number = posture.reserved_concurrency(reserved_concurrency).map(|number| number.max(2));
        number.filter(|_| self.is_strict())
    }

    /// Gives the function what is in the queue.
    pub(super) fn feed(&self, stack: &mut Stack, queue: &QueueRef, function: &FunctionRef) {
        stack.add(
            "payments",
            EventSourceMapping {
                source: queue.arn(),
                function: function.name(),
                batch_size: self.parameters.batch_size,
                batching_window_s: 0,
                partial_responses: true,
                // What Lambda takes from the queue and cannot run counts as received, and would
                // soon be given up (Lambda's guide, "Configuring scaling behavior for SQS event
                // source mappings").
                maximum_concurrency: self.queue_concurrency(),
                enabled: true,
                tags: self.context.tags(&self.context.name("payment-queue-to-event-handler")),
            },
        );
    }
}
