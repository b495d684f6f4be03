//! Tags that others set: AWS itself, and whoever the configuration leaves some to.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tags that payctl neither sees nor removes, by the names that Terraform's AWS provider has
/// for them (`ignore_tags`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IgnoreTags {
    /// Tags of these very names.
    pub keys: Vec<String>,
    /// Tags whose names begin so.
    pub key_prefixes: Vec<String>,
}

impl IgnoreTags {
    /// Whether the tag `key` is among them.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|name| name == key)
            || self.key_prefixes.iter().any(|prefix| key.starts_with(prefix))
    }
}

/// The tag that says until when an environment is to be there. It is no ownership tag: one resource
/// of an environment carries it, no stack declares it, and so it is left alone like those of others
/// (docs/decisions/0038-end-of-life.md).
pub const EXPIRES: &str = "payctl:expires";

/// One for the process: no resource of a run has tags that are others' to set elsewhere.
static IGNORED: OnceLock<IgnoreTags> = OnceLock::new();

/// Leaves these tags alone from now on, AWS's own besides. Whoever comes first is listened to.
pub fn ignore_tags(ignored: &IgnoreTags) {
    let _ = IGNORED.set(ignored.clone());
}

/// Whether the tag `key` is nothing that a stack declares. Of those that begin with `aws:` nobody but AWS is
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html>, 2026-11-29).
pub(crate) fn is_ignored(key: &str) -> bool {
    key == EXPIRES
        || key.starts_with("aws:")
        || IGNORED.get().is_some_and(|ignored| ignored.has(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_ignored_by_its_name_or_its_beginning() {
        let ignored = IgnoreTags {
            keys: vec!["CostCenter".to_owned()],
            key_prefixes: vec!["org:".to_owned()],
        };
        for (key, has) in [
            ("CostCenter", true),
            // Tags of most services are told apart by case.
            ("costcenter", false),
            ("CostCenter2", false),
            ("org:owner", true),
            ("org", false),
        ] {
            assert_eq!(ignored.has(key), has, "{key}");
        }
        assert!(!IgnoreTags::default().has(""));
        assert!(is_ignored("aws:cloudformation:stack-name"));
        assert!(is_ignored("payctl:expires"));
        assert!(!is_ignored("payctl:stack"));
        assert!(!is_ignored("Name"));
    }
}
