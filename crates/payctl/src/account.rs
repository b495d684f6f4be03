//! The environments of an account, by their tags, in one region or in several.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use payctl_aws::{Artifacts, Aws, Facts, Tagged};
use payctl_stack::config::{Config, REGION, is_region};
use tokio::task::JoinSet;

use crate::connection::{connect, facts};
use crate::error::CliError;
use crate::global::Global;
use crate::report;

/// The regions that are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Regions {
    /// All that are on in the account.
    All,
    /// These.
    Named(BTreeSet<String>),
}

/// Regions as they are typed.
pub(crate) fn regions(text: &str) -> Result<Regions, String> {
    if text == "all" {
        return Ok(Regions::All);
    }
    let names: BTreeSet<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().find(|name| !is_region(name)) {
        Some(_) => {
            Err(format!("it is `all`, or regions with commas between them; one is {REGION}"))
        }
        None => Ok(Regions::Named(names)),
    }
}

/// What an account has.
pub(crate) struct Account {
    /// Its facts, in the region that is meant where none is named.
    pub(crate) facts: Facts,
    /// What is in each region that could be asked, by its name.
    pub(crate) regions: BTreeMap<String, Region>,
    /// The regions that could not be asked.
    pub(crate) unread: Vec<String>,
}

/// What an account has in a region.
pub(crate) struct Region {
    pub(crate) aws: Aws,
    pub(crate) environments: Vec<Tagged>,
}

/// Asks for the environments of the account in `regions`, all at once; where none are named, in the
/// one that is meant. Of several, what cannot be asked is said and left out.
pub(crate) async fn environments(
    global: &Global,
    config: &Config,
    regions: Option<&Regions>,
) -> Result<Account, CliError> {
    let connection = connect(global, config).await?;
    let facts = facts(global, &connection).await?;
    let clients = |region: &str| {
        let facts = Arc::new(Facts { region: region.to_owned(), ..facts.clone() });
        connection.to_region(region).retrying(&facts, &Arc::new(Artifacts::default()))
    };
    let names: BTreeSet<String> = match regions {
        None => [facts.region.clone()].into(),
        Some(Regions::Named(names)) => names.clone(),
        Some(Regions::All) => {
            let asked = payctl_aws::regions(&clients(&facts.region)).await;
            let asked = asked.map_err(|error| {
                CliError::aws("failed to ask which regions the account has", &error.into())
            })?;
            asked.into_iter().collect()
        }
    };
    let mut asked = JoinSet::new();
    for name in &names {
        let (name, aws) = (name.clone(), clients(name));
        asked.spawn(async move {
            let found = payctl_aws::environments(&aws).await;
            (name, found.map(|environments| Region { aws, environments }))
        });
    }
    let mut account = Account { facts, regions: BTreeMap::new(), unread: Vec::new() };
    let mut failed = BTreeMap::new();
    for (name, found) in asked.join_all().await {
        match found {
            Ok(region) => drop(account.regions.insert(name, region)),
            Err(error) => drop(failed.insert(name, error)),
        }
    }
    for (name, error) in failed {
        let what = format!("failed to ask for the account's environments in {name}");
        let error = CliError::aws(what, &error.into());
        if names.len() == 1 {
            return Err(error);
        }
        report::warn(&error.to_string());
        account.unread.push(name);
    }
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_named_or_all() {
        assert_eq!(regions("all"), Ok(Regions::All));
        let two = ["eu-west-1", "us-east-1"].map(str::to_owned);
        assert_eq!(regions("us-east-1, eu-west-1,us-east-1"), Ok(Regions::Named(two.into())));
        for bad in ["", "All", "us-east-1,", "all,us-east-1", "useast"] {
            assert!(regions(bad).is_err(), "{bad}");
        }
    }
}
