//! Regions in which an account has to be made known first.

use super::error::ConnectionError;
use crate::{AwsError, Partition};

/// The regions of the partition `aws` that every account has; all others are off until the account
/// turns them on. A closed list: those that were launched before 2019-03-20
/// (<https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html>, 2026-11-29).
/// That page gives the day and no names; which regions are older is from their announcements, and
/// a name too few here adds a sentence to a message that is true without it.
const ALWAYS_ON: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Codes by which a region says that it does not know the credentials.
const UNKNOWN: [&str; 4] =
    ["InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"];

/// A failure of the first call to `region`, with what the region has to do with it.
pub(super) fn explain(region: &str, source: AwsError) -> ConnectionError {
    let unknown = source.code().is_some_and(|code| UNKNOWN.contains(&code));
    match why(region).filter(|_| unknown) {
        Some(why) => ConnectionError::Region { region: region.to_owned(), why, source },
        None => ConnectionError::Call(source),
    }
}

/// Why good credentials are not known in `region`, where there is a reason.
fn why(region: &str) -> Option<String> {
    let partition = Partition::of_region(region).id;
    if partition != "aws" {
        return Some(format!(
            "{region} is in the partition {partition}, which knows the credentials of its own \
             accounts only"
        ));
    }
    (!ALWAYS_ON.contains(&region)).then(|| {
        format!(
            "the region {region} is off in an account until it is enabled, and knows none of its \
                 credentials before"
        )
    })
}

#[cfg(test)]
mod tests {
    use payctl_engine::{Failure, FailureKind};

    use super::*;

    fn told(region: &str, code: &str) -> Option<String> {
        let failure = Failure::new(FailureKind::Credentials, "no").with_code(code);
        match explain(region, failure.into()) {
            ConnectionError::Region { why, .. } => Some(why),
            _ => None,
        }
    }

    #[test]
    fn a_region_that_may_be_off_is_spoken_of() {
        let told_of = |region| told(region, "InvalidClientTokenId");
        assert!(told_of("af-south-1").unwrap().contains("off in an account until it is enabled"));
        assert!(told_of("cn-north-1").unwrap().contains("aws-cn"));
        assert!(told_of("us-gov-west-1").unwrap().contains("aws-us-gov"));
        assert_eq!(told_of("us-east-1"), None);
        assert_eq!(told("af-south-1", "ExpiredToken"), None);
        assert!(told("ap-east-1", "OptInRequired").is_some());
    }
}
