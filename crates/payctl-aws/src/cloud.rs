//! The cloud: one client per service, the account's facts, and what counts the calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::retry::RetryConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest as Request, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::Limited;
use payctl_engine::Cloud;

use crate::apigateway::Methods;
use crate::apigatewayv2::Lists;
use crate::artifact::Artifacts;
use crate::autoscaling::Policies;
use crate::cloudwatch::Alarms;
use crate::connection::{Connection, retrying};
use crate::ec2::BulkReaders;
use crate::elbv2::Balancing;
use crate::rds::{Clusters, Instances};
use crate::ssm::Parameters;
use crate::{Arn, AwsError, Result};

/// Larger than any answer that payctl reads, and no burden: a server's answer is not read beyond.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;
/// More pages than any list that payctl reads has: one without an end ends here.
const MOST_PAGES: u64 = 1_000;

/// What is true of the account, read once.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The account's id.
    pub account: String,
    /// Who is asking.
    pub caller: String,
    /// The partition, such as `aws`.
    pub partition: String,
    /// The region.
    pub region: String,
}

/// How often each operation was called, by `service.Operation`; and what keeps a server from
/// answering without an end.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
    pages: Arc<Mutex<BTreeMap<String, u64>>>,
}

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
    pub(crate) clusters: Arc<Clusters>,
    pub(crate) instances: Arc<Instances>,
    pub(crate) lists: Arc<Lists>,
    pub(crate) balancing: Arc<Balancing>,
    pub(crate) bulk: Arc<BulkReaders>,
    pub(crate) methods: Arc<Methods>,
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
        let methods = Arc::new(crate::apigateway::methods(&apigateway));
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
            kms: client!(aws_sdk_kms),
            lambda: client!(aws_sdk_lambda),
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
            tagging: client!(aws_sdk_resourcegroupstagging),
            wafv2: client!(aws_sdk_wafv2),
            facts: facts.clone(),
            artifacts: artifacts.clone(),
            alarms,
            clusters,
            instances,
            lists,
            balancing,
            bulk,
            methods,
            parameters,
            policies,
        }
    }
}

impl Facts {
    /// The ARN of `resource` of `service` in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}").into()
    }

    /// Whether an ARN names another account than this one; a service's name is none.
    pub(crate) fn is_of_another_account(&self, arn: &Arn) -> bool {
        let account = arn.as_str().split(':').nth(4).unwrap_or_default();
        !account.is_empty() && account != self.account
    }
}

impl Calls {
    /// How many calls were made in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts().values().sum()
    }

    /// How often each operation was called.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether the request asks for a further page of a list. S3's lists of versions are not among
/// those, as emptying a bucket has as many as the bucket has.
fn continues(request: &Request) -> bool {
    const NAMES: [&str; 5] = ["NextToken", "nextToken", "Marker", "PaginationToken", "position="];
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
    NAMES.iter().any(|name| body.contains(name) || request.uri().contains(name))
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "payctl call counter"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            let name = format!("{}.{}", call.service(), call.name());
            *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(0) +=
                1;
            if continues(context.request()) {
                let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
                let count = pages.entry(call.name().to_owned()).or_insert(0);
                *count += 1;
                if *count > MOST_PAGES {
                    return Err(format!("asked for {MOST_PAGES} pages, and there is no end").into());
                }
            }
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = whole.map(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST_ANSWER)));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            let status = context.response().map(|response| response.status().as_u16());
            let request = context
                .response()
                .and_then(|response| response.headers().get("x-amzn-requestid"))
                .unwrap_or_default();
            tracing::debug!(service = call.service(), operation = call.name(), status, request);
        }
        Ok(())
    }
}
