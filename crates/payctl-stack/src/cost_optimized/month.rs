//! What a month of the system costs before anybody pays with it: computed from what is declared.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use payctl_engine::{Declared, Stack};

use crate::prices::{self, Price};

/// Where the prices are of.
const PRICED: &str = "us-east-1";
/// How many metrics detailed monitoring is, of each instance (infracost, autoscaling_group_test).
const DETAILED: u64 = 7;
/// How many alarms AWS makes for a target-tracking policy, and bills like others (Auto Scaling's
/// guide, "Target tracking scaling policies").
const TRACKING_ALARMS: u64 = 2;

/// What an idle month costs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Month {
    pub(crate) lines: Vec<Line>,
    /// What nobody looked up the price of.
    unknown: BTreeSet<String>,
}

/// So many of something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) price: Price,
    pub(crate) count: u64,
}

impl Line {
    /// In millionths of a dollar.
    pub(crate) fn month(&self) -> u64 {
        self.count * self.price.month()
    }
}

impl Month {
    /// What `stack` costs, whether anything happens or not.
    pub(crate) fn of(stack: &Stack) -> Self {
        let mut month = Self::default();
        for declared in stack.resources() {
            month.add_all(stack, declared);
        }
        month
    }

    fn add(&mut self, price: Price, count: u64) {
        match self.lines.iter_mut().find(|line| line.price == price) {
            Some(line) => line.count += count,
            None if count > 0 => self.lines.push(Line { price, count }),
            None => {}
        }
    }

    /// One more of what costs the same whatever it holds.
    pub(crate) fn with(mut self, price: Price) -> Self {
        self.add(price, 1);
        self
    }

    fn add_all(&mut self, stack: &Stack, declared: &Declared) {
        let properties = &declared.properties;
        let several = |name: &str| properties[name].as_array().map_or(0, |all| all.len() as u64);
        match declared.address.kind() {
            "kms.key" => self.add(prices::KEY, 1),
            "ec2.nat_gateway" => self.add(prices::NAT_GATEWAY, 1),
            "ec2.elastic_ip" => self.add(prices::ADDRESS, 1),
            // In each zone.
            "ec2.interface_endpoint" => self.add(prices::ENDPOINT, several("subnets")),
            "secretsmanager.secret" => self.add(prices::SECRET, 1),
            "cloudwatch.dashboard" => self.add(prices::DASHBOARD, 1),
            "cloudwatch.alarm" => {
                self.add(prices::ALARM, 1);
                // One of AWS's own metrics costs nothing.
                let namespace = properties["namespace"].as_str().unwrap_or_default();
                self.add(prices::METRIC, u64::from(!namespace.starts_with("AWS/")));
            }
            "autoscaling.policy" if properties["scaling"]["target"].is_object() => {
                self.add(prices::ALARM, TRACKING_ALARMS);
            }
            "wafv2.web_acl" => {
                self.add(prices::WEB_ACL, 1);
                self.add(prices::RULE, several("rules"));
            }
            "autoscaling.group" => self.add_instances(stack, declared),
            _ => {}
        }
    }

    /// The instances that are wanted, as the group's template has them.
    fn add_instances(&mut self, stack: &Stack, group: &Declared) {
        let on = group.dependencies();
        let template = stack.resources().iter().find(|one| {
            one.address.kind() == "ec2.launch_template" && on.contains_key(&one.address)
        });
        let Some(template) = template.map(|template| &template.properties) else { return };
        let count = group.properties["desired"].as_u64().unwrap_or_default();
        let kind = template["instance_type"].as_str().unwrap_or_default();
        match prices::INSTANCES.iter().find(|price| price.what == kind) {
            Some(price) => self.add(*price, count),
            None => {
                self.unknown.insert(kind.to_owned());
            }
        }
        let size = template["disk"]["size_gb"].as_u64().unwrap_or_default();
        self.add(prices::DISK, count * size);
        if template["monitoring"] == true {
            self.add(prices::METRIC, count * DETAILED);
        }
    }

    /// In millionths of a dollar.
    pub(crate) fn total(&self) -> u64 {
        self.lines.iter().map(Line::month).sum()
    }

    /// What a dashboard shows of it.
    pub(crate) fn markdown(&self, region: &str) -> String {
        let mut text = format!(
            "## Estimated month: {} USD\n\nIdle, {} hours, list prices of {PRICED} without free \
             allowances",
            dollars(self.total()),
            prices::HOURS,
        );
        if region != PRICED {
            let _ = write!(text, "; {region} has others");
        }
        text.push_str(".\n\n| what | USD a month | price of |\n|---|---|---|\n");
        for line in &self.lines {
            let Line { price, count } = line;
            let Price { what, source, date, .. } = price;
            let sum = dollars(line.month());
            let _ = writeln!(text, "| {count} × {what} | {sum} | {date}, {source} |");
        }
        for what in &self.unknown {
            let _ = writeln!(text, "| {what} | not known | |");
        }
        text.push_str("\nRequests, data and messages come on top: the graphs show them.");
        text
    }
}

/// An amount in dollars and cents, rounded.
pub(crate) fn dollars(micros: u64) -> String {
    let cents = (micros + 5_000) / 10_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use payctl_aws::{Tags, Zone};

    use super::super::{NAME, Parameters, declare};
    use super::*;
    use crate::settings::Nat;
    use crate::{Context, Discovered, Suffix, migration};

    const PAGE: &str = include_str!("../../../../docs/systems/cost-optimized.md");

    fn declared(declare: impl Fn(&Context<'_>) -> Stack) -> Stack {
        let suffix: Suffix = "dev".parse().unwrap();
        let zones = ["us-east-1a", "us-east-1b", "us-east-1c"].map(Zone::from).into();
        let found = Discovered::new(zones);
        declare(&Context {
            suffix: &suffix,
            account: "123456789012",
            region: PRICED,
            partition: "aws",
            found: &found,
            handlers: &BTreeMap::new(),
            tags: &Tags::new(),
            permissions_boundary: None,
        })
    }

    fn month(change: impl FnOnce(&mut Parameters)) -> Month {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        Month::of(&declared(|context| declare(context, &parameters)))
    }

    /// As a row of the page's tables has it.
    fn says(what: &str, micros: u64) {
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| {what}")));
        let row = row.unwrap_or_else(|| panic!("{NAME}'s page has no row {what:?}"));
        let sum = dollars(micros);
        assert!(
            row.contains(&format!(" {sum} |")) || row.contains(&format!("**{sum}**")),
            "{sum}: {row}"
        );
    }

    #[test]
    fn the_page_says_what_is_declared() {
        let month = month(|_| {});
        let of = |price: Price| -> u64 {
            month.lines.iter().filter(|line| line.price == price).map(Line::month).sum()
        };
        for (what, price) in [
            ("KMS key", prices::KEY),
            ("NAT gateway", prices::NAT_GATEWAY),
            ("its public IPv4 address", prices::ADDRESS),
            ("secret", prices::SECRET),
            ("2 instances t3.small", prices::INSTANCES[1]),
            ("2 disks", prices::DISK),
            ("web ACL", prices::WEB_ACL),
            ("its 4 rules", prices::RULE),
            ("10 alarms", prices::ALARM),
            ("3 dashboards", prices::DASHBOARD),
        ] {
            says(what, of(price));
        }
        assert_eq!(of(prices::METRIC), (2 * DETAILED + 1) * prices::METRIC.month());
        says("**sum**", month.total());
    }

    /// What the same would cost without what keeps it small.
    #[test]
    fn the_page_compares_it_with_the_same_without_economies() {
        let frugal = month(|_| {}).total();
        let gateways = month(|p| p.nat = Nat::PerZone).total() - frugal;
        let fleet = month(|p| (p.instances_min, p.instances_desired) = (5, 5)).total() - frugal;
        // One for each purpose, as `migration` has them.
        let parameters = migration::Parameters::default();
        let each = declared(|context| migration::declare(context, &parameters));
        let keys = each.resources().iter().filter(|one| one.address.kind() == "kms.key").count();
        let keys = (keys as u64 - 1) * prices::KEY.month();
        // The agent's metric for each instance and for the group, and not for the group alone.
        let metrics = 5 * prices::METRIC.month();
        says("as it is", frugal);
        says("a NAT gateway for each zone", gateways);
        says("five instances all the time", fleet);
        says("a key for each purpose", keys);
        says("the agent's metric of each instance", metrics);
        says("**without economies**", frugal + gateways + fleet + keys + metrics);
    }

    #[test]
    fn a_dashboard_says_what_it_does_not_know() {
        let month = month(|p| p.instance_type = "x2iezn.metal".to_owned());
        let text = month.markdown("eu-central-1");
        assert!(text.contains("| x2iezn.metal | not known |"), "{text}");
        assert!(text.contains("eu-central-1 has others"), "{text}");
    }
}
