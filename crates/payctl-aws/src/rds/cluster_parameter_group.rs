//! Cluster parameter groups: how the databases of a cluster are set.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{ApplyMethod, DbClusterParameterGroup, Filter, Parameter};

use super::tags;
use crate::prelude::*;

/// How the databases of a cluster are set, where that is not as the engine has it.
#[kind(
    "rds.cluster_parameter_group",
    outputs(name: ClusterParameterGroupName, arn: Arn),
    stable(name, arn),
    typical(1.0, 0.5, 0.5),
    look = "rds:DescribeDBClusterParameterGroups DescribeDBClusterParameters ListTagsForResource",
    create = "rds:AddTagsToResource CreateDBClusterParameterGroup",
    change = "rds:AddTagsToResource DescribeDBClusterParameters ListTagsForResource \
        ModifyDBClusterParameterGroup RemoveTagsFromResource ResetDBClusterParameterGroup",
    delete = "rds:DeleteDBClusterParameterGroup",
    on = "arn:{partition}:rds:{region}:{account}:cluster-pg:{name}",
)]
pub struct ClusterParameterGroup {
    /// In lower case, as AWS writes it so.
    #[prop(replaces, unique)]
    pub name: String,
    /// The engine and its major version, such as `aurora-postgresql16`.
    #[prop(replaces)]
    pub family: String,
    #[prop(replaces)]
    pub description: String,
    /// Such as `rds.force_ssl` = `1`. A static one takes effect when the instances are rebooted
    /// next; those of a new cluster begin with it.
    #[prop(later)]
    pub parameters: BTreeMap<String, String>,
    pub tags: Tags,
}

id! {
    /// A cluster parameter group's name.
    ClusterParameterGroupName,
}

const GONE: &str = "DBParameterGroupNotFound";
/// As many parameters as one call takes (ModifyDBClusterParameterGroup).
const AT_ONCE: usize = 20;

impl Resource for ClusterParameterGroup {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ClusterParameterGroupOutputs>> {
        let seen = describe(cx, &self.name).await?;
        Ok(seen.map(|_| self.outputs(cx)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &ClusterParameterGroupOutputs) -> Result<Option<Self>> {
        let name = known.name.as_str();
        let (seen, parameters, tags) = futures::try_join!(
            describe(cx, name),
            user_set(cx, &known.name),
            tags::all(cx, &known.arn)
        )?;
        let Some(seen) = seen else { return Ok(None) };
        Ok(Some(Self {
            name: name.to_owned(),
            family: seen.db_parameter_group_family.unwrap_or_default(),
            description: seen.description.unwrap_or_default(),
            parameters,
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ClusterParameterGroupOutputs> {
        let request = cx.cloud.rds.create_db_cluster_parameter_group();
        request
            .db_cluster_parameter_group_name(&self.name)
            .db_parameter_group_family(&self.family)
            .description(&self.description)
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await?;
        Ok(self.outputs(cx))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ClusterParameterGroupOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.has("parameters") {
            self.set(cx, &known.name).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ClusterParameterGroupOutputs) -> Result<()> {
        let request = cx.cloud.rds.delete_db_cluster_parameter_group();
        let request = request.db_cluster_parameter_group_name(&known.name);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl ClusterParameterGroup {
    fn outputs(&self, cx: &Cx<'_>) -> ClusterParameterGroupOutputs {
        let arn = cx.cloud.facts.arn("rds", &format!("cluster-pg:{}", self.name));
        ClusterParameterGroupOutputs { name: self.name.as_str().into(), arn }
    }

    /// Sets what is declared, and has the engine's own value for what is declared no longer.
    async fn set(&self, cx: &Cx<'_>, name: &ClusterParameterGroupName) -> Result<()> {
        let seen = user_set(cx, name).await?;
        let wanted = self.parameters.iter().filter(|(key, value)| seen.get(*key) != Some(value));
        let wanted: Vec<_> = wanted.map(|(key, value)| (key.clone(), Some(value))).collect();
        let surplus = seen.into_keys().filter(|key| !self.parameters.contains_key(key));
        let surplus: Vec<_> = surplus.map(|key| (key, None)).collect();
        for some in wanted.chunks(AT_ONCE) {
            let request = cx.cloud.rds.modify_db_cluster_parameter_group();
            let request = request.db_cluster_parameter_group_name(name);
            request.set_parameters(Some(written(cx, name, some).await?)).send().await?;
        }
        for some in surplus.chunks(AT_ONCE) {
            let request = cx.cloud.rds.reset_db_cluster_parameter_group();
            let request = request.db_cluster_parameter_group_name(name);
            request.set_parameters(Some(written(cx, name, some).await?)).send().await?;
        }
        Ok(())
    }
}

async fn describe(cx: &Cx<'_>, name: &str) -> Result<Option<DbClusterParameterGroup>> {
    let request = cx.cloud.rds.describe_db_cluster_parameter_groups();
    let request = request.db_cluster_parameter_group_name(name);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.db_cluster_parameter_groups).unwrap_or_default().pop())
}

/// The parameters that are not as the engine has them; none of a group that is gone.
async fn user_set(
    cx: &Cx<'_>,
    name: &ClusterParameterGroupName,
) -> Result<BTreeMap<String, String>> {
    let request = cx.cloud.rds.describe_db_cluster_parameters().source("user");
    let request = request.db_cluster_parameter_group_name(name);
    let mut pages = request.into_paginator().send();
    let mut all = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let Some(page) = page.unless_absent(GONE)? else { break };
        let parameters = page.parameters.unwrap_or_default().into_iter();
        all.extend(parameters.filter_map(|one| Some((one.parameter_name?, one.parameter_value?))));
    }
    Ok(all)
}

/// Those parameters as AWS takes them. A static one may only wait for the next reboot; a dynamic
/// one need not.
async fn written(
    cx: &Cx<'_>,
    group: &ClusterParameterGroupName,
    parameters: &[(String, Option<&String>)],
) -> Result<Vec<Parameter>> {
    let names = parameters.iter().map(|(name, _)| name.clone()).collect();
    let names = Filter::builder().name("parameter-name").set_values(Some(names)).build();
    let request = cx.cloud.rds.describe_db_cluster_parameters().filters(names);
    let request = request.db_cluster_parameter_group_name(group);
    let mut pages = request.into_paginator().send();
    let mut dynamic = Vec::new();
    while let Some(page) = pages.next().await {
        let parameters = page.map_err(AwsError::from)?.parameters.unwrap_or_default().into_iter();
        let parameters = parameters.filter(|one| one.apply_type.as_deref() == Some("dynamic"));
        dynamic.extend(parameters.filter_map(|one| one.parameter_name));
    }
    let write = |(name, value): &(String, Option<&String>)| {
        let method = match dynamic.contains(name) {
            true => ApplyMethod::Immediate,
            false => ApplyMethod::PendingReboot,
        };
        let parameter = Parameter::builder().parameter_name(name).apply_method(method);
        parameter.set_parameter_value(value.cloned()).build()
    };
    Ok(parameters.iter().map(write).collect())
}
