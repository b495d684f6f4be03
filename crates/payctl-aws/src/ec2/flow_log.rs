//! Flow logs: a record of who talked to whom in a VPC.

use aws_sdk_ec2::types::{self, FlowLogsResourceType, LogDestinationType, ResourceType};

use super::{VpcId, tags};
use crate::logs::LogGroupName;
use crate::prelude::*;

/// The interval that AWS takes when none is asked for (CreateFlowLogs).
const USUAL_AGGREGATION_S: u32 = 600;

/// A record of who talked to whom in a VPC, kept in a log group.
#[kind(
    "ec2.flow_log",
    outputs(id: FlowLogId, arn: Arn),
    repeat = Token,
    typical(0.5, 0.0, 0.4),
    look = "ec2:DescribeFlowLogs",
    create = "ec2:CreateFlowLogs CreateTags",
    change = "ec2:CreateTags DeleteTags DescribeTags",
    delete = "ec2:DeleteFlowLogs",
    on = "*",
    delegated = [("iam:PassRole", "role", "vpc-flow-logs")],
)]
pub struct FlowLog {
    // AWS refuses a second one of the same VPC to the same group, whatever else differs.
    #[prop(replaces, unique)]
    pub vpc: Input<VpcId>,
    /// `ALL`, `ACCEPT` or `REJECT`.
    #[prop(replaces, one_of("ACCEPT", "REJECT", "ALL"), source = "CreateFlowLogs.traffic_type")]
    pub traffic: String,
    #[prop(replaces, unique)]
    pub log_group: Input<LogGroupName>,
    /// The role that may write to it.
    #[prop(replaces)]
    pub role: Input<Arn>,
    /// Over how many seconds a record is gathered: 60 or 600.
    #[prop(replaces)]
    pub aggregation_s: u32,
    pub tags: Tags,
}

id! {
    /// A flow log's id, such as `fl-0a1b2c`.
    FlowLogId,
}

impl Resource for FlowLog {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<FlowLogOutputs>> {
        let ours = cx.cloud.bulk.flow_logs.ours(cx.owner, cx.address).await?;
        ours.iter()
            .map(|seen| Ok(outputs(cx, seen.flow_log_id().present("flow_log_id")?)))
            .collect()
    }

    async fn read(cx: &Cx<'_>, known: &FlowLogOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.flow_logs.load(&known.id).await?;
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<FlowLogOutputs> {
        let interval = i32::try_from(self.aggregation_s)
            .map_err(|_| AwsError::invalid("a flow log's interval is 60 or 600 seconds"))?;
        // The SDK fills in no token of its own here.
        let request = cx.cloud.ec2.create_flow_logs().client_token(cx.token);
        let reply = request
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(self.vpc.get()?)
            .traffic_type(self.traffic.as_str().into())
            .log_destination_type(LogDestinationType::CloudWatchLogs)
            .log_group_name(self.log_group.get()?)
            .deliver_logs_permission_arn(self.role.get()?)
            .max_aggregation_interval(interval)
            .tag_specifications(tags::on_create(ResourceType::VpcFlowLog, &self.tags))
            .send()
            .await?;
        AwsError::of_items("CreateFlowLogs", reply.unsuccessful())?;
        Ok(outputs(cx, reply.flow_log_ids().first().present("flow_log_ids")?))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &FlowLogOutputs, changed: &Changed) -> Result<()> {
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &FlowLogOutputs) -> Result<()> {
        let request = cx.cloud.ec2.delete_flow_logs().flow_log_ids(&known.id);
        let reply = request.send().await.unless_absent("InvalidFlowLogId.NotFound")?;
        let failed = reply.and_then(|reply| reply.unsuccessful).unwrap_or_default();
        AwsError::of_items("DeleteFlowLogs", &failed).unless_absent("InvalidFlowLogId.NotFound")?;
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, id: &str) -> FlowLogOutputs {
    let arn = cx.cloud.facts.arn("ec2", &format!("vpc-flow-log/{id}"));
    FlowLogOutputs { id: id.into(), arn }
}

impl TryFrom<&types::FlowLog> for FlowLog {
    type Error = AwsError;

    fn try_from(seen: &types::FlowLog) -> Result<Self> {
        let interval = seen.max_aggregation_interval().and_then(|s| u32::try_from(s).ok());
        let traffic = seen.traffic_type().map_or("", types::TrafficType::as_str);
        // Both are empty when it writes to a bucket, which only others set up.
        let log_group = seen.log_group_name().unwrap_or_default();
        let role = seen.deliver_logs_permission_arn().unwrap_or_default();
        Ok(Self {
            vpc: VpcId::from(seen.resource_id().present("resource_id")?).into(),
            traffic: traffic.to_owned(),
            log_group: LogGroupName::from(log_group).into(),
            role: Arn::from(role).into(),
            aggregation_s: interval.unwrap_or(USUAL_AGGREGATION_S),
            tags: tags::all(seen.tags()),
        })
    }
}
