//! What can be set in `[cost-optimized]`, with its defaults and what cannot be.

use ipnet::Ipv4Net;
use payctl_aws::{Architecture, Arn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{BadValue, Section};
use crate::parts::alerts::Alerts;
use crate::settings::{Authorization, Nat, Posture};

/// The stack's name.
pub const NAME: &str = "cost-optimized";

/// What can be set in `[cost-optimized]`.
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
    /// The public subnets, one per zone.
    #[schemars(with = "Vec<String>")]
    pub public_subnets: Vec<Ipv4Net>,
    /// How the private subnets reach the internet.
    pub nat: Nat,
    /// Whose mailbox all three topics write to, where anyone's.
    pub alert_email: Option<String>,
    /// A topic that is there already, which alarms act on as well.
    pub alert_topic_arn: Option<Arn>,
    /// Days that log groups keep their events.
    pub log_retention_days: u32,
    /// Days until audit objects are archived.
    pub archive_after_days: u32,
    /// Whether the table is protected against deletion.
    pub deletion_protection: bool,
    /// Days between a key's scheduled deletion and its end.
    pub key_deletion_window_days: u32,
    /// Who reads the secret, beside whoever made the environment, where every control is asked for:
    /// ARNs of roles and users.
    pub secret_readers: Vec<String>,
    /// How long a payment that was received is hidden from other receivers.
    pub visibility_timeout_s: u32,
    /// Days that the queue keeps payments nobody receives.
    pub queue_retention_days: u32,
    /// Days that the dead-letter queue keeps payments nobody could complete.
    pub dead_letter_retention_days: u32,
    /// How often a payment is tried before it goes there.
    pub max_receives: u32,
    /// How many payments the event handler is given at once.
    pub batch_size: u32,
    /// The functions' memory.
    pub memory_mb: u32,
    /// The API function's time limit: API Gateway waits for 29 seconds.
    pub timeout_s: u32,
    /// The event handler's time limit.
    pub event_timeout_s: u32,
    /// How many of the API function may run at once; 0 sets no limit.
    pub reserved_concurrency: u32,
    /// The processors the functions run on.
    pub architecture: Option<Architecture>,
    /// Who may call the API.
    pub authorization: Authorization,
    /// How many requests may come at once.
    pub burst_limit: u32,
    /// How many requests may come per second.
    pub rate_limit: u32,
    /// How many requests may come from one address within five minutes.
    pub address_limit: u32,
    /// The instances' type, which says what processors they have.
    pub instance_type: String,
    /// Their image; the latest Amazon Linux 2023 where none is named.
    pub image: Option<String>,
    /// How many instances there are at least.
    pub instances_min: u32,
    /// How many there are at most.
    pub instances_max: u32,
    /// How many there are to begin with.
    pub instances_desired: u32,
    /// The size of an instance's disk.
    pub disk_gb: u32,
    /// The load of the processors, in percent, that instances are added and removed for.
    pub cpu_target: f64,
    /// From which use of memory, in percent, on an instance is added.
    pub memory_high: f64,
    /// From which use of memory, in percent, on two are.
    pub memory_very_high: f64,
    /// Whether Config judges buckets and tags, where the account has a recorder.
    pub config_rules: bool,
    /// Whether a GuardDuty detector is made where the account has none.
    pub create_detector: bool,
    /// How many failures of a function within five minutes are too many.
    pub error_alarm_above: f64,
    /// How many throttled writes within five minutes are.
    pub throttle_alarm_above: f64,
    /// How many requests the API turned away within five minutes are.
    pub api_4xx_alarm_above: f64,
    /// How many requests that failed within five minutes are.
    pub api_5xx_alarm_above: f64,
    /// How high a load of the processors, in percent, is too high for ten minutes.
    pub cpu_alarm_above: f64,
    /// How old, in seconds, the oldest payment in the queue may get.
    pub queue_age_alarm_above_s: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        let net = |third, prefix| Ipv4Net::new_assert([10, 0, third, 0].into(), prefix);
        Self {
            posture: Posture::Standard,
            network: net(0, 16),
            private_subnets: vec![net(10, 24), net(11, 24)],
            public_subnets: vec![net(0, 24), net(1, 24)],
            nat: Nat::One,
            alert_email: None,
            alert_topic_arn: None,
            log_retention_days: 7,
            archive_after_days: 30,
            deletion_protection: false,
            key_deletion_window_days: 7,
            secret_readers: Vec::new(),
            visibility_timeout_s: 300,
            queue_retention_days: 4,
            dead_letter_retention_days: 14,
            max_receives: 3,
            batch_size: 10,
            memory_mb: 512,
            timeout_s: 30,
            event_timeout_s: 60,
            reserved_concurrency: 50,
            architecture: None,
            authorization: Authorization::None,
            burst_limit: 2000,
            rate_limit: 1000,
            address_limit: 2000,
            instance_type: "t3.small".to_owned(),
            image: None,
            instances_min: 1,
            instances_max: 5,
            instances_desired: 2,
            disk_gb: 8,
            cpu_target: 70.0,
            memory_high: 60.0,
            memory_very_high: 75.0,
            config_rules: true,
            create_detector: false,
            error_alarm_above: 5.0,
            throttle_alarm_above: 0.0,
            api_4xx_alarm_above: 100.0,
            api_5xx_alarm_above: 50.0,
            cpu_alarm_above: 80.0,
            queue_age_alarm_above_s: 600.0,
        }
    }
}

impl Parameters {
    /// The processors the functions run on.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.architecture.unwrap_or(Architecture::Arm64)
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first value that cannot be.
    pub fn check(&self) -> Result<(), BadValue> {
        let section = Section(NAME);
        section.log_retention_days(self.log_retention_days)?;
        section.within("key_deletion_window_days", self.key_deletion_window_days, 7, 30)?;
        let Self { memory_mb, timeout_s, reserved_concurrency, .. } = *self;
        section.function(memory_mb, timeout_s, 900, reserved_concurrency)?;
        section.secret_readers(&self.secret_readers)?;
        section.within("event_timeout_s", self.event_timeout_s, 1, 900)?;
        section.within("archive_after_days", self.archive_after_days, 1, 36_500)?;
        section.within("burst_limit", self.burst_limit, 1, 5_000)?;
        section.within("rate_limit", self.rate_limit, 1, 10_000)?;
        section.within("address_limit", self.address_limit, 10, 2_000_000_000)?;
        // No subnet has an endpoint of AWS's services.
        let leads_out = self.nat != Nat::None;
        let rule = "one or per-zone: without, no function reaches the table or the queue";
        section.rule("nat", &"none", leads_out, rule)?;
        self.check_queues(section)?;
        self.check_instances(section)?;
        for (key, above) in [
            ("error_alarm_above", self.error_alarm_above),
            ("throttle_alarm_above", self.throttle_alarm_above),
            ("api_4xx_alarm_above", self.api_4xx_alarm_above),
            ("api_5xx_alarm_above", self.api_5xx_alarm_above),
            ("queue_age_alarm_above_s", self.queue_age_alarm_above_s),
        ] {
            section.threshold(key, above)?;
        }
        section.alerts(self.alert_email.as_deref(), self.alert_topic_arn.as_ref())?;
        let each = "two, one per zone";
        let (private, public) = (&self.private_subnets, &self.public_subnets);
        section.network(self.network, (private, 2, each), (public, 2, each))
    }

    fn check_queues(&self, section: Section) -> Result<(), BadValue> {
        section.within("visibility_timeout_s", self.visibility_timeout_s, 0, 43_200)?;
        // Lambda refuses a queue whose messages show up again while they are still worked on.
        let hidden = self.visibility_timeout_s >= self.event_timeout_s;
        let rule = "at least event_timeout_s";
        section.rule("visibility_timeout_s", &self.visibility_timeout_s, hidden, rule)?;
        section.within("queue_retention_days", self.queue_retention_days, 1, 14)?;
        section.within("dead_letter_retention_days", self.dead_letter_retention_days, 1, 14)?;
        // SQS counts from when a message was first sent, wherever it is by now.
        let kept = self.dead_letter_retention_days >= self.queue_retention_days;
        let rule = "at least queue_retention_days: a message keeps its age among the dead letters";
        section.rule("dead_letter_retention_days", &self.dead_letter_retention_days, kept, rule)?;
        section.within("max_receives", self.max_receives, 1, 1000)?;
        section.within("batch_size", self.batch_size, 1, 10)
    }

    fn check_instances(&self, section: Section) -> Result<(), BadValue> {
        let Self { instances_min: min, instances_max: max, instances_desired: desired, .. } = *self;
        section.within("instances_max", max, 1, 100)?;
        section.rule("instances_min", &min, min <= max, "at most instances_max")?;
        let within = (min..=max).contains(&desired);
        section.rule("instances_desired", &desired, within, "instances_min to instances_max")?;
        section.within("disk_gb", self.disk_gb, 8, 16_384)?;
        let (family, size) = self.instance_type.split_once('.').unwrap_or_default();
        let plain = |part: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !part.is_empty() && part.chars().all(fits)
        };
        // Every family has its generation's number (botocore, InstanceType).
        let named = plain(family)
            && plain(size)
            && family.starts_with(|c: char| c.is_ascii_lowercase())
            && family.contains(|c: char| c.is_ascii_digit());
        section.rule("instance_type", &self.instance_type, named, "such as t3.small")?;
        if let Some(image) = &self.image {
            let id = image.strip_prefix("ami-").filter(|id| [8, 17].contains(&id.len()));
            let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            let fits = id.is_some_and(|id| id.chars().all(digit));
            section.rule("image", image, fits, "an image's id, such as ami-0123456789abcdef0")?;
        }
        for (key, percent) in [
            ("cpu_target", self.cpu_target),
            ("memory_high", self.memory_high),
            ("memory_very_high", self.memory_very_high),
            ("cpu_alarm_above", self.cpu_alarm_above),
        ] {
            let fits = percent > 0.0 && percent <= 100.0;
            section.rule(key, &percent, fits, "more than 0 and at most 100")?;
        }
        let above = self.memory_very_high > self.memory_high;
        section.rule("memory_very_high", &self.memory_very_high, above, "more than memory_high")
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

    /// The processors of the instances: a `g` behind the generation's number says Graviton.
    pub(super) fn instance_architecture(&self) -> Architecture {
        let family = self.instance_type.split('.').next().unwrap_or_default();
        let options = family.trim_start_matches(|c: char| !c.is_ascii_digit());
        let options = options.trim_start_matches(|c: char| c.is_ascii_digit());
        if options.contains('g') { Architecture::Arm64 } else { Architecture::X86_64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instance_type_says_what_processors_it_has() {
        for (name, architecture) in [
            ("t3.small", Architecture::X86_64),
            ("g5.xlarge", Architecture::X86_64),
            ("t4g.small", Architecture::Arm64),
            ("c6gn.medium", Architecture::Arm64),
            ("im4gn.large", Architecture::Arm64),
            ("m7i-flex.large", Architecture::X86_64),
        ] {
            let parameters = Parameters { instance_type: name.to_owned(), ..Parameters::default() };
            assert_eq!(parameters.instance_architecture(), architecture, "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refused = |change: &dyn Fn(&mut Parameters)| {
            let mut parameters = Parameters::default();
            change(&mut parameters);
            parameters.check().unwrap_err().to_string()
        };
        assert_eq!(
            refused(&|p| p.visibility_timeout_s = 59),
            "cost-optimized.visibility_timeout_s must be at least event_timeout_s (found 59)"
        );
        assert!(refused(&|p| p.nat = Nat::None).contains("one or per-zone"));
        assert!(refused(&|p| p.instances_desired = 6).contains("instances_min to instances_max"));
        assert!(refused(&|p| p.alert_email = Some("nobody".to_owned())).contains("a mail address"));
        for name in ["t3", "small.t", "db.t3.small", "t3.", "T3.small"] {
            assert!(refused(&|p| p.instance_type = name.to_owned()).contains("such as t3.small"));
        }
        for image in ["latest", "ami-xyz", "ami-0123"] {
            assert!(refused(&|p| p.image = Some(image.to_owned())).contains("an image's id"));
        }
        let both = Parameters { queue_retention_days: 14, ..Parameters::default() };
        assert_eq!(both.check(), Ok(()));
        assert!(refused(&|p| p.dead_letter_retention_days = 3).contains("queue_retention_days"));
        assert!(refused(&|p| p.memory_very_high = 50.0).contains("more than memory_high"));
        Parameters::default().check().unwrap();
    }
}
