//! The web ACL before a stage or a load balancer.

use payctl_aws::Arn;
use payctl_aws::logs::LogGroup;
use payctl_aws::wafv2::{Association, Logging, Rule, RuleStatement, Visibility, WebAcl, WebAclRef};
use payctl_engine::{Input, Stack};

use crate::Context;

/// What AWS's rules know of the web's attacks, of bad inputs, and of SQL.
pub(crate) const MANAGED_RULES: [&str; 3] = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
];

/// Lets through what none of AWS's rule `groups` takes for an attack, and comes at most so often
/// from one address, where that is anybody's own.
pub(crate) fn before(
    stack: &mut Stack,
    context: &Context<'_>,
    resource: Input<Arn>,
    address_limit: Option<u32>,
    groups: &[&str],
) -> WebAclRef {
    let name = context.name("payment-waf");
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
    let web_acl = stack.add(
        "main",
        WebAcl {
            description: "What may reach the payment API".to_owned(),
            default_allow: true,
            rules: limit.into_iter().chain(groups.iter().map(managed)).collect(),
            visibility: visibility(&name),
            tags: context.tags(&name),
            name,
        },
    );
    stack.add("main", Association { web_acl: web_acl.arn(), resource });
    web_acl
}

/// The log of what it sees, in the group that `group` makes of its name.
pub(crate) fn log(
    stack: &mut Stack,
    context: &Context<'_>,
    web_acl: &WebAclRef,
    group: impl FnOnce(String) -> LogGroup,
) {
    // WAF writes to groups of such names only.
    let group = stack.add("waf", group(context.name("aws-waf-logs-payment")));
    // They let in whoever has them.
    let redacted_headers = ["authorization", "cookie"].map(str::to_owned).into_iter().collect();
    stack.add("main", Logging { web_acl: web_acl.arn(), log_group: group.arn(), redacted_headers });
}
