//! What things cost: list prices of us-east-1, on demand, without tax or free allowances.
//!
//! None was read from AWS's own price list: docs/costs.md says more of the sources.

/// Hours that a month is counted with.
pub(crate) const HOURS: u64 = 730;

/// A list price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    /// What it is the price of, as docs/costs.md calls it.
    pub(crate) what: &'static str,
    /// In millionths of a US dollar.
    pub(crate) micros: u64,
    pub(crate) per: Per,
    /// Where it was read.
    pub(crate) source: &'static str,
    /// As of when that is.
    pub(crate) date: &'static str,
}

/// For how long a price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Per {
    Hour,
    Month,
}

impl Price {
    /// What a month costs, in millionths of a dollar.
    pub(crate) const fn month(&self) -> u64 {
        match self.per {
            Per::Hour => self.micros * HOURS,
            Per::Month => self.micros,
        }
    }
}

const INFRACOST: &str = "infracost, internal/providers/terraform/aws/testdata";
const KARPENTER: &str = "karpenter-provider-aws, zz_generated.pricing_aws.go";

const fn of(what: &'static str, micros: u64, per: Per) -> Price {
    Price { what, micros, per, source: INFRACOST, date: "2024-07-01" }
}

const fn instance(what: &'static str, micros: u64) -> Price {
    Price { what, micros, per: Per::Hour, source: KARPENTER, date: "2026-07-20" }
}

pub(crate) const KEY: Price = of("KMS key", 1_000_000, Per::Month);
pub(crate) const NAT_GATEWAY: Price = of("NAT gateway", 45_000, Per::Hour);
pub(crate) const ADDRESS: Price = Price {
    source: "aws-cost-estimation, pricing-pipeline/output/vpc/us-east-1.json",
    date: "2025-12-28",
    ..of("public IPv4 address", 5_000, Per::Hour)
};
pub(crate) const ENDPOINT: Price =
    Price { date: "2024-10-18", ..of("interface endpoint", 10_000, Per::Hour) };
pub(crate) const SECRET: Price = of("secret", 400_000, Per::Month);
/// Of a gigabyte.
pub(crate) const DISK: Price = of("gp3 disk", 80_000, Per::Month);
pub(crate) const METRIC: Price =
    Price { date: "2025-07-04", ..of("custom metric, detailed monitoring", 300_000, Per::Month) };
pub(crate) const WEB_ACL: Price = of("web ACL", 5_000_000, Per::Month);
pub(crate) const RULE: Price = of("rule of a web ACL", 1_000_000, Per::Month);
pub(crate) const ALARM: Price = of("alarm", 100_000, Per::Month);
pub(crate) const DASHBOARD: Price = of("dashboard", 3_000_000, Per::Month);

/// What an instance of a type costs, of those that were looked up.
pub(crate) const INSTANCES: [Price; 9] = [
    instance("t3.micro", 10_400),
    instance("t3.small", 20_800),
    instance("t3.medium", 41_600),
    instance("t3a.small", 18_800),
    instance("t4g.micro", 8_400),
    instance("t4g.small", 16_800),
    instance("t4g.medium", 33_600),
    instance("m7g.large", 81_600),
    instance("m7i.large", 100_800),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The table there says where each is from; what is here is what it says.
    #[test]
    fn they_are_those_of_the_page() {
        let page = include_str!("../../../docs/costs.md");
        let dollars = |price: &Price| match price.micros % 10_000 {
            0 => format!("{}.{:02}", price.micros / 1_000_000, price.micros / 10_000 % 100),
            _ => format!("{}.{:06}", price.micros / 1_000_000, price.micros % 1_000_000)
                .trim_end_matches('0')
                .to_owned(),
        };
        let row = |what: &str| page.lines().find(|line| line.starts_with(&format!("| {what} ")));
        for price in [KEY, NAT_GATEWAY, ADDRESS, ENDPOINT, SECRET, DISK, METRIC, WEB_ACL, ALARM]
            .iter()
            .chain([&DASHBOARD, &INSTANCES[1]])
        {
            let row = row(price.what).unwrap_or_else(|| panic!("no row for {}", price.what));
            let said = format!(" {} per ", dollars(price));
            assert!(row.contains(&said), "{}: {said:?} is not in {row}", price.what);
        }
        let acl = row("web ACL").unwrap();
        assert!(acl.contains("1.00 per rule"), "{acl}");
    }
}
