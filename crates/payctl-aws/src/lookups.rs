//! Lookups: what a system has to know of the account and region before it is declared.

use std::collections::BTreeMap;

use crate::ec2::PrefixListId;
use crate::{Arn, Aws, AwsError, Connection, Result, Zone};

impl Connection {
    /// The region's availability zones that anyone may use, in their order.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    pub async fn zones(&self, aws: &Aws) -> Result<Vec<Zone>> {
        let kind = aws_sdk_ec2::types::Filter::builder()
            .name("zone-type")
            .values("availability-zone")
            .build();
        let reply = aws.ec2.describe_availability_zones().filters(kind).send().await?;
        let narrow = |id: Option<&str>| id.is_some_and(|id| NARROW_ZONES.contains(&id));
        // Those that lack something come last.
        let mut zones: Vec<(bool, Zone)> = reply
            .availability_zones()
            .iter()
            .filter_map(|zone| Some((narrow(zone.zone_id()), Zone::from(zone.zone_name()?))))
            .collect();
        zones.sort();
        let zones = zones.into_iter().map(|(_, zone)| zone).collect();
        Ok(zones)
    }

    /// As which role API Gateway writes logs in this account and region, if it may.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    pub async fn api_log_role(&self, aws: &Aws) -> Result<Option<Arn>> {
        let role = aws.apigateway.get_account().send().await?.cloudwatch_role_arn;
        Ok(role.filter(|role| !role.is_empty()).map(Arn::from))
    }

    /// The lists of the addresses of `services`, such as `s3`, by service.
    ///
    /// # Errors
    /// When AWS cannot be asked, or has no such list in this region.
    pub async fn prefix_lists(
        &self,
        aws: &Aws,
        services: &[&str],
    ) -> Result<BTreeMap<String, PrefixListId>> {
        let name = |service: &str| format!("com.amazonaws.{}.{service}", self.region());
        // Nobody but AWS can give such names. `DescribePrefixLists` knows them too, and would
        // answer all their addresses along with them.
        let names = aws_sdk_ec2::types::Filter::builder()
            .name("prefix-list-name")
            .set_values(Some(services.iter().map(|service| name(service)).collect()))
            .build();
        let reply = aws.ec2.describe_managed_prefix_lists().filters(names).send().await?;
        let found = reply.prefix_lists().iter();
        let found: BTreeMap<_, _> = found
            .filter_map(|list| Some((list.prefix_list_name()?, list.prefix_list_id()?)))
            .collect();
        let of = |service: &&str| {
            let name = name(service);
            let id = found.get(name.as_str()).ok_or_else(|| {
                AwsError::invalid(format!("AWS has no prefix list {name}: choose another region"))
            })?;
            Ok(((*service).to_owned(), PrefixListId::from(*id)))
        };
        services.iter().map(of).collect()
    }
}

/// Zones that offer neither NAT gateways nor Lambda; they carry other letters in other accounts.
const NARROW_ZONES: [&str; 3] = ["use1-az3", "usw1-az2", "apne1-az3"];
