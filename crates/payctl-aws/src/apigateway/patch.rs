//! Changes as API Gateway takes them: JSON patches; and its tags, which have calls of their own.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Op, PatchOperation};

use crate::{Arn, Cx, Result, Tags};

/// The operations of one update, in their order.
#[derive(Debug, Default)]
pub(super) struct Patch(Vec<PatchOperation>);

impl Patch {
    pub(super) fn replace(&mut self, path: impl Into<String>, value: impl Into<String>) {
        self.push(Op::Replace, path.into(), Some(value.into()));
    }

    /// Makes what can be left out absent: a replacement by nothing.
    pub(super) fn clear(&mut self, path: &str) {
        self.push(Op::Replace, path.to_owned(), None);
    }

    pub(super) fn remove(&mut self, path: impl Into<String>) {
        self.push(Op::Remove, path.into(), None);
    }

    /// Makes the map at `path`, which is `seen` now, the one that is wanted.
    pub(super) fn map<V: PartialEq + ToString>(
        &mut self,
        path: &str,
        seen: &BTreeMap<String, V>,
        wanted: &BTreeMap<String, V>,
    ) {
        let at = |key: &str| format!("{path}/{}", segment(key));
        for key in seen.keys().filter(|key| !wanted.contains_key(*key)) {
            self.remove(at(key));
        }
        for (key, value) in wanted {
            let op = match seen.get(key) {
                Some(seen) if seen == value => continue,
                Some(_) => Op::Replace,
                None => Op::Add,
            };
            self.push(op, at(key), Some(value.to_string()));
        }
    }

    fn push(&mut self, op: Op, path: String, value: Option<String>) {
        self.0.push(PatchOperation::builder().op(op).path(path).set_value(value).build());
    }

    /// The operations, unless there is nothing to change.
    pub(super) fn operations(self) -> Option<Vec<PatchOperation>> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// One step of a JSON pointer.
fn segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// All tags but those that are others' to set.
pub(super) fn tags<'a>(seen: impl IntoIterator<Item = (&'a String, &'a String)>) -> Tags {
    let ours = seen.into_iter().filter(|(key, _)| !crate::is_ignored(key));
    ours.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Makes `wanted` the tags of `arn`, which carries `seen` now.
pub(super) async fn replace_tags(cx: &Cx<'_>, arn: &Arn, seen: Tags, wanted: &Tags) -> Result<()> {
    let api = &cx.cloud.apigateway;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    let all = wanted.clone().into_iter().collect();
    api.tag_resource().resource_arn(arn).set_tags(Some(all)).send().await?;
    if !surplus.is_empty() {
        let request = api.untag_resource().resource_arn(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_patched_where_it_differs() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let seen = map(&[("gone", "1"), ("kept", "1"), ("text/plain", "1")]);
        let wanted = map(&[("a~b", "2"), ("kept", "1"), ("text/plain", "2")]);
        let mut patch = Patch::default();
        patch.map("/models", &seen, &wanted);
        let all: Vec<_> = patch.operations().unwrap_or_default();
        let all: Vec<_> = all.iter().map(|one| (one.op(), one.path(), one.value())).collect();
        assert_eq!(
            all,
            [
                (Some(&Op::Remove), Some("/models/gone"), None),
                (Some(&Op::Add), Some("/models/a~0b"), Some("2")),
                (Some(&Op::Replace), Some("/models/text~1plain"), Some("2")),
            ]
        );
        assert!(Patch::default().operations().is_none());
    }
}
