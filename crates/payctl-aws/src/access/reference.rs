//! AWS's service authorization reference, as far as it is about what payctl calls: which sorts of
//! resources an action names, and which conditions AWS knows of it.

/// Made by scripts/access_reference.py, which says where from; a test compares.
const TABLE: &str = include_str!("reference.txt");

/// What is known of one action.
#[derive(Clone, Debug)]
pub(super) struct Action {
    level: &'static str,
    keys: &'static str,
    pub(super) sorts: Vec<Sort>,
}

/// Resources of one sort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sort {
    marks: &'static str,
    /// The form of their ARNs: the service, a colon and what is the resource's own.
    pub(super) form: &'static str,
}

/// What the reference says of `name`, such as `ec2:CreateSubnet`.
pub(super) fn action(name: &str) -> Option<Action> {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let line = lines.find(|line| line.split(' ').next() == Some(name))?;
    let mut words = line.split(' ').skip(1);
    let (level, keys) = (words.next()?, words.next()?);
    let sorts = words.filter_map(|word| word.split_once('='));
    let sorts = sorts.map(|(marks, form)| Sort { marks, form }).collect();
    Some(Action { level, keys, sorts })
}

impl Action {
    /// Whether it only lists or reads.
    pub(super) fn reads(&self) -> bool {
        matches!(self.level, "L" | "R")
    }

    /// Whether it is about tags alone.
    pub(super) fn tags(&self) -> bool {
        self.level == "T"
    }

    /// Whether AWS says of it under which creation it is asked for.
    pub(super) fn knows_creation(&self) -> bool {
        self.keys.contains('C')
    }

    /// Whether it can be asked of roles with a certain boundary alone.
    pub(super) fn knows_boundary(&self) -> bool {
        self.keys.contains('B')
    }

    /// Whether the tags that come with it can be asked for.
    pub(super) fn knows_request_tags(&self) -> bool {
        self.keys.contains('Q')
    }

    /// Those of its sorts that `arn` can be one of.
    pub(super) fn sorts_of<'a>(&'a self, arn: &'a str) -> impl Iterator<Item = &'a Sort> {
        self.sorts.iter().filter(move |sort| sort.fits(arn))
    }

    /// Whether the tags that `arn` has can be asked for.
    pub(super) fn knows_resource_tags(&self, arn: &str) -> bool {
        self.sorts_of(arn).any(|sort| sort.knows_resource_tags())
    }
}

impl Sort {
    /// Whether the action always names one.
    pub(super) fn is_required(self) -> bool {
        self.marks.contains('!')
    }

    pub(super) fn knows_request_tags(self) -> bool {
        self.marks.contains('Q')
    }

    pub(super) fn knows_resource_tags(self) -> bool {
        self.marks.contains('R')
    }

    /// Whether the resources that `arn` stands for can be of this sort.
    fn fits(self, arn: &str) -> bool {
        let mut parts = arn.splitn(6, ':');
        let (service, resource) = (parts.nth(2).unwrap_or_default(), parts.nth(2));
        let Some(resource) = resource else { return arn == "*" };
        let (of, form) = self.form.split_once(':').unwrap_or_default();
        of == service && meet(resource.as_bytes(), form.as_bytes())
    }
}

/// Whether there is a text that both patterns are for, where `*` is any text and `?` any letter.
fn meet(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], rest) | (rest, []) => rest.iter().all(|letter| *letter == b'*'),
        ([b'*', after @ ..], [_, rest @ ..]) if meet(after, other) || meet(one, rest) => true,
        ([_, rest @ ..], [b'*', after @ ..]) => meet(one, after) || meet(rest, other),
        ([b'*', ..], _) => false,
        ([a, after @ ..], [b, rest @ ..]) => {
            (a == b || *a == b'?' || *b == b'?') && meet(after, rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use payctl_engine::KindInfo;

    use super::*;
    use crate::kinds;

    fn all(kind: &KindInfo) -> Vec<&'static str> {
        let access = kind.access;
        let own = [access.look, access.create, access.change, access.delete];
        let delegated = access.delegated.iter().map(|(action, ..)| *action);
        own.into_iter().flatten().copied().chain(delegated).collect()
    }

    #[test]
    fn every_action_of_every_kind_is_one_of_awss() {
        for kind in kinds().kinds().values() {
            for name in all(kind) {
                assert!(action(name).is_some(), "{}: {name}", kind.kind);
            }
            for name in kind.access.look {
                assert!(action(name).unwrap().reads(), "{}: {name} does not read", kind.kind);
            }
        }
    }

    #[test]
    fn patterns_meet_where_one_text_fits_both() {
        for (one, other, meets) in [
            ("key/*", "key/*", true),
            ("key/a", "key/*", true),
            ("alias/*", "key/*", false),
            ("secret:db-??????", "secret:*", true),
            ("listener/app/db/*", "listener/app/*/*/*", true),
            ("/apis/*/routes", "/apis/*", true),
            ("/apis", "/apis/*", false),
            ("files", "*/*", false),
            ("files/*", "*/*", true),
            ("*", "", true),
            ("a", "", false),
        ] {
            assert_eq!(meet(one.as_bytes(), other.as_bytes()), meets, "{one} {other}");
            assert_eq!(meet(other.as_bytes(), one.as_bytes()), meets, "{other} {one}");
        }
    }

    #[test]
    fn a_sort_is_told_by_its_arns() {
        let tag = action("kms:CreateAlias").unwrap();
        let of = |arn: &str| -> Vec<_> { tag.sorts_of(arn).map(|sort| sort.form).collect() };
        assert_eq!(of("arn:aws:kms:us-east-1:123456789012:key/*"), ["kms:key/*"]);
        assert_eq!(of("arn:aws:kms:us-east-1:123456789012:alias/payment"), ["kms:alias/*"]);
        assert!(of("arn:aws:sqs:us-east-1:123456789012:key/*").is_empty());
        let create = action("ec2:CreateSubnet").unwrap();
        let subnet = create.sorts.iter().find(|sort| sort.form == "ec2:subnet/*").unwrap();
        assert!(subnet.is_required() && subnet.knows_request_tags());
        assert!(!subnet.knows_resource_tags());
        assert!(action("ec2:Nonsense").is_none());
        // Objects are in buckets, and no buckets.
        let delete = action("s3:DeleteObject").unwrap();
        assert!(delete.knows_resource_tags("arn:aws:s3:::files/*"));
        assert!(delete.sorts_of("arn:aws:s3:::files").next().is_none());
    }
}
