//! AWS Config: rules that judge how resources are set up.

mod rule;

pub use rule::{Rule, RuleName, RuleOutputs, RuleRef, Scope};
