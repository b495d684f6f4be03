//! Logging: where a web ACL writes down the requests it sees.

use aws_sdk_wafv2::types::{FieldToMatch, LoggingConfiguration, SingleHeader};

use crate::prelude::*;

/// Where a web ACL writes down the requests it sees.
///
/// WAF lets itself in by a resource policy: since 2026-03 one of the group, which goes with it
/// (terraform-provider-aws#47111), before by one of the account's, which all groups share and
/// which stays.
#[kind(
    "wafv2.logging",
    // What it is known by: a web ACL has one at most.
    outputs(web_acl: Arn),
    stable(web_acl),
    typical(2.0, 0.0, 1.0),
    // As long as terraform-provider-aws waits for WAF (docs/aws-facts.md).
    wait_timeout = 5 * 60,
    look = "wafv2:GetLoggingConfiguration",
    // WAF does the latter in the caller's name.
    create = "wafv2:PutLoggingConfiguration logs:CreateLogDelivery DescribeLogGroups \
        DescribeResourcePolicies PutResourcePolicy",
    change = "wafv2:PutLoggingConfiguration",
    delete = "wafv2:DeleteLoggingConfiguration logs:DeleteLogDelivery",
    unscoped = "logs:CreateLogDelivery DeleteLogDelivery DescribeLogGroups \
        DescribeResourcePolicies PutResourcePolicy",
    on = [
        "arn:{partition}:wafv2:{region}:{account}:regional/webacl/*",
        "arn:{partition}:wafv2:{region}:{account}:regional/webacl/{web_acl.name}/*",
    ],
)]
pub struct Logging {
    #[prop(replaces, unique, parent)]
    pub web_acl: Input<Arn>,
    /// A log group, whose name has to begin with `aws-waf-logs-`.
    pub log_group: Input<Arn>,
    /// Headers whose values are left out, in lower case.
    pub redacted_headers: Set<String>,
}

const GONE: &str = "WAFNonexistentItemException";

impl Resource for Logging {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<LoggingOutputs>> {
        let Ok(web_acl) = self.web_acl.get() else { return Ok(Vec::new()) };
        let seen = look(cx, web_acl).await?;
        Ok(seen.map(|_| LoggingOutputs { web_acl: web_acl.clone() }).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &LoggingOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.web_acl).await? else { return Ok(None) };
        // WAF answers what it was given. By hand that may be the group with the `:*` of policies.
        let group = seen.log_destination_configs().first().present("log_destination_configs")?;
        let group = Arn::from(group.trim_end_matches(":*"));
        let redacted = seen.redacted_fields().iter();
        let headers = redacted.filter_map(|field| Some(field.single_header()?.name().to_owned()));
        Ok(Some(Self {
            web_acl: known.web_acl.clone().into(),
            log_group: group.into(),
            redacted_headers: headers.collect(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<LoggingOutputs> {
        self.put(cx).await?;
        Ok(LoggingOutputs { web_acl: self.web_acl.get()?.clone() })
    }

    async fn converge(&self, cx: &Cx<'_>, _: &LoggingOutputs, changed: &Changed) -> Result<()> {
        if changed.any(&["log_group", "redacted_headers"]) {
            self.put(cx).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &LoggingOutputs) -> Result<()> {
        let request = cx.cloud.wafv2.delete_logging_configuration().resource_arn(&known.web_acl);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Logging {
    async fn put(&self, cx: &Cx<'_>) -> Result<()> {
        let header = |name: &String| {
            let header = SingleHeader::builder().name(name).build()?;
            Ok(FieldToMatch::builder().single_header(header).build())
        };
        let headers = self.redacted_headers.iter().map(header).collect::<Result<Vec<_>>>()?;
        let logging = LoggingConfiguration::builder()
            .resource_arn(self.web_acl.get()?)
            .log_destination_configs(self.log_group.get()?)
            .set_redacted_fields((!headers.is_empty()).then_some(headers));
        let request = cx.cloud.wafv2.put_logging_configuration();
        request.logging_configuration(logging.build()?).send().await?;
        Ok(())
    }
}

async fn look(cx: &Cx<'_>, web_acl: &Arn) -> Result<Option<LoggingConfiguration>> {
    let request = cx.cloud.wafv2.get_logging_configuration().resource_arn(web_acl);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.logging_configuration))
}
