//! The web ACL before a stage or a load balancer.

use payctl_aws::Arn;
use payctl_aws::logs::LogGroup;
use payctl_aws::wafv2::{self, Association, Logging, Rule, RuleStatement, Visibility, WebAclRef};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::logs;
use super::part::{self, Part, PartContext};
use crate::Context;

/// A web ACL before REST APIs or load balancers: what AWS's rules take for an attack does not come
/// through, nor what comes too often from one address. What it sees is written down.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WebAcl {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    pub name: Option<String>,
    /// What it is for.
    pub description: String,
    /// The ARNs of what it is put before: stages of REST APIs, load balancers. An `http_api` is none of
    /// those.
    pub before: Vec<Input<Arn>>,
    /// How many requests may come from one address within five minutes: 10 or more, and 0 sets no limit.
    #[schemars(range(min = 0, max = 2_000_000_000))]
    pub rate_limit: u32,
    /// The names of AWS's groups of rules.
    pub managed_rules: Vec<String>,
    /// Whether what it sees is written down, without the headers that let somebody in.
    pub log: bool,
    /// What that log is called in AWS, without the suffix: `aws-waf-logs-` and more, as WAF writes to no
    /// other; `aws-waf-logs-NAME` where nothing is said.
    pub log_group: Option<String>,
    /// How long that log is kept.
    pub log_retention_days: u32,
    /// The ARN of the key that encrypts that log; the stack's key where nothing is said.
    pub key: Option<Input<Arn>>,
}

impl Default for WebAcl {
    fn default() -> Self {
        Self {
            name: None,
            description: String::new(),
            before: Vec::new(),
            rate_limit: 2000,
            managed_rules: MANAGED_RULES.map(str::to_owned).into(),
            log: true,
            log_group: None,
            log_retention_days: 30,
            key: None,
        }
    }
}

impl Part for WebAcl {
    const NAME: &'static str = "web_acl";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("wafv2.web_acl", "NAME"),
        ("wafv2.association", "NAME, NAME-2 …, one for each of `before`"),
        ("wafv2.logging", "NAME, with `log`"),
        ("logs.group", "NAME-waf, with `log`"),
    ];
    type Made = WebAclRef;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<WebAclRef, String> {
        // CreateWebACL, `RateBasedStatement$Limit`.
        if (1..10).contains(&self.rate_limit) {
            return Err(
                "has a `rate_limit` under 10, which WAF does not know; 0 sets none".to_owned()
            );
        }
        logs::check_retention(self.log_retention_days)?;
        let context = part.context;
        let base = part::base(self.name, logical);
        let limit = (self.rate_limit > 0).then_some(self.rate_limit);
        let groups: Vec<&str> = self.managed_rules.iter().map(String::as_str).collect();
        let web_acl = acl(context, context.name(&base), self.description, limit, &groups);
        let web_acl = stack.add(logical, web_acl);
        for (nth, resource) in self.before.into_iter().enumerate() {
            let logical = match nth {
                0 => logical.to_owned(),
                _ => format!("{logical}-{}", nth + 1),
            };
            stack.add(&logical, Association { web_acl: web_acl.arn(), resource });
        }
        if self.log {
            let name = self.log_group.unwrap_or_else(|| format!("{LOG_GROUP}{base}"));
            if !name.starts_with(LOG_GROUP) {
                return Err(format!("has a `log_group` {name}: WAF writes to {LOG_GROUP}… alone"));
            }
            let name = context.name(&name);
            let key = part.key(self.key)?;
            let group = logs::group(context, name, self.log_retention_days, key);
            named_log(stack, logical, &format!("{logical}-waf"), &web_acl, group);
        }
        Ok(web_acl)
    }
}

/// WAF writes to groups of such names only (PutLoggingConfiguration).
const LOG_GROUP: &str = "aws-waf-logs-";

/// What AWS's rules know of the web's attacks, of bad inputs, and of SQL.
pub(crate) const MANAGED_RULES: [&str; 3] = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
];

/// The web ACL `name` of these rules.
fn acl(
    context: &Context<'_>,
    name: String,
    description: String,
    address_limit: Option<u32>,
    groups: &[&str],
) -> wafv2::WebAcl {
    let visibility =
        |metric: &str| Visibility { metric: metric.to_owned(), metrics: true, samples: true };
    let rule = |name: &str, statement: RuleStatement| Rule {
        name: name.to_owned(),
        statement,
        visibility: visibility(name),
    };
    let managed = |group: &&str| {
        let (vendor, name) = ("AWS".to_owned(), (*group).to_owned());
        rule(group, RuleStatement::ManagedGroup { vendor, name })
    };
    let limit = |limit| rule("RateLimit", RuleStatement::RateLimit { limit });
    let limit = address_limit.map(limit);
    wafv2::WebAcl {
        description,
        default_allow: true,
        rules: limit.into_iter().chain(groups.iter().map(managed)).collect(),
        visibility: visibility(&name),
        tags: context.tags(&name),
        name,
    }
}

fn named_log(stack: &mut Stack, logical: &str, inner: &str, web_acl: &WebAclRef, group: LogGroup) {
    let group = stack.add(inner, group);
    // They let in whoever has them.
    let redacted_headers = ["authorization", "cookie"].map(str::to_owned).into_iter().collect();
    stack
        .add(logical, Logging { web_acl: web_acl.arn(), log_group: group.arn(), redacted_headers });
}
