//! The rules that parameters of several systems keep.

use std::fmt::Display;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use payctl_aws::{Arn, Partition};

use crate::settings::is_region;

/// Addresses that no machine of a network has (RFC 6890; RFC 5771 for the last); that CreateVpc takes
/// none of them is assumed.
const RESERVED: [(Ipv4Net, &str); 4] = [
    (Ipv4Net::new_assert(Ipv4Addr::new(0, 0, 0, 0), 8), "this network"),
    (Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8), "each machine itself"),
    (Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16), "links"),
    (Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4), "multicast"),
];

/// The retentions that CloudWatch Logs knows.
pub(crate) const RETENTIONS: [u32; 22] = [
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
                let labels = host.split('.');
                !user.is_empty()
                    && host.contains('.')
                    && !host.contains('@')
                    && labels.clone().all(|label| !label.is_empty())
            });
            let plain = email.len() <= 254 && !email.contains(char::is_whitespace);
            self.rule("alert_email", &email, parts.is_some() && plain, "a mail address")?;
        }
        let Some(topic) = topic else { return Ok(()) };
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let named = topic.as_str().strip_prefix("arn:").is_some_and(|arn| {
            let name = regional(arn, "sns").filter(|name| name.chars().all(fits));
            name.is_some_and(|name| (1..=256).contains(&name.len()))
        });
        let rule = "a topic's ARN, such as arn:aws:sns:us-east-1:123456789012:alerts";
        self.rule("alert_topic_arn", &topic, named, rule)
    }

    /// A certificate of ACM.
    pub(crate) fn certificate(self, key: &str, arn: &str) -> Result<(), BadValue> {
        let named = arn.strip_prefix("arn:").is_some_and(|arn| {
            let id = regional(arn, "acm").and_then(|name| name.strip_prefix("certificate/"));
            id.is_some_and(|id| !id.is_empty() && !id.contains('/'))
        });
        let rule = "the ARN of a certificate in ACM, such as \
                    arn:aws:acm:us-east-1:123456789012:certificate/ID";
        self.rule(key, &arn, named, rule)
    }

    /// What `arn` names has to be in `region`, `as_of` the reason.
    pub(crate) fn in_region(
        self,
        key: &str,
        arn: &str,
        region: &str,
        as_of: &str,
    ) -> Result<(), BadValue> {
        let mut parts = arn.split(':').skip(1);
        let found = (parts.next(), parts.nth(1));
        let fits = found == (Some(Partition::of_region(region).id), Some(region));
        self.rule(key, &arn, fits, &format!("of the region {region}: {as_of}"))
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
        for (reserved, whose) in RESERVED {
            let rule = format!("outside {reserved}, whose addresses are for {whose}");
            self.rule("network", &network, !reserved.contains(&network), &rule)?;
        }
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

/// What an ARN, without its `arn:`, names in a region and an account of `service`.
fn regional<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [partition, of, region, account, name] = parts[..] else { return None };
    let account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    let placed = partition.starts_with("aws") && of == service && is_region(region);
    (account && placed).then_some(name)
}

/// Whether `name` is one of the domain name system's (RFC 1123): parts of letters, digits and dashes,
/// neither of which begins or ends with a dash.
pub(crate) fn is_domain(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=253).contains(&name.len())
        && name.split('.').all(|part| {
            (1..=63).contains(&part.len())
                && part.chars().all(fits)
                && !part.starts_with('-')
                && !part.ends_with('-')
        })
}

/// Whether `origin` is written as browsers send it: scheme, host, and a port that is not the usual one.
pub(crate) fn is_origin(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("https://") else { return false };
    let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let port = port.is_none_or(|port| !port.starts_with('0') && port.parse::<u16>().is_ok());
    let lower = !host.chars().any(|c| c.is_ascii_uppercase());
    host == "*" || is_domain(host) && lower && port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_domains() {
        for name in ["payments.internal", "pay.example.org", "xn--bcher-kva.example", "a1-2.b"] {
            assert!(is_domain(name), "{name}");
        }
        let long = format!("{}.example", "a".repeat(64));
        for name in ["", ".", "a..b", "-a.b", "a-.b", "pay.example.", "a_b.c", "*.a.b", &long] {
            assert!(!is_domain(name), "{name}");
        }
    }

    #[test]
    fn origins_as_browsers_send_them() {
        for origin in ["https://shop.example", "https://localhost:3000", "https://*"] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in [
            "*",
            "http://shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/pay",
            "https://Shop.example",
            "https://shop.example:",
            "https://shop.example:99999",
        ] {
            assert!(!is_origin(origin), "{origin}");
        }
    }
}
