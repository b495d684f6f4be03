//! What an action is allowed on: the ARNs, as far as they are known before anything exists, and the
//! conditions.

use std::collections::BTreeSet;

use payctl_engine::{Address, Declared, KindInfo, Kinds, Stack, input};
use serde_json::Value;

use super::conditions::{About, Conditions};
use super::reference;
use crate::status::METRICS;
use crate::{Facts, Partition, elbv2};

/// An action's resources and the conditions it is allowed under.
pub(super) type Place = (BTreeSet<String>, Conditions);

/// A resource that an action names: its ARN, and whether the stack's own names tell it.
type Named = (String, bool);

/// The text of a property; what it takes from another resource may be anything.
fn pattern(value: &Value) -> String {
    match (value.as_str(), value["$join"].as_array()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(parts)) => parts.iter().map(|part| part.as_str().unwrap_or("*")).collect(),
        (None, None) => "*".to_owned(),
    }
}

/// Writes ARNs and conditions for one stack in one place.
pub(super) struct Writer<'a> {
    pub(super) stack: &'a Stack,
    pub(super) kinds: &'a Kinds,
    pub(super) facts: &'a Facts,
}

impl Writer<'_> {
    /// Where `action` on `declared` is allowed, and under which conditions: each of them is enough.
    pub(super) fn places(
        &self,
        declared: &Declared,
        kind: &KindInfo,
        action: &'static str,
    ) -> Vec<Place> {
        let Some(known) = reference::action(action) else { return Vec::new() };
        let about = About { stack: self.stack, kind, declared, name: action, action: &known };
        let of_ec2 = kind.access.on == ["*"] && action.starts_with("ec2:");
        let unscoped =
            kind.access.unscoped.contains(&action) || [elbv2::HEALTH, METRICS].contains(&action);
        let everywhere = |all: BTreeSet<Conditions>| {
            all.into_iter().map(|conditions| (["*".to_owned()].into(), conditions)).collect()
        };
        if unscoped || known.sorts.is_empty() {
            return everywhere(about.conditions("*", false));
        }
        if of_ec2 && known.reads() {
            return everywhere([Conditions::new()].into());
        }
        if of_ec2 {
            let named = self.of_ec2(kind, &known).into_iter();
            let with = named.map(|(arn, created)| (about.of_ec2(&arn, created), arn));
            return each(with);
        }
        let named = self.named(declared, kind, action).into_iter();
        let fits = |(arn, _): &Named| arn == "*" || known.sorts_of(arn).next().is_some();
        let named = named.filter(fits);
        each(named.map(|(arn, named)| (about.conditions(&arn, named), arn)))
    }

    /// What an action of EC2's names, by sort, and whether it creates it: what it always names,
    /// and of the rest what the stack has. A tag is set on what the kind itself is.
    fn of_ec2(&self, kind: &KindInfo, action: &reference::Action) -> BTreeSet<(String, bool)> {
        let Facts { account, partition, region, .. } = self.facts;
        let there: BTreeSet<&str> =
            self.stack.resources().iter().filter_map(|one| ec2_sort(one.address.kind())).collect();
        let own = ec2_sort(kind.kind);
        let sorts = action.sorts.iter().filter_map(|sort| {
            let name = sort.form.strip_prefix("ec2:")?.strip_suffix("/*")?;
            let needed = match action.tags() {
                true => Some(name) == own,
                false => sort.is_required() || there.contains(name),
            };
            let arn = format!("arn:{partition}:ec2:{region}:{account}:{name}/*");
            needed.then_some((arn, sort.knows_request_tags()))
        });
        sorts.collect()
    }

    /// The resources that the actions on `declared` name.
    fn resources(&self, declared: &Declared, kind: &KindInfo) -> BTreeSet<Named> {
        match kind.belongs_to {
            Some(parent) if kind.access.on.is_empty() => self.referred(declared, parent),
            _ => kind.access.on.iter().map(|arn| self.fill(arn, declared)).collect(),
        }
    }

    /// What `action` names: what `declared` is, and what it is made with. Where it is another
    /// service's action, only the latter.
    fn named(&self, declared: &Declared, kind: &KindInfo, action: &str) -> BTreeSet<Named> {
        let others = kind.access.extra_resources.iter().filter(|(name, _)| *name == action);
        let others: Vec<_> = others.map(|(_, name)| self.others(declared, name)).collect();
        let service = action.split(':').next().unwrap_or_default();
        let own = others.is_empty() || service == kind.service();
        let on = self.resources(declared, kind).into_iter().filter(|_| own);
        on.chain(others.into_iter().flatten()).collect()
    }

    /// The resources that `property` of `declared` refers to, or the one that it names.
    fn others(&self, declared: &Declared, property: &str) -> BTreeSet<Named> {
        let mut resources = self.referred(declared, property);
        let named = declared.properties[property].as_str().filter(|text| text.starts_with("arn:"));
        resources.extend(named.map(|arn| (arn.to_owned(), true)));
        resources
    }

    /// The resources that `property` of `declared` refers to.
    pub(super) fn referred(&self, declared: &Declared, property: &str) -> BTreeSet<Named> {
        let references = input::references(&declared.properties[property]);
        references.iter().flat_map(|reference| self.resources_at(&reference.address)).collect()
    }

    /// The resources that `property` of what `other` of `declared` refers to refers to.
    pub(super) fn referred_behind(
        &self,
        declared: &Declared,
        other: &str,
        property: &str,
    ) -> BTreeSet<Named> {
        let references = input::references(&declared.properties[other]);
        let others = references.iter().filter_map(|reference| self.declared(&reference.address));
        others.flat_map(|other| self.referred(other, property)).collect()
    }

    fn declared(&self, address: &Address) -> Option<&Declared> {
        self.stack.resources().iter().find(|declared| declared.address == *address)
    }

    fn resources_at(&self, address: &Address) -> BTreeSet<Named> {
        let kind = self.kinds.get(address.kind());
        self.declared(address)
            .zip(kind)
            .map(|(d, kind)| self.resources(d, kind))
            .unwrap_or_default()
    }

    /// `template` with what is in braces, and whether names of the stack's tell it. `{a.b}` is
    /// the property `b` of what the property `a` refers to.
    fn fill(&self, template: &str, declared: &Declared) -> Named {
        let Facts { account, partition, region, .. } = self.facts;
        let place = [("{partition}", partition), ("{region}", region), ("{account}", account)];
        let template = place.iter().fold(template.to_owned(), |t, (key, v)| t.replace(key, v));
        let mut parts = template.split('{');
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut named = template.contains('{');
        for (name, rest) in parts.filter_map(|part| part.split_once('}')) {
            let value = match name.split_once('.') {
                Some((other, property)) => {
                    let references = input::references(&declared.properties[other]);
                    let other = references.first().and_then(|one| self.declared(&one.address));
                    other.map_or("*".to_owned(), |other| pattern(&other.properties[property]))
                }
                None => pattern(&declared.properties[name]),
            };
            named &= !value.contains('*');
            text.push_str(&value);
            text.push_str(rest);
        }
        (text, named)
    }

    /// That a service does it, and not the caller itself, where AWS can tell them apart.
    pub(super) fn delegation(&self, action: &str, service: &str) -> Conditions {
        let Facts { partition, region, .. } = self.facts;
        let condition = match action.split_once(':').map(|(service, _)| service) {
            // A service's principal is the same in every partition (aws-cdk,
            // region-info/lib/default.ts; 2026-11-29).
            Some("iam") => {
                let passed_to = vec![format!("{service}.amazonaws.com")];
                Some(("StringEquals", "iam:PassedToService".to_owned(), passed_to))
            }
            Some("kms") => {
                // Of the other partitions it is assumed only that it is one of the two.
                let suffix = Partition::named(partition).dns_suffix;
                let suffixes: BTreeSet<&str> = ["amazonaws.com", suffix].into();
                let hosts = suffixes.iter().map(|suffix| format!("{service}.{region}.{suffix}"));
                Some(("StringEquals", "kms:ViaService".to_owned(), hosts.collect()))
            }
            _ => None,
        };
        condition.into_iter().collect()
    }
}

/// One place for each resource and each conditions under which it may be had.
fn each(all: impl Iterator<Item = (BTreeSet<Conditions>, String)>) -> Vec<Place> {
    let each = all.flat_map(|(conditions, arn)| {
        conditions.into_iter().map(move |conditions| ([arn.clone()].into(), conditions))
    });
    each.collect()
}

/// What AWS calls the sort of EC2's things that `kind` is, or is a part of.
fn ec2_sort(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "ec2.default_network_acl" => "network-acl",
        "ec2.default_security_group" | "ec2.security_group" | "ec2.security_group_ingress" => {
            "security-group"
        }
        "ec2.elastic_ip" => "elastic-ip",
        "ec2.flow_log" => "vpc-flow-log",
        "ec2.gateway_endpoint" | "ec2.interface_endpoint" => "vpc-endpoint",
        "ec2.internet_gateway" | "ec2.internet_gateway_attachment" => "internet-gateway",
        "ec2.launch_template" => "launch-template",
        "ec2.nat_gateway" => "natgateway",
        "ec2.route" | "ec2.route_table" | "ec2.route_table_association" => "route-table",
        "ec2.subnet" => "subnet",
        "ec2.vpc" => "vpc",
        _ => return None,
    })
}
