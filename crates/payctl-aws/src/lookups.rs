//! Lookups: what a system has to know of the account and region before it is declared.

use std::collections::BTreeMap;

use aws_sdk_guardduty::types::DetectorStatus;
use payctl_engine::{Failure, FailureKind, retry_lookup};
use serde::{Deserialize, Serialize};

use crate::ec2::{ImageId, PrefixListId};
use crate::guardduty::{self, DetectorId};
use crate::rds::Version;
use crate::{Absent as _, Arn, Aws, AwsError, Connection, Present as _, Result, Tags, Zone};

/// Whether AWS Config records in an account and region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recorder {
    /// There is no recorder: no rule can be made.
    #[default]
    None,
    /// There is one of that name, and it does not record: rules can be made, and judge nothing.
    Stopped(String),
    /// There is one of that name, and it records.
    Recording(String),
}

/// The detector that GuardDuty has in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorFound {
    pub id: DetectorId,
    pub enabled: bool,
    /// They tell whose it is.
    pub tags: Tags,
}

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
        let ask = || async {
            let request = aws.ec2.describe_availability_zones().filters(kind.clone());
            request.send().await.map_err(|error| Failure::from(AwsError::from(error)))
        };
        let reply = retry_lookup(ask).await?;
        let narrow = |id: Option<&str>| id.is_some_and(|id| NARROW_ZONES.contains(&id));
        // What is chosen is kept for good, so that nothing is that cannot be a zone of the region.
        let here = |name: &str| name.starts_with(self.region());
        // Those that lack something come last.
        let mut zones: Vec<(bool, Zone)> = reply
            .availability_zones()
            .iter()
            .filter(|zone| zone.zone_name().is_some_and(here))
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

    /// Whether AWS Config records in this account and region. Recorders that belong to a service
    /// of AWS's do not count: rules do not see what those record.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    pub async fn config_recorder(&self, aws: &Aws) -> Result<Recorder> {
        // Asked for none by its name, it answers for the customer's own.
        let states = aws.config.describe_configuration_recorder_status().send().await?;
        let state = states.configuration_recorders_status.unwrap_or_default().pop();
        let Some(state) = state else { return Ok(Recorder::None) };
        let name = state.name.present("a recorder's name")?;
        Ok(if state.recording { Recorder::Recording(name) } else { Recorder::Stopped(name) })
    }

    /// The detector that GuardDuty has in this account and region, if it has one.
    ///
    /// # Errors
    /// When AWS cannot be asked. Of kind `Invalid` where GuardDuty is not offered at all, as by
    /// an endpoint that is not AWS's.
    pub async fn detector(&self, aws: &Aws) -> Result<Option<DetectorFound>> {
        let ids = guardduty::list(&aws.guardduty).await.map_err(not_offered)?;
        let Some(id) = ids.into_iter().next() else { return Ok(None) };
        let request = aws.guardduty.get_detector().detector_id(&id);
        // It may have gone in between.
        let seen = request.send().await.unless_absent("ResourceNotFoundException")?;
        Ok(seen.map(|seen| DetectorFound {
            id: id.into(),
            enabled: seen.status() == Some(&DetectorStatus::Enabled),
            tags: guardduty::declared(seen.tags),
        }))
    }

    /// The version of `engine`, such as `aurora-postgresql`, that `wanted` stands for: for a major
    /// one, such as `16`, the newest of its versions that can be had here; else that very one.
    ///
    /// # Errors
    /// When AWS cannot be asked, or does not offer it.
    pub async fn engine_version(&self, aws: &Aws, engine: &str, wanted: &str) -> Result<String> {
        let mut pages =
            aws.rds.describe_db_engine_versions().engine(engine).into_paginator().send();
        let mut offered = Vec::new();
        while let Some(page) = pages.next().await {
            let seen = page.map_err(AwsError::from)?.db_engine_versions.unwrap_or_default();
            // Those that are on their way out are not for a new cluster.
            let seen = seen.into_iter().filter(|one| one.status.as_deref() == Some("available"));
            offered.extend(seen.filter_map(|one| Version::parse(&one.engine_version?)));
        }
        offered.sort();
        chosen(&offered, wanted).ok_or_else(|| {
            let region = self.region();
            let offered: Vec<String> = offered.iter().map(ToString::to_string).collect();
            AwsError::invalid(format!(
                "AWS does not offer version {wanted} of {engine} in {region}: choose one of {}",
                offered.join(", ")
            ))
        })
    }

    /// The machine image that a public parameter names, such as
    /// `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`.
    ///
    /// # Errors
    /// When AWS cannot be asked, or has no such parameter in this region.
    pub async fn image(&self, aws: &Aws, parameter: &str) -> Result<ImageId> {
        let reply = aws.ssm.get_parameter().name(parameter).send().await;
        let reply = reply.unless_absent("ParameterNotFound")?;
        let value = reply.and_then(|reply| reply.parameter?.value).ok_or_else(|| {
            let region = self.region();
            AwsError::invalid(format!(
                "AWS has no parameter {parameter} in {region}: choose another region, or name the \
                 image"
            ))
        })?;
        Ok(value.into())
    }
}

/// Of the versions that are `offered`, in their order, the one that `wanted` stands for.
fn chosen(offered: &[Version], wanted: &str) -> Option<String> {
    let number = Version::parse(wanted)?;
    let any = !wanted.contains('.');
    let fits = |version: &&Version| match any {
        true => version.major == number.major,
        false => **version == number,
    };
    offered.iter().rfind(fits).map(ToString::to_string)
}

/// That GuardDuty is not offered, where that is why it cannot be asked: the request has nothing
/// that could be wrong.
fn not_offered(error: AwsError) -> AwsError {
    if error.kind() != FailureKind::Invalid {
        return error;
    }
    let failure = Failure::from(error);
    let message = format!("GuardDuty cannot be asked here: {}", failure.message);
    Failure { message, ..failure }.into()
}

/// Zones that offer neither NAT gateways nor Lambda; they carry other letters in other accounts.
const NARROW_ZONES: [&str; 3] = ["use1-az3", "usw1-az2", "apne1-az3"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_major_version_is_so_by_number() {
        let offered = ["15.12", "16.9", "16.10", "17.4"].map(|text| Version::parse(text).unwrap());
        let chosen = |wanted| chosen(&offered, wanted);
        assert_eq!(chosen("16").as_deref(), Some("16.10"));
        assert_eq!(chosen("16.9").as_deref(), Some("16.9"));
        for absent in ["14", "16.6", "16.1", "newest", ""] {
            assert_eq!(chosen(absent), None, "{absent}");
        }
    }
}
