//! AWS WAF: which requests an API gets to see, and what is logged of them.

mod association;
mod logging;
mod rules;
mod web_acl;

pub use association::{Association, AssociationOutputs, AssociationRef};
pub use logging::{Logging, LoggingOutputs, LoggingRef};
pub use rules::{Rule, RuleStatement, Visibility};
pub use web_acl::{WebAcl, WebAclId, WebAclName, WebAclOutputs, WebAclRef};
