//! What can be set in `[secure-api]`, with its defaults and what cannot be.

use ipnet::Ipv4Net;
use payctl_aws::{Architecture, Arn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{BadValue, Section};
use crate::parts::alerts::Alerts;
use crate::settings::{Authorization, Posture};

/// The stack's name.
pub const NAME: &str = "secure-api";

/// What can be set in `[secure-api]`.
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
    /// The public subnets, one per zone, for a later load balancer.
    #[schemars(with = "Vec<String>")]
    pub public_subnets: Vec<Ipv4Net>,
    /// Whose mailbox is told of alarms, where anyone's.
    pub alert_email: Option<String>,
    /// A topic that is there already, which alarms act on as well.
    pub alert_topic_arn: Option<Arn>,
    /// Days that log groups keep their events.
    pub log_retention_days: u32,
    /// Whether the table is protected against deletion.
    pub deletion_protection: bool,
    /// Days between a key's scheduled deletion and its end.
    pub key_deletion_window_days: u32,
    /// The function's memory.
    pub memory_mb: u32,
    /// The function's time limit: API Gateway waits for 29 seconds.
    pub timeout_s: u32,
    /// How many of the function may run at once; 0 sets no limit.
    pub reserved_concurrency: u32,
    /// The processors the function runs on.
    pub architecture: Option<Architecture>,
    /// Who may post payments.
    pub authorization: Authorization,
    /// How many requests may come at once.
    pub burst_limit: u32,
    /// How many requests may come per second.
    pub rate_limit: u32,
    /// How many requests may come from one address within five minutes.
    pub address_limit: u32,
    /// How many requests the API turned away within five minutes are too many.
    pub api_4xx_alarm_above: f64,
    /// How many requests that failed within five minutes are.
    pub api_5xx_alarm_above: f64,
    /// How long, in milliseconds, the slowest hundredth of requests may take.
    pub latency_alarm_above_ms: f64,
    /// How many failures of the function within five minutes are too many.
    pub error_alarm_above: f64,
    /// How many requests that WAF blocked within five minutes are.
    pub blocked_alarm_above: f64,
    /// How many throttled calls of the function, and writes to the table, within five minutes are.
    pub throttle_alarm_above: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        let net = |third, prefix| Ipv4Net::new_assert([10, 0, third, 0].into(), prefix);
        Self {
            posture: Posture::Standard,
            network: net(0, 16),
            private_subnets: vec![net(10, 24), net(11, 24), net(12, 24)],
            public_subnets: vec![net(0, 24), net(1, 24), net(2, 24)],
            alert_email: None,
            alert_topic_arn: None,
            log_retention_days: 90,
            deletion_protection: false,
            key_deletion_window_days: 10,
            memory_mb: 256,
            timeout_s: 30,
            reserved_concurrency: 0,
            architecture: None,
            authorization: Authorization::None,
            burst_limit: 200,
            rate_limit: 100,
            address_limit: 2000,
            api_4xx_alarm_above: 100.0,
            api_5xx_alarm_above: 5.0,
            latency_alarm_above_ms: 3000.0,
            error_alarm_above: 5.0,
            blocked_alarm_above: 100.0,
            throttle_alarm_above: 0.0,
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
        section.within("burst_limit", self.burst_limit, 1, 5_000)?;
        section.within("rate_limit", self.rate_limit, 1, 10_000)?;
        section.within("address_limit", self.address_limit, 10, 2_000_000_000)?;
        for (key, above) in [
            ("api_4xx_alarm_above", self.api_4xx_alarm_above),
            ("api_5xx_alarm_above", self.api_5xx_alarm_above),
            ("latency_alarm_above_ms", self.latency_alarm_above_ms),
            ("error_alarm_above", self.error_alarm_above),
            ("blocked_alarm_above", self.blocked_alarm_above),
            ("throttle_alarm_above", self.throttle_alarm_above),
        ] {
            section.threshold(key, above)?;
        }
        let each = "three, one per zone";
        let (private, public) = (&self.private_subnets, &self.public_subnets);
        section.network(self.network, (private, 3, each), (public, 3, each))
    }

    /// Who is told when an alarm fires.
    pub(super) fn alerts(&self) -> Alerts<'_> {
        let Self { alert_email, alert_topic_arn, .. } = self;
        Alerts { section: NAME, email: alert_email.as_deref(), topic: alert_topic_arn.as_ref() }
    }

    pub(super) fn log_retention_days(&self) -> u32 {
        self.posture.log_retention_days(self.log_retention_days)
    }

    /// `strict` asks for IAM's signature, as nobody else is to get in.
    pub(super) fn authorization(&self) -> Authorization {
        match self.posture {
            Posture::Standard => self.authorization,
            Posture::Strict => Authorization::Iam,
        }
    }
}
