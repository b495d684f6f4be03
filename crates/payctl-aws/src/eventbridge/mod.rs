//! Events.

mod rule;

pub use rule::{InputTransformer, Rule, RuleName, RuleOutputs, RuleRef, Target};
