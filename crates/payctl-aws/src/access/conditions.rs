//! The conditions under which an operator may do something: that it is asked for something of this
//! environment, and that roles keep within the boundary.

use std::collections::BTreeSet;

use payctl_engine::{Declared, KindInfo, Owner, Stack};

use super::reference::Action;

/// An operator of IAM's, a key, and what it has to be: one of these.
pub(super) type Condition = (&'static str, String, Vec<String>);

/// What all has to be so. Empty: nothing.
pub(super) type Conditions = BTreeSet<Condition>;

/// The ownership tags that say of which environment something is.
const OF_ENVIRONMENT: [&str; 3] = ["payctl:shared", "payctl:stack", "payctl:suffix"];

/// Keys are tagged when they are made, but it may take AWS KMS five minutes to let that count for
/// who may do what (<https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html>,
/// 2026-11-29), and these are called a second later.
const FRESH_KEY: &str = "its tags do not count yet";

/// What AWS could limit by tags and this does not: the action or its beginning, what the ARN has in
/// it, and why. Nothing that reads is limited: whose something is, its own tags tell.
pub(super) const NOT_BY_TAGS: &[(&str, &str, &str)] = &[
    ("kms:CreateAlias", ":key/", FRESH_KEY),
    ("kms:EnableKeyRotation", ":key/", FRESH_KEY),
    ("kms:UpdateAlias", ":key/", FRESH_KEY),
    // Lambda and Elastic Load Balancing make them and give them no tags of ours.
    ("ec2:DeleteNetworkInterface", ":network-interface/", "they carry none"),
    // Auto Scaling asks for it in the caller's name. What it sends along is not documented.
    ("ec2:RunInstances", "", "a service asks for it"),
    // It names a subscription; only topics carry tags.
    ("sns:Unsubscribe", "", "they carry none"),
    // A path that has the ARN of what is tagged in it, and no tags.
    ("apigateway:", "/tags/", "it has none"),
    // Children have their API's tags in the API of REST APIs only
    // (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html>,
    // 2026-11-29).
    ("apigateway:", "/apis/*/integrations", "they carry none"),
    ("apigateway:", "/apis/*/routes", "they carry none"),
    // These are AWS's own.
    ("rds:", ":og:default:", "it carries none"),
    ("rds:", ":pg:default.", "it carries none"),
    ("wafv2:", "/managedruleset/", "they carry none"),
];

/// What a statement is about.
pub(super) struct About<'a> {
    pub(super) stack: &'a Stack,
    pub(super) kind: &'a KindInfo,
    pub(super) declared: &'a Declared,
    pub(super) name: &'static str,
    pub(super) action: &'a Action,
}

impl About<'_> {
    /// The conditions of the action on `arn`, which the stack's names tell (`named`) or not: each
    /// is enough.
    pub(super) fn conditions(&self, arn: &str, named: bool) -> BTreeSet<Conditions> {
        let role = self.service_linked_role(arn).or_else(|| self.boundary());
        let fixed: Conditions = role.into_iter().collect();
        let by_tags = !named && fixed.is_empty() && !self.action.reads() && !self.is_excepted(arn);
        match by_tags {
            true => self.by_tags(arn),
            false => [fixed].into(),
        }
    }

    /// The conditions of what EC2 creates (`created`) or changes, both of which have ids only.
    pub(super) fn of_ec2(&self, arn: &str, created: bool) -> BTreeSet<Conditions> {
        match () {
            () if self.is_excepted(arn) => [Conditions::new()].into(),
            () if self.action.tags() => self.by_tags(arn),
            () if created => [self.requested()].into(),
            () => [self.present()].into(),
        }
    }

    fn is_excepted(&self, arn: &str) -> bool {
        let fits = |name: &str| self.name.starts_with(name);
        NOT_BY_TAGS.iter().any(|(name, part, _)| fits(name) && arn.contains(part))
    }

    fn by_tags(&self, arn: &str) -> BTreeSet<Conditions> {
        let Self { kind, name, action, .. } = self;
        let access = kind.access;
        if *name == "ec2:CreateTags" && kind.kind == "autoscaling.group" {
            // What its instances start with, by the launch template.
            let creation =
                ("StringEquals", "ec2:CreateAction".to_owned(), vec!["RunInstances".to_owned()]);
            return [[creation].into()].into();
        }
        let mut all = BTreeSet::new();
        let changes = [access.change, access.delete].iter().any(|names| names.contains(name));
        let creates = access.create.contains(name) && self.takes_tags(arn);
        if creates {
            let mut conditions = self.requested();
            if action.tags() {
                conditions.insert(self.not_yet_ours());
            }
            all.insert(conditions);
        }
        if (changes || !creates) && action.knows_resource_tags(arn) {
            all.insert(self.present());
        }
        if all.is_empty() {
            all.insert(Conditions::new());
        }
        all
    }

    /// Whether the tags come with the call where it makes something.
    fn takes_tags(&self, arn: &str) -> bool {
        // One name is for many calls: of those only what adds to a collection carries tags.
        let adds = !self.name.starts_with("apigateway:")
            || self.name.ends_with("POST") && !arn.ends_with('*');
        let of_sort = self.action.sorts_of(arn).any(|sort| sort.knows_request_tags());
        adds && (self.action.knows_request_tags() || of_sort)
    }

    /// It is asked for with this environment's tags.
    fn requested(&self) -> Conditions {
        self.tags("aws:RequestTag")
    }

    /// It carries this environment's tags.
    fn present(&self) -> Conditions {
        self.tags("aws:ResourceTag")
    }

    fn tags(&self, key: &str) -> Conditions {
        let (stack, suffix) = (self.stack.name.clone(), self.stack.suffix.clone());
        let owner = Owner { stack, suffix, lineage: String::new() };
        let tags = owner.tags(&self.declared.address).into_iter();
        let tags = tags.filter(|(name, _)| OF_ENVIRONMENT.contains(&name.as_str()));
        tags.map(|(name, value)| ("StringEquals", format!("{key}/{name}"), vec![value])).collect()
    }

    /// Tags are set while something is made. Where the service does not say so, what has none of
    /// this product's tags cannot be told from that; what VPCs are made with has to be taken so.
    fn not_yet_ours(&self) -> Condition {
        let service = self.name.split(':').next().unwrap_or_default();
        let taken_over = self.kind.kind.starts_with("ec2.default_");
        let (key, absent) = match self.action.knows_creation() && !taken_over {
            true => (format!("{service}:CreateAction"), "false"),
            false => ("aws:ResourceTag/payctl:suffix".to_owned(), "true"),
        };
        ("Null", key, vec![absent.to_owned()])
    }

    /// A service-linked role is made for its service alone.
    fn service_linked_role(&self, arn: &str) -> Option<Condition> {
        let (_, role) = arn.split_once(":role/aws-service-role/")?;
        let service = role.split('/').next()?.to_owned();
        Some(("StringEquals", "iam:AWSServiceName".to_owned(), vec![service]))
    }

    /// Rights are given only to roles that have the boundary, and none is taken off.
    fn boundary(&self) -> Option<Condition> {
        let takes = ["iam:Delete", "iam:Detach"].iter().any(|name| self.name.starts_with(name));
        let gives = self.action.knows_boundary() && !takes && !self.action.reads();
        let boundary = boundary(self.declared).filter(|_| gives)?;
        Some(("StringEquals", "iam:PermissionsBoundary".to_owned(), vec![boundary.to_owned()]))
    }
}

/// What the role may do at most, where that is declared.
pub(super) fn boundary(declared: &Declared) -> Option<&str> {
    declared.properties["permissions_boundary"].as_str()
}
