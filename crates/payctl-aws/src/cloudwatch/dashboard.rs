//! Dashboards: metrics and texts on one page, for people to look at.

use aws_sdk_cloudwatch::operation::get_dashboard::GetDashboardOutput;
use aws_sdk_cloudwatch::operation::put_dashboard::PutDashboardOutput;
use aws_sdk_cloudwatch::operation::put_dashboard::builders::PutDashboardFluentBuilder;

use super::tags;
use crate::prelude::*;
use crate::{Document, Facts};

/// Metrics and texts on one page.
#[kind(
    "cloudwatch.dashboard",
    outputs(name: DashboardName, arn: Arn),
    stable(name, arn),
    look = "cloudwatch:GetDashboard ListTagsForResource",
    create = "cloudwatch:PutDashboard TagResource",
    change = "cloudwatch:PutDashboard TagResource UntagResource",
    delete = "cloudwatch:DeleteDashboards",
    on = "arn:{partition}:cloudwatch::{account}:dashboard/{name}",
)]
pub struct Dashboard {
    /// Letters, digits, `-` and `_`.
    #[prop(replaces, unique)]
    pub name: String,
    /// The widgets, in CloudWatch's own structure.
    pub body: Document,
    pub tags: Tags,
}

id! {
    /// A dashboard's name.
    DashboardName,
}

impl Resource for Dashboard {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<DashboardOutputs>> {
        let seen = look(cx, &self.name).await?;
        Ok(seen.map(|_| self.outputs(cx)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &DashboardOutputs) -> Result<Option<Self>> {
        let name = known.name.as_str();
        let (seen, tags) = futures::try_join!(look(cx, name), tags::all(cx, &known.arn))?;
        let Some(seen) = seen else { return Ok(None) };
        let body = Document::parse(seen.dashboard_body().present("dashboard_body")?);
        Ok(Some(Self { name: name.to_owned(), body, tags }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<DashboardOutputs> {
        let request = self.put(cx)?.set_tags(Some(tags::list(&self.tags)));
        let reply = request.send().await?;
        no_messages(&reply)?;
        Ok(self.outputs(cx))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &DashboardOutputs,
        changed: &Changed,
    ) -> Result<()> {
        // The tags of one that exists stay as they are, whatever the call says.
        if changed.has("body") {
            let reply = self.put(cx)?.send().await?;
            no_messages(&reply)?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &DashboardOutputs) -> Result<()> {
        let request = cx.cloud.cloudwatch.delete_dashboards().dashboard_names(&known.name);
        request.send().await.unless_absent("DashboardNotFoundError")?;
        Ok(())
    }
}

impl Dashboard {
    fn put(&self, cx: &Cx<'_>) -> Result<PutDashboardFluentBuilder> {
        let request = cx.cloud.cloudwatch.put_dashboard().dashboard_name(&self.name);
        Ok(request.dashboard_body(self.body.text()?))
    }

    fn outputs(&self, cx: &Cx<'_>) -> DashboardOutputs {
        // Dashboards are of all regions.
        let Facts { partition, account, .. } = &*cx.cloud.facts;
        let arn = format!("arn:{partition}:cloudwatch::{account}:dashboard/{}", self.name);
        DashboardOutputs { name: self.name.as_str().into(), arn: arn.into() }
    }
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<GetDashboardOutput>> {
    let request = cx.cloud.cloudwatch.get_dashboard().dashboard_name(name);
    request.send().await.unless_absent("DashboardNotFoundError")
}

/// Refuses one that CloudWatch took with a warning: it is there, and a part of it shows nothing.
/// What CloudWatch calls an error, it does not take at all, and answers as a failure.
fn no_messages(reply: &PutDashboardOutput) -> Result<()> {
    let messages = reply.dashboard_validation_messages().iter();
    let messages: Vec<String> = messages
        .map(|message| {
            let at = message.data_path().unwrap_or("/");
            format!("{} at {at}", message.message().unwrap_or("something is wrong"))
        })
        .collect();
    match messages.is_empty() {
        true => Ok(()),
        false => Err(AwsError::invalid(format!(
            "CloudWatch took the dashboard and will not show all of it: {}",
            messages.join("; ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::DashboardValidationMessage;

    use super::*;

    #[test]
    fn a_warning_is_told_with_its_place() {
        let reply = PutDashboardOutput::builder();
        assert!(no_messages(&reply.build()).is_ok());
        let message = DashboardValidationMessage::builder()
            .data_path("/widgets/0/properties/metrics")
            .message("Should NOT have more than 500 items")
            .build();
        let reply = PutDashboardOutput::builder().dashboard_validation_messages(message);
        let told = no_messages(&reply.build()).unwrap_err().to_string();
        assert!(told.contains("more than 500 items at /widgets/0/properties/metrics"), "{told}");
    }
}
