//! What can be set in `[pci-core]`, with its defaults and what cannot be.

use ipnet::Ipv4Net;
use payctl_aws::{Architecture, Arn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{BadValue, Section};
use crate::parts::alerts::Alerts;
use crate::settings::{Nat, Posture};

/// The stack's name.
pub const NAME: &str = "pci-core";

/// What can be set in `[pci-core]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// How strict it is where its origin and PCI DSS disagree.
    pub posture: Posture,
    /// The VPC's addresses.
    #[schemars(with = "String")]
    pub network: Ipv4Net,
    /// The private subnets, one per zone.
    #[schemars(with = "Vec<String>")]
    pub private_subnets: Vec<Ipv4Net>,
    /// The public subnets; one is used per NAT gateway.
    #[schemars(with = "Vec<String>")]
    pub public_subnets: Vec<Ipv4Net>,
    /// How the private subnets reach the internet.
    pub nat: Nat,
    /// Whose mailbox is told of alarms, where anyone's.
    pub alert_email: Option<String>,
    /// A topic that is there already, which alarms act on as well.
    pub alert_topic_arn: Option<Arn>,
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
    pub architecture: Option<Architecture>,
    /// More errors than this within 5 minutes raise the alarm.
    pub error_alarm_above: f64,
    /// More throttled writes than this within 5 minutes raise the alarm.
    pub throttle_alarm_above: f64,
    /// More refused files than this within 5 minutes raise the alarm.
    pub rejected_alarm_above: f64,
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
            alert_email: None,
            alert_topic_arn: None,
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
            architecture: None,
            error_alarm_above: 5.0,
            throttle_alarm_above: 0.0,
            rejected_alarm_above: 0.0,
        }
    }
}

impl Parameters {
    /// The processors the function runs on.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.architecture.unwrap_or(Architecture::X86_64)
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first value that cannot be.
    pub fn check(&self) -> Result<(), BadValue> {
        let section = Section(NAME);
        section.log_retention_days(self.log_retention_days)?;
        section.alerts(self.alert_email.as_deref(), self.alert_topic_arn.as_ref())?;
        section.within("key_deletion_window_days", self.key_deletion_window_days, 7, 30)?;
        let Self { memory_mb, timeout_s, reserved_concurrency, .. } = *self;
        section.function(memory_mb, timeout_s, 900, reserved_concurrency)?;
        for (key, archive, expire) in [
            ("expire_after_days", self.archive_after_days, self.expire_after_days),
            (
                "audit_expire_after_days",
                self.audit_archive_after_days,
                self.audit_expire_after_days,
            ),
        ] {
            let later = "more than the days until they are archived";
            section.rule(key, &expire, expire > archive, later)?;
        }
        section.threshold("error_alarm_above", self.error_alarm_above)?;
        section.threshold("throttle_alarm_above", self.throttle_alarm_above)?;
        section.threshold("rejected_alarm_above", self.rejected_alarm_above)?;
        let publics = if self.nat == Nat::PerZone { 3 } else { 1 };
        let private = (self.private_subnets.as_slice(), 3, "three, one per zone");
        let public = (self.public_subnets.as_slice(), publics, "one per NAT gateway");
        section.network(self.network, private, public)
    }

    /// Who is told when an alarm fires.
    pub(super) fn alerts(&self) -> Alerts<'_> {
        let Self { alert_email, alert_topic_arn, .. } = self;
        Alerts { section: NAME, email: alert_email.as_deref(), topic: alert_topic_arn.as_ref() }
    }

    pub(super) fn log_retention_days(&self) -> u32 {
        self.posture.log_retention_days(self.log_retention_days)
    }
}
