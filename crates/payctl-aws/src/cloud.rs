//! The cloud: one client per service.

use std::sync::Arc;

use aws_config::retry::RetryConfig;
use payctl_engine::Cloud;

use crate::apigateway::Apis;
use crate::apigatewayv2::Lists;
use crate::artifact::Artifacts;
use crate::autoscaling::Policies;
use crate::cloudwatch::Alarms;
use crate::connection::{Connection, retrying};
use crate::ec2::BulkReaders;
use crate::elbv2::Balancing;
use crate::load::{Loader, Mark};
use crate::rds::{Clusters, Instances};
use crate::ssm::Parameters;
use crate::{Arn, AwsError, Facts};

/// What a kind's verbs are given.
pub type Cx<'a> = payctl_engine::Cx<'a, Aws>;

/// AWS: the clients of one account and region.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Aws {
    pub acm: aws_sdk_acm::Client,
    pub apigateway: aws_sdk_apigateway::Client,
    pub apigatewayv2: aws_sdk_apigatewayv2::Client,
    pub autoscaling: aws_sdk_autoscaling::Client,
    pub cloudtrail: aws_sdk_cloudtrail::Client,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub config: aws_sdk_config::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub ec2: aws_sdk_ec2::Client,
    pub elbv2: aws_sdk_elasticloadbalancingv2::Client,
    pub eventbridge: aws_sdk_eventbridge::Client,
    pub guardduty: aws_sdk_guardduty::Client,
    pub iam: aws_sdk_iam::Client,
    pub kms: aws_sdk_kms::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub rds: aws_sdk_rds::Client,
    pub s3: aws_sdk_s3::Client,
    pub secretsmanager: aws_sdk_secretsmanager::Client,
    pub servicequotas: aws_sdk_servicequotas::Client,
    pub sns: aws_sdk_sns::Client,
    pub sqs: aws_sdk_sqs::Client,
    pub ssm: aws_sdk_ssm::Client,
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    pub wafv2: aws_sdk_wafv2::Client,
    pub facts: Arc<Facts>,
    /// The handlers' zips.
    pub artifacts: Arc<Artifacts>,
    /// Bulk reads.
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) apis: Arc<Apis>,
    pub(crate) clusters: Arc<Clusters>,
    pub(crate) function_policies: Arc<Loader<String>>,
    pub(crate) instances: Arc<Instances>,
    pub(crate) lists: Arc<Lists>,
    pub(crate) marked_keys: Arc<Loader<Vec<Arn>, Mark>>,
    pub(crate) balancing: Arc<Balancing>,
    pub(crate) bulk: Arc<BulkReaders>,
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) policies: Arc<Policies>,
}

impl Cloud for Aws {
    type Error = AwsError;
}

impl Connection {
    /// The clients whose calls may be repeated: the SDK retries throttling and 5xx by itself.
    #[must_use]
    pub fn retrying(&self, facts: &Arc<Facts>, artifacts: &Arc<Artifacts>) -> Aws {
        self.clients(&retrying(), facts, artifacts)
    }

    /// The clients for `create`, whose calls the SDK never repeats.
    #[must_use]
    pub fn no_retry(&self, facts: &Arc<Facts>, artifacts: &Arc<Artifacts>) -> Aws {
        self.clients(&RetryConfig::disabled(), facts, artifacts)
    }

    fn clients(
        &self,
        retries: &RetryConfig,
        facts: &Arc<Facts>,
        artifacts: &Arc<Artifacts>,
    ) -> Aws {
        macro_rules! client {
            ($service:ident $(, $setting:ident($value:expr))?) => {{
                let config = $service::config::Builder::from(&self.config)
                    .interceptor(self.calls.clone())
                    .retry_config(retries.clone())
                    $(.$setting($value))?
                    .build();
                $service::Client::from_conf(config)
            }};
        }
        let ec2 = client!(aws_sdk_ec2);
        let bulk = Arc::new(BulkReaders::new(&ec2));
        let elbv2 = client!(aws_sdk_elasticloadbalancingv2);
        let balancing = Arc::new(Balancing::new(&elbv2));
        let (apigateway, ssm) = (client!(aws_sdk_apigateway), client!(aws_sdk_ssm));
        let apigatewayv2 = client!(aws_sdk_apigatewayv2);
        let lists = Arc::new(Lists::new(&apigatewayv2));
        let autoscaling = client!(aws_sdk_autoscaling);
        let policies = Arc::new(crate::autoscaling::policies(&autoscaling));
        let apis = Arc::new(Apis::new(&apigateway));
        let (kms, lambda) = (client!(aws_sdk_kms), client!(aws_sdk_lambda));
        let tagging = client!(aws_sdk_resourcegroupstagging);
        let marked_keys = Arc::new(crate::kms::marked_keys(&kms, &tagging));
        let function_policies = Arc::new(crate::lambda::policies(&lambda));
        let parameters = Arc::new(crate::ssm::parameters(&ssm));
        let cloudwatch = client!(aws_sdk_cloudwatch);
        let alarms = Arc::new(crate::cloudwatch::alarms(&cloudwatch));
        let rds = client!(aws_sdk_rds);
        let clusters = Arc::new(crate::rds::clusters(&rds));
        let instances = Arc::new(crate::rds::instances(&rds));
        Aws {
            acm: client!(aws_sdk_acm),
            apigateway,
            apigatewayv2,
            autoscaling,
            cloudtrail: client!(aws_sdk_cloudtrail),
            cloudwatch,
            config: client!(aws_sdk_config),
            dynamodb: client!(aws_sdk_dynamodb),
            ec2,
            elbv2,
            eventbridge: client!(aws_sdk_eventbridge),
            guardduty: client!(aws_sdk_guardduty),
            iam: client!(aws_sdk_iam),
            kms,
            lambda,
            logs: client!(aws_sdk_cloudwatchlogs),
            rds,
            // Bucket names are looked up by path: virtual hosts need DNS that an endpoint of the
            // user's own rarely has, and AWS serves both.
            s3: client!(aws_sdk_s3, force_path_style(true)),
            secretsmanager: client!(aws_sdk_secretsmanager),
            servicequotas: client!(aws_sdk_servicequotas),
            sns: client!(aws_sdk_sns),
            sqs: client!(aws_sdk_sqs),
            ssm,
            tagging,
            wafv2: client!(aws_sdk_wafv2),
            facts: facts.clone(),
            artifacts: artifacts.clone(),
            alarms,
            apis,
            clusters,
            instances,
            function_policies,
            lists,
            marked_keys,
            balancing,
            bulk,
            parameters,
            policies,
        }
    }
}
