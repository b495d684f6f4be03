//! A web ACL's rules: what each looks for, and what comes of it.

use aws_sdk_wafv2::types::{
    self, BlockAction, IpSetReferenceStatement, ManagedRuleGroupStatement, NoneAction,
    OverrideAction, RateBasedStatement, RateBasedStatementAggregateKeyType, RuleAction, Statement,
    VisibilityConfig,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use payctl_engine::Input;

use crate::{Arn, AwsError, Present as _, Result};

/// The seconds over which a rate is taken: AWS's own default.
const WINDOW_S: i64 = 300;

/// One rule. A web ACL goes through its rules in their order until one decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    pub name: String,
    pub statement: RuleStatement,
    pub visibility: Visibility,
}

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatement {
    /// What the rules of a group look for that `vendor` keeps, in its default version. What they
    /// say is done, without exceptions.
    ManagedGroup { vendor: String, name: String },
    /// More requests from one address than that within five minutes. It is blocked.
    RateLimit { limit: u32 },
    /// Any request from an address of an [`IpSet`](super::IpSet). It is blocked.
    FromAddresses { set: Input<Arn> },
    /// What others made of it. It can be seen, not declared.
    Other(String),
}

/// What is told of the requests that a rule or a web ACL decides on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Visibility {
    /// The metric's name in CloudWatch.
    pub metric: String,
    /// Whether they are counted in it.
    pub metrics: bool,
    /// Whether some of them are kept for three hours, to be looked at.
    pub samples: bool,
}

/// The rules as WAF takes them. Their priority is their place.
pub(super) fn written(rules: &[Rule]) -> Result<Vec<types::Rule>> {
    (0..).zip(rules).map(|(priority, rule)| rule.written(priority)).collect()
}

/// The rules that a web ACL has, in their order.
pub(super) fn read(rules: &[types::Rule]) -> Result<Vec<Rule>> {
    let mut rules: Vec<&types::Rule> = rules.iter().collect();
    rules.sort_by_key(|rule| rule.priority());
    rules.into_iter().map(Rule::try_from).collect()
}

impl Rule {
    fn written(&self, priority: i32) -> Result<types::Rule> {
        let rule = types::Rule::builder()
            .name(&self.name)
            .priority(priority)
            .visibility_config(self.visibility.written()?);
        let rule = match &self.statement {
            RuleStatement::ManagedGroup { vendor, name } => {
                let group = ManagedRuleGroupStatement::builder().vendor_name(vendor).name(name);
                let none = OverrideAction::builder().none(NoneAction::builder().build());
                rule.override_action(none.build()).statement(
                    Statement::builder().managed_rule_group_statement(group.build()?).build(),
                )
            }
            RuleStatement::RateLimit { limit } => {
                let rate = RateBasedStatement::builder()
                    .limit((*limit).into())
                    .evaluation_window_sec(WINDOW_S)
                    .aggregate_key_type(RateBasedStatementAggregateKeyType::Ip);
                let block = RuleAction::builder().block(BlockAction::builder().build());
                rule.action(block.build())
                    .statement(Statement::builder().rate_based_statement(rate.build()?).build())
            }
            RuleStatement::FromAddresses { set } => {
                let set = IpSetReferenceStatement::builder().arn(set.get()?);
                let block = RuleAction::builder().block(BlockAction::builder().build());
                rule.action(block.build()).statement(
                    Statement::builder().ip_set_reference_statement(set.build()?).build(),
                )
            }
            RuleStatement::Other(what) => {
                let why = format!("the rule {} is {what}, which cannot be declared", self.name);
                return Err(AwsError::invalid(why));
            }
        };
        Ok(rule.build()?)
    }
}

impl Visibility {
    pub(super) fn written(&self) -> Result<VisibilityConfig> {
        let visibility = VisibilityConfig::builder()
            .metric_name(&self.metric)
            .cloud_watch_metrics_enabled(self.metrics)
            .sampled_requests_enabled(self.samples);
        Ok(visibility.build()?)
    }
}

impl From<&VisibilityConfig> for Visibility {
    fn from(seen: &VisibilityConfig) -> Self {
        Self {
            metric: seen.metric_name().to_owned(),
            metrics: seen.cloud_watch_metrics_enabled(),
            samples: seen.sampled_requests_enabled(),
        }
    }
}

impl TryFrom<&types::Rule> for Rule {
    type Error = AwsError;

    fn try_from(seen: &types::Rule) -> Result<Self> {
        Ok(Self {
            name: seen.name().to_owned(),
            statement: statement(seen).unwrap_or_else(|what| RuleStatement::Other(what.to_owned())),
            visibility: seen.visibility_config().present("visibility_config")?.into(),
        })
    }
}

/// What the rule looks for, or in what it is none that can be declared: a group that only counts
/// would look like one that blocks.
fn statement(seen: &types::Rule) -> std::result::Result<RuleStatement, &'static str> {
    let statement = seen.statement();
    if let Some(group) = statement.and_then(Statement::managed_rule_group_statement) {
        let action = seen.override_action();
        if action.is_none_or(|action| action.none().is_none() || action.count().is_some()) {
            return Err("a managed group that only counts");
        }
        let whole = group.version().is_none()
            && group.scope_down_statement().is_none()
            && group.managed_rule_group_configs().is_empty()
            && group.excluded_rules().is_empty()
            && group.rule_action_overrides().is_empty();
        let (vendor, name) = (group.vendor_name().to_owned(), group.name().to_owned());
        let group = RuleStatement::ManagedGroup { vendor, name };
        return whole.then_some(group).ok_or("a managed group with settings of its own");
    }
    if let Some(rate) = statement.and_then(Statement::rate_based_statement) {
        let block = seen.action().and_then(RuleAction::block);
        if block.is_none_or(|block| block.custom_response().is_some()) {
            return Err("a rate limit that does not simply block");
        }
        let whole = *rate.aggregate_key_type() == RateBasedStatementAggregateKeyType::Ip
            && rate.evaluation_window_sec() == WINDOW_S
            && rate.scope_down_statement().is_none();
        let limit = u32::try_from(rate.limit()).ok().filter(|_| whole);
        let limit = limit.ok_or("a rate limit of another sort")?;
        return Ok(RuleStatement::RateLimit { limit });
    }
    if let Some(set) = statement.and_then(Statement::ip_set_reference_statement) {
        let block = seen.action().and_then(RuleAction::block);
        if block.is_none_or(|block| block.custom_response().is_some()) {
            return Err("a rule on addresses that does not simply block");
        }
        let whole = set.ip_set_forwarded_ip_config().is_none();
        let set = RuleStatement::FromAddresses { set: Arn::from(set.arn()).into() };
        return whole.then_some(set).ok_or("a rule on addresses that a header tells");
    }
    Err("of a sort that payctl does not know")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, statement: RuleStatement) -> Rule {
        let visibility = Visibility { metric: name.to_owned(), metrics: true, samples: false };
        Rule { name: name.to_owned(), statement, visibility }
    }

    fn group() -> Rule {
        let (vendor, name) = ("AWS".to_owned(), "AWSManagedRulesCommonRuleSet".to_owned());
        rule("common", RuleStatement::ManagedGroup { vendor, name })
    }

    #[test]
    fn what_is_declared_reads_back_equal_and_in_order() {
        let rules = [group(), rule("rate", RuleStatement::RateLimit { limit: 2000 })];
        let mut seen = written(&rules).unwrap();
        assert_eq!(seen.iter().map(types::Rule::priority).collect::<Vec<_>>(), [0, 1]);
        seen.reverse();
        assert_eq!(read(&seen).unwrap(), rules);
    }

    #[test]
    fn a_rule_that_was_weakened_by_hand_is_another_one() {
        let mut seen = group().written(0).unwrap();
        seen.override_action =
            Some(OverrideAction::builder().count(types::CountAction::builder().build()).build());
        let read = Rule::try_from(&seen).unwrap();
        assert!(matches!(&read.statement, RuleStatement::Other(what) if what.contains("counts")));
        assert!(read.written(0).unwrap_err().message().contains("common"));

        let mut seen = rule("rate", RuleStatement::RateLimit { limit: 2000 }).written(0).unwrap();
        seen.action = None;
        let read = Rule::try_from(&seen).unwrap();
        assert!(matches!(read.statement, RuleStatement::Other(_)));
    }
}
