//! The rules that parameters of several systems keep.

use std::fmt::Display;

use ipnet::Ipv4Net;
use payctl_aws::Arn;

/// The retentions that CloudWatch Logs knows.
const RETENTIONS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// A value that a parameter cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} must be {rule} (found {value})")]
pub struct BadValue {
    /// Which key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it must be.
    pub rule: String,
}

/// A section of the configuration, such as `pci-core`.
#[derive(Clone, Copy)]
pub(crate) struct Section(pub(crate) &'static str);

impl Section {
    /// `value` of `key` has to fit `rule`.
    pub(crate) fn rule(
        self,
        key: &str,
        value: &dyn Display,
        fits: bool,
        rule: &str,
    ) -> Result<(), BadValue> {
        let (key, value) = (format!("{}.{key}", self.0), value.to_string());
        let value = if value.is_empty() { "empty".to_owned() } else { value };
        if fits { Ok(()) } else { Err(BadValue { key, value, rule: rule.to_owned() }) }
    }

    /// `value` of `key` has to be `least` to `most`.
    pub(crate) fn within(
        self,
        key: &str,
        value: u32,
        least: u32,
        most: u32,
    ) -> Result<(), BadValue> {
        self.rule(key, &value, (least..=most).contains(&value), &format!("{least} to {most}"))
    }

    /// Days that a log group keeps its events.
    pub(crate) fn log_retention_days(self, days: u32) -> Result<(), BadValue> {
        let rule = "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, \
                    1827 …, as CloudWatch Logs knows no other";
        self.rule("log_retention_days", &days, RETENTIONS.contains(&days), rule)
    }

    /// What functions may have.
    pub(crate) fn function(
        self,
        memory_mb: u32,
        timeout_s: u32,
        most_seconds: u32,
        reserved_concurrency: u32,
    ) -> Result<(), BadValue> {
        self.within("memory_mb", memory_mb, 128, 10_240)?;
        self.within("timeout_s", timeout_s, 1, most_seconds)?;
        self.within("reserved_concurrency", reserved_concurrency, 0, 1000)
    }

    /// A number that an alarm compares with.
    pub(crate) fn threshold(self, key: &str, above: f64) -> Result<(), BadValue> {
        let fits = above.is_finite() && above >= 0.0;
        self.rule(key, &above, fits, "a number from 0 on")
    }

    /// Who is told when an alarm fires.
    pub(crate) fn alerts(self, email: Option<&str>, topic: Option<&Arn>) -> Result<(), BadValue> {
        if let Some(email) = email {
            let parts = email.split_once('@').filter(|(user, host)| {
                !user.is_empty() && host.contains('.') && !host.contains('@')
            });
            let plain = email.len() <= 254 && !email.contains(char::is_whitespace);
            self.rule("alert_email", &email, parts.is_some() && plain, "a mail address")?;
        }
        let Some(topic) = topic else { return Ok(()) };
        let parts: Vec<&str> = topic.as_str().split(':').collect();
        let named = matches!(
            parts[..],
            ["arn", partition, "sns", region, account, name]
                if partition.starts_with("aws")
                    && region.contains('-')
                    && account.len() == 12
                    && account.bytes().all(|digit| digit.is_ascii_digit())
                    && !name.is_empty()
        );
        let rule = "a topic's ARN, such as arn:aws:sns:us-east-1:123456789012:alerts";
        self.rule("alert_topic_arn", &topic, named, rule)
    }

    /// Who reads a secret: ARNs, wildcards among them.
    pub(crate) fn secret_readers(self, readers: &[String]) -> Result<(), BadValue> {
        for reader in readers {
            let fits = reader.starts_with("arn:") && reader.matches(':').count() >= 5;
            let rule = "ARNs, such as arn:aws:iam::123456789012:role/NAME";
            self.rule("secret_readers", reader, fits, rule)?;
        }
        Ok(())
    }

    /// A network, and in it so many private subnets and at least so many public ones, each of
    /// which has a purpose.
    pub(crate) fn network(
        self,
        network: Ipv4Net,
        private: (&[Ipv4Net], usize, &str),
        public: (&[Ipv4Net], usize, &str),
    ) -> Result<(), BadValue> {
        let size = network.prefix_len();
        self.rule("network", &network, (16..=28).contains(&size), "a network of /16 to /28")?;
        let same = network.network() == network.addr();
        self.rule("network", &network, same, "the first address of its network")?;
        let (private, privates, each) = private;
        self.rule("private_subnets", &private.len(), private.len() == privates, each)?;
        let (public, publics, each) = public;
        self.rule("public_subnets", &public.len(), public.len() >= publics, each)?;
        let mut seen: Vec<Ipv4Net> = Vec::new();
        for net in private.iter().chain(public) {
            let whole = net.network() == net.addr();
            self.rule("private_subnets", net, whole, "the first address of its network")?;
            let inside = network.contains(net);
            self.rule("private_subnets", net, inside, &format!("inside {network}"))?;
            let rule = "of /28 or larger, as AWS's subnets are";
            self.rule("private_subnets", net, net.prefix_len() <= 28, rule)?;
            let apart = seen.iter().all(|other| !other.contains(net) && !net.contains(other));
            self.rule("private_subnets", net, apart, "apart from the other subnets")?;
            seen.push(*net);
        }
        Ok(())
    }
}
