//! Partitions: AWS as it is offered apart from the rest, each with accounts and host names of its
//! own.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// As ARNs name it.
    pub id: &'static str,
    /// What its hosts' names end with.
    pub dns_suffix: &'static str,
    /// How its regions' names begin.
    regions: &'static str,
}

/// All of them (botocore 1.44.5, `partitions.json`; a test compares). The first has every region
/// that none of the others has.
pub const PARTITIONS: [Partition; 8] = [
    Partition { id: "aws", dns_suffix: "amazonaws.com", regions: "" },
    Partition { id: "aws-cn", dns_suffix: "amazonaws.com.cn", regions: "cn-" },
    Partition { id: "aws-eusc", dns_suffix: "amazonaws.eu", regions: "eusc-" },
    Partition { id: "aws-iso", dns_suffix: "c2s.ic.gov", regions: "us-iso-" },
    Partition { id: "aws-iso-b", dns_suffix: "sc2s.sgov.gov", regions: "us-isob-" },
    Partition { id: "aws-iso-e", dns_suffix: "cloud.adc-e.uk", regions: "eu-isoe-" },
    Partition { id: "aws-iso-f", dns_suffix: "csp.hci.ic.gov", regions: "us-isof-" },
    Partition { id: "aws-us-gov", dns_suffix: "amazonaws.com", regions: "us-gov-" },
];

impl Partition {
    /// That of a region, by the region's name.
    #[must_use]
    pub fn of_region(region: &str) -> Self {
        let [first, others @ ..] = PARTITIONS;
        others.into_iter().find(|one| region.starts_with(one.regions)).unwrap_or(first)
    }

    /// The one that ARNs call so; the first where none is.
    #[must_use]
    pub fn named(id: &str) -> Self {
        let [first, ..] = PARTITIONS;
        PARTITIONS.into_iter().find(|one| one.id == id).unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regions_name_tells_its_partition() {
        for (region, id) in [
            ("us-east-1", "aws"),
            ("eu-west-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-west-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("us-gov-west-1", "aws-us-gov"),
        ] {
            assert_eq!(Partition::of_region(region).id, id, "{region}");
        }
        assert_eq!(Partition::named("aws-eusc").dns_suffix, "amazonaws.eu");
        assert_eq!(Partition::named("unheard-of").id, "aws");
    }
}
