//! What can be set in `[pci-core]`, with its defaults and what cannot be.

use ipnet::Ipv4Net;
use payctl_aws::Architecture;
use serde::{Deserialize, Serialize};

use super::NAME;
use crate::config::{BadValue, Nat, Posture};

/// What can be set in `[pci-core]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// How strict it is where its origin and PCI DSS disagree.
    pub posture: Posture,
    /// The VPC's addresses.
    pub network: Ipv4Net,
    /// The private subnets, one per zone.
    pub private_subnets: Vec<Ipv4Net>,
    /// The public subnets; one is used per NAT gateway.
    pub public_subnets: Vec<Ipv4Net>,
    /// How the private subnets reach the internet.
    pub nat: Nat,
    /// Days that log groups keep their events.
    pub log_retention_days: u32,
    /// Days until a replaced payment file is archived.
    pub archive_after_days: u32,
    /// Days until a replaced payment file goes.
    pub expire_after_days: u32,
    /// Days until audit records are archived.
    pub audit_archive_after_days: u32,
    /// Days until audit records go.
    pub audit_expire_after_days: u32,
    /// Whether the trail records every region.
    pub trail_multi_region: bool,
    /// Whether the table is protected against deletion.
    pub deletion_protection: bool,
    /// Days between the key's scheduled deletion and its end.
    pub key_deletion_window_days: u32,
    /// The function's memory.
    pub memory_mb: u32,
    /// The function's time limit.
    pub timeout_s: u32,
    /// How many of the function may run at once; 0 sets no limit.
    pub reserved_concurrency: u32,
    /// The processors the function runs on.
    pub architecture: Architecture,
    /// More errors than this within 5 minutes raise the alarm.
    pub error_alarm_above: f64,
    /// More throttled writes than this within 5 minutes raise the alarm.
    pub throttle_alarm_above: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        let net = |third, prefix| Ipv4Net::new_assert([10, 0, third, 0].into(), prefix);
        Self {
            posture: Posture::Standard,
            network: net(0, 16),
            private_subnets: vec![net(1, 24), net(2, 24), net(3, 24)],
            public_subnets: vec![net(11, 24), net(12, 24), net(13, 24)],
            nat: Nat::One,
            log_retention_days: 30,
            archive_after_days: 90,
            expire_after_days: 365,
            audit_archive_after_days: 90,
            audit_expire_after_days: 2555,
            trail_multi_region: true,
            deletion_protection: false,
            key_deletion_window_days: 7,
            memory_mb: 512,
            timeout_s: 300,
            reserved_concurrency: 10,
            architecture: Architecture::X86_64,
            error_alarm_above: 5.0,
            throttle_alarm_above: 0.0,
        }
    }
}

/// The retentions that CloudWatch Logs knows.
const RETENTIONS: [u32; 23] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653, 0,
];

impl Parameters {
    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first value that cannot be.
    pub fn check(&self) -> Result<(), BadValue> {
        let rule = |key: &str, value: &dyn std::fmt::Display, fits: bool, rule: &str| {
            let (key, value) = (format!("{NAME}.{key}"), value.to_string());
            if fits { Ok(()) } else { Err(BadValue { key, value, rule: rule.to_owned() }) }
        };
        let within = |key: &str, value: u32, least: u32, most: u32| {
            rule(key, &value, (least..=most).contains(&value), &format!("{least} to {most}"))
        };
        let days = self.log_retention_days;
        let known = days > 0 && RETENTIONS.contains(&days);
        rule(
            "log_retention_days",
            &days,
            known,
            "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827 …, as CloudWatch Logs knows no other",
        )?;
        within("key_deletion_window_days", self.key_deletion_window_days, 7, 30)?;
        within("memory_mb", self.memory_mb, 128, 10_240)?;
        within("timeout_s", self.timeout_s, 1, 900)?;
        within("reserved_concurrency", self.reserved_concurrency, 0, 1000)?;
        for (key, archive, expire) in [
            ("expire_after_days", self.archive_after_days, self.expire_after_days),
            (
                "audit_expire_after_days",
                self.audit_archive_after_days,
                self.audit_expire_after_days,
            ),
        ] {
            rule(key, &expire, expire > archive, "more than the days until they are archived")?;
        }
        for (key, above) in [
            ("error_alarm_above", self.error_alarm_above),
            ("throttle_alarm_above", self.throttle_alarm_above),
        ] {
            rule(key, &above, above.is_finite() && above >= 0.0, "a number from 0 on")?;
        }
        let size = self.network.prefix_len();
        rule("network", &self.network, (16..=28).contains(&size), "a network of /16 to /28")?;
        let same = self.network.network() == self.network.addr();
        rule("network", &self.network, same, "the first address of its network")?;
        rule(
            "private_subnets",
            &self.private_subnets.len(),
            self.private_subnets.len() == 3,
            "three, one per zone",
        )?;
        let publics = if self.nat == Nat::PerZone { 3 } else { 1 };
        let enough = self.public_subnets.len() >= publics;
        rule("public_subnets", &self.public_subnets.len(), enough, "one per NAT gateway")?;
        let mut seen: Vec<Ipv4Net> = Vec::new();
        for net in self.private_subnets.iter().chain(&self.public_subnets) {
            let whole = net.network() == net.addr();
            rule("private_subnets", net, whole, "the first address of its network")?;
            let inside = self.network.contains(net) && net.prefix_len() <= 28;
            rule("private_subnets", net, inside, &format!("inside {}", self.network))?;
            let apart = seen.iter().all(|other| !other.contains(net) && !net.contains(other));
            rule("private_subnets", net, apart, "apart from the other subnets")?;
            seen.push(*net);
        }
        Ok(())
    }

    pub(super) fn log_retention_days(&self) -> u32 {
        match self.posture {
            Posture::Standard => self.log_retention_days,
            Posture::Strict => self.log_retention_days.max(365),
        }
    }
}
