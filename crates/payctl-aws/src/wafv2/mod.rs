//! AWS WAF: which requests an API gets to see, and what is logged of them.

mod association;
mod ip_set;
mod logging;
mod rules;
mod tags;
mod web_acl;

use aws_sdk_wafv2::types::Scope;

pub use association::{Association, AssociationOutputs, AssociationRef};
pub use ip_set::{IpSet, IpSetId, IpSetName, IpSetOutputs, IpSetRef};
pub use logging::{Logging, LoggingOutputs, LoggingRef};
pub use rules::{Rule, RuleStatement, Visibility};
pub use web_acl::{WebAcl, WebAclId, WebAclName, WebAclOutputs, WebAclRef};

/// For all but CloudFront.
const SCOPE: Scope = Scope::Regional;
const GONE: &str = "WAFNonexistentItemException";

/// WAF refuses an empty one.
fn description(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
