//! What can be set in `[migration]`, with its defaults and what cannot be.

use ipnet::Ipv4Net;
use payctl_aws::{Architecture, Arn};
use payments_rules::{Bound, Currencies, Currency, FraudRules, FraudRulesError, Limits, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{BadValue, Section, is_domain, is_origin};
use crate::parts::alerts::Alerts;
use crate::settings::{Authorization, Nat, Posture};

/// The stack's name.
pub const NAME: &str = "migration";

/// What can be set in `[migration]`.
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
    /// The database's subnets, one per zone.
    #[schemars(with = "Vec<String>")]
    pub database_subnets: Vec<Ipv4Net>,
    /// How the private subnets reach the internet.
    pub nat: Nat,
    /// The database's version, such as `16.6`, or a major one, such as `16`, for the newest of its
    /// versions that the account offers.
    pub database_version: String,
    /// What its instances are, such as `db.r6g.xlarge`.
    pub database_class: String,
    /// How many readers there are beside the writer.
    pub database_readers: u8,
    /// Days that its backups are kept.
    pub backup_retention_days: u16,
    /// Whether the database is kept as a snapshot when it is destroyed.
    pub final_snapshot: bool,
    /// Whether the database and the table are protected against deletion.
    pub deletion_protection: bool,
    /// Days between two rotations of the database's password.
    pub rotation_days: u32,
    /// Days that the secret can be brought back after it was deleted.
    pub secret_recovery_days: u32,
    /// Who reads the secret besides the functions and whoever made the environment: ARNs of roles
    /// and users that deploy as well.
    pub secret_readers: Vec<String>,
    /// Days between a key's scheduled deletion and its end.
    pub key_deletion_window_days: u32,
    /// Whose mailbox is told of alarms, where anyone's.
    pub alert_email: Option<String>,
    /// A topic that is there already, which alarms act on as well.
    pub alert_topic_arn: Option<Arn>,
    /// Days that log groups keep their events.
    pub log_retention_days: u32,
    /// Days until audit objects are archived.
    pub archive_after_days: u32,
    /// Days until they go.
    pub expire_after_days: u32,
    /// Days that a transaction is kept in the table.
    pub retention_days: u32,
    /// The functions' memory.
    pub memory_mb: u32,
    /// Their time limit.
    pub timeout_s: u32,
    /// How many of the validating function may run at once; 0 sets no limit.
    pub reserved_concurrency: u32,
    /// The processors they run on.
    pub architecture: Option<Architecture>,
    /// Who may call the API.
    pub authorization: Authorization,
    /// Whose pages may call it, such as `https://shop.example`.
    pub cors_origins: Vec<String>,
    /// How many requests may come at once.
    pub burst_limit: u32,
    /// How many requests may come per second.
    pub rate_limit: u32,
    /// The least that can be paid.
    pub minimum_amount: String,
    /// The most that can be paid at once.
    pub maximum_amount: String,
    /// What can be paid in.
    pub currencies: Vec<String>,
    /// How much the number of a customer's payments counts for a score, in percent.
    pub velocity_weight: u32,
    /// How much an unusual amount does.
    pub amount_weight: u32,
    /// How much payments that were declined do.
    pub history_weight: u32,
    /// How many payments within an hour are the most suspicious.
    pub velocity_limit: u32,
    /// From which score on people have to look at a payment.
    pub review_score: u32,
    /// From which score on it is declined.
    pub decline_score: u32,
    /// The certificate of the load balancer; a self-signed one is made where none is named.
    pub certificate_arn: Option<String>,
    /// What the certificate is for.
    pub domain: String,
    /// Of a hundred requests, how many go to the green group to begin with.
    pub green_weight: u32,
    /// How long, in milliseconds, the slowest hundredth of requests may take.
    pub latency_alarm_above_ms: f64,
    /// How high a load of the database's processors, in percent, is too high.
    pub cpu_alarm_above: f64,
    /// How many connections to the database are too many.
    pub connections_alarm_above: f64,
    /// How long, in milliseconds, the database may take to commit on average.
    pub commit_latency_alarm_above_ms: f64,
    /// How many throttled writes within five minutes are too many.
    pub throttle_alarm_above: f64,
    /// How many failures of a function within five minutes are.
    pub error_alarm_above: f64,
    /// How many answers of 5xx from the green group, or from the load balancer itself, within a
    /// minute are.
    pub balancer_5xx_alarm_above: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        let net = |third, prefix| Ipv4Net::new_assert([10, 0, third, 0].into(), prefix);
        let tier = |first: u8| (first..first + 3).map(|third| net(third, 24)).collect();
        Self {
            posture: Posture::Standard,
            network: net(0, 16),
            private_subnets: tier(10),
            public_subnets: tier(0),
            database_subnets: tier(20),
            nat: Nat::PerZone,
            database_version: "16".to_owned(),
            database_class: "db.r6g.xlarge".to_owned(),
            database_readers: 2,
            backup_retention_days: 30,
            final_snapshot: false,
            deletion_protection: false,
            rotation_days: 30,
            secret_recovery_days: 7,
            secret_readers: Vec::new(),
            key_deletion_window_days: 7,
            alert_email: None,
            alert_topic_arn: None,
            log_retention_days: 30,
            archive_after_days: 90,
            expire_after_days: 2555,
            retention_days: 2555,
            memory_mb: 512,
            timeout_s: 30,
            reserved_concurrency: 10,
            architecture: None,
            authorization: Authorization::None,
            cors_origins: Vec::new(),
            burst_limit: 2000,
            rate_limit: 1000,
            minimum_amount: "0.01".to_owned(),
            maximum_amount: "50000".to_owned(),
            currencies: ["EUR", "GBP", "USD"].map(str::to_owned).into(),
            velocity_weight: 40,
            amount_weight: 30,
            history_weight: 30,
            velocity_limit: 8,
            review_score: 50,
            decline_score: 80,
            certificate_arn: None,
            domain: "payments.internal".to_owned(),
            green_weight: 10,
            latency_alarm_above_ms: 1000.0,
            cpu_alarm_above: 80.0,
            connections_alarm_above: 1000.0,
            commit_latency_alarm_above_ms: 100.0,
            throttle_alarm_above: 0.0,
            error_alarm_above: 5.0,
            balancer_5xx_alarm_above: 5.0,
        }
    }
}

/// AWS's own classes of instances begin so.
const CLASS: &str = "db.";

impl Parameters {
    /// The processors the functions run on.
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
        // An HTTP API waits for 30 seconds.
        section.function(memory_mb, timeout_s, 30, reserved_concurrency)?;
        section.within("archive_after_days", self.archive_after_days, 1, 36_500)?;
        let later = self.expire_after_days > self.archive_after_days;
        let rule = "more than archive_after_days";
        section.rule("expire_after_days", &self.expire_after_days, later, rule)?;
        section.within("expire_after_days", self.expire_after_days, 1, 36_500)?;
        section.within("retention_days", self.retention_days, 1, 36_500)?;
        section.within("burst_limit", self.burst_limit, 1, 5_000)?;
        section.within("rate_limit", self.rate_limit, 1, 10_000)?;
        section.within("green_weight", self.green_weight, 0, 100)?;
        // The database's tier apart, no subnet has an endpoint of AWS's services.
        let leads_out = self.nat != Nat::None;
        let rule = "one or per-zone: without, no function reaches the table or the secret";
        section.rule("nat", &"none", leads_out, rule)?;
        self.check_database(section)?;
        self.check_business(section)?;
        for (key, above) in [
            ("latency_alarm_above_ms", self.latency_alarm_above_ms),
            ("connections_alarm_above", self.connections_alarm_above),
            ("commit_latency_alarm_above_ms", self.commit_latency_alarm_above_ms),
            ("throttle_alarm_above", self.throttle_alarm_above),
            ("error_alarm_above", self.error_alarm_above),
            ("balancer_5xx_alarm_above", self.balancer_5xx_alarm_above),
        ] {
            section.threshold(key, above)?;
        }
        let fits = self.cpu_alarm_above > 0.0 && self.cpu_alarm_above <= 100.0;
        let rule = "more than 0 and at most 100";
        section.rule("cpu_alarm_above", &self.cpu_alarm_above, fits, rule)?;
        self.check_names(section)?;
        self.check_network(section)
    }

    fn check_database(&self, section: Section) -> Result<(), BadValue> {
        let version = &self.database_version;
        let mut numbers = version.split('.').map(str::parse::<u16>);
        let major = numbers.next().is_some_and(|major| major.is_ok_and(|major| major >= 10));
        let fits = major && numbers.clone().count() <= 1 && numbers.all(|number| number.is_ok());
        section.rule("database_version", version, fits, "such as 16.6, or 16 for its newest")?;
        let class = self.database_class.strip_prefix(CLASS).unwrap_or_default();
        let named = class.split_once('.').is_some_and(|(family, size)| {
            let plain = |part: &str| {
                !part.is_empty()
                    && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            };
            plain(family) && plain(size)
        });
        section.rule("database_class", &self.database_class, named, "such as db.r6g.xlarge")?;
        section.within("database_readers", self.database_readers.into(), 0, 14)?;
        section.within("backup_retention_days", self.backup_retention_days.into(), 1, 35)?;
        section.within("rotation_days", self.rotation_days, 1, 1000)?;
        section.within("secret_recovery_days", self.secret_recovery_days, 7, 30)?;
        section.secret_readers(&self.secret_readers)
    }

    fn check_business(&self, section: Section) -> Result<(), BadValue> {
        let amounts =
            [("minimum_amount", &self.minimum_amount), ("maximum_amount", &self.maximum_amount)];
        for (key, amount) in amounts {
            let rule = "an amount of at most 1000000, such as 0.01, with at most two decimals";
            section.rule(key, amount, amount.parse::<Bound>().is_ok(), rule)?;
        }
        let some = !self.currencies.is_empty();
        section.rule("currencies", &"empty", some, "at least one, such as EUR")?;
        for currency in &self.currencies {
            let known = currency.parse::<Currency>().is_ok();
            section.rule("currencies", currency, known, "some of EUR, GBP, JPY and USD")?;
        }
        let ordered = self.limits().is_some();
        section.rule("maximum_amount", &self.maximum_amount, ordered, "at least minimum_amount")?;
        let per_cent = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
        let weights = Weights {
            velocity: per_cent(self.velocity_weight),
            amount: per_cent(self.amount_weight),
            history: per_cent(self.history_weight),
        };
        let (review, decline) = (per_cent(self.review_score), per_cent(self.decline_score));
        let rules = FraudRules::new(weights, self.velocity_limit, review, decline);
        let sum = rules != Err(FraudRulesError::Weights);
        let rule = "100 with amount_weight and history_weight";
        section.rule("velocity_weight", &self.velocity_weight, sum, rule)?;
        section.within("velocity_limit", self.velocity_limit, 1, FraudRules::MOST_VELOCITY)?;
        section.within("decline_score", self.decline_score, 1, 100)?;
        let below = self.review_score >= 1 && rules.is_ok();
        section.rule("review_score", &self.review_score, below, "1 to decline_score")
    }

    /// What the functions make of the limits.
    fn limits(&self) -> Option<Limits> {
        let (least, most) = (self.minimum_amount.parse(), self.maximum_amount.parse());
        let currencies = self.currencies.join(",").parse::<Currencies>();
        Limits::new(least.ok()?, most.ok()?, currencies.ok()?).ok()
    }

    fn check_names(&self, section: Section) -> Result<(), BadValue> {
        // A certificate's common name has room for 64 characters (RFC 5280).
        let named = self.domain.len() <= 64 && is_domain(&self.domain);
        section.rule("domain", &self.domain, named, "a domain name of at most 64 characters")?;
        if let Some(arn) = &self.certificate_arn {
            section.certificate("certificate_arn", arn)?;
        }
        for origin in &self.cors_origins {
            let rule = "origins, such as https://shop.example, without a path";
            section.rule("cors_origins", origin, is_origin(origin), rule)?;
        }
        Ok(())
    }

    fn check_network(&self, section: Section) -> Result<(), BadValue> {
        let each = "three, one per zone";
        let (private, public) = (&self.private_subnets, &self.public_subnets);
        let database = &self.database_subnets;
        section.rule("database_subnets", &database.len(), database.len() == 3, each)?;
        let inner: Vec<Ipv4Net> = private.iter().chain(database).copied().collect();
        section.rule("private_subnets", &private.len(), private.len() == 3, each)?;
        section.network(self.network, (&inner, 6, each), (public, 3, each))
    }

    /// The database's major version.
    pub(super) fn database_major(&self) -> &str {
        self.database_version.split('.').next().unwrap_or_default()
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

    /// `strict` protects what holds data.
    pub(super) fn protected(&self) -> bool {
        self.deletion_protection || self.posture == Posture::Strict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refused = |change: &dyn Fn(&mut Parameters)| {
            let mut parameters = Parameters::default();
            change(&mut parameters);
            parameters.check().unwrap_err().to_string()
        };
        for amount in ["0.005", ".5", "1.", "1e2", "0"] {
            let rule = refused(&|p| p.minimum_amount = amount.to_owned());
            assert!(rule.contains("at most two decimals"), "{amount}: {rule}");
        }
        assert!(refused(&|p| p.velocity_weight = 50).contains("100 with amount_weight"));
        assert!(refused(&|p| p.review_score = 90).contains("1 to decline_score"));
        assert!(refused(&|p| p.minimum_amount = "50001".to_owned()).contains("at least minimum"));
        for version in ["", "16.", "9.6", "16.6.1", "x", "16.x"] {
            let parameters =
                Parameters { database_version: version.to_owned(), ..Parameters::default() };
            assert!(
                parameters.check().unwrap_err().to_string().contains("such as 16.6"),
                "{version}"
            );
        }
        assert!(refused(&|p| p.nat = Nat::None).contains("one or per-zone"));
        assert!(refused(&|p| p.currencies = vec!["CHF".to_owned()]).contains("EUR, GBP, JPY"));
        assert!(refused(&|p| p.database_class = "r6g".to_owned()).contains("db.r6g.xlarge"));
        assert!(refused(&|p| p.secret_readers = vec!["ada".to_owned()]).contains("ARNs, such"));
        assert!(refused(&|p| p.cors_origins = vec!["*".to_owned()]).contains("origins, such as"));
        for domain in ["-pay.example.org", "pay..org", "pay.example.org.", "https://pay"] {
            assert!(refused(&|p| p.domain = domain.to_owned()).contains("a domain name"));
        }
        for arn in [
            "arn:aws:iam::123456789012:server-certificate/x",
            "arn:aws:acm:us-east-1:123456789012:certificate/",
            "arn:aws:acm::123456789012:certificate/x",
        ] {
            let rule = refused(&|p| p.certificate_arn = Some(arn.to_owned()));
            assert!(rule.contains("the ARN of a certificate in ACM"), "{rule}");
        }
        assert!(refused(&|p| p.database_subnets.truncate(2)).contains("three, one per zone"));
        Parameters::default().check().unwrap();
    }
}
