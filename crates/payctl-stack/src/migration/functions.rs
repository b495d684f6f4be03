//! The four functions, and what each may do.

use payctl_aws::Statement;
use payctl_aws::ec2::SubnetRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::FunctionRef;
use payctl_engine::{Input, Stack};

use super::database::Database;
use super::groups::Groups;
use super::system::{Keys, PROCESSING, Stores, System, Topics};
use crate::parts::{Function, NetworkMade, Part as _, PartContext};

pub(super) struct Functions {
    pub(super) validation: FunctionRef,
    pub(super) fraud: FunctionRef,
    pub(super) processing: FunctionRef,
    pub(super) rotation: FunctionRef,
}

impl Functions {
    pub(super) fn all(&self) -> [&FunctionRef; 4] {
        [&self.validation, &self.fraud, &self.processing, &self.rotation]
    }
}

/// What differs between the functions.
struct FunctionSpec {
    name: &'static str,
    description: &'static str,
    /// How many may run at once; 0 sets no limit. Where every control is asked for, all have that
    /// of the validating one.
    reserved_concurrency: u32,
    statements: Vec<Statement>,
    environment: Variables,
}

type Variables = Vec<(&'static str, Input<String>)>;

/// What functions are in, and what they use.
pub(super) struct Shared<'a> {
    pub(super) keys: &'a Keys,
    pub(super) network: &'a NetworkMade,
    pub(super) groups: &'a Groups,
    pub(super) stores: &'a Stores,
    pub(super) topics: &'a Topics,
    pub(super) database: &'a Database,
}

impl System<'_> {
    pub(super) fn functions(
        &self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        shared: &Shared<'_>,
    ) -> Result<Functions, String> {
        let Shared { keys, stores, topics, database, .. } = shared;
        let table = &stores.transactions;
        let indexes = table.arn().then("/index/*");
        // What is published or written anew is encrypted with a key of its own.
        let use_key = |sid: &str, key: &KeyRef| {
            Statement::allow(sid, &["kms:Decrypt", "kms:GenerateDataKey"]).on([key.arn()])
        };
        // The table's own key of keys is made by DynamoDB, in the name of whoever made the table.
        let table_key = || Statement::allow("TableKey", &["kms:Decrypt"]).on([keys.table.arn()]);
        let history = Statement::allow("History", &["dynamodb:Query"]).on([indexes]);
        // The password of the database with the customers.
        let log_in = || {
            [
                Statement::allow("Secret", &["secretsmanager:GetSecretValue"])
                    .on([database.secret.arn()]),
                Statement::allow("SecretKey", &["kms:Decrypt"]).on([keys.secrets.arn()]),
            ]
        };
        let secret_arn = || ("SECRET_ARN", database.secret.arn().cast());
        let of_table = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];
        let name = || ("TABLE_NAME", table.name().cast());
        let secret = [
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:ListSecretVersionIds",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        ];
        let retention = self.parameters.retention_days.to_string();
        let mut function = |wanted: FunctionSpec| {
            let name = wanted.name;
            self.function(shared, wanted).declare(stack, part, name)
        };
        let fraud = function(FunctionSpec {
            name: "fraud-detection",
            description: "Says how suspicious a payment is",
            reserved_concurrency: 0,
            statements: vec![history, table_key()],
            environment: [name()].into_iter().chain(self.scoring()).collect(),
        })?;
        Ok(Functions {
            validation: function(FunctionSpec {
                name: "payment-validation",
                description: "Says whether a payment can be made, and why not",
                reserved_concurrency: self.parameters.reserved_concurrency,
                statements: log_in().into(),
                environment: [secret_arn()].into_iter().chain(self.limits()).collect(),
            })?,
            processing: function(FunctionSpec {
                name: PROCESSING,
                description: "Validates, scores and keeps payments, each at most once",
                reserved_concurrency: 0,
                statements: [
                    Statement::allow("Transactions", &of_table).on([table.arn()]),
                    Statement::allow("Scoring", &["lambda:InvokeFunction"]).on([fraud.arn()]),
                    Statement::allow("Records", &["s3:PutObject"])
                        .on([stores.audit.arn().then("/audit/*")]),
                    Statement::allow("Notices", &["sns:Publish"]).on([topics.failed.arn()]),
                    table_key(),
                    Statement::allow("RecordsKey", &["kms:GenerateDataKey"])
                        .on([keys.objects.arn()]),
                    use_key("NoticesKey", &keys.logs),
                ]
                .into_iter()
                .chain(log_in())
                .collect(),
                environment: [
                    name(),
                    secret_arn(),
                    ("SCORING_FUNCTION", fraud.name().cast()),
                    ("AUDIT_BUCKET", stores.audit.name().cast()),
                    // A request for encryption that names no key gets one of AWS's own.
                    ("KMS_KEY_ID", keys.objects.arn().cast()),
                    ("TOPIC_ARN", topics.failed.arn().cast()),
                    ("RETENTION_DAYS", Input::Known(retention)),
                ]
                .into_iter()
                .chain(self.limits())
                .collect(),
            })?,
            fraud,
            rotation: function(FunctionSpec {
                name: "secrets-rotation",
                description: "Changes the database's password",
                reserved_concurrency: 0,
                statements: vec![
                    Statement::allow("Secret", &secret).on([database.secret.arn()]),
                    // A password that belongs to no secret yet: nothing narrower exists.
                    Statement::allow("Passwords", &["secretsmanager:GetRandomPassword"]).on_all(),
                    use_key("SecretKey", &keys.secrets),
                ],
                environment: vec![],
            })?,
        })
    }

    /// What a payment is held against.
    fn limits(&self) -> Variables {
        let parameters = self.parameters;
        vec![
            ("MINIMUM_AMOUNT", parameters.minimum_amount.as_str().into()),
            ("MAXIMUM_AMOUNT", parameters.maximum_amount.as_str().into()),
            ("CURRENCIES", Input::Known(parameters.currencies.join(","))),
        ]
    }

    /// What makes it suspicious.
    fn scoring(&self) -> Variables {
        let parameters = self.parameters;
        [
            ("VELOCITY_WEIGHT", parameters.velocity_weight),
            ("AMOUNT_WEIGHT", parameters.amount_weight),
            ("HISTORY_WEIGHT", parameters.history_weight),
            ("VELOCITY_LIMIT", parameters.velocity_limit),
            ("REVIEW_SCORE", parameters.review_score),
            ("DECLINE_SCORE", parameters.decline_score),
        ]
        .map(|(name, value)| (name, Input::Known(value.to_string())))
        .into()
    }

    fn function(&self, shared: &Shared<'_>, wanted: FunctionSpec) -> Function {
        let (parameters, Shared { keys, network, groups, .. }) = (self.parameters, shared);
        let environment = wanted.environment.into_iter();
        let number = match self.is_strict() {
            true => parameters.reserved_concurrency,
            false => wanted.reserved_concurrency,
        };
        Function {
            handler: Some(wanted.name.to_owned()),
            description: wanted.description.to_owned(),
            role_name: Some(format!("{}-role", wanted.name)),
            role_description: Some(format!("What {} runs as", wanted.name)),
            statements: wanted.statements,
            memory_mb: parameters.memory_mb,
            timeout_s: parameters.timeout_s,
            reserved_concurrency: parameters.posture.reserved_concurrency(number),
            log_retention_days: parameters.log_retention_days(),
            tracing: self.is_strict(),
            vpc: Some(network.vpc.id()),
            subnets: network.subnets("private").iter().map(SubnetRef::id).collect(),
            groups: vec![groups.functions.id()],
            environment: environment.map(|(name, value)| (name.to_owned(), value)).collect(),
            key: Some(keys.functions.arn()),
            log_key: Some(keys.logs.arn()),
            ..Function::default()
        }
    }
}
